// SPDX-License-Identifier: Apache-2.0
// Training steps on synthetic numbers from a seed, for every activation, loss and optimizer.
#pragma once

#include <cmath>

#include "chainrule/base/random.h"
#include "chainrule/engine/formulas/loss_formulas.h"
#include "chainrule/engine/initialize.h"
#include "chainrule/explain/explain.h"

namespace chainrule::testing {

// A step on synthetic numbers from a seed.
struct Made {
  Architecture architecture;
  ReferenceParameters start;
  ReferenceBatch batch;
  TrainOptions options;

  Made(const Activation& activation, const Loss& loss, const Optimizer& optimizer, std::uint64_t seed) {
    architecture.inputs = 1 + seed % 7;
    for (std::size_t l = 0; l < 1 + seed % 3; ++l) {
      Layer layer;
      layer.outputs = 1 + (seed * 5 + l * 3) % 9;
      layer.activation = activation;
      layer.weight_multiplier = 1 + static_cast<double>(l);
      layer.bias_multiplier = 0.5;
      layer.decay_multiplier = l == 0 ? 2 : 0.25;
      architecture.layers.push_back(layer);
    }
    if (link_name(loss) != "identity") architecture.layers.back().activation = ActivationKind::identity;
    options.loss = loss;
    options.optimizer = optimizer;
    options.learning_rate = 0.005;
    options.weight_decay = 0.02;
    options.seed = seed;
    Network network(architecture);
    initialize(network, WeightScheme::automatic, BiasScheme::uniform, seed);
    start = reference_parameters(network);
    const std::size_t m = 1 + seed % 5;
    batch = {MatrixOf<double>(m, architecture.inputs), MatrixOf<double>(m, architecture.outputs()), {}};
    fill(batch.inputs.flat(), 1);
    fill(batch.targets.flat(), 2);
    for (double& y : batch.targets.flat()) y = std::abs(y);
  }
  void fill(std::span<double> values, std::uint32_t what) {
    for (std::size_t k = 0; k < values.size(); ++k)
      values[k] = static_cast<double>(static_cast<float>(random_normal({options.seed, Purpose::test, what, 0}, k)));
  }
  // Dropout, norm bounds, clipping, sample weights.
  void add_everything() {
    architecture.input_dropout = 0.2;
    for (std::size_t l = 0; l < architecture.depth(); ++l) {
      architecture.layers[l].max_norm = 0.7;
      if (l + 1 < architecture.depth()) architecture.layers[l].dropout = 0.5;
    }
    options.clip_norm = 0.1;
    for (std::size_t i = 0; i < batch.inputs.rows(); ++i) batch.weights.push_back(0.25 * double(i));
  }
  Explanation explain(std::size_t steps = 3) const { return explain_steps(architecture, start, batch, options, steps); }
};

inline std::vector<Loss> all_losses() {
  Loss smoothed = LossKind::softmax_cross_entropy;
  smoothed.label_smoothing = 0.1;
  return {LossKind::half_squared_error,    LossKind::absolute_error,        LossKind::huber, LossKind::poisson,
          LossKind::softmax_cross_entropy, LossKind::sigmoid_cross_entropy, smoothed};
}

}  // namespace chainrule::testing
