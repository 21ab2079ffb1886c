// SPDX-License-Identifier: Apache-2.0
// Backpropagation against numerical derivatives: activations x losses x widths x depths, with decay, sample weights and
// multipliers; and the proof that the check can fail.
#include "chainrule/gradient_check.h"

#include <gtest/gtest.h>

#include <cmath>

#include "chainrule/random.h"

namespace chainrule {
namespace {

struct Case {
  Architecture architecture;
  TruthParameters parameters;
  Loss loss;
  TruthBatch batch;
  double weight_decay = 0.03;
};

void fill(std::span<double> values, std::uint32_t layer, double scale) {
  const Stream stream{7, Purpose::test, layer, 0};
  for (std::size_t k = 0; k < values.size(); ++k) values[k] = scale * random_normal(stream, k);
}

// Targets that suit the loss: a distribution for softmax, shares for sigmoid, counts for Poisson, else any number.
void make_targets(Case& c) {
  fill(c.batch.targets.flat(), 901, 1);
  for (std::size_t i = 0; i < c.batch.targets.rows(); ++i) {
    double sum = 0;
    for (double& y : c.batch.targets.row(i)) {
      if (c.loss.kind == LossKind::poisson) y = std::floor(4 * std::abs(y));
      if (c.loss.kind == LossKind::sigmoid_cross_entropy) y = std::abs(y) / (1 + std::abs(y));
      if (c.loss.kind == LossKind::softmax_cross_entropy) y = std::abs(y);
      sum += y;
    }
    if (c.loss.kind == LossKind::softmax_cross_entropy)
      for (double& y : c.batch.targets.row(i)) y /= sum;
  }
}

Case make_case(const Activation& activation, const Loss& loss, std::size_t width, std::size_t depth) {
  Case c;
  c.loss = loss;
  c.architecture.inputs = 3;
  for (std::size_t l = 0; l < depth; ++l) {
    Layer layer;
    layer.outputs = width;
    const bool linear = l + 1 == depth && link_name(loss) != "identity";
    layer.activation = linear ? Activation(ActivationKind::identity) : activation;
    layer.weight_multiplier = 1 + static_cast<double>(l);
    layer.bias_multiplier = 0.5;
    layer.decay_multiplier = l == 0 ? 2 : 0.25;
    c.architecture.layers.push_back(layer);
  }
  c.parameters = truth_parameters(c.architecture);
  for (std::uint32_t l = 0; l < depth; ++l) {
    fill(c.parameters.weights[l].flat(), l, 1 / std::sqrt(static_cast<double>(c.architecture.layer_inputs(l))));
    fill(c.parameters.biases[l], 100 + l, 0.5);
  }
  c.batch = {MatrixOf<double>(4, 3), MatrixOf<double>(4, width), {0.5, 2, 0, 1.5}};
  fill(c.batch.inputs.flat(), 900, 1);
  make_targets(c);
  return c;
}

GradientCheck check(const Case& c, CheckMethod method) {
  return check_gradients(c.architecture, c.parameters, c.loss, c.batch, c.weight_decay, method);
}

Loss smoothed(LossKind kind) {
  Loss loss = kind;
  loss.label_smoothing = 0.1;
  return loss;
}

std::vector<Loss> all_losses() {
  return {LossKind::half_squared_error,
          LossKind::absolute_error,
          LossKind::huber,
          LossKind::poisson,
          LossKind::softmax_cross_entropy,
          LossKind::sigmoid_cross_entropy,
          smoothed(LossKind::softmax_cross_entropy),
          smoothed(LossKind::sigmoid_cross_entropy)};
}

class GradientCheckLoop : public ::testing::TestWithParam<std::string> {};

TEST_P(GradientCheckLoop, EveryLossWidthAndDepth) {
  const Activation activation = activation_from_name(GetParam());
  std::size_t checked = 0, kinks = 0;
  for (const Loss& loss : all_losses())
    for (const std::size_t width : {1u, 2u, 3u, 17u})
      for (const std::size_t depth : {1u, 2u, 3u}) {
        const Case c = make_case(activation, loss, width, depth);
        const std::string where =
            std::string(loss_name(loss)) + " width " + std::to_string(width) + " depth " + std::to_string(depth);
        const GradientCheck central = check(c, CheckMethod::central_differences);
        EXPECT_LE(central.worst_error, 1e-8) << where << " layer " << central.worst.layer;
        checked += central.checked;
        kinks += central.kinks;
        EXPECT_EQ(central.checked + central.kinks, parameter_count(c.architecture)) << where;
        if (!activation_is_smooth(activation) || !loss_is_smooth(loss)) continue;
        EXPECT_EQ(central.kinks, 0u) << where;
        const GradientCheck complex = check(c, CheckMethod::complex_step);
        EXPECT_LE(complex.worst_error, 1e-12) << where << " layer " << complex.worst.layer;
      }
  EXPECT_LE(static_cast<double>(kinks), 0.02 * static_cast<double>(checked)) << kinks;  // seldom within a step of 1e-5
}

INSTANTIATE_TEST_SUITE_P(All, GradientCheckLoop, ::testing::ValuesIn(activation_names()),
                         [](const auto& p) { return p.param; });

// Each planted fault is one that real code had: the check must see every one of them.
class PlantedFault : public ::testing::Test {
 protected:
  Case c = make_case(ActivationKind::sigmoid, LossKind::half_squared_error, 3, 3);
  TruthStep step = truth_step(c.architecture, c.parameters, c.loss, c.batch, c.weight_decay);

  double worst(CheckMethod method) const {
    return check_gradients(c.architecture, c.parameters, c.loss, c.batch, c.weight_decay, step.gradients,
                           step.decay_gradients, method)
        .worst_error;
  }
  void expect_caught() const {
    EXPECT_GT(worst(CheckMethod::central_differences), 1e-4);
    EXPECT_GT(worst(CheckMethod::complex_step), 1e-4);
  }
};

TEST_F(PlantedFault, NoneIsClean) { EXPECT_LE(worst(CheckMethod::complex_step), 1e-12); }

TEST_F(PlantedFault, FactorInDW) {
  for (double& g : step.gradients.weights[1].flat()) g *= 1.01;
  expect_caught();
}

TEST_F(PlantedFault, FactorInDb) {
  step.gradients.biases[0][2] *= 1.01;
  expect_caught();
}

TEST_F(PlantedFault, FactorInDecay) {
  for (double& g : step.decay_gradients.weights[2].flat()) g *= 2;  // lambda instead of lambda / 2 in the objective
  expect_caught();
}

TEST_F(PlantedFault, DecayedBias) {
  for (std::size_t k = 0; k < 3; ++k) step.decay_gradients.biases[1][k] = c.weight_decay * c.parameters.biases[1][k];
  expect_caught();
}

TEST_F(PlantedFault, MissingMean) {
  for (auto& w : step.gradients.weights)
    for (double& g : w.flat()) g *= 4;
  expect_caught();
}

TEST_F(PlantedFault, FactorInDelta) {  // delta of layer 1 enters dW and db of layer 1
  for (double& g : step.gradients.weights[1].flat()) g *= -1;
  for (double& g : step.gradients.biases[1]) g *= -1;
  expect_caught();
}

TEST(GradientCheck, CatchesAWrongDerivative) {  // f' is wrong by a factor: a user's own activation that does not fit
  const Activation wrong(
      CustomActivation{"cube", [](double z) { return z * z * z; }, [](double z) { return 2 * z * z; }});
  EXPECT_GT(check(make_case(wrong, LossKind::half_squared_error, 2, 2), CheckMethod::central_differences).worst_error,
            1e-3);
}

TEST(GradientCheck, AcceptsAUsersOwnActivationAndLoss) {
  const Activation cube(
      CustomActivation{"cube", [](double z) { return z * z * z; }, [](double z) { return 3 * z * z; }});
  const Loss quartic(CustomLoss{"quartic",
                                [](std::span<const double> a, std::span<const double> y) {
                                  double sum = 0;
                                  for (std::size_t k = 0; k < a.size(); ++k) sum += std::pow(a[k] - y[k], 4);
                                  return sum;
                                },
                                [](std::span<const double> a, std::span<const double> y, std::span<double> g) {
                                  for (std::size_t k = 0; k < a.size(); ++k) g[k] = 4 * std::pow(a[k] - y[k], 3);
                                }});
  const GradientCheck result = check(make_case(cube, quartic, 3, 2), CheckMethod::central_differences);
  EXPECT_LE(result.worst_error, 1e-8);
  EXPECT_GT(result.checked, 0u);
}

TEST(GradientCheck, RecognisesAKink) {  // z = 0 exactly for every row: the slopes left and right differ
  Case c = make_case(ActivationKind::relu, LossKind::half_squared_error, 1, 1);
  std::ranges::fill(c.parameters.weights[0].flat(), 0.0);
  c.parameters.biases[0][0] = 0;
  const GradientCheck result = check(c, CheckMethod::central_differences);
  EXPECT_EQ(result.kinks, 4u);
  EXPECT_EQ(result.checked, 0u);
}

TEST(EntryError, UsesTheLargestMagnitudeOfTheTensor) {
  EXPECT_DOUBLE_EQ(entry_error(1, 1.5, 10), 0.05);
  EXPECT_DOUBLE_EQ(entry_error(-2, 2, 1), 2);
  EXPECT_EQ(entry_error(0, 0, 0), 0);
  EXPECT_TRUE(std::isnan(entry_error(NAN, 1, 1)));
}

}  // namespace
}  // namespace chainrule
