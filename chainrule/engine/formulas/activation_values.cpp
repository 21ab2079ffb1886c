// SPDX-License-Identifier: Apache-2.0
#include "chainrule/engine/formulas/activation_values.h"

#include "chainrule/base/error.h"
#include "chainrule/engine/formulas/activation_formulas.h"

namespace chainrule {

using formulas::Complex;
using formulas::finite_value;
using formulas::with_formula;

const CustomActivation& functions_of(const Activation& activation) {
  if (!activation.custom)
    throw Error(ErrorCategory::usage, "activation: expected functions for kind custom, found none");
  return *activation.custom;
}

double activation_value(const Activation& activation, double z) {
  if (activation.kind == ActivationKind::custom) return functions_of(activation).value(z);
  return with_formula(activation.kind, [z](auto f) { return finite_value<double>(f, z); });
}

double activation_derivative(const Activation& activation, double z, double a) {
  if (activation.kind == ActivationKind::custom) return functions_of(activation).derivative(z);
  return with_formula(activation.kind, [z, a](auto f) { return f.derivative(z, a); });
}

Complex activation_value(const Activation& activation, Complex z) {
  return with_formula(activation.kind, [z](auto f) { return f.value(z); });
}

bool activation_is_smooth(const Activation& activation) {
  if (activation.kind == ActivationKind::custom) return true;
  return with_formula(activation.kind, [](auto f) {
    return !requires { f.kHasKink; };
  });
}

}  // namespace chainrule
