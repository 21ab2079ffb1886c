// SPDX-License-Identifier: Apache-2.0
#include "chainrule/engine/divergence.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace chainrule {
namespace {

bool all_finite(std::span<const float> values) {
  return std::ranges::all_of(values, [](float x) { return std::isfinite(x); });
}

// Checks in the order of computation: forward, the loss, then backward. `layer` counts from 1 in messages.
std::string first_quantity(TrainState& s, const Batch& batch, double loss) {
  const std::size_t depth = s.network.architecture.depth();
  if (!all_finite(batch.inputs.flat())) return "the inputs";
  if (!all_finite(batch.targets.flat())) return "the targets";
  for (std::size_t l = 0; l < depth; ++l) {
    if (!all_finite(s.network.parameters.weights(l).flat())) return fmt::format("layer {}, weights", l + 1);
    if (!all_finite(s.network.parameters.biases(l))) return fmt::format("layer {}, biases", l + 1);
    if (!all_finite(s.work.z(l).flat())) return fmt::format("layer {}, pre-activations z", l + 1);
    if (!all_finite(s.work.a(l).flat())) return fmt::format("layer {}, activations a", l + 1);
  }
  if (!std::isfinite(loss)) return "the loss";
  for (std::size_t l = depth; l-- > 0;)
    if (!all_finite(s.work.delta(l).flat())) return fmt::format("layer {}, delta", l + 1);
  for (std::size_t l = 0; l < depth; ++l)
    if (!all_finite(s.gradients.weights(l).flat()) || !all_finite(s.gradients.biases(l)))
      return fmt::format("layer {}, gradients", l + 1);
  return "the gradient norm";
}

float largest_finite(std::span<const float> values) {
  float largest = 0;
  for (const float x : values)
    if (std::isfinite(x)) largest = std::max(largest, std::abs(x));
  return largest;
}

Error message(const TrainState& s, const std::string& quantity, std::uint64_t step) {
  return Error(ErrorCategory::numerics,
               fmt::format("training diverged in epoch {}, step {}: {}: expected finite numbers, found nan or infinity "
                           "(learning rate {:.6g}, largest finite gradient {:.3g}, largest finite weight {:.3g})",
                           s.epoch, step, quantity, s.learning_rate, largest_finite(s.gradients.flat()),
                           largest_finite(s.network.parameters.flat())),
               message_of(fmt::format("try a smaller learning rate, e.g. {:.3g}, or clip the gradient (",
                                      s.options.learning_rate / 10),
                          NamedOption{"clip_norm", "1"}, ")"));
}

}  // namespace

Error divergence(TrainState& state, const Batch& batch, double loss) {
  return message(state, first_quantity(state, batch, loss), state.step + 1);
}

void require_finite_parameters(TrainState& state) {
  for (const Segment& segment : state.network.parameters.segments())
    if (!all_finite(state.network.parameters.of(segment)))
      throw message(
          state,
          fmt::format("layer {}, {}", segment.layer + 1, segment.kind == Segment::Kind::weights ? "weights" : "biases"),
          state.step);
}

}  // namespace chainrule
