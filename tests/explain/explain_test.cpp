// SPDX-License-Identifier: Apache-2.0
// Explained steps against the golden vectors, and the engine within its derived bounds: every activation, loss and
// optimizer, with dropout, clipping, norm bounds, multipliers and sample weights.
#include "chainrule/explain/explain.h"
#include "chainrule/engine/kernels/copy_weights.h"

#include <gtest/gtest.h>

#include <cmath>

#include "chainrule/base/error.h"
#include "chainrule/explain/reference_check.h"
#include "chainrule/explain/text.h"
#include "chainrule/training/train.h"
#include "tests/support/golden.h"
#include "tests/support/made_steps.h"
#include "tests/support/own_functions.h"

namespace chainrule::explain_test {
namespace {

using testing::all_losses;
using testing::Golden;
using testing::Made;

std::string first_excess(const Explanation& explanation) {
  const std::vector<Excess> excesses = find_excesses(explanation);
  if (excesses.empty()) return {};
  const Excess& e = excesses[0];
  return "step " + std::to_string(e.step) + ' ' + e.name + '[' + std::to_string(e.row) + ',' +
         std::to_string(e.column) + "]: engine " + std::to_string(e.engine) + " truth " + std::to_string(e.reference) +
         " bound " + std::to_string(e.bound);
}

double largest(const std::vector<double>& values) {
  double maximum = 0;
  for (const double x : values) maximum = std::max(maximum, std::abs(x));
  return maximum;
}

// Largest error of a tensor's double column, as in golden_test.
void expect_reference(const Tensor& tensor, const std::vector<double>& expected, double min_scale = 0) {
  ASSERT_EQ(tensor.reference.size(), expected.size()) << tensor.name;
  const double s = std::max(largest(expected), min_scale);
  for (std::size_t k = 0; k < expected.size(); ++k)
    EXPECT_LE(entry_error(tensor.reference[k], expected[k], s), 1e-12) << tensor.name << ' ' << k;
}

std::vector<double> numbers_of(const nlohmann::json& json, double factor = 1) {
  std::vector<double> numbers;
  for (const auto& entry : json)
    if (entry.is_array())
      for (const double x : numbers_of(entry, factor)) numbers.push_back(x);
    else
      numbers.push_back(factor * entry.get<double>());
  return numbers;
}

class ExplainGolden : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(ExplainGolden, EveryQuantity) {
  const Golden golden = testing::read_golden(GetParam());
  const nlohmann::json& json = golden.json;
  TrainOptions options;
  options.loss = golden.loss;
  options.optimizer = golden.optimizer;
  options.learning_rate = golden.learning_rate;
  options.weight_decay = golden.weight_decay;
  const Explanation explanation =
      explain_steps(golden.architecture, golden.start, golden.batch, options, 5, ReferenceStart::alone);
  const ExplainedStep& step = explanation.steps[0];
  const double objective = json["objective"].get<double>(), row_scale = 1 / static_cast<double>(json["inputs"].size());
  for (std::size_t l = 0; l < golden.architecture.depth(); ++l) {
    const std::string below = std::to_string(l + 1), above = std::to_string(l + 2);
    expect_reference(step.of("W" + below), numbers_of(json["weights"][l]));
    expect_reference(step.of("b" + below), numbers_of(json["biases"][l]));
    expect_reference(step.of("z" + above), numbers_of(json["z"][l]));
    expect_reference(step.of("a" + above), numbers_of(json["a"][l]));
    expect_reference(step.of("delta" + above), numbers_of(json["delta"][l], row_scale));
    expect_reference(step.of("dW" + below), numbers_of(json["gradient_weights"][l]), 1e-3 * std::abs(objective));
    expect_reference(step.of("db" + below), numbers_of(json["gradient_biases"][l]), 1e-3 * std::abs(objective));
    expect_reference(step.of("W" + below + "_after"), numbers_of(json["after_1"]["weights"][l]));
    expect_reference(step.of("b" + below + "_after"), numbers_of(json["after_1"]["biases"][l]));
    expect_reference(explanation.steps[4].of("W" + below + "_after"), numbers_of(json["after_5"]["weights"][l]));
    expect_reference(explanation.steps[4].of("b" + below + "_after"), numbers_of(json["after_5"]["biases"][l]));
  }
  expect_reference(step.of("a1"), numbers_of(json["inputs"]));
  expect_reference(step.of("y"), numbers_of(json["targets"]));
  expect_reference(step.of("sample_loss"), numbers_of(json["sample_losses"]));
  expect_reference(step.of("loss"), {json["loss"].get<double>()});
  expect_reference(step.of("objective"), {objective});
  EXPECT_EQ(first_excess(explanation), "");
  const Explanation near = explain_steps(golden.architecture, golden.start, golden.batch, options, 5);
  EXPECT_EQ(first_excess(near), "");
  const Tensor& objective_5 = near.steps[4].of("objective");
  EXPECT_LE(objective_5.bound[0], 1e-3 * objective_5.reference[0]);
}

INSTANTIATE_TEST_SUITE_P(All, ExplainGolden, ::testing::ValuesIn(testing::golden_files()),
                         [](const auto& p) { return p.param.stem().string(); });

TEST(Explain, TheEngineStaysWithinItsBounds) {  // every activation x loss x optimizer
  std::uint64_t seed = 0;
  for (const std::string& activation : activation_names())
    for (const Loss& loss : all_losses())
      for (const std::string& optimizer : optimizer_names()) {
        const Made made(activation_from_name(activation), loss, optimizer_from_name(optimizer), ++seed);
        EXPECT_EQ(first_excess(made.explain()), "")
            << activation << ' ' << loss_name(loss) << ' ' << optimizer << " seed " << seed;
      }
}

TEST(Explain, DropoutClippingNormBoundsAndSampleWeights) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed)
    for (const std::string& optimizer : optimizer_names()) {
      Made made(ActivationKind::tanh, LossKind::half_squared_error, optimizer_from_name(optimizer), seed);
      made.add_everything();
      const Explanation explanation = made.explain();
      EXPECT_EQ(first_excess(explanation), "") << optimizer << " seed " << seed;
      ASSERT_NE(explanation.steps[0].find("mask1"), nullptr);
    }
}

TEST(Explain, BoundsHoldForWildRates) {  // the step and the decay cancel; signs depend on gradients that vanish
  for (std::uint64_t seed = 1; seed <= 60; ++seed)
    for (const std::string& optimizer : optimizer_names())
      for (const double rate : {0.1, 1.0})
        for (const double decay : {0.9, 10.0}) {
          Made made(ActivationKind::sigmoid, LossKind::half_squared_error, optimizer_from_name(optimizer), seed);
          made.options.learning_rate = rate;
          made.options.weight_decay = decay;
          for (MatrixOf<double>& w : made.start.weights)
            for (double& x : w.flat()) x *= seed % 3 == 0 ? 64 : 1;  // saturated: slopes vanish
          EXPECT_EQ(first_excess(made.explain()), "") << optimizer << ' ' << rate << ' ' << decay << " seed " << seed;
        }
}

// Bounds that nothing can exceed would prove nothing: they must be close to the actual differences.
TEST(Explain, TheBoundsAreNear) {
  const Made made(ActivationKind::sigmoid, LossKind::half_squared_error, Sgd{}, 23);
  const Explanation explanation = made.explain(1);
  for (const char* name : {"z2", "a2", "delta2", "dW1", "W1_after", "objective"}) {
    const Tensor& tensor = explanation.steps[0].of(name);
    EXPECT_LE(largest(tensor.bound), 5e-5 * largest(tensor.reference)) << name;
  }
}

TEST(Explain, AWrongNumberIsFound) {
  const Made made(ActivationKind::tanh, LossKind::half_squared_error, Adam{}, 12);
  const Explanation right = made.explain(2);
  ASSERT_EQ(first_excess(right), "");
  for (const Tensor& tensor : right.steps[1].tensors) {
    Explanation wrong = right;
    Tensor& changed = wrong.steps[1].tensors[&tensor - right.steps[1].tensors.data()];
    changed.engine.back() += 1e-3 + 0.01 * std::abs(changed.engine.back());
    const std::vector<Excess> excesses = find_excesses(wrong);
    ASSERT_EQ(excesses.size(), 1u) << tensor.name;
    EXPECT_EQ(excesses[0].name, tensor.name);
    EXPECT_EQ(excesses[0].step, 2u);
    changed.engine.back() = NAN;
    EXPECT_EQ(find_excesses(wrong).size(), 1u) << tensor.name;
  }
}

TEST(Explain, TheStepIsTheOneThatTrains) {  // bit by bit
  Made made(ActivationKind::silu, LossKind::softmax_cross_entropy, Adam{}, 14);
  const Explanation explanation = made.explain(2);
  Network network(made.architecture);
  for (std::size_t l = 0; l < network.architecture.depth(); ++l) {
    copy_weights(made.start.weights[l].view(), network.parameters.weights(l));
    std::ranges::transform(made.start.biases[l], network.parameters.biases(l).begin(),
                           [](double x) { return static_cast<float>(x); });
  }
  const std::size_t m = made.batch.inputs.rows();
  Dataset data;
  Matrix inputs(m, made.architecture.inputs);
  std::ranges::transform(made.batch.inputs.flat(), inputs.flat().begin(), [](double x) { return float(x); });
  data.inputs = Features(inputs);
  data.targets.values = Matrix(m, made.architecture.outputs());
  std::ranges::transform(made.batch.targets.flat(), data.targets.values.flat().begin(),
                         [](double x) { return float(x); });
  made.options.batch_size = 0;
  made.options.shuffle = false;
  made.options.epochs = 2;
  train(network, all_rows(data), {}, made.options);
  for (std::size_t l = 0; l < network.architecture.depth(); ++l) {
    const std::vector<float> weights = in_rows(network.parameters, network.parameters.segments()[l]);
    const Tensor& after = explanation.steps[1].of("W" + std::to_string(l + 1) + "_after");
    EXPECT_TRUE(std::ranges::equal(weights, after.engine));
  }
}

TEST(Explain, AUsersOwnActivationAndLoss) {
  const Activation cube(CustomActivation{"cubic", [](double z) { return z + 0.1 * z * z * z; },
                                         [](double z) { return 1 + 0.3 * z * z; }});
  Made made(cube, testing::quartic(), Momentum{}, 17);
  made.options.learning_rate = 1e-4;
  const Explanation explanation = made.explain(2);
  EXPECT_EQ(first_excess(explanation), "");
  const std::string text = explain_text(explanation);
  EXPECT_NE(text.find("cubic("), std::string::npos);
  EXPECT_NE(text.find("quartic("), std::string::npos);
}

TEST(Explain, RefusesNoRows) {
  Made made(ActivationKind::tanh, LossKind::half_squared_error, Sgd{}, 3);
  made.batch = {MatrixOf<double>(0, made.architecture.inputs), MatrixOf<double>(0, made.architecture.outputs()), {}};
  EXPECT_THROW(made.explain(), Error);
}

}  // namespace
}  // namespace chainrule::explain_test
