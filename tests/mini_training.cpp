// SPDX-License-Identifier: Apache-2.0
// Trains small networks that visit every activation, loss, optimizer and initialization, and prints one SHA-256 of all
// their weights. It must be the same for every compiler and optimization level: see same_bits.sh and
// docs/determinism.md.
#include <cstdio>

#include "chainrule/base/random.h"
#include "chainrule/base/sha256.h"
#include "chainrule/engine/initialize.h"
#include "chainrule/training/train.h"

namespace {

using namespace chainrule;

Dataset make_data(std::size_t rows, std::size_t inputs, std::size_t outputs) {
  const Stream stream{1, Purpose::test, 0, 0};
  Matrix x(rows, inputs);
  for (std::size_t k = 0; k < x.flat().size(); ++k) x.flat()[k] = static_cast<float>(random_normal(stream, k));
  Dataset data;
  data.targets.values = Matrix(rows, outputs);
  for (std::size_t i = 0; i < rows; ++i)
    data.targets.values(i, (x(i, 0) > 0 ? 1u : 0u) + (x(i, 1) > 0.5f ? 1u : 0u)) = 1;
  data.inputs = Features(std::move(x));
  return data;
}

Network make_network(const Activation& activation, const TrainOptions& options, std::size_t index) {
  Architecture architecture;
  architecture.inputs = 9;
  architecture.input_dropout = index % 3 == 0 ? 0.1 : 0;
  for (const std::size_t units : {21, 13, 3}) {
    Layer layer;
    layer.outputs = units;
    layer.activation = units == 3 ? Activation(ActivationKind::identity) : activation;
    layer.dropout = units == 21 && index % 2 == 0 ? 0.25 : 0;
    layer.max_norm = units == 13 ? 2 : 0;
    architecture.layers.push_back(layer);
  }
  Network network(architecture);
  const auto weights = static_cast<WeightScheme>(index % weight_scheme_names().size());
  initialize(network, weights, static_cast<BiasScheme>(index % bias_scheme_names().size()), options.seed);
  return network;
}

}  // namespace

int main() {
  const Dataset data = make_data(203, 9, 3);
  Sha256 sum;
  for (std::size_t index = 0; index < activation_names().size() * optimizer_names().size(); ++index) {
    TrainOptions options;
    options.optimizer = optimizer_from_name(optimizer_names()[index % optimizer_names().size()]);
    options.loss = loss_from_name(loss_names()[index % loss_names().size()]);
    options.learning_rate = 0.003;
    options.weight_decay = 0.01;
    options.clip_norm = index % 4 == 0 ? 5 : 0;  // without it, gradients are never stored
    options.epochs = 3;
    options.batch_size =
        std::holds_alternative<Rprop>(options.optimizer) ? 0 : 97;  // two leaves, and a short last batch
    if (options.batch_size != 0) options.schedule.kind = static_cast<ScheduleKind>(index % schedule_names().size());
    options.schedule.warmup_epochs = 0.5;
    options.seed = index + 1;
    Network network = make_network(static_cast<ActivationKind>(index % activation_names().size()), options, index);
    train(network, all_rows(data), {}, options);
    sum.add(std::as_bytes(std::span<const float>(in_rows(network.parameters))));
  }
  std::printf("%s\n", sum.hex().c_str());
}
