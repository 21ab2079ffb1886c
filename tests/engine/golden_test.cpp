// SPDX-License-Identifier: Apache-2.0
// Every golden vector against the double-precision reference, to 1e-12. explain_test compares the float engine.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "chainrule/explain/reference_check.h"
#include "tests/support/golden.h"

namespace chainrule::golden_test {
namespace {

using nlohmann::json;
using testing::Golden;
using testing::matrix_of;

struct Worst {
  double error = 0;
  std::string where;
};

double largest(std::span<const double> values) {
  double maximum = 0;
  for (const double x : values) maximum = std::max(maximum, std::abs(x));
  return maximum;
}

// Largest error of a tensor: |a - b| / max(|a|, |b|, s). NaN counts as infinite.
void compare(Worst& worst, const std::string& where, std::span<const double> got, std::span<const double> expected,
             double min_scale = 0) {
  ASSERT_EQ(got.size(), expected.size()) << where;
  const double s = std::max(largest(expected), min_scale);
  for (std::size_t k = 0; k < got.size(); ++k) {
    const double error = entry_error(got[k], expected[k], s);
    if (!(error <= worst.error)) worst = {std::isnan(error) ? INFINITY : error, where};
  }
}

void compare(Worst& worst, const std::string& where, const ReferenceParameters& got, const json& weights,
             const json& biases, double min_scale = 0) {
  for (std::size_t l = 0; l < got.weights.size(); ++l) {
    const std::string layer = where + " layer " + std::to_string(l);
    compare(worst, layer + " W", got.weights[l].flat(), matrix_of(weights[l]).flat(), min_scale);
    compare(worst, layer + " b", got.biases[l], biases[l].get<std::vector<double>>(), min_scale);
  }
}

void compare(Worst& worst, const std::string& where, const std::vector<MatrixOf<double>>& got, const json& expected) {
  for (std::size_t l = 0; l < got.size(); ++l)
    compare(worst, where + std::to_string(l), got[l].flat(), matrix_of(expected[l]).flat());
}

class GoldenVectors : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(GoldenVectors, ReferenceAgreesTo1e12) {
  const Golden golden = testing::read_golden(GetParam());
  const json& j = golden.json;
  ReferenceParameters parameters = golden.start;
  ReferenceOptimizer state(golden.architecture);
  Worst worst;
  for (int update = 1; update <= 5; ++update) {
    const ReferenceStep step =
        reference_step(golden.architecture, parameters, golden.loss, golden.batch, golden.weight_decay);
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
    reference_update(golden.architecture, golden.optimizer, golden.learning_rate, golden.weight_decay, step, state,
                     parameters);  // M11 - M13
    if (update == 1) compare(worst, "after_1", parameters, j["after_1"]["weights"], j["after_1"]["biases"]);
    if (update == 5) compare(worst, "after_5", parameters, j["after_5"]["weights"], j["after_5"]["biases"]);
  }
  EXPECT_LE(worst.error, 1e-12) << worst.where;
  RecordProperty("largest_error", std::to_string(worst.error));
}

INSTANTIATE_TEST_SUITE_P(All, GoldenVectors, ::testing::ValuesIn(testing::golden_files()),
                         [](const auto& p) { return p.param.stem().string(); });

TEST(GoldenVectors, AllFilesAreThere) { EXPECT_EQ(testing::golden_files().size(), 31u); }

}  // namespace
}  // namespace chainrule::golden_test
