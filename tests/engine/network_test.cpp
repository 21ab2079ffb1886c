// SPDX-License-Identifier: Apache-2.0
// The float engine against the double-precision reference over shapes and batch sizes; dropout; layout; prediction from
// many threads.
#include "chainrule/engine/network.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <new>
#include <thread>

#include "chainrule/base/error.h"
#include "chainrule/base/random.h"
#include "chainrule/engine/forward_backward.h"
#include "chainrule/engine/inference.h"
#include "chainrule/engine/initialize.h"
#include "chainrule/engine/reference/error_bounds.h"
#include "chainrule/engine/work_rows.h"
#include "chainrule/training/train.h"
#include "tests/support/allocations.h"

namespace chainrule::network_test {
namespace {

Architecture two_layers(std::size_t inputs, std::size_t hidden, std::size_t outputs) {
  Architecture architecture;
  architecture.inputs = inputs;
  architecture.layers.resize(2);
  architecture.layers[0].outputs = hidden;
  architecture.layers[0].activation = ActivationKind::tanh;
  architecture.layers[1].outputs = outputs;
  architecture.layers[1].activation = ActivationKind::sigmoid;
  return architecture;
}

Matrix random_matrix(std::size_t rows, std::size_t columns, std::uint32_t layer) {
  Matrix matrix(rows, columns);
  const Stream stream{3, Purpose::test, layer, 0};
  for (std::size_t k = 0; k < matrix.flat().size(); ++k)
    matrix.flat()[k] = static_cast<float>(random_normal(stream, k));
  return matrix;
}

MatrixOf<double> widened(ConstMatrixView values) {
  MatrixOf<double> out(values.rows(), values.columns());
  std::ranges::copy(values.flat(), out.flat().begin());
  return out;
}

// The largest excess of a number over its bound; 0 = all are within.
double beyond(std::span<const float> got, std::span<const double> expected, std::span<const double> bound,
              double factor = 1) {
  double maximum = 0;
  for (std::size_t k = 0; k < got.size(); ++k) {
    const double error = std::abs(double(got[k]) - expected[k] * factor) - bound[k];
    if (!(error <= maximum)) maximum = std::isnan(error) ? INFINITY : error;
  }
  return maximum;
}

double worst(std::span<const float> got, std::span<const double> expected, double factor = 1) {
  double maximum = 0;
  for (std::size_t k = 0; k < got.size(); ++k) {
    const double error = std::abs(double(got[k]) * factor - expected[k]);
    if (!(error <= maximum)) maximum = std::isnan(error) ? INFINITY : error;
  }
  return maximum;
}

struct Step {
  Network network;
  Dataset data;
  TrainOptions options;
  ReferenceBatch batch;

  Step(const Architecture& architecture, std::size_t m) : network(architecture) {
    initialize(network, WeightScheme::automatic, BiasScheme::uniform, 11);
    data.inputs = Features(random_matrix(m, architecture.inputs, 1));
    data.targets.values = random_matrix(m, architecture.outputs(), 2);
    options.optimizer = Sgd{};
    Matrix inputs(m, architecture.inputs);
    data.inputs.gather(all_rows(data).rows, inputs.view());
    batch = {widened(inputs.view()), widened(data.targets.values.view()), {}};
  }
};

TEST(Engine, AgreesWithTheReferenceOnEveryShape) {  // M2, M7 - M10
  for (const auto& [inputs, hidden] : {std::pair<std::size_t, std::size_t>{1, 1},
                                       {1, 2},
                                       {3, 1},
                                       {15, 16},
                                       {16, 15},
                                       {16, 17},
                                       {17, 31},
                                       {33, 32},
                                       {65, 129}})
    for (const std::size_t m : {1u, 2u, 7u, 16u, 31u, 63u, 64u, 65u, 67u}) {
      Step step(two_layers(inputs, hidden, hidden % 5 + 1), m);
      const ReferenceParameters parameters = reference_parameters(step.network);
      const ReferenceStep reference =
          reference_step(step.network.architecture, parameters, step.options.loss, step.batch, 0);
      const StepBounds bound = bound_step(step.network.architecture, parameters, step.options.loss, step.batch, 0, {},
                                          no_bounds(step.network.architecture, step.batch), reference);
      Selection rows = all_rows(step.data);
      Batcher batches(rows, m);
      TrainState state(step.network, step.options, m);
      state.learning_rate = 0;
      const double loss = train_step(state, batches.gather(0, rows.rows));
      const std::string where = std::to_string(inputs) + " x " + std::to_string(hidden) + " batch " + std::to_string(m);
      for (std::size_t l = 0; l < 2; ++l) {
        EXPECT_EQ(beyond(state.work.z(l).flat(), reference.z[l].flat(), bound.z[l].flat()), 0) << where;
        EXPECT_EQ(beyond(state.work.a(l).flat(), reference.a[l].flat(), bound.a[l].flat()), 0) << where;
        EXPECT_EQ(beyond(state.work.delta(l).flat(), reference.delta[l].flat(), bound.delta[l].flat(), 1 / double(m)),
                  0)
            << where;
        EXPECT_EQ(beyond(in_rows(state.gradients, state.gradients.segments()[l]), reference.gradients.weights[l].flat(),
                         bound.gradients.weights[l].flat()),
                  0)
            << where;
        EXPECT_EQ(beyond(state.gradients.biases(l), reference.gradients.biases[l], bound.gradients.biases[l]), 0)
            << where;
      }
      EXPECT_NEAR(loss, reference.loss, bound.loss) << where;
    }
}

TEST(Engine, BatchEqualsTheMeanOfItsSamples) {  // M10
  Step whole(two_layers(5, 7, 3), 12);
  Selection rows = all_rows(whole.data);
  Batcher batches(rows, 12);
  TrainState state(whole.network, whole.options, 12);
  train_step(state, batches.gather(0, rows.rows));
  std::vector<double> mean(state.gradients.flat().size());
  for (std::size_t i = 0; i < 12; ++i) {
    Step one(two_layers(5, 7, 3), 12);
    Batcher single(rows, 1);
    TrainState alone(one.network, one.options, 1);
    train_step(alone, single.gather(i, rows.rows));
    for (std::size_t k = 0; k < mean.size(); ++k) mean[k] += alone.gradients.flat()[k] / 12;
  }
  for (std::size_t k = 0; k < mean.size(); ++k) EXPECT_NEAR(state.gradients.flat()[k], mean[k], 1e-6);
}

TEST(Engine, DropoutFollowsItsMasks) {
  Architecture architecture = two_layers(9, 13, 2);
  architecture.input_dropout = 0.2;
  architecture.layers[0].dropout = 0.5;
  Step step(architecture, 6);
  const ReferenceParameters parameters = reference_parameters(step.network);
  Selection rows = all_rows(step.data);
  Batcher batches(rows, 6);
  TrainState state(step.network, step.options, 6);
  train_step(state, batches.gather(0, rows.rows));
  const std::vector<MatrixOf<double>> masks = {widened(state.work.buffers().mask(Workspace::Buffers::kInputs)),
                                               widened(state.work.buffers().mask(0)), MatrixOf<double>()};
  const ReferenceStep reference = reference_step(architecture, parameters, step.options.loss, step.batch, 0, masks);
  EXPECT_LE(worst(state.work.a(1).flat(), reference.a[1].flat()), 1e-6);
  EXPECT_LE(worst(in_rows(state.gradients, state.gradients.segments()[0]), reference.gradients.weights[0].flat()),
            1e-6);
  EXPECT_LE(worst(in_rows(state.gradients, state.gradients.segments()[1]), reference.gradients.weights[1].flat()),
            1e-6);
  for (const double value : masks[1].flat()) EXPECT_TRUE(value == 0 || value == 2);
}

TEST(Engine, DropoutKeepsItsFractionAndDependsOnTheIndexOnly) {
  Architecture architecture = two_layers(1, 400, 1);
  architecture.layers[0].dropout = 0.3;
  const Network network(architecture);
  Workspace work(architecture, 100);
  const Matrix inputs(100, 1);
  forward(network, inputs.view(), {5, 2, 0}, work);
  double kept = 0;
  for (const float value : work.buffers().mask(0).flat()) kept += value != 0;
  EXPECT_NEAR(kept / 40000, 0.7, 4 * std::sqrt(0.21 / 40000));  // four standard deviations
  const std::vector<float> row7(work.buffers().mask(0).row(7).begin(), work.buffers().mask(0).row(7).end());
  forward(network, inputs.top(10), {5, 2, 5}, work);  // row 2 of a chunk that starts at row 5 is row 7
  EXPECT_TRUE(std::ranges::equal(work.buffers().mask(0).row(2), row7));
  forward(network, inputs.top(10), {5, 3, 5}, work);
  EXPECT_FALSE(std::ranges::equal(work.buffers().mask(0).row(2), row7));
}

TEST(Engine, WideBatchesAreDividedByRowsAndOthersAreNot) {
  const auto chunks = [](std::size_t units, std::size_t rows, std::size_t threads) {
    const Architecture architecture = two_layers(units, units, 2);
    Workspace work(architecture, rows, threads);
    std::vector<int> seen(rows);
    std::atomic<std::size_t> count = 0;
    for_each_chunk(work, [&](const WorkRows& part) {
      ++count;
      const std::size_t last = part.first() + part.losses().size();
      for (std::size_t row = part.first(); row < last; ++row) ++seen[row];
      EXPECT_EQ(part.a(1).rows(), part.losses().size());
      EXPECT_EQ(part.a(1).data(), work.a(1).row(part.first()).data());
    });
    EXPECT_EQ(seen, std::vector<int>(rows, 1)) << units << ", " << rows << ", " << threads;
    EXPECT_EQ(work.buffers().chunks(), count);
    return count.load();
  };
  EXPECT_EQ(chunks(64, 256, 2), 2u);
  EXPECT_EQ(chunks(64, 250, 3), 3u);
  EXPECT_EQ(chunks(64, 256, 1), 1u);
  EXPECT_EQ(chunks(600, 256, 2), 1u);  // not wide: the weights stay with their threads instead
  EXPECT_EQ(chunks(4, 256, 2), 1u);    // wide, but too little work to wake anyone
}

TEST(Engine, ChunksThatAreNodesOfTheBatchTreeHaveTheirGradients) {
  const auto have = [](std::size_t units, std::size_t rows, std::size_t threads) {
    return Workspace(two_layers(units, units, 2), rows, threads).buffers().chunks_have_gradients();
  };
  EXPECT_TRUE(have(64, 256, 2));
  EXPECT_TRUE(have(64, 244, 2));    // a smaller last chunk
  EXPECT_TRUE(have(64, 320, 5));    // a leaf each
  EXPECT_FALSE(have(64, 256, 1));   // one chunk
  EXPECT_FALSE(have(64, 192, 2));   // nodes would be 128 and 64 rows, one thread would wait
  EXPECT_FALSE(have(400, 256, 2));  // the batch is wide, its chunks are not
}

TEST(Matrix, BeginsOnALineAndFromTwoMegabytesOnOnALargePage) {
  const auto address = [](std::size_t numbers) {
    const Matrix matrix(1, numbers);
    return reinterpret_cast<std::uintptr_t>(matrix.flat().data());
  };
  for (const std::size_t numbers : {1, 17, 1000, 524287}) EXPECT_EQ(address(numbers) % 64, 0u) << numbers;
  for (const std::size_t numbers : {524288, 524289, 3'000'000}) EXPECT_EQ(address(numbers) % (2 << 20), 0u) << numbers;
}

TEST(Parameters, FormulasAndMemoryHaveTheirOwnOrder) {
  Network network(two_layers(5, 70, 2));
  std::vector<float> values(parameter_count(network.architecture));
  for (std::size_t k = 0; k < values.size(); ++k) values[k] = static_cast<float>(k + 1);
  set_rows(network.parameters, values);
  EXPECT_EQ(in_rows(network.parameters), values);
  const WeightsView w = network.parameters.weights(0);
  EXPECT_EQ(w(69, 4), 350.0f);
  EXPECT_EQ(w.flat()[0], 1.0f);      // output 0, input 0
  EXPECT_EQ(w.flat()[1], 6.0f);      // output 1, input 0
  EXPECT_EQ(w.flat()[32], 2.0f);     // output 0, input 1
  EXPECT_EQ(w.flat()[160], 161.0f);  // output 32 begins the second panel
  EXPECT_EQ(w.panel_width(2), 16u);
  EXPECT_EQ(w.flat()[320 + 6], 0.0f);  // there is no output 70
  EXPECT_EQ(network.parameters.biases(1)[1], 350.0f + 140 + 70 + 2);
}

TEST(Parameters, WeightsFirstThenBiases) {
  const Network network(two_layers(3, 4, 2));
  ASSERT_EQ(network.parameters.segments().size(), 4u);
  EXPECT_EQ(network.parameters.segments()[0].name, "0.weight");
  EXPECT_EQ(network.parameters.segments()[1].name, "2.weight");
  EXPECT_EQ(network.parameters.segments()[2].name, "0.bias");
  // In whole cache lines: 3 inputs x 16, 4 x 16, 16, 16.
  EXPECT_EQ(network.parameters.segments()[3].offset, 128u);
  EXPECT_EQ(network.parameters.flat().size(), 144u);
  EXPECT_EQ(describe(network.architecture), "3 -> 4 tanh -> 2 sigmoid, 26 parameters");
}

TEST(Architecture, RefusesWhatCannotBe) {
  Architecture empty;
  EXPECT_THROW(Network{empty}, Error);
  Architecture wide = two_layers(3, 1000000000, 1);
  EXPECT_THROW(Network{wide}, Error);
  Architecture drop = two_layers(3, 3, 1);
  drop.layers[0].dropout = 1;
  EXPECT_THROW(Network{drop}, Error);
  drop.layers[0].dropout = NAN;
  EXPECT_THROW(Network{drop}, Error);
  Architecture last = two_layers(3, 3, 1);
  last.layers[1].dropout = 0.1;
  EXPECT_THROW(Network{last}, Error);
}

class Prediction : public ::testing::Test {
 protected:
  Network network = [] {
    Network n(two_layers(19, 23, 5));
    initialize(n, WeightScheme::automatic, BiasScheme::uniform, 4);
    return n;
  }();
  Matrix inputs = random_matrix(50, 19, 6);
};

TEST_F(Prediction, ARowIsTheSameBitsAloneAndInAnyBatch) {
  NetworkPredictor predictor(network, 16), small(network, 1);
  Matrix together(50, 5), alone(1, 5);
  predictor.predict(inputs.view(), together.view());
  for (std::size_t i = 0; i < 50; ++i) {
    small.predict(inputs.view().rows(i, 1), alone.view());
    EXPECT_TRUE(std::ranges::equal(alone.row(0), together.row(i)));
  }
}

TEST_F(Prediction, AllocatesNothing) {
  NetworkPredictor predictor(network, 16);
  Matrix outputs(50, 5);
  const std::size_t before = allocations;
  predictor.predict(inputs.view(), outputs.view());
  EXPECT_EQ(allocations, before);
}

TEST(ThinPrediction, AllocatesNothing) {
  const Network wide(two_layers(100, 40, 3));
  Matrix inputs(50, 100), outputs(50, 3);
  for (std::size_t row = 0; row < 50; ++row) inputs(row, row % 7) = 1;
  NetworkPredictor predictor(wide, 16), copy = predictor;
  const std::size_t before = allocations;
  predictor.predict(inputs.view(), outputs.view());
  copy.predict(inputs.view(), outputs.view());
  EXPECT_EQ(allocations, before);
}

TEST(SharedOutPrediction, HasTheSameBitsAndAllocatesNothing) {
  for (const std::size_t units :
       {60, 900}) {  // chunks of 64 rows are wide for a layer of 60 x 60, but not for 900 x 900
    Network network(two_layers(units, units, 5));
    initialize(network, WeightScheme::automatic, BiasScheme::uniform, 4);
    const Matrix inputs = random_matrix(601, units, 6);
    Matrix expected(601, 5);
    NetworkPredictor(network, 64, 1).predict(inputs.view(), expected.view());
    for (const std::size_t threads : {2, 3}) {
      NetworkPredictor predictor(network, 64, threads), copy = predictor;
      for (NetworkPredictor* each : {&predictor, &copy}) {
        Matrix outputs(601, 5);
        each->predict(inputs.view(), outputs.view());  // starts the threads
        EXPECT_TRUE(std::ranges::equal(outputs.flat(), expected.flat())) << units << ", " << threads;
        const std::size_t before = allocations;
        each->predict(inputs.view(), outputs.view());
        each->predict(inputs.view().rows(0, 30), outputs.top(30));
        EXPECT_EQ(allocations, before) << units << ", " << threads;
      }
    }
  }
}

TEST_F(Prediction, ManyThreadsShareOneModel) {
  Matrix expected(50, 5);
  NetworkPredictor predictor(network, 16);
  predictor.predict(inputs.view(), expected.view());
  std::vector<std::thread> threads;
  std::vector<Matrix> outputs(4, Matrix(50, 5));
  for (Matrix& output : outputs)
    threads.emplace_back([&] {
      NetworkPredictor own(predictor);
      for (int round = 0; round < 50; ++round) own.predict(inputs.view(), output.view());
    });
  for (std::thread& thread : threads) thread.join();
  for (const Matrix& output : outputs) EXPECT_TRUE(std::ranges::equal(output.flat(), expected.flat()));
}

}  // namespace
}  // namespace chainrule::network_test
