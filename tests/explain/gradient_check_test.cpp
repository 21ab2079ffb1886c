// SPDX-License-Identifier: Apache-2.0
// Backpropagation against numerical derivatives: activations x losses x widths x depths, with decay and sample weights;
// kinks; samples of the parameters; no false alarm on random networks.
#include "chainrule/engine/formulas/activation_values.h"
#include "chainrule/engine/formulas/loss_formulas.h"
#include "chainrule/explain/reference_check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "chainrule/base/error.h"
#include "chainrule/engine/initialize.h"
#include "chainrule/engine/reference/numerical_derivative.h"
#include "tests/support/gradient_cases.h"
#include "tests/support/own_functions.h"

namespace chainrule::gradient_check_test {
namespace {

using testing::as_custom;
using testing::GradientCase;
using testing::make_case;

std::vector<Loss> all_losses() {
  return {LossKind::half_squared_error,
          LossKind::absolute_error,
          LossKind::huber,
          LossKind::poisson,
          LossKind::softmax_cross_entropy,
          LossKind::sigmoid_cross_entropy,
          testing::smoothed(LossKind::softmax_cross_entropy),
          testing::smoothed(LossKind::sigmoid_cross_entropy)};
}

double worst_error(const CheckReport& report) {
  double maximum = 0;
  for (const TensorCheck& tensor : report.tensors)
    if (!(tensor.worst_error <= maximum)) maximum = std::isnan(tensor.worst_error) ? HUGE_VAL : tensor.worst_error;
  return maximum;
}

// A softmax of one output is always 1, and a network of dead units passes no gradient: then there is nothing to
// compare.
void expect_passed(const CheckReport& report, const std::string& where) {
  const bool all_zero = std::ranges::all_of(report.tensors, &TensorCheck::is_zero);
  EXPECT_EQ(all_zero && report.checked > 0, report.failure().find("expected derivatives other than 0") == 16u) << where;
  if (!all_zero) {
    EXPECT_EQ(report.failure(), "") << where;
  }
}

class GradientCheckLoop : public ::testing::TestWithParam<std::string> {};

TEST_P(GradientCheckLoop, EveryLossWidthAndDepth) {
  const Activation activation = activation_from_name(GetParam());
  std::size_t checked = 0, kinks = 0;
  for (const Loss& loss : all_losses())
    for (const std::size_t width : {1u, 2u, 3u, 17u})
      for (const std::size_t depth : {1u, 2u, 3u}) {
        std::vector<std::size_t> sizes(depth + 1, width);
        sizes[0] = 3;
        const std::string where =
            std::string(loss_name(loss)) + " width " + std::to_string(width) + " depth " + std::to_string(depth);
        // A user's own functions have no complex form: central differences, whatever the activation.
        const CheckReport central = make_case(as_custom(activation), loss, sizes).check({0, 1, false});
        expect_passed(central, where);
        EXPECT_EQ(central.checked + central.kinks, central.parameters) << where;
        const GradientCase known = make_case(activation, loss, sizes);
        const CheckReport report = known.check({0, 1, false});
        expect_passed(report, where);
        EXPECT_EQ(report.parameters, parameter_count(known.architecture));
        checked += report.checked;
        kinks += report.kinks;
        if (!activation_is_smooth(known.architecture.layers[0].activation) || !loss_is_smooth(loss)) continue;
        EXPECT_EQ(report.method, CheckMethod::complex_step) << where;
        EXPECT_EQ(report.kinks, 0u) << where;
        EXPECT_LE(worst_error(report), 1e-12) << where;
      }
  EXPECT_LE(static_cast<double>(kinks), 0.02 * static_cast<double>(checked)) << kinks;  // rarely within a step of 1e-5
}

INSTANTIATE_TEST_SUITE_P(All, GradientCheckLoop, ::testing::ValuesIn(activation_names()),
                         [](const auto& p) { return p.param; });

TEST(RandomNetworks, NoFalseAlarm) {  // 1,000 of them, ReLU kinks included, with all planted faults
  std::size_t kinks = 0, smooth = 0, caught = 0;
  double of_complex_step = 0;
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    const GradientCase c = testing::random_case(seed);
    const CheckReport report = c.check();
    expect_passed(report, "seed " + std::to_string(seed) + ": " + describe(c.architecture));
    kinks += report.kinks;
    for (const FaultCheck& check : report.faults) caught += check.verdict == FaultVerdict::caught;
    if (report.method == CheckMethod::central_differences) continue;
    ++smooth;
    of_complex_step = std::max(of_complex_step, worst_error(report));
  }
  EXPECT_LE(of_complex_step, 1e-12);
  EXPECT_GT(smooth, 100u);  // the networks have the intended form
  EXPECT_GT(kinks, 100u);
  EXPECT_GT(caught, 10000u);
}

TEST(GradientCheck, CatchesAWrongDerivative) {  // f' is wrong by a factor: a custom activation with a wrong derivative
  const Activation wrong(
      CustomActivation{"cube", [](double z) { return z * z * z; }, [](double z) { return 2 * z * z; }});
  const CheckReport report = make_case(wrong, LossKind::half_squared_error, {3, 2, 2}).check();
  EXPECT_GT(worst_error(report), 1e-3);
  EXPECT_NE(report.failure().find("dJ/dW1["), std::string::npos) << report.failure();
  EXPECT_NE(report.failure().find("; and "), std::string::npos) << report.failure();
}

TEST(GradientCheck, CatchesADerivativeThatIsNoNumber) {
  const Activation wrong(CustomActivation{"cube", [](double z) { return z * z * z; }, [](double) { return NAN; }});
  const GradientCase c = make_case(wrong, LossKind::half_squared_error, {3, 2, 2});
  EXPECT_NE(c.check({0, 1, true, false}).failure(), "");
  EXPECT_THROW(c.check(), Error);  // the engine does not continue with it
}

TEST(GradientCheck, AcceptsAUsersOwnActivationAndLoss) {
  const Activation cube(
      CustomActivation{"cube", [](double z) { return z * z * z; }, [](double z) { return 3 * z * z; }});
  const CheckReport report = make_case(cube, testing::quartic(), {3, 3, 3}).check();
  EXPECT_EQ(report.failure(), "");
  EXPECT_EQ(report.method, CheckMethod::central_differences);
  EXPECT_EQ(report.checked, 24u);
}

// The engine passes floats, the reference numbers in between, so an error of the engine alone can be planted.
TEST(GradientCheck, CatchesAnEngineThatIsFurtherOffThanItsRoundings) {
  const auto derivative = [](double factor) {
    return [factor](double z) { return (z == static_cast<double>(static_cast<float>(z)) ? factor : 1) * std::cos(z); };
  };
  const auto report_of = [&](double factor) {
    const Activation sine(CustomActivation{"sine", [](double z) { return std::sin(z); }, derivative(factor)});
    GradientCase c = make_case(sine, LossKind::half_squared_error, {3, 4, 2});
    for (double& x : c.batch.inputs.flat()) x = static_cast<float>(x);
    return c.check();
  };
  EXPECT_EQ(report_of(1).failure(), "");
  const CheckReport wrong = report_of(1.001);
  EXPECT_NE(wrong.failure().find("the engine's dJ/d"), std::string::npos) << wrong.failure();
  ASSERT_EQ(wrong.engine.size(), 4u);
  for (const EngineCheck& check : wrong.engine) EXPECT_GT(check.worst_ratio, 1) << check.layer << check.is_bias;
}

TEST(GradientCheck, RecognisesAKink) {  // z = 0 exactly for every row: there is no derivative
  GradientCase c = make_case(ActivationKind::relu, LossKind::half_squared_error, {3, 1});
  std::ranges::fill(c.parameters.weights[0].flat(), 0.0);
  c.parameters.biases[0][0] = 0;
  const CheckReport report = c.check();
  EXPECT_EQ(report.kinks, 4u);
  EXPECT_EQ(report.checked, 0u);
  EXPECT_EQ(report.failure(), "gradient check: expected parameters to compare, found a kink at each of them");
}

TEST(GradientCheck, RecognisesAKinkOfAUsersOwnFunction) {
  GradientCase c = make_case(as_custom(ActivationKind::relu), LossKind::half_squared_error, {3, 1});
  std::ranges::fill(c.parameters.weights[0].flat(), 0.0);
  c.parameters.biases[0][0] = 0;
  EXPECT_EQ(c.check().kinks, 4u);
}

// Two kinks at once can leave equal slopes on both sides, and the formula's f'(0) f'(0) differs from them.
TEST(GradientCheck, RecognisesKinksThatCancel) {
  GradientCase c = make_case(ActivationKind::leaky_relu, LossKind::half_squared_error, {1, 1, 1}, 1);
  c.batch.inputs(0, 0) = 0;
  c.parameters.weights[1](0, 0) = -1;
  c.parameters.biases[0][0] = c.parameters.biases[1][0] = 0;
  const CheckReport report = c.check();
  EXPECT_EQ(report.tensors[1].kinks, 1u);
  EXPECT_EQ(report.failure(), "");
}

TEST(GradientCheck, ASampleCoversEveryLayerAndBothKinds) {
  const GradientCase c = make_case(ActivationKind::tanh, LossKind::half_squared_error, {40, 30, 20, 2});
  const CheckReport report = c.check({100, 1, false});
  EXPECT_EQ(report.chosen, 100u);
  EXPECT_EQ(report.checked, 100u);
  EXPECT_EQ(report.parameters, 1230u + 620 + 42);
  std::vector<std::size_t> checked;
  for (const TensorCheck& tensor : report.tensors) checked.push_back(tensor.checked);
  EXPECT_EQ(checked, (std::vector<std::size_t>{20, 19, 20, 19, 20, 2}));  // equal parts of the remaining sample
  EXPECT_EQ(c.check({1, 1, false}).checked, 6u);                          // at least one of each
  EXPECT_EQ(c.check({5000, 1, false}).checked, 1892u);
  EXPECT_EQ(c.check({0, 1, false}).checked, 1892u);
}

TEST(GradientCheck, TheSampleFollowsTheSeed) {
  const GradientCase c = make_case(ActivationKind::tanh, LossKind::half_squared_error, {40, 30, 2});
  const auto indices = [&](std::uint64_t seed) {
    std::set<std::string> names;
    for (const TensorCheck& tensor : c.check({4, seed, false}).tensors) names.insert(parameter_name(tensor.worst));
    return names;
  };
  EXPECT_EQ(indices(1), indices(1));
  EXPECT_NE(indices(1), indices(2));
}

TEST(GradientCheck, LeavesDropoutOutAndReportsIt) {
  GradientCase c = make_case(ActivationKind::tanh, LossKind::half_squared_error, {3, 4, 2});
  EXPECT_FALSE(c.check().dropout_left_out);
  c.architecture.layers[0].dropout = 0.5;
  EXPECT_TRUE(c.check().dropout_left_out);
  EXPECT_EQ(c.check().failure(), "");
}

TEST(GradientCheck, ComparingZerosProvesNothing) {
  GradientCase c = make_case(ActivationKind::relu, LossKind::half_squared_error, {3, 4, 2});
  EXPECT_EQ(c.check().failure(), "");
  std::ranges::fill(c.parameters.biases[1], -100.0);  // both outputs are dead
  const CheckReport dead = c.check();
  EXPECT_EQ(
      dead.failure(),
      "gradient check: expected derivatives other than 0, found 0, or numbers too small to tell from 0, for all 26 "
      "parameters on these rows: comparing them proves nothing, and the network cannot learn from these rows");
  GradientCase saturated = make_case(ActivationKind::sigmoid, LossKind::half_squared_error, {3, 4, 2});
  EXPECT_EQ(saturated.check().failure(), "");
  std::ranges::fill(saturated.parameters.biases[1], 40.0);  // f' is about 4e-18
  EXPECT_NE(saturated.check().failure().find("expected derivatives other than 0"), std::string::npos);
}

TEST(GradientCheck, TellsWhichDerivativesAreZero) {
  GradientCase c = make_case(ActivationKind::relu, LossKind::half_squared_error, {3, 4, 2});
  c.architecture.layers[1].activation = ActivationKind::identity;
  std::ranges::fill(c.parameters.biases[0], -100.0);  // the hidden units are dead; b2 still learns
  const CheckReport report = c.check();
  EXPECT_EQ(report.failure(), "");
  for (const TensorCheck& tensor : report.tensors) EXPECT_EQ(tensor.is_zero, tensor.layer == 0 || !tensor.is_bias);
}

TEST(GradientCheck, TakesANetworkAndRows) {
  GradientCase c = make_case(ActivationKind::tanh, LossKind::half_squared_error, {3, 4, 2});
  Network network(c.architecture);
  initialize(network, WeightScheme::glorot_normal, BiasScheme::normal, 2);
  Dataset data;
  Matrix inputs(4, 3), targets(4, 2);
  std::ranges::transform(c.batch.inputs.flat(), inputs.flat().begin(), [](double x) { return static_cast<float>(x); });
  std::ranges::transform(c.batch.targets.flat(), targets.flat().begin(),
                         [](double y) { return static_cast<float>(y); });
  data.inputs = Features(inputs);
  data.targets.values = targets;
  data.loss_weights = {1, 0.5f, 2, 1};
  const std::vector<std::size_t> rows = {2, 0};
  const GradientCheck found = check_gradients(network, c.loss, {&data, rows}, c.weight_decay, {.max_parameters = 0});
  EXPECT_EQ(found.failure, "");
  EXPECT_EQ(found.rows, 2u);
  ReferenceBatch batch{MatrixOf<double>(2, 3), MatrixOf<double>(2, 2), {2, 1}};
  for (std::size_t i = 0; i < 2; ++i) {
    std::ranges::copy(inputs.row(rows[i]), batch.inputs.row(i).begin());
    std::ranges::copy(targets.row(rows[i]), batch.targets.row(i).begin());
  }
  EXPECT_EQ(found.objective,
            reference_objective(c.architecture, reference_parameters(network), c.loss, batch, c.weight_decay));
  EXPECT_THROW(check_gradients(network, c.loss, {&data, {}}, 0), Error);
  EXPECT_THROW(check_gradients(network, c.loss, {&data, {4}}, 0), Error);
}

TEST(GradientCheck, RefusesWhatDoesNotFit) {
  GradientCase c = make_case(ActivationKind::tanh, LossKind::half_squared_error, {3, 4, 2});
  EXPECT_NO_THROW(c.check());
  GradientCase wide = c, none = c, weights = c, infinite = c;
  wide.batch.inputs = MatrixOf<double>(4, 5);
  EXPECT_THROW(wide.check(), Error);
  none.batch = {MatrixOf<double>(0, 3), MatrixOf<double>(0, 2), {}};
  EXPECT_THROW(none.check(), Error);
  weights.batch.weights.pop_back();
  EXPECT_THROW(weights.check(), Error);
  infinite.batch.targets(0, 0) = HUGE_VAL;
  EXPECT_THROW(infinite.check(), Error);
}

TEST(ReferenceProbe, ChangesAsTheObjectiveDoes) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    GradientCase c = testing::random_case(seed);
    const ReferenceProbe probe(c.architecture, c.parameters, c.loss, c.batch, c.weight_decay);
    const auto objective = [](const GradientCase& at) {
      return reference_objective(at.architecture, at.parameters, at.loss, at.batch, at.weight_decay);
    };
    const double before = objective(c);
    for (std::size_t l = 0; l < c.architecture.depth(); ++l) {
      const ParameterIndex weight{l, false, c.parameters.weights[l].rows() - 1, 0}, bias{l, true, 0, 0};
      GradientCase moved = c;
      moved.parameters.weights[l](weight.row, 0) += 0.25;
      const double rounding = 1e-12 * (1 + std::abs(objective(moved)) + std::abs(before));
      EXPECT_NEAR(probe.change(weight, 0.25).objective, objective(moved) - before, rounding) << seed;
      moved = c;
      moved.parameters.biases[l][0] -= 0.25;
      EXPECT_NEAR(probe.change(bias, -0.25).objective, objective(moved) - before, rounding) << seed;
    }
  }
}

TEST(ParameterName, CountsAsTheArticle) {
  EXPECT_EQ(parameter_name({1, false, 2, 0}), "W2[3,1]");
  EXPECT_EQ(parameter_name({1, true, 2, 0}), "b2[3]");
}

TEST(EntryError, UsesTheLargestMagnitudeOfTheTensor) {
  EXPECT_DOUBLE_EQ(entry_error(1, 1.5, 10), 0.05);
  EXPECT_DOUBLE_EQ(entry_error(-2, 2, 1), 2);
  EXPECT_EQ(entry_error(0, 0, 0), 0);
  EXPECT_TRUE(std::isnan(entry_error(NAN, 1, 1)));
}

}  // namespace
}  // namespace chainrule::gradient_check_test
