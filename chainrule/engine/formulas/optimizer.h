// SPDX-License-Identifier: Apache-2.0
// The update rules, sorted by difficulty, each on flat spans, independent of layers. The gradient argument is that of
// the mean loss; the rules add decay themselves, so that the logged gradient is the computed one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "chainrule/base/matrix.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// With g = gradient + weight_decay * p and r = learning_rate. State starts at zero.
struct Sgd {};  ///< p -= r g (M11; (9), (10))
struct Momentum {
  double momentum = 0.9;
};  ///< v = mu v + g; p -= r v (as PyTorch: r outside the velocity)
struct Nesterov {
  double momentum = 0.9;
};  ///< v = mu v + g; p -= r (g + mu v)
struct Adagrad {
  double epsilon = 1e-8;
};  ///< s += g^2; p -= r g / (sqrt(s) + epsilon) (Duchi et al. 2011)
struct RmsProp {
  double rho = 0.9, epsilon = 1e-8;
};  ///< s = rho s + (1 - rho) g^2; p -= r g / (sqrt(s) + epsilon)
struct Adam {
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
};  ///< Kingma & Ba 2015, with bias correction
struct AdamW {
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
};  ///< decoupled decay: p -= r lambda p (Loshchilov & Hutter 2019)
/// iRPROP- (Igel & Huesken 2003), for full batches: a step size per parameter that grows by 1.2 while the gradient
/// keeps its sign and shrinks by 0.5 when it turns; the learning rate is the first step size; bounds 1e-6 and 50.
struct Rprop {
  double increase = 1.2, decrease = 0.5, smallest = 1e-6, largest = 50;
};

using Optimizer = std::variant<Sgd, Momentum, Nesterov, Adagrad, RmsProp, Adam, AdamW, Rprop>;

std::string_view optimizer_name(const Optimizer& optimizer);
const std::vector<std::string>& optimizer_names();
/// With its default numbers. Throws Error (usage) that lists the known names.
Optimizer optimizer_from_name(std::string_view name);

/// The rates of one span in one step.
struct UpdateRates {
  std::uint64_t step = 1;     ///< counts from 1; Adam's bias correction needs it
  double learning_rate = 0;   ///< schedule and multiplier included
  double weight_decay = 0;    ///< lambda times the layer's multiplier; 0 for biases (M5; (6))
  double gradient_scale = 1;  ///< below 1 when the gradient is clipped
  /// Adam's 1 / (1 - beta^step), for updates span by span; 0: computed in optimizer_update().
  double correction1 = 0, correction2 = 0;
};

/// One update of `parameters`; first and second are the optimizer's memory, of the same length (or empty if unused).
/// With learning rate 0, rprop changes nothing. Throws Error (usage) for spans of other lengths.
void optimizer_update(const Optimizer& optimizer, const UpdateRates& rates, std::span<float> parameters,
                      std::span<const float> gradient, std::span<float> first, std::span<float> second);

}  // namespace chainrule
#pragma GCC visibility pop
