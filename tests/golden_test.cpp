// SPDX-License-Identifier: Apache-2.0
// Every golden vector against the double truth (largest error 1e-12) and against the float engine (bound derived
// below).
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "chainrule/gradient_check.h"
#include "chainrule/train.h"
#include "tests/golden.h"

namespace chainrule {
namespace {

using nlohmann::json;
using testing::Golden;
using testing::matrix_of;

struct Worst {
  double error = 0;
  std::string where;
};

double largest(std::span<const double> values) {
  double most = 0;
  for (const double x : values) most = std::max(most, std::abs(x));
  return most;
}

// Largest error of a tensor by the definition of the mission: |a - b| / max(|a|, |b|, s). NaN counts as infinite.
void compare(Worst& worst, const std::string& where, std::span<const double> got, std::span<const double> wanted,
             double least_scale = 0) {
  ASSERT_EQ(got.size(), wanted.size()) << where;
  const double s = std::max(largest(wanted), least_scale);
  for (std::size_t k = 0; k < got.size(); ++k) {
    const double error = entry_error(got[k], wanted[k], s);
    if (!(error <= worst.error)) worst = {std::isnan(error) ? INFINITY : error, where};
  }
}

void compare(Worst& worst, const std::string& where, const TruthParameters& got, const json& weights,
             const json& biases, double least_scale = 0) {
  for (std::size_t l = 0; l < got.weights.size(); ++l) {
    const std::string layer = where + " layer " + std::to_string(l);
    compare(worst, layer + " W", got.weights[l].flat(), matrix_of(weights[l]).flat(), least_scale);
    compare(worst, layer + " b", got.biases[l], biases[l].get<std::vector<double>>(), least_scale);
  }
}

void compare(Worst& worst, const std::string& where, const std::vector<MatrixOf<double>>& got, const json& wanted) {
  for (std::size_t l = 0; l < got.size(); ++l)
    compare(worst, where + std::to_string(l), got[l].flat(), matrix_of(wanted[l]).flat());
}

class GoldenVectors : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(GoldenVectors, TruthAgreesTo1e12) {
  const Golden golden = testing::read_golden(GetParam());
  const json& j = golden.json;
  TruthParameters parameters = golden.start;
  TruthOptimizer state(golden.architecture);
  Worst worst;
  for (int update = 1; update <= 5; ++update) {
    const TruthStep step = truth_step(golden.architecture, parameters, golden.loss, golden.batch, golden.weight_decay);
    if (update == 1) {
      const double objective = j["objective"].get<double>();
      compare(worst, "z", step.z, j["z"]);                                                                 // M2
      compare(worst, "a", step.a, j["a"]);                                                                 // M1, M2
      compare(worst, "delta", step.delta, j["delta"]);                                                     // M7, M8
      compare(worst, "sample_losses", step.sample_losses, j["sample_losses"].get<std::vector<double>>());  // M4
      compare(worst, "loss", std::vector{step.loss}, std::vector{j["loss"].get<double>()});
      compare(worst, "objective", std::vector{step.objective()}, std::vector{objective});      // M5
      compare(worst, "gradient", step.gradients, j["gradient_weights"], j["gradient_biases"],  // M9, M10
              1e-3 * std::abs(objective));
    }
    truth_update(golden.architecture, golden.optimizer, golden.learning_rate, golden.weight_decay, step, state,
                 parameters);  // M11 - M13
    if (update == 1) compare(worst, "after_1", parameters, j["after_1"]["weights"], j["after_1"]["biases"]);
    if (update == 5) compare(worst, "after_5", parameters, j["after_5"]["weights"], j["after_5"]["biases"]);
  }
  EXPECT_LE(worst.error, 1e-12) << worst.where;
  RecordProperty("largest_error", std::to_string(worst.error));
}

// How far float may be from double. A dot product of n terms adds at most about n / 16 + 4 roundings (16 lanes, then 4
// levels), a term and a bias one each; u = 2^-24. Forward errors accumulate over the layers below, backward ones over
// the layers above, so a quantity has seen at most 2 * depth such products, and each activation or loss adds a few
// roundings. Each product amplifies what it receives by at most the ratio sum |w x| / max |sum|, which is below 8 in
// these networks (taken from the vectors, see Amplification). The batch adds m / 64 + m roundings in the leaves.
double float_bound(const Golden& golden, double amplification) {
  const double u = std::ldexp(1.0, -24);
  std::size_t widest = golden.architecture.inputs;
  for (const Layer& layer : golden.architecture.layers) widest = std::max(widest, layer.outputs);
  const double roundings = static_cast<double>(widest) / 16 + 8 + static_cast<double>(golden.batch.inputs.rows());
  return 2 * static_cast<double>(golden.architecture.depth()) * roundings * amplification * u;
}

// Largest ratio sum |w x| / max |z| over the layers: how much a relative error of x can grow relative to the scale of
// z.
double amplification(const Golden& golden, const TruthStep& step) {
  double most = 1;
  for (std::size_t l = 0; l < golden.architecture.depth(); ++l) {
    const MatrixOf<double>& below = l == 0 ? golden.batch.inputs : step.a[l - 1];
    double terms = 0;
    for (std::size_t row = 0; row < below.rows(); ++row)
      for (std::size_t i = 0; i < golden.start.weights[l].rows(); ++i) {
        double sum = std::abs(golden.start.biases[l][i]);
        for (std::size_t k = 0; k < below.columns(); ++k)
          sum += std::abs(golden.start.weights[l](i, k) * below(row, k));
        terms = std::max(terms, sum);
      }
    most = std::max(most, terms / largest(step.z[l].flat()));
  }
  return most;
}

std::vector<double> widened(std::span<const float> values) { return {values.begin(), values.end()}; }

Dataset dataset_of(const Golden& golden) {
  Dataset data;
  Matrix inputs(golden.batch.inputs.rows(), golden.batch.inputs.columns());
  std::ranges::transform(golden.batch.inputs.flat(), inputs.flat().begin(), [](double x) { return float(x); });
  data.inputs = Features(inputs);
  data.targets.values = Matrix(golden.batch.targets.rows(), golden.batch.targets.columns());
  std::ranges::transform(golden.batch.targets.flat(), data.targets.values.flat().begin(),
                         [](double x) { return float(x); });
  return data;
}

// The golden numbers rounded to float, as the engine is given them: the truth is computed for these, so that the bound
// speaks of the engine's own roundings alone.
Golden rounded_to_float(Golden golden) {
  const auto round = [](std::span<double> values) {
    for (double& x : values) x = static_cast<double>(static_cast<float>(x));
  };
  for (auto& w : golden.start.weights) round(w.flat());
  for (auto& b : golden.start.biases) round(b);
  round(golden.batch.inputs.flat());
  round(golden.batch.targets.flat());
  return golden;
}

Network engine_network(const Golden& golden) {
  Network network(golden.architecture);
  for (std::size_t l = 0; l < golden.architecture.depth(); ++l) {
    copy_weights(golden.start.weights[l].view(), network.parameters.weights(l));
    std::ranges::transform(golden.start.biases[l], network.parameters.biases(l).begin(),
                           [](double x) { return float(x); });
  }
  return network;
}

TEST_P(GoldenVectors, EngineStaysWithinItsRoundings) {
  const Golden golden = rounded_to_float(testing::read_golden(GetParam()));
  const TruthStep truth = truth_step(golden.architecture, golden.start, golden.loss, golden.batch, golden.weight_decay);
  const double bound = float_bound(golden, amplification(golden, truth));
  Network network = engine_network(golden);
  const Dataset data = dataset_of(golden);
  const Selection rows = all_rows(data);
  TrainOptions options;
  options.loss = golden.loss;
  options.optimizer = golden.optimizer;
  options.weight_decay = golden.weight_decay;
  const std::size_t m = rows.rows.size();
  Batcher batches(rows, m);
  TrainState state(network, options, m);
  state.learning_rate = golden.learning_rate;
  const double loss = train_step(state, batches.gather(0, rows.rows));

  Worst worst;
  for (std::size_t l = 0; l < golden.architecture.depth(); ++l) {
    const std::string layer = std::to_string(l);
    compare(worst, "z" + layer, widened(state.work.z(l).flat()), truth.z[l].flat());
    compare(worst, "a" + layer, widened(state.work.a(l).flat()), truth.a[l].flat());
    std::vector<double> delta = widened(state.work.delta(l).flat());
    for (double& d : delta) d *= static_cast<double>(m);  // the engine's delta carries 1/m
    compare(worst, "delta" + layer, delta, truth.delta[l].flat(), 1e-3 * truth.objective());
    compare(worst, "dW" + layer, widened(in_rows(state.gradients, state.gradients.segments()[l])),
            truth.gradients.weights[l].flat(), 1e-3 * truth.objective());
    compare(worst, "db" + layer, widened(state.gradients.biases(l)), truth.gradients.biases[l],
            1e-3 * truth.objective());
  }
  compare(worst, "loss", std::vector{loss}, std::vector{truth.loss});
  EXPECT_LE(worst.error, bound) << worst.where;

  // Updates: a parameter moves by at most learning_rate * (its step), so its error is that of the gradient at most,
  // times what an optimiser's division can make of it; adaptive rules divide by the gradient's own size and keep the
  // ratio.
  TruthParameters parameters = golden.start;
  TruthOptimizer truth_state(golden.architecture);
  for (int update = 1; update <= 5; ++update) {
    const TruthStep step = truth_step(golden.architecture, parameters, golden.loss, golden.batch, golden.weight_decay);
    truth_update(golden.architecture, golden.optimizer, golden.learning_rate, golden.weight_decay, step, truth_state,
                 parameters);
    if (update > 1) train_step(state, batches.gather(0, rows.rows));
  }
  Worst after;
  for (std::size_t l = 0; l < golden.architecture.depth(); ++l) {
    compare(after, "after_5 W" + std::to_string(l),
            widened(in_rows(network.parameters, network.parameters.segments()[l])), parameters.weights[l].flat());
    compare(after, "after_5 b" + std::to_string(l), widened(network.parameters.biases(l)), parameters.biases[l]);
  }
  EXPECT_LE(after.error, 5 * bound) << after.where;
}

INSTANTIATE_TEST_SUITE_P(All, GoldenVectors, ::testing::ValuesIn(testing::golden_files()),
                         [](const auto& p) { return p.param.stem().string(); });

TEST(GoldenVectors, AllFilesAreThere) { EXPECT_EQ(testing::golden_files().size(), 31u); }

}  // namespace
}  // namespace chainrule
