// SPDX-License-Identifier: Apache-2.0
// Custom functions with correct derivatives.
#pragma once

#include <cmath>

#include "chainrule/engine/formulas/loss.h"

namespace chainrule::testing {

/// sum (a - y)^4
inline Loss quartic() {
  return Loss(CustomLoss{"quartic",
                         [](std::span<const double> a, std::span<const double> y) {
                           double sum = 0;
                           for (std::size_t k = 0; k < a.size(); ++k) sum += std::pow(a[k] - y[k], 4);
                           return sum;
                         },
                         [](std::span<const double> a, std::span<const double> y, std::span<double> g) {
                           for (std::size_t k = 0; k < a.size(); ++k) g[k] = 4 * std::pow(a[k] - y[k], 3);
                         }});
}

}  // namespace chainrule::testing
