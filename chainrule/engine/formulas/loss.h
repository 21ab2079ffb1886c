// SPDX-License-Identifier: Apache-2.0
// The losses; value and gradient are next to each other in loss_formulas.cpp. A loss includes its link: for the
// cross-entropies and Poisson the last layer is linear, and softmax, sigmoid or exp belong to the loss, not to a layer.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/base/matrix.h"

#pragma GCC visibility push(default)
namespace chainrule {

enum class LossKind {
  half_squared_error,     ///< 1/2 |a - y|^2, the article's (M4; (5))
  absolute_error,         ///< sum |a - y|; gradient 0 where a = y
  huber,                  ///< 1/2 d^2 for |d| <= huber_delta, else huber_delta (|d| - huber_delta / 2), d = a - y
  poisson,                ///< e^a - y a, a = logarithm of the expected count; constant term left out
  softmax_cross_entropy,  ///< -sum y ln softmax(a), y a distribution
  sigmoid_cross_entropy,  ///< -sum y ln s(a) + (1-y) ln(1 - s(a)), s the sigmoid, for each output separately
  custom                  ///< a user's own pair of functions
};

/// A user's own loss of one sample: its value, and its derivative with respect to each output.
struct CustomLoss {
  std::string name;
  std::function<double(std::span<const double> output, std::span<const double> target)> value;
  std::function<void(std::span<const double> output, std::span<const double> target, std::span<double> gradient)>
      gradient;
};

struct Loss {
  LossKind kind = LossKind::half_squared_error;
  double huber_delta = 1;  ///< > 0
  double label_smoothing =
      0;  ///< in [0, 1): y becomes (1 - e) y + e / outputs (softmax) or (1 - e) y + e / 2 (sigmoid)
  std::shared_ptr<const CustomLoss> custom;  ///< set exactly when kind is custom

  Loss() = default;
  Loss(LossKind k) : kind(k) {}  // NOLINT: a kind is a loss
  explicit Loss(CustomLoss functions);
};

std::string_view loss_name(const Loss& loss);
const std::vector<std::string>& loss_names();
/// By name ('-' counts as '_'). Throws Error (usage) that lists the known names.
LossKind loss_from_name(std::string_view name);

/// Applies the link, softmax, sigmoid or exp, in place to each row of outputs: they become predictions.
void apply_link(const Loss& loss, MatrixView outputs);

}  // namespace chainrule
#pragma GCC visibility pop
