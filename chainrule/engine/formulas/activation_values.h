// SPDX-License-Identifier: Apache-2.0
// f and f' of an activation for one number. The formulas are in activation_formulas.h, the loops over arrays in
// kernels/elementwise-inl.h.
#pragma once

#include <complex>

#include "chainrule/engine/formulas/activation.h"

namespace chainrule {

/// The functions of a custom activation. Throws Error (usage) if there are none.
const CustomActivation& functions_of(const Activation& activation);
/// f(z) for one number, in double: finite for every finite z.
double activation_value(const Activation& activation, double z);
/// f'(z); `a` is f(z), from which some derivatives are computed (sigmoid: a (1 - a)).
double activation_derivative(const Activation& activation, double z, double a);
/// f(z) for the complex step: correct to first order in the imaginary part. Throws Error (internal) for custom.
std::complex<double> activation_value(const Activation& activation, std::complex<double> z);
/// Whether f has a derivative everywhere, so that complex step and central differences need no exception at z = 0.
bool activation_is_smooth(const Activation& activation);

}  // namespace chainrule
