// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/bench_workloads.h"

#include <algorithm>
#include <chrono>

#include "chainrule/base/random.h"
#include "chainrule/engine/inference.h"
#include "chainrule/engine/initialize.h"

namespace chainrule::cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kRepeats = 5;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// An image of 28 x 28 pixels: six connected lines, drawn with a pen of 3 x 3. The cost of a step depends on which
// zeros are adjacent, so the fractions of non-zero pixels are close to MNIST's (in brackets): 0.19 (0.19) of the
// pixels, 0.45 (0.50) of those that any of 12 images has, 0.46 (0.50) of the groups of 12 neighbors.
void draw(std::uint32_t image, std::uint8_t* pixels) {
  constexpr std::size_t kLines = 6, kDots = 32;  // a line spans at most 20 rows and 16 columns, fewer than its dots
  const Stream stream{1, Purpose::test, 0, image};
  const auto row_of = [&](std::size_t end) { return 4 + 20 * random_uniform(stream, 2 * end); };
  const auto column_of = [&](std::size_t end) { return 6 + 16 * random_uniform(stream, 2 * end + 1); };
  for (std::size_t line = 0; line < kLines; ++line) {
    const double row = row_of(line), down = (row_of(line + 1) - row) / kDots;
    const double column = column_of(line), across = (column_of(line + 1) - column) / kDots;
    for (std::size_t dot = 0; dot < kDots; ++dot) {
      const std::size_t top = static_cast<std::size_t>(row + static_cast<double>(dot) * down) - 1;
      const std::size_t left = static_cast<std::size_t>(column + static_cast<double>(dot) * across) - 1;
      for (std::size_t y = top; y < top + 3; ++y)
        std::fill_n(pixels + 28 * y + left, 3, static_cast<std::uint8_t>(255 - 32 * line));
    }
  }
}

// Pixels as bytes, or standardized numbers. Targets are random, so that no training learns them too well.
Dataset made_up_data(const Workload& workload, std::size_t rows) {
  const std::size_t inputs = workload.sizes.front(), outputs = workload.sizes.back();
  Dataset data;
  if (inputs == 784) {
    std::vector<std::uint8_t> pixels(rows * inputs);
    for (std::size_t row = 0; row < rows; ++row) draw(static_cast<std::uint32_t>(row), pixels.data() + row * inputs);
    data.inputs = Features(std::move(pixels), rows, inputs, 1.0f / 255);
  } else {
    const Stream stream{1, Purpose::test, 0, 0};
    Matrix numbers(rows, inputs);
    for (std::size_t k = 0; k < numbers.flat().size(); ++k)
      numbers.flat()[k] = static_cast<float>(random_normal(stream, k));
    data.inputs = Features(std::move(numbers));
  }
  const Stream target_stream{1, Purpose::test, 1, 0};
  if (outputs > 1) {
    data.targets.classes = outputs;
    for (std::size_t row = 0; row < rows; ++row)
      data.targets.labels.push_back(static_cast<std::uint32_t>(random_uniform(target_stream, row) * double(outputs)));
  } else {
    data.targets.values = Matrix(rows, 1);
    for (std::size_t row = 0; row < rows; ++row)
      data.targets.values(row, 0) = static_cast<float>(random_normal(target_stream, row));
  }
  return data;
}

Network network_of(const Workload& workload) {
  Architecture architecture;
  architecture.inputs = workload.sizes.front();
  for (std::size_t l = 1; l < workload.sizes.size(); ++l) {
    Layer layer;
    layer.outputs = workload.sizes[l];
    layer.activation = l + 1 < workload.sizes.size() ? workload.activation : workload.output;
    architecture.layers.push_back(layer);
  }
  Network network(architecture);
  initialize(network, WeightScheme::automatic, BiasScheme::zero, 1);
  return network;
}

// Operations of the products: 2 per weight and row forward, twice that backward, none for the gradient of the inputs.
double operations_per_row(const Workload& workload) {
  double weights = 0;
  for (std::size_t l = 1; l < workload.sizes.size(); ++l)
    weights += static_cast<double>(workload.sizes[l - 1] * workload.sizes[l]);
  if (!workload.training()) return 2 * weights;
  return 6 * weights - 2 * static_cast<double>(workload.sizes[0] * workload.sizes[1]);
}

// Rows per second of each repeat. The first repeat warms up.
std::vector<double> train_for(const Workload& workload, std::size_t threads, double seconds, const Dataset& data) {
  TrainOptions options;
  options.loss = workload.loss;
  options.optimizer = workload.optimizer;
  options.learning_rate = 0.001;
  options.batch_size = workload.batch;
  options.epochs = 1'000'000'000;
  Network network = network_of(workload);
  std::vector<double> rates;
  Clock::time_point start = Clock::now();
  std::size_t steps = 0;
  Observer observer;
  observer.should_stop = [&] {
    ++steps;
    const double passed = seconds_since(start);
    if (passed < seconds) return false;
    rates.push_back(static_cast<double>(steps * workload.batch) / passed);
    start = Clock::now();
    steps = 0;
    return rates.size() > kRepeats;
  };
  train(network, all_rows(data), Selection{&data, {}}, options, observer, threads);
  return rates;
}

std::vector<double> predict_for(const Workload& workload, std::size_t threads, double seconds, const Dataset& data) {
  const Network network = network_of(workload);
  NetworkPredictor predictor(network, std::min<std::size_t>(workload.batch, 256), threads);
  Matrix inputs(data.rows(), data.inputs.columns()), outputs(workload.batch, workload.sizes.back());
  data.inputs.gather(all_rows(data).rows, inputs.view());
  std::vector<double> rates;
  for (std::size_t repeat = 0; repeat <= kRepeats; ++repeat) {
    const Clock::time_point start = Clock::now();
    std::size_t calls = 0;
    double passed = 0;
    do {
      for (int turn = 0; turn < 16; ++turn, ++calls)
        predictor.predict(inputs.view().rows(calls * workload.batch % data.rows(), workload.batch), outputs.view());
      passed = seconds_since(start);
    } while (passed < seconds);
    rates.push_back(static_cast<double>(calls * workload.batch) / passed);
  }
  return rates;
}

}  // namespace

const std::vector<Workload>& workloads() {
  using enum ActivationKind;
  constexpr LossKind squares = LossKind::half_squared_error, entropy = LossKind::softmax_cross_entropy;
  const Adam adam;
  const Momentum momentum;
  static const std::vector<Workload> all = {
      {"T1", "784-30-10 sigmoid, SGD, batch 10", {784, 30, 10}, sigmoid, sigmoid, squares, Sgd{}, 10},
      {"T2", "784-128-10 ReLU, Adam, batch 32", {784, 128, 10}, relu, identity, entropy, adam, 32},
      {"T3", "784-800-10 ReLU, momentum, batch 100", {784, 800, 10}, relu, identity, entropy, momentum, 100},
      {"T4",
       "784-2500-2000-1500-1000-500-10 ReLU, momentum, batch 128",
       {784, 2500, 2000, 1500, 1000, 500, 10},
       relu,
       identity,
       entropy,
       momentum,
       128},
      {"T5", "8-64-64-1 tanh, Adam, batch 256", {8, 64, 64, 1}, tanh, identity, squares, adam, 256},
      {"T6", "64-256-256-256-1 ReLU, Adam, batch 256", {64, 256, 256, 256, 1}, relu, identity, squares, adam, 256},
      {"I1", "784-30-10 sigmoid, 1 row", {784, 30, 10}, sigmoid, sigmoid, squares, Sgd{}, 1},
      {"I2", "784-100-10 ReLU, 1 row", {784, 100, 10}, relu, identity, entropy, Sgd{}, 1},
      {"I3", "64-64 tanh, 1 row", {64, 64}, tanh, tanh, squares, Sgd{}, 1},
      {"I4a", "784-30-10 sigmoid, 4096 rows", {784, 30, 10}, sigmoid, sigmoid, squares, Sgd{}, 4096},
      {"I4b", "784-800-10 ReLU, 4096 rows", {784, 800, 10}, relu, identity, entropy, Sgd{}, 4096},
  };
  return all;
}

Measurement measure(const Workload& workload, std::size_t threads, double seconds, const Dataset* images) {
  const bool fits = images != nullptr && workload.sizes.front() == images->inputs.columns();
  const std::size_t rows = 4096 * (workload.training() ? 4 : 1);
  const Dataset made_up = fits && workload.training() ? Dataset() : made_up_data(workload, rows);
  std::vector<double> rates = workload.training() ? train_for(workload, threads, seconds, fits ? *images : made_up)
                                                  : predict_for(workload, threads, seconds, made_up);
  std::sort(rates.begin() + 1, rates.end());
  Measurement measurement;
  measurement.samples_per_second = rates[1 + kRepeats / 2];
  measurement.slowest = rates[1];
  measurement.fastest = rates.back();
  measurement.microseconds = 1e6 * static_cast<double>(workload.batch) / measurement.samples_per_second;
  measurement.gflops = operations_per_row(workload) * measurement.samples_per_second / 1e9;
  return measurement;
}

}  // namespace chainrule::cli
