// SPDX-License-Identifier: Apache-2.0
#include "chainrule/rate_test.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "chainrule/error.h"
#include "chainrule/options.h"
#include "chainrule/rate_test_rehearsal.h"

namespace chainrule {
namespace {

constexpr double kFirstRate = 1e-6, kLastRate = 1e5;
constexpr double kFactor = 1.1220184543019633;   // 10^(1/20)
constexpr double kShare = 0.9, kBack = 1.0 / 3;  // of the fall; of the rate at which it was reached
constexpr double kWorthwhile = 0.02;             // a fall, beside the loss before

double two_digits(double value) {
  double few = value;
  number_from_text(fmt::format("{:.2g}", value), few);
  return few;
}

void suggest(RateTest& test) {
  const double fall = test.start_loss - test.least_loss;
  if (!(fall > kWorthwhile * std::abs(test.start_loss))) return;
  for (std::size_t i = 0; i < test.rates.size(); ++i)
    if (test.losses[i] <= test.start_loss - kShare * fall) {
      test.suggested = two_digits(kBack * test.rates[i]);
      return;
    }
}

}  // namespace

RateTest test_rates(const Table& table, const FitOptions& options, std::size_t threads,
                    const std::function<bool()>& should_stop) {
  Rehearsal trial(table, options, threads);
  RateTest test;
  test.start_loss = test.least_loss = trial.loss();
  try {
    for (double rate = kFirstRate; rate < kLastRate && !(should_stop && should_stop()); rate *= kFactor) {
      trial.step(rate);
      const double loss = trial.loss();
      if (!std::isfinite(loss)) throw Error(ErrorCategory::numerics, "loss");
      test.rates.push_back(rate);
      test.losses.push_back(loss);
      test.least_loss = std::min(test.least_loss, loss);
      const double fall = test.start_loss - test.least_loss;
      test.diverged = loss > test.start_loss + 2 * fall + 0.5 * std::abs(test.start_loss);
      if (test.diverged) break;
    }
  } catch (const Error& error) {
    if (error.category() != ErrorCategory::numerics) throw;
    test.diverged = true;
  }
  suggest(test);
  return test;
}

}  // namespace chainrule
