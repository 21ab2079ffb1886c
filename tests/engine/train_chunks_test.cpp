// SPDX-License-Identifier: Apache-2.0
// The same bits however a step is divided among threads, and whether it keeps its gradients or updates while they are
// in cache.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "chainrule/base/error.h"
#include "chainrule/base/random.h"
#include "chainrule/engine/initialize.h"
#include "chainrule/engine/work_rows.h"
#include "chainrule/training/train.h"
#include "tests/support/toy_data.h"

namespace chainrule::train_chunks_test {
namespace {

using testing::make_network;
using testing::two_spirals;

TEST(Training, UpdatesWhileHotAreTheSameBits) {  // an observer of steps needs the gradients
  for (const std::string& name : optimizer_names()) {
    TrainOptions options;
    options.optimizer = optimizer_from_name(name);
    options.weight_decay = 0.01;
    options.epochs = 3;
    options.batch_size = name == "rprop" ? 0 : 70;
    const Dataset data = two_spirals();
    Network hot = make_network(2, {100, 20}, ActivationKind::tanh, 1, 4), kept = hot;
    std::size_t steps = 0;
    Observer observer;
    observer.on_step = [&](const StepRecord& step) { steps += step.gradient_norm > 0; };
    train(hot, all_rows(data), {}, options, {}, 1);  // one thread: several may add up gradients by chunks instead
    train(kept, all_rows(data), {}, options, observer, 1);
    EXPECT_GT(steps, 2u) << name;
    EXPECT_TRUE(std::ranges::equal(hot.parameters.flat(), kept.parameters.flat())) << name;
  }
}

TEST(Training, DescentPassesOverInputsThatAreZero) {
  const Stream numbers{3, Purpose::test, 0, 0};
  Matrix inputs(90, 100), values(90, 1);
  for (std::size_t row = 0; row < 90; ++row)
    for (std::size_t k = 40 * (row % 2); k < 60; k += 7)  // 60 ... 99 are always 0
      inputs(row, k) = static_cast<float>(random_normal(numbers, row * 100 + k));
  Dataset data;
  data.inputs = Features(std::move(inputs));
  for (std::size_t row = 0; row < 90; ++row) values(row, 0) = static_cast<float>(row % 3);
  data.targets.values = std::move(values);
  TrainOptions options;
  options.optimizer = Sgd{};
  options.learning_rate = 0.1;
  options.epochs = 4;
  options.batch_size = 20;
  Network start = make_network(100, {70}, ActivationKind::tanh, 1, 4);
  Observer step_observer;
  step_observer.on_step = [](const StepRecord&) {};
  Network kept = start;
  train(kept, all_rows(data), {}, options, step_observer, 1);
  EXPECT_NE(in_rows(kept.parameters), in_rows(start.parameters));
  for (const std::size_t threads : {1, 3}) {
    Network hot = start;
    train(hot, all_rows(data), {}, options, {}, threads);
    EXPECT_TRUE(std::ranges::equal(hot.parameters.flat(), kept.parameters.flat())) << threads;
  }
}

// Wide batches: each thread computes all layers for its rows. The last batch is short.
TEST(Training, RowsOfWideBatchesInChunksGiveTheSameBits) {
  const Stream numbers{3, Purpose::test, 0, 0};
  Matrix inputs(500, 70), values(500, 3);
  for (std::size_t k = 0; k < inputs.flat().size(); ++k)
    inputs.flat()[k] = static_cast<float>(random_normal(numbers, k));
  for (std::size_t k = 0; k < values.flat().size(); ++k) values.flat()[k] = inputs.flat()[k] * inputs.flat()[k + 1];
  Dataset data;
  data.inputs = Features(std::move(inputs));
  data.targets.values = std::move(values);
  Network start = make_network(70, {90, 60}, ActivationKind::silu, 3, 4);
  start.architecture.input_dropout = 0.1;
  start.architecture.layers[0].dropout = 0.2;
  // Whether chunks are nodes of the batch tree, whose gradients are added up.
  const auto by_chunks = [&](std::size_t batch, std::size_t threads) {
    return Workspace(start.architecture, batch, threads).buffers().chunks_have_gradients();
  };
  EXPECT_TRUE(by_chunks(256, 2) && by_chunks(244, 2) && by_chunks(301, 3) && by_chunks(301, 5) && by_chunks(500, 4));
  EXPECT_FALSE(by_chunks(256, 3) || by_chunks(301, 2) || by_chunks(500, 3));
  for (const std::size_t batch : {256, 301, 500})
    for (const double clip : {0.0, 0.01}) {
      TrainOptions options;
      options.epochs = 3;
      options.batch_size = batch;
      options.clip_norm = clip;
      Network alone = start;
      const History history = train(alone, all_rows(data), {}, options, {}, 1);
      EXPECT_NE(in_rows(alone.parameters), in_rows(start.parameters));
      for (const std::size_t threads : {2, 3, 4, 5}) {
        Network together = start;
        const History other = train(together, all_rows(data), {}, options, {}, threads);
        EXPECT_TRUE(std::ranges::equal(together.parameters.flat(), alone.parameters.flat()))
            << batch << ", " << clip << ", " << threads;
        EXPECT_EQ(other.epochs.back().training_loss, history.epochs.back().training_loss);
        EXPECT_EQ(other.epochs.back().gradient_norm, history.epochs.back().gradient_norm);
      }
    }
}

TEST(Training, SubnormalWeightsBecomeZeroOnAnyNumberOfThreads) {
  const Network start = [] {
    Network network = make_network(100, {60}, ActivationKind::relu, 1, 4);
    for (const std::size_t input : {10, 11, 12, 13}) network.parameters.weights(0)(5, input) = 1e-40f;
    return network;
  }();
  Matrix inputs(512, 100), values(512, 1);
  for (std::size_t row = 0; row < 512; ++row) inputs(row, 20 + row % 50) = values(row, 0) = 1;  // lists pay
  Dataset data;
  data.inputs = Features(std::move(inputs));
  data.targets.values = std::move(values);
  TrainOptions options;
  options.optimizer = Sgd{};
  options.batch_size = 256;
  Observer observer;
  observer.should_stop = [] { return true; };  // before a step that keeps its gradients
  for (const std::size_t threads : {1, 2}) {
    Network network = start;
    train(network, all_rows(data), {}, options, observer, threads);
    EXPECT_EQ(network.parameters.weights(0)(5, 11), 0.0f) << threads;
    EXPECT_EQ(network.parameters.weights(0)(5, 14), start.parameters.weights(0)(5, 14)) << threads;
  }
}

TEST(Training, AStepInChunksThatOverflowsLeavesTheWeights) {
  const Architecture architecture = make_network(70, {90, 60}, ActivationKind::relu, 1, 4).architecture;
  Network network(architecture);
  initialize(network, WeightScheme::he_normal, BiasScheme::zero, 1);
  const Parameters before = network.parameters;
  Matrix inputs(256, 70), targets(256, 1);
  std::ranges::fill(inputs.flat(), 1.0f);
  inputs(200, 3) = 2e38f;  // of the second chunk: finite outputs, but infinite gradients
  std::vector<float> scale(256, 1.0f / 256);
  const TrainOptions options;
  TrainState state(network, options, 256, 2);
  state.learning_rate = 0.001;
  state.measure_norm = false;
  EXPECT_TRUE(state.work.buffers().chunks_have_gradients());
  EXPECT_THROW(train_step(state, {inputs.view(), targets.view(), scale}), Error);
  EXPECT_TRUE(std::ranges::equal(network.parameters.flat(), before.flat()));
}

}  // namespace
}  // namespace chainrule::train_chunks_test
