// SPDX-License-Identifier: Apache-2.0
// Each optimizer reaches known minima: sphere, Rosenbrock, an ill-conditioned quadratic. The golden vectors prove the
// formulas; this test proves that they descend.
#include "chainrule/engine/formulas/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "chainrule/base/error.h"

namespace chainrule::optimizer_test {
namespace {

using Vector = std::vector<float>;
using Gradient = std::function<Vector(const Vector&)>;

Vector minimize(const Optimizer& optimizer, double learning_rate, int steps, Vector p, const Gradient& gradient) {
  Vector first(p.size()), second(p.size());
  for (int step = 1; step <= steps; ++step) {
    // The rate falls to zero so that rules whose step does not shrink with the gradient also converge.
    const double rate =
        std::holds_alternative<Rprop>(optimizer) ? learning_rate : learning_rate * (1 - (step - 1.0) / steps);
    optimizer_update(optimizer, {static_cast<std::uint64_t>(step), rate, 0, 1}, p, gradient(p), first, second);
  }
  return p;
}

Vector sphere(const Vector& p) { return {2 * p[0], 2 * p[1], 2 * p[2]}; }
Vector rosenbrock(const Vector& p) {  // (1 - x)^2 + 100 (y - x^2)^2, minimum at (1, 1)
  const float bend = p[1] - p[0] * p[0];
  return {-2 * (1 - p[0]) - 400 * p[0] * bend, 200 * bend};
}
Vector ravine(const Vector& p) { return {p[0], 1000 * p[1]}; }  // condition number 1000

struct Setting {
  Optimizer optimizer;
  double sphere_rate, rosenbrock_rate, ravine_rate;
};

class KnownMinima : public ::testing::TestWithParam<Setting> {};

TEST_P(KnownMinima, Sphere) {
  const Vector p = minimize(GetParam().optimizer, GetParam().sphere_rate, 2000, {3, -2, 0.5}, sphere);
  for (const float x : p) EXPECT_NEAR(x, 0, 1e-3);
}

TEST_P(KnownMinima, Rosenbrock) {
  const Vector p = minimize(GetParam().optimizer, GetParam().rosenbrock_rate, 60000, {-1.2f, 1}, rosenbrock);
  EXPECT_NEAR(p[0], 1, 0.02);
  EXPECT_NEAR(p[1], 1, 0.04);
}

TEST_P(KnownMinima, Ravine) {
  const Vector p = minimize(GetParam().optimizer, GetParam().ravine_rate, 20000, {1, 1}, ravine);
  EXPECT_NEAR(p[0], 0, 1e-2);
  EXPECT_NEAR(p[1], 0, 1e-3);
}

INSTANTIATE_TEST_SUITE_P(All, KnownMinima,
                         ::testing::Values(Setting{Sgd{}, 0.1, 1e-3, 1.5e-3}, Setting{Momentum{}, 0.05, 3e-4, 1e-3},
                                           Setting{Nesterov{}, 0.05, 3e-4, 1e-3}, Setting{Adagrad{}, 1, 0.5, 1},
                                           Setting{RmsProp{}, 0.01, 0.003, 0.01}, Setting{Adam{}, 0.05, 0.02, 0.02},
                                           Setting{AdamW{}, 0.05, 0.02, 0.02}, Setting{Rprop{}, 0.1, 0.01, 0.1}),
                         [](const auto& p) { return std::string(optimizer_name(p.param.optimizer)); });

TEST(Optimizer, DecayIsAddedInsideAndTheGradientStaysWhatItWas) {
  Vector p = {2}, g = {0.5f}, none;
  optimizer_update(Sgd{}, {1, 0.1, 0.25, 1}, p, g, none, none);
  EXPECT_FLOAT_EQ(p[0], 2 - 0.1f * (0.5f + 0.25f * 2));
  EXPECT_EQ(g[0], 0.5f);
}

TEST(Optimizer, ClippingScalesTheGradientNotTheDecay) {
  Vector p = {2}, g = {4}, none;
  optimizer_update(Sgd{}, {1, 0.1, 0.25, 0.5}, p, g, none, none);
  EXPECT_FLOAT_EQ(p[0], 2 - 0.1f * (0.5f * 4 + 0.25f * 2));
}

TEST(Optimizer, RpropGrowsWhileTheSignStaysAndTurnsBackGently) {
  Vector p = {0}, size(1), last(1);
  const auto step = [&](std::uint64_t count, float g) {
    optimizer_update(Rprop{}, {count, 0.1, 0, 1}, p, Vector{g}, size, last);
    return p[0];
  };
  EXPECT_FLOAT_EQ(step(1, -3), 0.1f);       // the first step is the learning rate, whatever the size of g
  EXPECT_FLOAT_EQ(step(2, -0.01f), 0.22f);  // kept its sign: 0.12 more
  EXPECT_FLOAT_EQ(step(3, 1), 0.22f);       // turned: halved, and no move
  EXPECT_FLOAT_EQ(step(4, 1), 0.22f - 0.06f);
}

TEST(Optimizer, UnknownNamesListTheKnownOnes) {
  try {
    optimizer_from_name("adamm");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("adagrad"), std::string::npos);
    EXPECT_EQ(error.hint(), "did you mean adam?");
  }
}

}  // namespace
}  // namespace chainrule::optimizer_test
