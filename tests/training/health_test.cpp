// SPDX-License-Identifier: Apache-2.0
// Statistics of a step against plain double loops; and that measuring them does not change a training.
#include "chainrule/training/health.h"

#include <gtest/gtest.h>

#include <cmath>

#include "chainrule/base/random.h"
#include "chainrule/engine/formulas/activation_values.h"
#include "chainrule/engine/initialize.h"
#include "chainrule/engine/reference/reference.h"
#include "chainrule/training/train.h"
#include "tests/support/toy_data.h"

namespace chainrule::health_test {
namespace {

using testing::make_network;
using testing::two_spirals;

// 5 -> 40 sigmoid -> 33 relu -> 6 silu -> 2, with weights so large that some units are saturated and some are dead.
Network wide_awake() {
  Network network = make_network(5, {40, 33, 6}, ActivationKind::sigmoid, 2, 7);
  network.architecture.layers[1].activation = ActivationKind::relu;
  network.architecture.layers[2].activation = ActivationKind::silu;
  for (float& w : network.parameters.weights(0).flat()) w *= 6;
  for (std::size_t unit = 0; unit < 33; unit += 3) network.parameters.biases(1)[unit] = -20;
  for (std::size_t unit = 0; unit < 6; ++unit) network.parameters.biases(2)[unit] = 0.5f;
  return network;
}

Dataset normal_data(std::size_t rows) {
  const Stream numbers{11, Purpose::test, 0, 0};
  Matrix inputs(rows, 5), targets(rows, 2);
  for (std::size_t k = 0; k < inputs.flat().size(); ++k)
    inputs.flat()[k] = static_cast<float>(3 + 2 * random_normal(numbers, k));
  for (std::size_t k = 0; k < targets.flat().size(); ++k)
    targets.flat()[k] = static_cast<float>(random_normal(numbers, 10000 + k));
  Dataset data;
  data.inputs = Features(std::move(inputs));
  data.targets.values = std::move(targets);
  return data;
}

ReferenceBatch reference_batch(const Dataset& data) {
  const std::vector<std::size_t> rows = all_rows(data).rows;
  Matrix inputs(data.rows(), data.inputs.columns()), targets(data.rows(), data.targets.columns());
  data.inputs.gather(rows, inputs.view());
  data.targets.gather(rows, targets.view());
  ReferenceBatch batch{{inputs.rows(), inputs.columns()}, {targets.rows(), targets.columns()}, {}};
  std::ranges::copy(inputs.flat(), batch.inputs.flat().begin());
  std::ranges::copy(targets.flat(), batch.targets.flat().begin());
  return batch;
}

// The statistics again, from the reference.
struct Plain {
  double mean = 0, deviation = 0, saturated = 0, dead = 0;
};

Plain plain_units(const MatrixOf<double>& a) {
  Plain plain;
  for (const double x : a.flat()) plain.mean += x / static_cast<double>(a.flat().size());
  for (const double x : a.flat())
    plain.deviation += (x - plain.mean) * (x - plain.mean) / static_cast<double>(a.flat().size());
  plain.deviation = std::sqrt(plain.deviation);
  return plain;
}

Plain plain_units(const Activation& activation, double largest, const MatrixOf<double>& z, const MatrixOf<double>& a) {
  Plain plain = plain_units(a);
  for (std::size_t unit = 0; unit < z.columns(); ++unit) {
    std::size_t still = 0;
    for (std::size_t row = 0; row < z.rows(); ++row)
      still += std::abs(activation_derivative(activation, z(row, unit), a(row, unit))) < 0.01 * largest;
    plain.saturated += static_cast<double>(still) / static_cast<double>(z.flat().size());
    if (still == z.rows()) plain.dead += 1 / static_cast<double>(z.columns());
  }
  return plain;
}

double norm(std::span<const double> values) {
  double sum = 0;
  for (const double x : values) sum += x * x;
  return std::sqrt(sum);
}

double distance(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t k = 0; k < a.size(); ++k) sum += (a[k] - b[k]) * (a[k] - b[k]);
  return std::sqrt(sum);
}

// Sums of floats and their differences: 1e-4 is a hundred times the rounding errors of this network, and a
// hundredth of the error of a wrong formula.
constexpr double kNear = 1e-4;
#define EXPECT_CLOSE(found, expected) EXPECT_NEAR(found, expected, kNear* std::max(std::abs(expected), 1e-3))

void expect_parameters(const ParameterHealth& found, std::span<const double> before, std::span<const double> after,
                       std::span<const double> gradient) {
  EXPECT_CLOSE(found.norm, norm(before));
  EXPECT_CLOSE(found.gradient_norm, norm(gradient));
  if (norm(before) > 0)
    EXPECT_CLOSE(found.update_ratio, distance(after, before) / norm(before));
  else
    EXPECT_TRUE(std::isnan(found.update_ratio));
}

// The statistics that train() reports for its only step.
HealthRecord health_of_one_step(Network network, const Dataset& data, TrainOptions options) {
  options.epochs = 1;
  options.batch_size = 0;
  HealthRecord measured;
  Observer observer;
  observer.health_every = 1;
  observer.on_health = [&](const HealthRecord& record) { measured = record; };
  train(network, all_rows(data), {}, options, observer);
  return measured;
}

TEST(Health, IsThatOfPlainLoops) {
  const Network network = wide_awake();
  const Dataset data = normal_data(70);
  TrainOptions options;
  options.optimizer = Momentum{};
  options.learning_rate = 0.3;
  options.weight_decay = 0.01;
  const HealthRecord measured = health_of_one_step(network, data, options);
  ASSERT_EQ(measured.layers.size(), 5u);

  const ReferenceBatch batch = reference_batch(data);
  const ReferenceParameters before = reference_parameters(network);
  const ReferenceStep step = reference_step(network.architecture, before, options.loss, batch, options.weight_decay);
  ReferenceParameters after = before;
  ReferenceOptimizer state(network.architecture);
  reference_update(network.architecture, options.optimizer, options.learning_rate, options.weight_decay, step, state,
                   after);
  EXPECT_EQ(measured.step.step, 1u);
  EXPECT_CLOSE(measured.step.loss, step.loss);

  const Plain inputs = plain_units(batch.inputs);
  EXPECT_CLOSE(measured.layers[0].activation_mean, inputs.mean);
  EXPECT_CLOSE(measured.layers[0].activation_deviation, inputs.deviation);
  EXPECT_TRUE(std::isnan(measured.layers[0].saturated) && std::isnan(measured.layers[0].dead));
  const double largest[] = {0.25, 1, 1.09984, 1};
  for (std::size_t l = 0; l < 4; ++l) {
    SCOPED_TRACE(l);
    const Plain units = plain_units(network.architecture.layers[l].activation, largest[l], step.z[l], step.a[l]);
    const LayerHealth& found = measured.layers[l + 1];
    EXPECT_CLOSE(found.activation_mean, units.mean);
    EXPECT_CLOSE(found.activation_deviation, units.deviation);
    EXPECT_DOUBLE_EQ(found.saturated, units.saturated);
    EXPECT_DOUBLE_EQ(found.dead, units.dead);
    expect_parameters(measured.layers[l].weights, before.weights[l].flat(), after.weights[l].flat(),
                      step.gradients.weights[l].flat());
    expect_parameters(measured.layers[l].biases, before.biases[l], after.biases[l], step.gradients.biases[l]);
  }
  EXPECT_GT(measured.layers[1].saturated, 0.2);  // otherwise the test would prove little
  EXPECT_LT(measured.layers[1].saturated, 0.8);
  EXPECT_GE(measured.layers[2].dead, 1.0 / 3);  // those with a bias of -20
  EXPECT_LT(measured.layers[2].dead, 0.8);
  EXPECT_TRUE(std::isnan(measured.layers[4].weights.norm) && std::isnan(measured.layers[4].biases.update_ratio));
}

TEST(Health, SeveralStepsAreOfAllTheirRows) {
  Network network = wide_awake();
  const Dataset data = normal_data(90);
  TrainOptions options;
  options.shuffle = false;
  const Parameters start = network.parameters;
  const auto gathered = [&](std::size_t batch_size) {
    TrainState state(network, options, batch_size);
    const Selection rows = all_rows(data);
    Batcher batches(rows, batch_size);
    HealthMeter meter(network.architecture);
    for (std::size_t b = 0; b < batches.batches(); ++b) {
      const Batch batch = batches.gather(b, rows.rows);
      train_step(state, batch);
      meter.add(batch.inputs, state.work, state.gradients, start, network.parameters);
      network.parameters = start;
    }
    return meter.layers();
  };
  const std::vector<LayerHealth> whole = gathered(90), parts = gathered(40);  // 40, 40 and 10 rows
  for (std::size_t l = 0; l < whole.size(); ++l) {
    EXPECT_NEAR(parts[l].activation_mean, whole[l].activation_mean, 1e-12);
    EXPECT_NEAR(parts[l].activation_deviation, whole[l].activation_deviation, 1e-12);
    if (l == 0) continue;
    EXPECT_DOUBLE_EQ(parts[l].saturated, whole[l].saturated);
    EXPECT_DOUBLE_EQ(parts[l].dead, whole[l].dead);
  }
}

TEST(Health, LargestSlopesAreTheLargest) {
  for (const std::string& name : activation_names()) {
    const Activation activation = activation_from_name(name);
    double largest = 0;
    for (int k = -200000; k <= 200000; ++k) {
      const double z = k / 10000.0;
      largest = std::max(largest, std::abs(activation_derivative(activation, z, activation_value(activation, z))));
    }
    EXPECT_NEAR(largest_slope(activation), largest, 1e-6) << name;
  }
}

TEST(Health, ObservingChangesNoBit) {
  for (const std::string& name : optimizer_names()) {
    TrainOptions options;
    options.optimizer = optimizer_from_name(name);
    options.weight_decay = 0.01;
    options.clip_norm = name == "sgd" ? 0.1 : 0;
    options.epochs = 4;
    options.batch_size = name == "rprop" ? 0 : 70;  // 3 steps an epoch
    const Dataset data = two_spirals();
    Network alone = make_network(2, {100, 20}, ActivationKind::tanh, 1, 4);
    alone.architecture.layers[0].dropout = 0.2;
    Network observed = alone;
    std::vector<std::uint64_t> steps;
    Observer observer;
    observer.health_every = 2;
    observer.on_health = [&](const HealthRecord& record) { steps.push_back(record.step.step); };
    train(alone, all_rows(data), {}, options);
    train(observed, all_rows(data), {}, options, observer);
    const std::vector<std::uint64_t> even =
        name == "rprop" ? std::vector<std::uint64_t>{2, 4} : std::vector<std::uint64_t>{2, 4, 6, 8, 10, 12};
    EXPECT_EQ(steps, even) << name;
    EXPECT_TRUE(std::ranges::equal(alone.parameters.flat(), observed.parameters.flat())) << name;
  }
}

// The reports of every second step; an observer of steps makes all of them keep their gradients.
std::vector<double> measured_numbers(std::size_t threads, bool observe_steps) {
  Network network = make_network(2, {300, 200}, ActivationKind::relu, 1, 4);
  const Dataset data = two_spirals();
  TrainOptions options;
  options.epochs = 2;
  options.batch_size = 40;  // 5 steps an epoch
  std::vector<double> numbers;
  Observer observer;
  if (observe_steps) observer.on_step = [](const StepRecord&) {};
  observer.health_every = 2;
  observer.on_health = [&](const HealthRecord& record) {
    double squares = 0;
    for (const LayerHealth& layer : record.layers)
      for (const double x : {layer.activation_mean, layer.activation_deviation, layer.weights.norm,
                             layer.weights.gradient_norm, layer.weights.update_ratio, layer.biases.gradient_norm})
        if (!std::isnan(x)) numbers.push_back(x);
    for (std::size_t l = 0; l < 3; ++l)
      for (const ParameterHealth& health : {record.layers[l].weights, record.layers[l].biases})
        squares += health.gradient_norm * health.gradient_norm;
    EXPECT_NEAR(std::sqrt(squares), record.step.gradient_norm, 1e-9);
  };
  train(network, all_rows(data), {}, options, observer, threads);
  return numbers;
}

TEST(Health, IsThatOfTheStepItself) {
  const std::vector<double> numbers = measured_numbers(1, false);
  EXPECT_EQ(numbers.size(), 5u * (4 * 2 + 3 * 4));
  EXPECT_EQ(measured_numbers(1, true), numbers);
}

TEST(Health, IsTheSameOnAnyNumberOfThreads) { EXPECT_EQ(measured_numbers(3, false), measured_numbers(1, false)); }

TEST(Health, IsNeverReportedWithoutAnInterval) {
  Network network = make_network(2, {3}, ActivationKind::tanh, 1, 4);
  Observer observer;
  observer.on_health = [](const HealthRecord&) { ADD_FAILURE() << "nobody asked"; };
  TrainOptions options;
  options.epochs = 2;
  const Dataset data = testing::exclusive_or();
  train(network, all_rows(data), {}, options, observer);
}

}  // namespace
}  // namespace chainrule::health_test
