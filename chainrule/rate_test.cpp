// SPDX-License-Identifier: Apache-2.0
#include "chainrule/rate_test.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "chainrule/error.h"
#include "chainrule/options.h"
#include "chainrule/rate_test_range.h"
#include "chainrule/rate_test_rehearsal.h"
#include "chainrule/trivial_loss.h"

namespace chainrule {
namespace {

constexpr double kFirstRate = 1e-6, kLastRate = 1e5;
constexpr double kFactor = 1.1220184543019633;   // 10^(1/20)
constexpr double kShare = 0.9, kBack = 1.0 / 3;  // of the fall; of the rate at which it was reached
constexpr std::uint64_t kTests = 3;

double two_digits(double value) {
  double few = value;
  number_from_text(fmt::format("{:.2g}", value), few);
  return few;
}

// `trivial`: of the best constant answer; on the way there nothing is learned but how frequent classes are.
void suggest(RateTest& test, double trivial) {
  const double start = test.start_loss, least = test.least_loss;
  if (!(start - least > kWorthwhile * std::abs(start))) return;
  const double from = trivial - least > kWorthwhile * std::abs(trivial) ? std::min(start, trivial) : start;
  for (std::size_t i = 0; i < test.rates.size(); ++i)
    if (test.losses[i] <= from - kShare * (from - least)) {
      test.suggested = two_digits(kBack * test.rates[i]);
      return;
    }
}

RateTest one_test(const RehearsalRows& rows, const FitOptions& options, const RateTestOptions& how) {
  Rehearsal trial(rows, rows.plan().architecture, options, how.threads);
  RateTest test;
  test.start_loss = test.least_loss = trial.loss(rows.some());
  try {
    for (double rate = kFirstRate; rate < kLastRate && !(how.should_stop && how.should_stop()); rate *= kFactor) {
      trial.step(rate);
      const double loss = trial.loss(rows.some());
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
  suggest(test, trivial_loss(rows.plan().loss, rows.some()));
  return test;
}

}  // namespace

RateTest range_test(const RehearsalRows& rows, const FitOptions& options, const RateTestOptions& how) {
  std::vector<RateTest> tests;
  for (std::uint64_t k = 0; k < kTests; ++k) {
    FitOptions its = options;
    its.train.seed += k;
    tests.push_back(one_test(rows, its, how));
    if (how.should_stop && how.should_stop()) return tests[0];
  }
  std::ranges::stable_sort(tests, [](const RateTest& a, const RateTest& b) {  // those without a suggestion last
    return std::isnan(b.suggested) ? !std::isnan(a.suggested) : a.suggested < b.suggested;
  });
  RateTest& median = tests[kTests / 2];
  median.lowest = tests.front().suggested;
  median.highest = tests.back().suggested;
  return median;
}

RateTest test_rates(const Table& table, const FitOptions& options, const RateTestOptions& how) {
  return range_test(RehearsalRows(table, options, how.validation), options, how);
}

}  // namespace chainrule
