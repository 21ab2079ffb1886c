// SPDX-License-Identifier: Apache-2.0
// Bounds at the outputs of networks with many outputs, which have closed forms: compared with moving one output after
// the other, as for few outputs.
#include "chainrule/engine/reference/error_bounds.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "chainrule/engine/formulas/loss_formulas.h"
#include "tests/support/gradient_cases.h"

namespace chainrule::error_bounds_test {
namespace {

// How far the gradient of a row moves if each output moves by its error, one after the other.
std::vector<double> moved(const Loss& loss, std::vector<double> a, const std::vector<double>& y,
                          std::span<const double> errors, double& of_value) {
  std::vector<double> sum(a.size()), here(a.size()), there(a.size());
  loss_gradient(loss, a, y, here);
  const double value = loss_value(loss, a, y);
  of_value = 0;
  for (std::size_t j = 0; j < a.size(); ++j) {
    std::vector<double> largest(a.size());
    double largest_of_value = 0;
    const double before = a[j];
    for (const double side : {-errors[j], errors[j]}) {
      a[j] = before + side;
      loss_gradient(loss, a, y, there);
      for (std::size_t k = 0; k < a.size(); ++k) largest[k] = std::max(largest[k], std::abs(there[k] - here[k]));
      largest_of_value = std::max(largest_of_value, std::abs(loss_value(loss, a, y) - value));
    }
    a[j] = before;
    for (std::size_t k = 0; k < a.size(); ++k) sum[k] += largest[k];
    of_value += largest_of_value;
  }
  return sum;
}

TEST(ErrorBounds, OfManyOutputsAreThoseOfMovingEachOutput) {
  constexpr std::size_t m = 4;
  constexpr double kFew = 1e-6;  // some ten roundings of a float
  for (const Loss& loss : {Loss(LossKind::softmax_cross_entropy), testing::smoothed(LossKind::softmax_cross_entropy),
                           Loss(LossKind::sigmoid_cross_entropy), testing::smoothed(LossKind::sigmoid_cross_entropy),
                           Loss(LossKind::half_squared_error), Loss(LossKind::huber), Loss(LossKind::poisson)}) {
    const testing::GradientCase c = testing::make_case(ActivationKind::tanh, loss, {3, 5, 90}, m);
    const ReferenceStep step = c.step();
    const StepBounds bound = bound_step(c.architecture, c.parameters, loss, c.batch, c.weight_decay, {},
                                        no_bounds(c.architecture, c.batch), step);
    for (std::size_t row = 0; row < m; ++row) {
      const std::vector<double> a(step.a.back().row(row).begin(), step.a.back().row(row).end());
      const std::vector<double> y(c.batch.targets.row(row).begin(), c.batch.targets.row(row).end());
      double of_value = 0;
      const std::vector<double> expected = moved(loss, a, y, bound.a.back().row(row), of_value);
      const double scale = (c.batch.weights.empty() ? 1 : c.batch.weights[row]) / static_cast<double>(m);
      for (std::size_t k = 0; k < a.size(); ++k) {
        const double found = bound.d_a.back()(row, k);
        // The rest of the bound is a few roundings of the derivative itself. Differences of 1e-7 keep nine digits.
        EXPECT_GE(found, scale * 1.01 * expected[k] * (1 - 1e-6)) << loss_name(loss) << " output " << k;
        EXPECT_LE(found, scale * 1.01 * expected[k] * (1 + 1e-6) + kFew * std::abs(step.d_a.back()(row, k)) + 1e-37)
            << loss_name(loss) << " output " << k;
      }
      EXPECT_GE(bound.sample_losses[row], of_value * (1 - 1e-6)) << loss_name(loss);
      EXPECT_LE(bound.sample_losses[row], 1.02 * of_value + 1e-6 * (1 + std::abs(step.sample_losses[row])))
          << loss_name(loss);
    }
  }
}

}  // namespace
}  // namespace chainrule::error_bounds_test
