// SPDX-License-Identifier: Apache-2.0
// Faults planted in the double-precision reference: each changes what its name says, and the gradient check catches it
// if it has an effect, else gives the reason.
#include "chainrule/engine/reference/planted_faults.h"
#include "chainrule/engine/formulas/activation_values.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/support/gradient_cases.h"

namespace chainrule::planted_faults_test {
namespace {

using testing::GradientCase;
using testing::make_case;

// Ten networks of different shape. Weighted rows, smoothed labels and decay, so that most faults have an effect.
std::vector<GradientCase> ten_networks() {
  Loss huber = LossKind::huber;
  huber.huber_delta = 0.5;
  return {make_case(ActivationKind::sigmoid, LossKind::half_squared_error, {2, 3, 1}),
          make_case(ActivationKind::tanh, LossKind::half_squared_error, {3, 4, 4, 2}),
          make_case(ActivationKind::sigmoid, testing::smoothed(LossKind::softmax_cross_entropy), {4, 5, 3}),
          make_case(ActivationKind::gelu, testing::smoothed(LossKind::sigmoid_cross_entropy), {5, 2, 7, 2}),
          make_case(ActivationKind::relu, testing::smoothed(LossKind::softmax_cross_entropy), {6, 8, 8, 4}, 9),
          make_case(ActivationKind::leaky_relu, huber, {3, 9, 2, 6, 2}, 7),
          make_case(ActivationKind::mish, LossKind::poisson, {2, 6, 6, 3}),
          make_case(ActivationKind::selu, LossKind::absolute_error, {7, 3, 3, 3}, 5),
          make_case(testing::as_custom(ActivationKind::silu), LossKind::half_squared_error, {3, 5, 2}),
          make_case(ActivationKind::softplus, testing::smoothed(LossKind::softmax_cross_entropy), {30, 20, 10, 5}, 31)};
}

TEST(PlantedFaults, EveryOneIsCaughtOnTenNetworks) {
  std::map<std::string, std::size_t> caught;  // networks
  for (const GradientCase& c : ten_networks()) {
    for (const std::size_t max_parameters : {std::size_t{0}, std::size_t{1}}) {  // all parameters, and a minimal sample
      const CheckReport report = c.check({max_parameters});
      EXPECT_EQ(report.failure(), "") << describe(c.architecture);
      std::set<std::string> here;
      for (const FaultCheck& check : report.faults) {
        if (check.verdict != FaultVerdict::caught) continue;
        EXPECT_GT(check.error, 1e-4) << describe(c.architecture) << " " << check.fault;
        here.insert(check.fault);
      }
      EXPECT_GE(here.size(), 10u) << describe(c.architecture);
      if (max_parameters == 0)
        for (const std::string& fault : here) ++caught[fault];
    }
  }
  for (const PlantedFault& fault : all_faults(ten_networks()[1].architecture))  // each kind somewhere
    EXPECT_GE(caught[std::string(fault_name(fault.kind))], 4u) << fault_name(fault.kind);
}

// reference_step() decides which faults have an effect, independently of the check.
TEST(PlantedFaults, HaveAnEffectExactlyWhereTheGradientChanges) {
  for (const GradientCase& c : ten_networks()) {
    const ReferenceStep right = c.step();
    const std::vector<PlantedFault> planted = all_faults(c.architecture);
    const CheckReport report = c.check();
    ASSERT_EQ(report.faults.size(), planted.size());
    for (std::size_t n = 0; n < planted.size(); ++n) {
      const FaultCheck& check = report.faults[n];
      EXPECT_EQ(check.fault, fault_name(planted[n].kind));
      EXPECT_EQ(check.layer, is_of_layer(planted[n].kind) ? planted[n].layer : 0);
      const ReferenceStep faulty = c.step(planted[n]);
      double max_parameters = 0;
      const auto compare = [&](std::span<const double> a, std::span<const double> b) {
        for (std::size_t k = 0; k < a.size(); ++k) max_parameters = std::max(max_parameters, std::abs(a[k] - b[k]));
      };
      for (std::size_t l = 0; l < c.architecture.depth(); ++l) {
        compare(faulty.gradients.weights[l].flat(), right.gradients.weights[l].flat());
        compare(faulty.gradients.biases[l], right.gradients.biases[l]);
        compare(faulty.decay_gradients.weights[l].flat(), right.decay_gradients.weights[l].flat());
        compare(faulty.decay_gradients.biases[l], right.decay_gradients.biases[l]);
      }
      EXPECT_EQ(check.verdict == FaultVerdict::no_effect, max_parameters == 0)
          << check.fault << " layer " << check.layer << " of " << describe(c.architecture);
      EXPECT_EQ(faulty.loss, right.loss);  // the forward pass and the objective stay correct
      EXPECT_EQ(faulty.decay_term, right.decay_term);
      EXPECT_TRUE(std::ranges::equal(faulty.a.back().flat(), right.a.back().flat()));
    }
  }
}

TEST(PlantedFaults, AreThereInEveryLayer) {
  const GradientCase c = ten_networks()[1];
  std::map<Fault, std::size_t> counts;
  for (const PlantedFault& fault : all_faults(c.architecture)) ++counts[fault.kind];
  EXPECT_EQ(counts.size(), 18u);
  EXPECT_EQ(counts[Fault::dropped_slope], 3u);
  EXPECT_EQ(counts[Fault::lost_sum], 2u);  // the lowest layer has no delta below it
  EXPECT_EQ(counts[Fault::missing_mean], 1u);
}

// Formulas computed by hand from the correct step.
class OneFault : public ::testing::Test {
 protected:
  GradientCase c = make_case(ActivationKind::sigmoid, LossKind::half_squared_error, {2, 3, 3}, 3);
  ReferenceStep right = c.step();
  ReferenceStep faulty(Fault kind, std::size_t layer = 0) const { return c.step({kind, layer}); }
  double slope(std::size_t l, std::size_t row, std::size_t k) const {
    return right.a[l](row, k) * (1 - right.a[l](row, k));
  }
};

TEST_F(OneFault, LostSumTakesTheLastUnitAbove) {  // formula 14 of the article without its sum
  const ReferenceStep step = faulty(Fault::lost_sum, 1);
  const double w = c.parameters.weights[1](2, 0);
  EXPECT_DOUBLE_EQ(step.delta[0](1, 0), right.delta[1](1, 2) * w * slope(0, 1, 0));
}

TEST_F(OneFault, TransposedWeight) {
  const ReferenceStep step = faulty(Fault::transposed_weight, 1);
  double sum = 0;
  for (std::size_t i = 0; i < 3; ++i) sum += c.parameters.weights[1](0, i) * right.delta[1](1, i);
  EXPECT_NEAR(step.delta[0](1, 0), sum * slope(0, 1, 0), 1e-15);
}

TEST_F(OneFault, DroppedSlopeAndWrongSign) {
  EXPECT_NEAR(faulty(Fault::dropped_slope, 1).delta[1](0, 2) * slope(1, 0, 2), right.delta[1](0, 2), 1e-15);
  EXPECT_DOUBLE_EQ(faulty(Fault::wrong_sign).delta[0](0, 1), -right.delta[0](0, 1));
}

TEST_F(OneFault, SlopeOfA) {
  const double a = right.a[1](0, 2), f = activation_value(ActivationKind::sigmoid, a);
  EXPECT_NEAR(faulty(Fault::slope_of_a, 1).delta[1](0, 2), right.delta[1](0, 2) / slope(1, 0, 2) * f * (1 - f), 1e-15);
}

TEST_F(OneFault, MeansAndSums) {
  EXPECT_DOUBLE_EQ(faulty(Fault::missing_mean).gradients.weights[0](1, 1), 3 * right.gradients.weights[0](1, 1));
  EXPECT_DOUBLE_EQ(faulty(Fault::one_sample_bias, 1).gradients.biases[1][1], right.delta[1](2, 1) / 3);
  EXPECT_EQ(faulty(Fault::lost_sample).delta[1](2, 1), 0);
  EXPECT_DOUBLE_EQ(faulty(Fault::lost_weights).delta[1](1, 1) * 2, right.delta[1](1, 1));
}

TEST_F(OneFault, Decay) {
  EXPECT_DOUBLE_EQ(faulty(Fault::decayed_bias, 0).decay_gradients.biases[0][1], 0.06 * c.parameters.biases[0][1]);
  EXPECT_DOUBLE_EQ(faulty(Fault::halved_decay, 0).decay_gradients.weights[0](1, 1),
                   0.03 * c.parameters.weights[0](1, 1));
  EXPECT_DOUBLE_EQ(faulty(Fault::averaged_decay, 0).decay_gradients.weights[0](1, 1),
                   0.02 * c.parameters.weights[0](1, 1));
  EXPECT_EQ(faulty(Fault::forgotten_decay, 0).decay_gradients.weights[0](1, 1), 0);
}

TEST_F(OneFault, InputsOfTheWeightGradient) {
  double of_z = 0;
  for (std::size_t i = 0; i < 3; ++i) of_z += right.delta[1](i, 1) * right.z[0](i, 2) / 3;
  EXPECT_NEAR(faulty(Fault::z_for_a, 1).gradients.weights[1](1, 2), of_z, 1e-15);
}

std::string reason(const GradientCase& c, Fault kind, std::size_t layer = 0) {
  for (const FaultCheck& check : c.check().faults)
    if (check.fault == fault_name(kind) && check.layer == layer)
      return check.verdict == FaultVerdict::no_effect ? check.reason : std::string(verdict_name(check.verdict));
  return "not planted";
}

TEST(NoEffect, IsExplainedByTheFacts) {
  const GradientCase c = make_case(ActivationKind::tanh, LossKind::half_squared_error, {3, 4, 4, 2});
  GradientCase one = make_case(ActivationKind::tanh, LossKind::half_squared_error, {3, 4, 4, 1}, 1);
  EXPECT_EQ(reason(c, Fault::missing_mean), "caught");
  EXPECT_EQ(reason(one, Fault::missing_mean), "m is 1");
  EXPECT_EQ(reason(one, Fault::one_sample_bias, 1), "m is 1");
  EXPECT_EQ(reason(one, Fault::averaged_decay, 1), "m is 1");
  EXPECT_EQ(reason(one, Fault::lost_sum, 2), "there is one unit above");
  EXPECT_EQ(reason(one, Fault::lost_sum, 1), "caught");
  EXPECT_EQ(reason(one, Fault::transposed_weight, 2),
            "W3 has one row, and its transpose the same numbers in the same order");
  one.weight_decay = 0;
  EXPECT_EQ(reason(one, Fault::decayed_bias, 1), "lambda is 0");
  EXPECT_EQ(reason(one, Fault::forgotten_decay, 1), "lambda is 0");
  EXPECT_EQ(reason(c, Fault::squared_error), "the loss is the half squared error");
  EXPECT_EQ(reason(c, Fault::lost_smoothing), "there is no label smoothing");
  EXPECT_EQ(reason(c, Fault::lost_sum, 0), "not planted");
}

TEST(NoEffect, OfSpecialNumbers) {
  GradientCase c = make_case(ActivationKind::identity, testing::smoothed(LossKind::softmax_cross_entropy), {2, 2, 2});
  EXPECT_EQ(reason(c, Fault::dropped_slope, 0), "f' is 1 for every unit and row");
  EXPECT_EQ(reason(c, Fault::slope_elsewhere, 0), "f' is 1 for every unit and row");
  EXPECT_EQ(reason(c, Fault::slope_of_a, 1), "f'(a) is f'(z) for every unit and row");
  EXPECT_EQ(reason(c, Fault::z_for_a, 1), "a is z in the layer below");
  EXPECT_EQ(reason(c, Fault::transposed_weight, 1), "caught");
  c.parameters.weights[1](0, 1) = c.parameters.weights[1](1, 0);
  EXPECT_EQ(reason(c, Fault::transposed_weight, 1), "W2 is symmetric");
  c.architecture.layers[1].decay_multiplier = 0;
  EXPECT_EQ(reason(c, Fault::decayed_bias, 1), "the decay multiplier of the layer is 0");
  std::ranges::fill(c.parameters.biases[0], 0.0);
  EXPECT_EQ(reason(c, Fault::decayed_bias, 0), "all biases are 0");
  std::ranges::fill(c.batch.weights, 1.0);
  EXPECT_EQ(reason(c, Fault::lost_weights), "every sample weighs 1");
  c.batch.weights.back() = 0;
  EXPECT_EQ(reason(c, Fault::lost_sample), "the last sample weighs 0");
  std::ranges::fill(c.batch.weights, 0.0);
  EXPECT_EQ(reason(c, Fault::wrong_sign), "delta is 0 for every unit and row");
}

TEST(NoEffect, OfASingleLayerAndASingleNumber) {
  EXPECT_EQ(reason(make_case(ActivationKind::tanh, LossKind::half_squared_error, {3, 2}), Fault::slope_elsewhere),
            "there is no other layer");
  EXPECT_EQ(
      reason(make_case(ActivationKind::tanh, LossKind::half_squared_error, {3, 1, 1}), Fault::transposed_weight, 1),
      "W2 is a single number");
}

TEST(SmallEffect, IsNotCalledCaughtOrMissed) {  // lambda b is below what central differences see
  GradientCase c = make_case(ActivationKind::relu, LossKind::half_squared_error, {3, 4, 2});
  c.weight_decay = 1e-10;
  EXPECT_EQ(reason(c, Fault::decayed_bias, 0), "too_small");
  EXPECT_EQ(c.check().failure(), "");
}

// If the gradient is wrong without a fault, a fault may fix it: then the check misses it and reports that.
TEST(MissedFault, FailsTheCheck) {
  const Activation doubled(CustomActivation{"line", [](double z) { return z; }, [](double) { return 2.0; }});
  const CheckReport report = make_case(doubled, LossKind::half_squared_error, {3, 2}).check();
  EXPECT_EQ(report.faults[0].fault, "dropped_slope");
  EXPECT_EQ(report.faults[0].verdict, FaultVerdict::missed);
  CheckReport other;
  other.checked = 1;
  EXPECT_EQ(other.failure(), "");
  other.faults.push_back(
      {"lost_sum", "not summed over the units above", "delta2", 1, FaultVerdict::missed, 0.5, 1e-9, {}, ""});
  EXPECT_EQ(other.failure(), "planted fault lost_sum in delta2: expected to be caught, found an error of 1.0e-09 only");
}

TEST(FaultAtAKink, IsNotCalledCaughtOrMissed) {  // z = 0 for the only row that counts in the faulty dJ/db
  GradientCase c = make_case(ActivationKind::relu, LossKind::half_squared_error, {1, 1, 1}, 1);
  c.batch.inputs(0, 0) = 0;
  c.parameters.biases[0][0] = 0;
  EXPECT_EQ(reason(c, Fault::dropped_slope, 0), "at_kinks");
  EXPECT_EQ(c.check().failure(), "");
}

}  // namespace
}  // namespace chainrule::planted_faults_test
