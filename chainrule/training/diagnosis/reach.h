// SPDX-License-Identifier: Apache-2.0
// The values that an activation can produce. Internal.
#pragma once

#include "chainrule/engine/formulas/activation.h"

namespace chainrule {

struct OutputRange {
  double low = 0, high = 0;  ///< limits of f(z); infinite if f has none
};

/// All numbers for a custom activation, whose range is unknown.
OutputRange range_of(const Activation& activation);
/// |f'(z)| where f(z) is `a`, for the activations that are flat on a side and tell it from `a`: sigmoid, tanh, relu.
/// The largest slope for all others, so that none of their outputs counts as stuck.
double slope_at(const Activation& activation, double a);

}  // namespace chainrule
