// SPDX-License-Identifier: Apache-2.0
// The training loop: rates, decay, weights, clipping, early stopping, best weights, divergence,
// interruption, the same bits from the same seed.
#include "chainrule/training/train.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <utility>

#include "chainrule/base/error.h"
#include "chainrule/base/random.h"
#include "chainrule/engine/initialize.h"
#include "chainrule/engine/reference/reference.h"
#include "chainrule/metrics/metrics.h"
#include "tests/support/real_tables.h"
#include "tests/support/toy_data.h"

namespace chainrule::train_test {
namespace {

using testing::exclusive_or;
using testing::fraction_correct;
using testing::full_batch;
using testing::make_network;
using testing::metric;
using testing::points;
using testing::two_spirals;

TEST(Training, SameSeedSameBits) {
  const Dataset data = two_spirals();
  TrainOptions options = full_batch(0.01, 3);
  options.batch_size = 10;
  Network a = make_network(2, {7}, ActivationKind::relu, 1, 5), b = a, c = a;
  train(a, all_rows(data), {}, options);
  train(b, all_rows(data), {}, options);
  EXPECT_TRUE(std::ranges::equal(a.parameters.flat(), b.parameters.flat()));
  options.seed = 2;  // another order of the rows
  train(c, all_rows(data), {}, options);
  EXPECT_FALSE(std::ranges::equal(a.parameters.flat(), c.parameters.flat()));
}

TEST(Training, BiasesAreNeverDecayed) {  // M5
  Network network = make_network(2, {3}, ActivationKind::identity, 1, 1);
  std::ranges::fill(network.parameters.biases(0), 0.7f);
  const Dataset data = points({{0, 0}}, {0});
  TrainOptions options;
  options.optimizer = Sgd{};
  options.learning_rate = 0.1;
  options.weight_decay = 0.5;
  options.epochs = 1;
  std::ranges::fill(network.parameters.weights(1).flat(), 0.0f);  // so that the first layer's gradient is exactly 0
  const float w = network.parameters.weights(0)(0, 0);
  const History history = train(network, all_rows(data), {}, options);
  EXPECT_EQ(network.parameters.biases(0)[0], 0.7f);
  EXPECT_FLOAT_EQ(network.parameters.weights(0)(0, 0), w - 0.1f * 0.5f * w);
  std::ranges::fill(network.parameters.biases(0), 9.0f);
  double squares = 0;
  for (const float x : network.parameters.weights(0).flat()) squares += double(x) * x;
  EXPECT_NEAR(history.epochs[0].decay_term, 0.25 * squares, 1e-9);
}

TEST(Training, MultipliersScaleEachLayersSteps) {  // M12
  const auto moved = [](double weights, double biases) {
    Network network = make_network(2, {3}, ActivationKind::tanh, 1, 4);
    network.architecture.layers[0].weight_multiplier = weights;
    network.architecture.layers[0].bias_multiplier = biases;
    Network start(network.architecture);  // the layout with the multipliers
    std::ranges::copy(network.parameters.flat(), start.parameters.flat().begin());
    const Parameters before = start.parameters;
    TrainOptions options;
    options.optimizer = Sgd{};
    options.learning_rate = 0.01;
    options.epochs = 1;
    const Dataset data = points({{0.3f, -0.8f}}, {1});
    train(start, all_rows(data), {}, options);
    return std::pair{start.parameters.weights(0)(1, 1) - before.weights(0)(1, 1),
                     start.parameters.biases(0)[1] - before.biases(0)[1]};
  };
  const auto [w1, b1] = moved(1, 1);
  const auto [w2, b2] = moved(2, 0);
  EXPECT_NEAR(w2, 2 * w1, 1e-7);
  EXPECT_EQ(b2, 0);
  EXPECT_NE(b1, 0);
}

TEST(Training, SampleWeightsCount) {  // a row of weight 2 is two rows
  Dataset weighted = points({{1, 0}, {0, 1}}, {1, -1});
  weighted.weights = {2, 1};
  scale_weights_to_mean_one(weighted.weights, all_rows(weighted).rows);
  const Dataset repeated = points({{1, 0}, {1, 0}, {0, 1}}, {1, 1, -1});
  TrainOptions options;
  options.optimizer = Sgd{};
  options.learning_rate = 0.1;
  options.batch_size = 0;
  options.epochs = 5;
  Network a = make_network(2, {3}, ActivationKind::tanh, 1, 4), b = a;
  train(a, all_rows(weighted), {}, options);
  train(b, all_rows(repeated), {}, options);
  for (std::size_t k = 0; k < a.parameters.flat().size(); ++k)
    EXPECT_NEAR(a.parameters.flat()[k], b.parameters.flat()[k], 1e-6);
}

TEST(Training, MaxNormBoundsEveryUnit) {
  Architecture architecture = make_network(2, {6}, ActivationKind::relu, 1, 2).architecture;
  architecture.layers[0].max_norm = 0.5;
  Network network(architecture);
  initialize(network, WeightScheme::normal, BiasScheme::zero, 2);
  const Dataset data = two_spirals();
  train(network, all_rows(data), {}, full_batch(0.1, 5));
  double longest = 0;
  for (std::size_t i = 0; i < 6; ++i) {
    const WeightsView w = network.parameters.weights(0);
    longest = std::max(longest, std::hypot(double(w(i, 0)), double(w(i, 1))));
  }
  EXPECT_LE(longest, 0.5 * (1 + 1e-6));
  EXPECT_GE(longest, 0.4);
}

TEST(Training, ClippingBoundsTheStep) {
  const Dataset data = points({{100, 100}}, {1000});
  TrainOptions options;
  options.optimizer = Sgd{};
  options.learning_rate = 0.1;
  options.clip_norm = 1;
  options.epochs = 1;
  Network network = make_network(2, {}, ActivationKind::identity, 1, 1);
  const Parameters before = network.parameters;
  train(network, all_rows(data), {}, options);
  double moved = 0;
  const std::vector<float> a = in_rows(network.parameters), b = in_rows(before);
  for (std::size_t k = 0; k < 3; ++k) moved += std::pow(double(a[k]) - b[k], 2);
  EXPECT_NEAR(std::sqrt(moved), 0.1, 1e-6);
}

// Training and validation rows contradict each other, so that validation is best at the start.
struct Contrary {
  Dataset training = points({{1, 0}, {0, 1}}, {1, -1});
  Dataset validation = points({{1, 0}, {0, 1}}, {-1, 1});
  Network network = make_network(2, {}, ActivationKind::identity, 1, 1);
  TrainOptions options;
  Contrary() {
    options.optimizer = Sgd{};
    options.learning_rate = 0.1;
    options.epochs = 50;
  }
};

TEST(Training, StopsWhenPatienceEndsAndPutsTheBestWeightsBack) {
  Contrary c;
  c.options.patience = 4;
  const History history = train(c.network, all_rows(c.training), all_rows(c.validation), c.options);
  EXPECT_EQ(history.stop, StopReason::early_stopping);
  EXPECT_EQ(history.epochs.size(), 5u);
  EXPECT_EQ(history.best_epoch, 1u);
  EXPECT_NEAR(metric(evaluate(c.network, LossKind::half_squared_error, all_rows(c.validation)), "loss"),
              metric(history.epochs[0].validation, "loss"), 1e-12);
}

TEST(Training, KeepsTheLastWeightsOnRequest) {
  Contrary c;
  c.options.restore_best = false;
  const History history = train(c.network, all_rows(c.training), all_rows(c.validation), c.options);
  EXPECT_EQ(history.best_epoch, 0u);
  EXPECT_EQ(history.epochs.size(), 50u);
  EXPECT_NEAR(metric(evaluate(c.network, LossKind::half_squared_error, all_rows(c.validation)), "loss"),
              metric(history.epochs.back().validation, "loss"), 1e-12);
}

TEST(Training, LowersTheRateOnAPlateau) {
  Contrary c;
  c.options.plateau_patience = 2;
  c.options.plateau_factor = 0.5;
  const History history = train(c.network, all_rows(c.training), all_rows(c.validation), c.options);
  EXPECT_DOUBLE_EQ(history.epochs[2].learning_rate, 0.1);
  EXPECT_DOUBLE_EQ(history.epochs[3].learning_rate, 0.05);
  EXPECT_DOUBLE_EQ(history.epochs[5].learning_rate, 0.025);
}

TEST(Training, ReportsWhereItDiverged) {
  Network network = make_network(2, {5}, ActivationKind::relu, 1, 1);
  TrainOptions options;
  options.optimizer = Sgd{};
  options.learning_rate = 1e6;
  options.epochs = 100;
  const Dataset data = two_spirals();
  try {
    train(network, all_rows(data), {}, options);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.category(), ErrorCategory::numerics);
    const std::string what = error.what();
    for (const char* part : {"epoch 1", "step", "layer", "learning rate 1e+06"})
      EXPECT_NE(what.find(part), std::string::npos) << what;
    EXPECT_NE(error.hint().find("1e+05"), std::string::npos) << error.hint();
  }
  for (const float x : network.parameters.flat()) EXPECT_TRUE(std::isfinite(x));
}

TEST(Training, NamesAnInputThatIsNotFinite) {
  Network network = make_network(2, {5}, ActivationKind::relu, 1, 1);
  const Dataset data = points({{1, std::numeric_limits<float>::quiet_NaN()}}, {1});
  try {
    train(network, all_rows(data), {}, TrainOptions());
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("row 1: input 2"), std::string::npos) << error.what();
  }
}

TEST(Training, AnObserverCanStopItAfterAStep) {
  const Dataset data = two_spirals();
  TrainOptions options = full_batch(0.01, 100);
  options.batch_size = 10;
  Network network = make_network(2, {5}, ActivationKind::relu, 1, 1);
  std::uint64_t steps = 0;
  std::size_t epochs = 0;
  Observer observer;
  observer.on_step = [&](const StepRecord& record) { steps = record.step; };
  observer.on_epoch = [&](const EpochRecord& record) { epochs = record.epoch; };
  observer.should_stop = [&] { return steps == 33; };
  const History history = train(network, all_rows(data), {}, options, observer);
  EXPECT_EQ(history.stop, StopReason::interrupted);
  EXPECT_EQ(history.steps, 33u);
  EXPECT_EQ(epochs, 1u);  // 20 steps an epoch: the second one is not finished
  EXPECT_EQ(history.epochs.size(), 1u);
}

TEST(Training, EveryOptimizerLearns) {
  const Dataset data = exclusive_or();
  for (const std::string& name : optimizer_names()) {
    TrainOptions options = full_batch(0.1, 3000);
    options.optimizer = optimizer_from_name(name);
    if (name == "sgd") options.learning_rate = 1;
    Network network = make_network(2, {8}, ActivationKind::tanh, 1, 3);
    train(network, all_rows(data), {}, options);
    EXPECT_EQ(fraction_correct(network, LossKind::sigmoid_cross_entropy, data), 1.0) << name;
  }
}

TEST(Training, AUsersOwnActivationAndLossTrain) {
  const Activation bump(CustomActivation{"bump", [](double z) { return std::exp(-z * z); },
                                         [](double z) { return -2 * z * std::exp(-z * z); }});
  const Loss cosh(CustomLoss{
      "log_cosh", [](std::span<const double> a, std::span<const double> y) { return std::log(std::cosh(a[0] - y[0])); },
      [](std::span<const double> a, std::span<const double> y, std::span<double> g) {
        g[0] = std::tanh(a[0] - y[0]);
      }});
  Architecture architecture = make_network(2, {8}, ActivationKind::tanh, 1, 1).architecture;
  architecture.layers[0].activation = bump;
  Network network(architecture);
  initialize(network, WeightScheme::glorot_uniform, BiasScheme::zero, 1);
  TrainOptions options = full_batch(0.05, 500);
  options.loss = cosh;
  const Dataset data = exclusive_or();
  train(network, all_rows(data), {}, options);
  EXPECT_EQ(fraction_correct(network, cosh, data), 1.0);
}

TEST(InputGradients, AreTheDerivativesOfTheMeanLossWithoutDropout) {
  Network network = make_network(2, {5}, ActivationKind::tanh, 1, 3);
  Dataset data = points({{0.3f, -0.2f}, {1, 0.5f}, {-0.7f, 0.9f}}, {0.2f, -1, 0.4f});
  data.loss_weights = {1, 2, 0.5f};
  const Selection rows = all_rows(data);
  Batcher batcher(rows, 0);
  const Batch batch = batcher.gather(0, std::vector<std::size_t>{0, 1, 2});
  network.architecture.input_dropout = network.architecture.layers[0].dropout = 0.5;
  const Matrix found = input_gradients(network, LossKind::half_squared_error, batch, 2);

  ReferenceBatch exact{MatrixOf<double>(3, 2), MatrixOf<double>(3, 1), {1, 2, 0.5}};
  std::ranges::copy(batch.inputs.flat(), exact.inputs.flat().begin());
  std::ranges::copy(batch.targets.flat(), exact.targets.flat().begin());
  const auto loss_at = [&](std::size_t k, double x) {
    const double before = std::exchange(exact.inputs.flat()[k], x);
    const double loss = reference_objective(network.architecture, reference_parameters(network),
                                            LossKind::half_squared_error, exact, 0);
    exact.inputs.flat()[k] = before;
    return loss;
  };
  constexpr double kStep = 1e-5;  // the difference is exact to about kStep^2 and 1e-16 / kStep; floats add 1e-7
  for (std::size_t k = 0; k < 6; ++k) {
    const double x = exact.inputs.flat()[k];
    const double slope = (loss_at(k, x + kStep) - loss_at(k, x - kStep)) / (2 * kStep);
    EXPECT_NEAR(found.flat()[k], slope, 1e-6) << k;
    EXPECT_GT(std::abs(slope), 1e-4) << k;
  }
}

TEST(TrainOptions, RefuseWhatIsOutOfRange) {
  const auto refused = [](const auto& change) {
    TrainOptions options;
    change(options);
    EXPECT_THROW(validate(options), Error);
  };
  EXPECT_NO_THROW(validate(TrainOptions()));
  refused([](TrainOptions& o) { o.learning_rate = NAN; });
  refused([](TrainOptions& o) { o.learning_rate = -1; });
  refused([](TrainOptions& o) { o.learning_rate = INFINITY; });
  refused([](TrainOptions& o) { o.epochs = 0; });
  refused([](TrainOptions& o) { o.weight_decay = -1e-9; });
  refused([](TrainOptions& o) { o.clip_norm = NAN; });
  refused([](TrainOptions& o) { o.loss.huber_delta = 0; });
  refused([](TrainOptions& o) { o.loss.label_smoothing = 0.1; });  // half squared error has no label smoothing
  refused([](TrainOptions& o) { o.optimizer = Adam{1.0, 0.999, 1e-8}; });
  refused([](TrainOptions& o) { o.optimizer = Momentum{NAN}; });
  refused([](TrainOptions& o) { o.schedule.final = 2; });
  refused([](TrainOptions& o) { o.plateau_factor = 1; });
}

TEST(TrainOptions, RpropNeedsAllRowsInABatch) {
  const Dataset data = exclusive_or();
  Network network = make_network(2, {}, ActivationKind::identity, 1, 1);
  TrainOptions options;
  options.optimizer = Rprop{};
  options.batch_size = 2;
  EXPECT_THROW(train(network, all_rows(data), {}, options), Error);
}

TEST(TrainOptions, AMetricNeedsValidationRows) {
  const Dataset data = exclusive_or();
  Network network = make_network(2, {}, ActivationKind::identity, 1, 1);
  TrainOptions options;
  options.metric = "rmse";
  EXPECT_THROW(train(network, all_rows(data), {}, options), Error);
}

}  // namespace
}  // namespace chainrule::train_test
