// SPDX-License-Identifier: Apache-2.0
// Networks with rows for gradient checks: given or random.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "chainrule/base/random.h"
#include "chainrule/engine/formulas/activation_values.h"
#include "chainrule/engine/formulas/loss_formulas.h"
#include "chainrule/explain/reference_check.h"

namespace chainrule::testing {

struct GradientCase {
  Architecture architecture;
  ReferenceParameters parameters;
  Loss loss;
  ReferenceBatch batch;
  double weight_decay = 0.03;

  CheckReport check(const CheckOptions& options = {0}) const {
    return check_gradients(architecture, parameters, loss, batch, weight_decay, options);
  }
  ReferenceStep step(const PlantedFault& fault = {}) const {
    return reference_step(architecture, parameters, loss, batch, weight_decay, {}, fault);
  }
};

inline void fill(std::span<double> values, std::uint32_t layer, double scale, std::uint64_t seed = 7) {
  const Stream stream{seed, Purpose::test, layer, 0};
  for (std::size_t k = 0; k < values.size(); ++k) values[k] = scale * random_normal(stream, k);
}

/// Targets that suit the loss: a distribution for softmax, probabilities for sigmoid, counts for Poisson, else any
/// number.
inline void make_targets(GradientCase& c, std::uint64_t seed = 7) {
  fill(c.batch.targets.flat(), 901, 1, seed);
  for (std::size_t i = 0; i < c.batch.targets.rows(); ++i) {
    double sum = 0;
    for (double& y : c.batch.targets.row(i)) {
      if (c.loss.kind == LossKind::poisson) y = std::floor(4 * std::abs(y));
      if (c.loss.kind == LossKind::sigmoid_cross_entropy) y = std::abs(y) / (1 + std::abs(y));
      if (c.loss.kind == LossKind::softmax_cross_entropy) y = std::abs(y);
      sum += y;
    }
    if (c.loss.kind == LossKind::softmax_cross_entropy)
      for (double& y : c.batch.targets.row(i)) y /= sum;
  }
}

/// `sizes`: inputs, hidden layers, outputs; m rows. Losses with a link end with a linear layer.
inline GradientCase make_case(const Activation& activation, const Loss& loss, const std::vector<std::size_t>& sizes,
                              std::size_t m = 4) {
  GradientCase c;
  c.loss = loss;
  c.architecture.inputs = sizes[0];
  const std::size_t depth = sizes.size() - 1;
  for (std::size_t l = 0; l < depth; ++l) {
    Layer layer;
    layer.outputs = sizes[l + 1];
    const bool linear = l + 1 == depth && link_name(loss) != "identity";
    layer.activation = linear ? Activation(ActivationKind::identity) : activation;
    layer.decay_multiplier = l == 0 ? 2 : 0.25;
    c.architecture.layers.push_back(layer);
  }
  c.parameters = reference_parameters(c.architecture);
  for (std::uint32_t l = 0; l < depth; ++l) {
    fill(c.parameters.weights[l].flat(), l, 1 / std::sqrt(static_cast<double>(c.architecture.layer_inputs(l))));
    fill(c.parameters.biases[l], 100 + l, 0.5);
  }
  c.batch = {MatrixOf<double>(m, sizes.front()), MatrixOf<double>(m, sizes.back()), {}};
  for (std::size_t i = 0; i < m; ++i) c.batch.weights.push_back(std::vector{0.5, 2.0, 0.0, 1.5}[i % 4]);
  fill(c.batch.inputs.flat(), 900, 1);
  make_targets(c);
  return c;
}

/// A custom activation with the formula of a built-in one.
inline Activation as_custom(const Activation& known) {
  return Activation(
      CustomActivation{std::string(activation_name(known)), [known](double z) { return activation_value(known, z); },
                       [known](double z) { return activation_derivative(known, z, activation_value(known, z)); }});
}

inline Loss smoothed(LossKind kind) {
  Loss loss = kind;
  loss.label_smoothing = 0.1;
  return loss;
}

/// Any depth up to 4, widths up to 9, up to 8 rows; any loss, an activation per layer, weights of very different size,
/// units that are dead or saturated, rows of zeros, biases of zero.
inline GradientCase random_case(std::uint64_t seed) {
  std::uint64_t at = 0;
  const auto below = [&](std::size_t n) {
    return static_cast<std::size_t>(random_uniform({seed, Purpose::test, 1000, 0}, at++) * static_cast<double>(n));
  };
  const std::vector<Loss> losses = {LossKind::half_squared_error,
                                    LossKind::absolute_error,
                                    LossKind::huber,
                                    LossKind::poisson,
                                    LossKind::softmax_cross_entropy,
                                    LossKind::sigmoid_cross_entropy,
                                    smoothed(LossKind::softmax_cross_entropy)};
  std::vector<std::size_t> sizes = {1 + below(9)};
  for (std::size_t l = 0, depth = 1 + below(4); l < depth; ++l) sizes.push_back(1 + below(9));
  GradientCase c = make_case(ActivationKind::relu, losses[below(losses.size())], sizes, 1 + below(8));
  const bool only_relu = below(2) == 0, zero_biases = below(3) == 0;
  for (std::size_t l = 0; l < c.architecture.depth(); ++l) {
    Layer& layer = c.architecture.layers[l];
    if (!only_relu && (l + 1 < c.architecture.depth() || link_name(c.loss) == "identity"))
      layer.activation = static_cast<ActivationKind>(below(activation_names().size()));
    const double size = std::vector{0.1, 1.0, 1.0, 2.0, 4.0}[below(5)];
    const auto number = static_cast<std::uint32_t>(l);
    fill(c.parameters.weights[l].flat(), number, size / std::sqrt(static_cast<double>(sizes[l])), seed);
    fill(c.parameters.biases[l], 100 + number, zero_biases ? 0 : size, seed);
  }
  if (below(2) == 0) c.batch.weights.clear();
  c.weight_decay = std::vector{0.0, 1e-4, 0.1}[below(3)];
  fill(c.batch.inputs.flat(), 900, 1, seed);
  if (below(4) == 0) std::ranges::fill(c.batch.inputs.row(0), 0.0);
  make_targets(c, seed);
  return c;
}

}  // namespace chainrule::testing
