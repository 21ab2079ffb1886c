// SPDX-License-Identifier: Apache-2.0
#include "chainrule/training/diagnosis/reach.h"

#include <limits>

#include "chainrule/training/health.h"

namespace chainrule {

OutputRange range_of(const Activation& activation) {
  constexpr double kNoLimit = std::numeric_limits<double>::infinity();
  switch (activation.kind) {
    case ActivationKind::sigmoid:
      return {0, 1};
    case ActivationKind::tanh:
      return {-1, 1};
    case ActivationKind::relu:
    case ActivationKind::softplus:
      return {0, kNoLimit};
    case ActivationKind::elu:
      return {-1, kNoLimit};
    case ActivationKind::selu:
      return {-1.0507009873554805 * 1.6732632423543772, kNoLimit};
    case ActivationKind::silu:
      return {-0.27846454, kNoLimit};  // at z = -1.278
    case ActivationKind::gelu:
      return {-0.16997120, kNoLimit};  // at z = -0.7518
    case ActivationKind::mish:
      return {-0.30884022, kNoLimit};  // at z = -1.192
    case ActivationKind::identity:
    case ActivationKind::leaky_relu:
    case ActivationKind::custom:
      break;
  }
  return {-kNoLimit, kNoLimit};
}

double slope_at(const Activation& activation, double a) {
  switch (activation.kind) {
    case ActivationKind::sigmoid:
      return a * (1 - a);
    case ActivationKind::tanh:
      return 1 - a * a;
    case ActivationKind::relu:
      return a > 0 ? 1 : 0;
    default:
      return largest_slope(activation);
  }
}

}  // namespace chainrule
