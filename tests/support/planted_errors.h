// SPDX-License-Identifier: Apache-2.0
// Networks as users have them, and errors planted in the engine's numbers of an explained step.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "chainrule/base/random.h"
#include "chainrule/engine/formulas/loss_formulas.h"
#include "chainrule/engine/initialize.h"
#include "chainrule/explain/explain.h"

namespace chainrule::testing {

struct UserNet {
  std::string name;
  std::size_t inputs;
  std::vector<std::size_t> hidden;
  std::size_t outputs;
  Optimizer optimizer;
  double learning_rate;
};

// As the presets tabular and fast make them (chainrule/training/options/fit_options.cpp).
inline std::vector<UserNet> user_nets() {
  return {{"64-256-256-256-10", 64, {256, 256, 256}, 10, AdamW{}, 0.0025},
          {"784-100-10", 784, {100}, 10, Adam{}, 0.002},
          {"90-256-256-256-1", 90, {256, 256, 256}, 1, AdamW{}, 0.0025}};
}

// Steps of such a network on normal inputs; a quarter of them are 0.
inline Explanation explain_net(const UserNet& net, std::uint64_t seed, std::size_t rows, std::size_t steps) {
  Architecture architecture;
  architecture.inputs = net.inputs;
  for (const std::size_t width : net.hidden) {
    Layer layer;
    layer.outputs = width;
    layer.activation = net.hidden.size() > 1 ? ActivationKind::mish : ActivationKind::silu;
    layer.dropout = net.hidden.size() > 1 ? 0.15 : 0;
    architecture.layers.push_back(layer);
  }
  Layer last;
  last.outputs = net.outputs;
  last.activation = ActivationKind::identity;
  architecture.layers.push_back(last);
  TrainOptions options;
  options.loss = net.outputs > 1 ? LossKind::softmax_cross_entropy : LossKind::half_squared_error;
  if (net.outputs > 1 && net.hidden.size() > 1) options.loss.label_smoothing = 0.03;
  options.optimizer = net.optimizer;
  options.learning_rate = net.learning_rate;
  options.seed = seed;
  Network network(architecture);
  initialize(network, WeightScheme::automatic, BiasScheme::zero, seed);
  ReferenceBatch batch{MatrixOf<double>(rows, net.inputs), MatrixOf<double>(rows, net.outputs), {}};
  for (std::size_t k = 0; k < batch.inputs.flat().size(); ++k) {
    const double x = random_normal({seed, Purpose::test, 1, 0}, k);
    batch.inputs.flat()[k] = x < -0.67 ? 0 : static_cast<double>(static_cast<float>(x));
  }
  for (std::size_t row = 0; row < rows; ++row) {
    const double y = random_uniform({seed, Purpose::test, 2, 0}, row);
    if (net.outputs > 1)
      batch.targets(row, static_cast<std::size_t>(y * static_cast<double>(net.outputs))) = 1;
    else
      batch.targets(row, 0) = static_cast<double>(static_cast<float>(3 * y - 1.5));
  }
  return explain_steps(architecture, reference_parameters(network), batch, options, steps);
}

inline std::size_t excesses_of(const UserNet& net, std::uint64_t seed, std::size_t steps) {
  return find_excesses(explain_net(net, seed, 1 + seed % 8, steps), 1000).size();
}

struct Planted {
  std::size_t planted = 0, caught = 0, by_worst_case = 0;
};

// Changes deltas, gradients and updates (before they are added) by one thousandth, one at a time, none of them 0.
inline Planted planted_errors(const UserNet& net, std::size_t count, std::uint64_t seed) {
  Explanation explanation = explain_net(net, seed, 8, 2);
  Planted out;
  ExplainedStep& step = explanation.steps[1];
  std::vector<std::size_t> kinds[3];
  for (std::size_t t = 0; t < step.tensors.size(); ++t) {
    const std::string& name = step.tensors[t].name;
    if (name.starts_with("delta")) kinds[0].push_back(t);
    if (name.starts_with("dW") || name.starts_with("db")) kinds[1].push_back(t);
    if ((name[0] == 'W' || name[0] == 'b') && name.ends_with("_after")) kinds[2].push_back(t);
  }
  for (std::uint64_t draw = 0; out.planted < count; ++draw) {
    const auto pick = [&](std::uint32_t what, std::size_t below) {
      return static_cast<std::size_t>(random_uniform({seed, Purpose::test, what, 1}, draw) * double(below));
    };
    const std::size_t kind = pick(3, 3);
    Tensor& tensor = step.tensors[kinds[kind][pick(4, kinds[kind].size())]];
    const std::size_t k = pick(5, tensor.engine.size());
    const double right = tensor.engine[k];
    double before = 0;
    if (kind == 2) before = step.of(tensor.name.substr(0, tensor.name.find('_'))).engine[k];
    const double change = (kind == 2 ? tensor.expected[k] : right) - before;
    if (change == 0) continue;
    tensor.engine[k] = static_cast<double>(static_cast<float>(before + 1.001 * change));
    const std::vector<Excess> found = find_excesses(explanation, 1);
    ++out.planted;
    out.caught += !found.empty() && found[0].name == tensor.name ? 1 : 0;
    out.by_worst_case += std::abs(tensor.engine[k] - tensor.reference[k]) > tensor.bound[k] ? 1 : 0;
    tensor.engine[k] = right;
  }
  return out;
}

}  // namespace chainrule::testing
