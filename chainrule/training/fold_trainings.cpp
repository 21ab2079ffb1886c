// SPDX-License-Identifier: Apache-2.0
#include "chainrule/training/fold_trainings.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "chainrule/engine/kernels/thread_pool.h"
#include "chainrule/metrics/intervals.h"
#include "chainrule/metrics/student.h"

namespace chainrule {

std::size_t trainings_at_once(const CrossValidationOptions& how, std::size_t threads) {
  return std::min(threads == 0 ? kernels::usable_threads() : threads, how.folds * how.repeats);
}

std::vector<CrossEstimate> cross_estimates(const std::vector<FoldResult>& folds) {
  std::vector<CrossEstimate> out;
  if (folds.empty()) return out;
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  double tested_per_other = 0;
  for (const FoldResult& fold : folds) {
    const auto others = static_cast<double>(fold.split.training.size() + fold.split.validation.size());
    tested_per_other += static_cast<double>(fold.split.test.size()) / others / static_cast<double>(folds.size());
  }
  for (const Estimate& of_first : folds[0].test.metrics) {
    CrossEstimate estimate{of_first.name};
    std::vector<double> values, baseline;
    for (const FoldResult& fold : folds) {
      const Estimate* const found = find_estimate(fold.test, of_first.name);
      if (found == nullptr || std::isnan(found->value)) continue;
      values.push_back(found->value);
      baseline.push_back(found->baseline);
    }
    const auto count = static_cast<double>(values.size());
    estimate.folds = values.size();
    for (const double value : values) estimate.mean += value / count;
    for (const double value : baseline) estimate.baseline += value / count;
    if (values.empty()) estimate.mean = estimate.baseline = kNone;
    double squares = 0;
    for (const double value : values) squares += (value - estimate.mean) * (value - estimate.mean);
    estimate.deviation = values.size() < 2 ? kNone : std::sqrt(squares / (count - 1));
    estimate.low = estimate.high = kNone;
    if (values.size() >= 2 && estimate.name == "calibration_error") {
      estimate.no_interval = "too high in every fold, by chance";
    } else if (values.size() >= 2) {
      const double reach = student_quantile(count - 1) * estimate.deviation * std::sqrt(1 / count + tested_per_other);
      const MetricRange range = range_of(estimate.name);
      estimate.low = std::max(range.minimum, estimate.mean - reach);
      estimate.high = std::min(range.maximum, estimate.mean + reach);
    }
    out.push_back(std::move(estimate));
  }
  return out;
}

}  // namespace chainrule
