// SPDX-License-Identifier: Apache-2.0
#include "chainrule/training/health.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "chainrule/base/checks.h"
#include "chainrule/engine/kernels/kernels.h"
#include "chainrule/engine/work_rows.h"

namespace chainrule {
namespace {

double norm(std::span<const float> values) { return std::sqrt(kernels::sum_of_squares(values)); }

// norm(after - before), each difference rounded to float.
double norm_of_change(std::span<const float> before, std::span<const float> after) {
  std::array<float, 4096> change{};
  double squares = 0;
  for (std::size_t first = 0; first < before.size(); first += change.size()) {
    const std::size_t count = std::min(change.size(), before.size() - first);
    for (std::size_t k = 0; k < count; ++k) change[k] = after[first + k] - before[first + k];
    squares += kernels::sum_of_squares(std::span<const float>(change).first(count));
  }
  return std::sqrt(squares);
}

ParameterHealth of_segment(const Segment& segment, const Parameters& gradients, const Parameters& before,
                           const Parameters& after) {
  ParameterHealth health;
  health.norm = norm(before.of(segment));
  health.gradient_norm = norm(gradients.of(segment));
  if (health.norm > 0) health.update_ratio = norm_of_change(before.of(segment), after.of(segment)) / health.norm;
  return health;
}

void add(ParameterHealth& sum, const ParameterHealth& health) {
  sum.norm += health.norm;
  sum.gradient_norm += health.gradient_norm;
  sum.update_ratio += health.update_ratio;
}

ParameterHealth mean_of(const ParameterHealth& sum, double steps) {
  return {sum.norm / steps, sum.gradient_norm / steps, sum.update_ratio / steps};
}

}  // namespace

double largest_slope(const Activation& activation) {
  switch (activation.kind) {
    case ActivationKind::sigmoid:
      return 0.25;  // at z = 0
    case ActivationKind::selu:
      return 1.0507009873554805 * 1.6732632423543772;  // limit as z rises to 0
    case ActivationKind::silu:
      return 1.0998394;  // at z = 2.399
    case ActivationKind::gelu:
      return 1.1289042;  // at the square root of 2
    case ActivationKind::mish:
      return 1.0884982;  // at z = 1.491
    case ActivationKind::identity:
    case ActivationKind::relu:
    case ActivationKind::leaky_relu:
    case ActivationKind::elu:
    case ActivationKind::tanh:
    case ActivationKind::softplus:
    case ActivationKind::custom:
      break;
  }
  return 1;
}

HealthMeter::HealthMeter(const Architecture& architecture)
    : units_(architecture.depth() + 1),
      weights_(architecture.depth(), {0, 0, 0}),
      biases_(architecture.depth(), {0, 0, 0}) {
  std::size_t widest = 0;
  for (std::size_t l = 0; l < architecture.depth(); ++l) {
    activations_.push_back(architecture.layers[l].activation);
    units_[l + 1].moves.assign(architecture.layers[l].outputs, 0);
    widest = std::max(widest, architecture.layers[l].outputs);
  }
  ones_.assign(widest, 1);
  slopes_.resize(widest);
}

void HealthMeter::add(ConstMatrixView inputs, Workspace& work, const Parameters& gradients, const Parameters& before,
                      const Parameters& after) {
  expect_equal(activations_.size(), before.segments().size() / 2, "layers of the step");
  expect_equal(work.rows(), inputs.rows(), "rows of the inputs");
  for (const Parameters* block : {&before, &after, &gradients}) work.buffers().require_layout(*block);
  for (std::size_t l = 0; l < activations_.size(); ++l)
    expect_equal(units_[l + 1].moves.size(), work.a(l).columns(), "units of a layer");
  add_values(0, inputs.flat());
  for (std::size_t l = 0; l < activations_.size(); ++l) {
    add_values(l + 1, work.a(l).flat());
    add_slopes(l + 1, work.z(l), work.a(l));
  }
  for (const Segment& segment : before.segments()) {
    const bool is_weights = segment.kind == Segment::Kind::weights;
    chainrule::add((is_weights ? weights_ : biases_)[segment.layer], of_segment(segment, gradients, before, after));
  }
  ++steps_;
}

// Mean and squares in two passes, combined with the previous ones (Chan, Golub & LeVeque 1979).
void HealthMeter::add_values(std::size_t layer, std::span<const float> values) {
  Units& units = units_[layer];
  const double count = static_cast<double>(values.size());
  double sum = 0, squares = 0;
  for (const float x : values) sum += static_cast<double>(x);
  const double mean = sum / count;
  for (const float x : values) squares += (static_cast<double>(x) - mean) * (static_cast<double>(x) - mean);
  const double total = units.count + count, between = mean - units.mean;
  units.mean += between * (count / total);
  units.squares += squares + between * between * (units.count * count / total);
  units.count = total;
}

// f'(z) is the result of backpropagating a derivative of 1 from a to z.
void HealthMeter::add_slopes(std::size_t layer, ConstMatrixView z, ConstMatrixView a) {
  Units& units = units_[layer];
  const Activation& activation = activations_[layer - 1];
  const auto bound = static_cast<float>(kSaturatedSlope * largest_slope(activation));
  const std::span<float> slopes(slopes_.data(), z.columns());
  std::size_t saturated = 0;
  for (std::size_t row = 0; row < z.rows(); ++row) {
    activation_backward(activation, z.row(row), a.row(row), std::span<const float>(ones_).first(z.columns()), slopes);
    for (std::size_t unit = 0; unit < slopes.size(); ++unit) {
      const bool moves = std::abs(slopes[unit]) >= bound;
      units.moves[unit] |= static_cast<std::uint8_t>(moves);
      saturated += moves ? 0 : 1;
    }
  }
  units.saturated += static_cast<double>(saturated);
}

std::vector<LayerHealth> HealthMeter::layers() const {
  std::vector<LayerHealth> layers(units_.size());
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const Units& units = units_[l];
    layers[l].activation_mean = units.mean;
    layers[l].activation_deviation = std::sqrt(units.squares / units.count);
    if (l > 0) {
      const auto still = std::ranges::count(units.moves, std::uint8_t{0});
      layers[l].saturated = units.saturated / units.count;
      layers[l].dead = static_cast<double>(still) / static_cast<double>(units.moves.size());
    }
    if (l == weights_.size()) break;
    layers[l].weights = mean_of(weights_[l], steps_);
    layers[l].biases = mean_of(biases_[l], steps_);
  }
  return layers;
}

}  // namespace chainrule
