// SPDX-License-Identifier: Apache-2.0
// Small tasks that the training tests learn.
#pragma once

#include <array>
#include <cmath>
#include <vector>

#include "chainrule/engine/inference.h"
#include "chainrule/engine/initialize.h"
#include "chainrule/training/train.h"

namespace chainrule::testing {

inline Network make_network(std::size_t inputs, std::vector<std::size_t> hidden, ActivationKind activation,
                            std::size_t outputs, std::uint64_t seed) {
  Architecture architecture;
  architecture.inputs = inputs;
  for (const std::size_t units : hidden) {
    Layer layer;
    layer.outputs = units;
    layer.activation = activation;
    architecture.layers.push_back(layer);
  }
  Layer last;
  last.outputs = outputs;
  architecture.layers.push_back(last);
  Network network(architecture);
  initialize(network, WeightScheme::automatic, BiasScheme::zero, seed);
  return network;
}

inline Dataset points(const std::vector<std::array<float, 2>>& inputs, const std::vector<float>& targets) {
  Dataset data;
  Matrix values(inputs.size(), 2);
  for (std::size_t i = 0; i < inputs.size(); ++i) std::ranges::copy(inputs[i], values.row(i).begin());
  data.inputs = Features(values);
  data.targets.values = Matrix(targets.size(), 1);
  std::ranges::copy(targets, data.targets.values.flat().begin());
  return data;
}

inline Dataset exclusive_or() { return points({{0, 0}, {0, 1}, {1, 0}, {1, 1}}, {0, 1, 1, 0}); }

// Lang & Witbrock 1988: 97 points on each of two interlocking spirals of three turns.
inline Dataset two_spirals() {
  std::vector<std::array<float, 2>> inputs;
  std::vector<float> targets;
  for (int i = 0; i < 97; ++i) {
    const double angle = i * std::acos(-1.0) / 16, radius = 6.5 * (104 - i) / 104;
    for (const float side : {1.0f, -1.0f}) {
      inputs.push_back(
          {side * static_cast<float>(radius * std::sin(angle)), side * static_cast<float>(radius * std::cos(angle))});
      targets.push_back(side > 0 ? 1.0f : 0.0f);
    }
  }
  return points(inputs, targets);
}

inline double fraction_correct(const Network& network, const Loss& loss, const Dataset& data) {
  const Matrix predictions = predict(network, loss, all_rows(data));
  double right = 0;
  for (std::size_t i = 0; i < data.rows(); ++i)
    right += (predictions(i, 0) > 0.5f) == (data.targets.values(i, 0) > 0.5f);
  return right / static_cast<double>(data.rows());
}

inline TrainOptions full_batch(double learning_rate, std::size_t epochs) {
  TrainOptions options;
  options.loss = LossKind::sigmoid_cross_entropy;
  options.learning_rate = learning_rate;
  options.epochs = epochs;
  options.batch_size = 0;
  return options;
}

}  // namespace chainrule::testing
