// SPDX-License-Identifier: Apache-2.0
// Every result in an explanation's JSON follows from the factors printed there: code that is independent of the
// engine recomputes them all.
#include "tests/support/recompute.h"

#include <gtest/gtest.h>

#include "chainrule/explain/documents.h"
#include "tests/support/golden.h"
#include "tests/support/made_steps.h"

namespace chainrule::recompute_test {
namespace {

using testing::all_losses;
using testing::Made;

// Every bound must be a number: NaN would hide everything.
std::string first_null(const Explanation& explanation) {
  for (const ExplainedStep& step : explanation.steps)
    for (const Tensor& tensor : step.tensors)
      for (std::size_t k = 0; k < tensor.engine.size(); ++k)
        if (!std::isfinite(tensor.engine[k]) || !std::isfinite(tensor.reference[k]) || !std::isfinite(tensor.bound[k]))
          return tensor.name + " in step " + std::to_string(step.step);
  return {};
}

void expect_all(const Explanation& explanation, const std::string& where) {
  ASSERT_EQ(first_null(explanation), "") << where;
  const recompute::Result result = recompute::whole(formats::explanation_json(explanation));
  EXPECT_GT(result.numbers, 10u) << where;
  EXPECT_TRUE(result.wrong.empty()) << where << ": " << result.wrong.size() << " of " << result.numbers << ", e.g. "
                                    << (result.wrong.empty() ? "" : result.wrong[0]);
}

TEST(Recompute, EveryActivationLossAndOptimizer) {
  std::uint64_t seed = 0;
  for (const std::string& activation : activation_names())
    for (const Loss& loss : all_losses())
      for (const std::string& optimizer : optimizer_names()) {
        const Made made(activation_from_name(activation), loss, optimizer_from_name(optimizer), ++seed);
        expect_all(made.explain(2), activation + ' ' + std::string(loss_name(loss)) + ' ' + optimizer);
      }
}

TEST(Recompute, DropoutClippingNormBoundsAndSampleWeights) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed)
    for (const std::string& optimizer : optimizer_names()) {
      Made made(ActivationKind::tanh, LossKind::half_squared_error, optimizer_from_name(optimizer), seed);
      made.add_everything();
      expect_all(made.explain(2), optimizer + " seed " + std::to_string(seed));
    }
}

TEST(Recompute, GoldenNetworks) {
  for (const auto& file : testing::golden_files()) {
    const testing::Golden golden = testing::read_golden(file);
    TrainOptions options;
    options.loss = golden.loss;
    options.optimizer = golden.optimizer;
    options.learning_rate = golden.learning_rate;
    options.weight_decay = golden.weight_decay;
    expect_all(explain_steps(golden.architecture, golden.start, golden.batch, options, 5), golden.name);
  }
}

// Changes each quantity in turn; its line, or one computed from it, must be reported.
TEST(Recompute, AWrongNumberIsSeen) {
  Made made(ActivationKind::sigmoid, LossKind::softmax_cross_entropy, Adam{}, 23);
  made.add_everything();
  const Explanation right = made.explain(1);
  for (const Tensor& tensor : right.steps[0].tensors) {
    Explanation wrong = right;
    Tensor& changed = wrong.steps[0].tensors[static_cast<std::size_t>(&tensor - right.steps[0].tensors.data())];
    for (double& value : changed.engine) value += 1e-3 + 0.01 * std::abs(value);
    if (tensor.name == "y") continue;  // the targets are given, and the formulas use y_smooth
    EXPECT_FALSE(recompute::whole(formats::explanation_json(wrong)).wrong.empty()) << tensor.name;
  }
}

TEST(ExplanationJson, NumbersReadBackToTheSameBits) {
  const Made made(ActivationKind::mish, LossKind::poisson, RmsProp{}, 31);
  const Explanation explanation = made.explain(1);
  const nlohmann::json json = nlohmann::json::parse(formats::explanation_json(explanation));
  for (std::size_t k = 0; k < explanation.steps[0].tensors.size(); ++k) {
    const Tensor& tensor = explanation.steps[0].tensors[k];
    const nlohmann::json& read = json["steps"][0]["tensors"][k];
    const std::string_view name = tensor.name;
    EXPECT_EQ(read["name"], name == "row_weight"          ? "share"
                            : name.starts_with("f_prime") ? "slope" + tensor.name.substr(7)
                                                          : tensor.name);
    EXPECT_EQ(read["engine"].get<std::vector<double>>(), tensor.engine) << tensor.name;
    EXPECT_EQ(read["truth"].get<std::vector<double>>(), tensor.reference) << tensor.name;
    EXPECT_EQ(read["bound"].get<std::vector<double>>(), tensor.bound) << tensor.name;
  }
}

}  // namespace
}  // namespace chainrule::recompute_test
