// SPDX-License-Identifier: Apache-2.0
// A resumed training gives the same bits as an uninterrupted one.
#include <gtest/gtest.h>

#include "chainrule/engine/initialize.h"
#include "chainrule/model/fingerprint.h"
#include "chainrule/model/model.h"
#include "chainrule/training/train.h"
#include "tests/support/toy_data.h"

namespace chainrule::train_progress_test {
namespace {

// Two noisy classes; the last 40 of 200 rows validate.
struct Case {
  Dataset data;
  Selection training, validation;
  Network start;
  TrainOptions options;

  explicit Case(Optimizer optimizer) {
    constexpr std::size_t kRows = 200;
    Matrix inputs(kRows, 3);
    data.targets.classes = 2;
    for (std::size_t i = 0; i < kRows; ++i) {
      for (std::size_t j = 0; j < 3; ++j) inputs.row(i)[j] = static_cast<float>((i * 7 + j * 13) % 31) / 31.0F - 0.5F;
      data.targets.labels.push_back(inputs.row(i)[0] + inputs.row(i)[1] * inputs.row(i)[2] > 0 ? 1 : 0);
    }
    data.inputs = Features(std::move(inputs));
    training = validation = {&data, {}};
    for (std::size_t i = 0; i < kRows; ++i) (i < 160 ? training : validation).rows.push_back(i);
    Architecture architecture;
    architecture.inputs = 3;
    architecture.layers = {{8, ActivationKind::tanh, 0.2}, {2, ActivationKind::identity}};
    start = Network(architecture);
    initialize(start, WeightScheme::automatic, BiasScheme::zero, 5);
    options.loss = LossKind::softmax_cross_entropy;
    options.optimizer = optimizer;
    options.learning_rate = 0.05;
    options.schedule.kind = ScheduleKind::cosine;
    options.epochs = 9;
    options.batch_size = 32;
    options.plateau_patience = 2;
    options.patience = 6;
  }
};

void expect_same(const History& a, const History& b) {
  ASSERT_EQ(a.epochs.size(), b.epochs.size());
  EXPECT_EQ(a.stop, b.stop);
  EXPECT_EQ(a.best_epoch, b.best_epoch);
  EXPECT_EQ(a.steps, b.steps);
  for (std::size_t e = 0; e < a.epochs.size(); ++e) {
    EXPECT_EQ(a.epochs[e].training_loss, b.epochs[e].training_loss) << e;
    EXPECT_EQ(a.epochs[e].learning_rate, b.epochs[e].learning_rate) << e;
    EXPECT_EQ(a.epochs[e].gradient_norm, b.epochs[e].gradient_norm) << e;
    EXPECT_EQ(a.epochs[e].validation[0].value, b.epochs[e].validation[0].value) << e;
    EXPECT_EQ(a.epochs[e].best, b.epochs[e].best) << e;
  }
}

TEST(TrainingProgress, GoesOnFromAnyStepToTheSameBits) {
  for (const Optimizer& optimizer :
       {Optimizer(Sgd{}), Optimizer(Momentum{}), Optimizer(Adam{}), Optimizer(Adagrad{})}) {
    const Case one(optimizer);
    Network undisturbed = one.start;
    const History whole = train(undisturbed, one.training, one.validation, one.options);
    for (const std::uint64_t stop : {1, 4, 5, 17}) {
      TrainingProgress progress;
      progress.network = one.start;
      Observer observer;
      std::uint64_t steps = 0;
      observer.should_stop = [&] { return ++steps == stop; };
      train(progress, one.training, one.validation, one.options, observer);
      EXPECT_EQ(progress.history.stop, StopReason::interrupted);
      EXPECT_EQ(progress.step, stop);
      train(progress, one.training, one.validation, one.options, {}, 2);
      finish(progress, one.options);
      EXPECT_EQ(weights_sha256(progress.network), weights_sha256(undisturbed)) << stop;
      expect_same(progress.history, whole);
    }
  }
}

TEST(TrainingProgress, IsOfferedWhereItIsWantedAndGoesOnFromThere) {
  const Case one(Adam{});
  std::vector<TrainingProgress> offered;
  Observer observer;
  std::uint64_t requested = 0;
  observer.needs_progress = [&] { return ++requested % 7 == 0; };
  observer.on_progress = [&](const TrainingProgress& progress) { offered.push_back(progress); };
  Network undisturbed = one.start;
  const History whole = train(undisturbed, one.training, one.validation, one.options, observer);
  ASSERT_GE(offered.size(), 3U);
  for (TrainingProgress& progress : offered) {
    train(progress, one.training, one.validation, one.options);
    finish(progress, one.options);
    EXPECT_EQ(weights_sha256(progress.network), weights_sha256(undisturbed));
    expect_same(progress.history, whole);
  }
}

TEST(TrainingProgress, WhatHasEndedStaysAsItIs) {
  const Case one(Adam{});
  TrainingProgress progress;
  progress.network = one.start;
  train(progress, one.training, one.validation, one.options);
  const std::string last = weights_sha256(progress.network);
  const std::size_t epochs = progress.history.epochs.size();
  train(progress, one.training, one.validation, one.options);
  EXPECT_EQ(weights_sha256(progress.network), last);
  EXPECT_EQ(progress.history.epochs.size(), epochs);
}

TEST(Observer, SetsTheRateOfAStepAndSeesTheNetwork) {
  Case one(Sgd{});
  one.options.restore_best = false;
  Observer observer;
  std::size_t calls = 0;
  observer.before_step = [&](TrainState& state) {
    ++calls;
    EXPECT_EQ(state.network.architecture.inputs, 3U);
    state.learning_rate = 0;
  };
  Network network = one.start;
  const History history = train(network, one.training, one.validation, one.options, observer);
  EXPECT_EQ(calls, history.steps);
  EXPECT_EQ(weights_sha256(network), weights_sha256(one.start));
  EXPECT_EQ(history.epochs.back().learning_rate, 0);
}

}  // namespace
}  // namespace chainrule::train_progress_test
