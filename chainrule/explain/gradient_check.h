// SPDX-License-Identifier: Apache-2.0
// Gradient check: compares backpropagation with numerical derivatives of the objective, in double. To prove that the
// check can fail, it also checks gradients with planted faults, one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "chainrule/engine/dataset.h"
#include "chainrule/engine/formulas/loss.h"
#include "chainrule/engine/network.h"

#pragma GCC visibility push(default)
namespace chainrule {

struct CheckOptions {
  std::size_t max_parameters = 2000;  ///< parameters sampled by seed from all layers, weights and biases; 0 = all
  std::uint64_t seed = 1;             ///< of the sample
  bool plant_faults = true;           ///< also checks the parameters that a planted fault changes most
  bool compare_engine = true;         ///< also compares the engine's gradient
};

/// The outcome of a gradient check; `chainrule check` has one with all details.
struct GradientCheck {
  std::size_t rows = 0;
  double objective = 0;        ///< mean loss of the rows, and the weight decay's term
  std::size_t parameters = 0;  ///< of the network
  std::size_t checked = 0;     ///< compared: the sample without kinks, and the parameters that show faults best
  std::size_t kinks = 0;       ///< skipped because a kink lies within the step of the numerical derivative
  std::string failure;         ///< one line with the first failure and the number of further ones; "" = passed
};

/// Checks the gradient of these rows, which the double-precision reference computes without dropout; compares the
/// engine's gradient with it; and checks every planted fault. Works for custom activations and losses. Each parameter
/// costs a forward pass through the layers above (six or more with central differences), each fault a backward pass.
/// Throws Error (input) if there are no rows or they do not fit the network, (numerics) if the objective or a number of
/// the engine is not finite.
GradientCheck check_gradients(const Network& network, const Loss& loss, const Selection& rows, double weight_decay,
                              const CheckOptions& options = {});

}  // namespace chainrule
#pragma GCC visibility pop
