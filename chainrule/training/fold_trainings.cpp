// SPDX-License-Identifier: Apache-2.0
#include "chainrule/training/fold_trainings.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "chainrule/engine/kernels/thread_pool.h"
#include "chainrule/metrics/intervals.h"

namespace chainrule {
namespace {

// Quantile 0.975 of Student's distribution: a table for few degrees of freedom, else Fisher and Cornish's expansion
// around the normal quantile (Abramowitz and Stegun 1964, 26.7.5), exact to eight digits there.
double student_quantile(std::size_t degrees) {
  constexpr std::array kFew{12.706205, 4.3026527, 3.1824463, 2.7764451, 2.5705818, 2.4469119, 2.3646243, 2.3060041,
                            2.2621572, 2.2281389, 2.2009852, 2.1788128, 2.1603687, 2.1447867, 2.1314495, 2.1199053,
                            2.1098156, 2.100922,  2.0930241, 2.0859634, 2.0796138, 2.0738731, 2.0686576, 2.0638986,
                            2.0595386, 2.0555294, 2.0518305, 2.0484071, 2.0452296, 2.0422725};
  if (degrees <= kFew.size()) return kFew[degrees - 1];
  constexpr double z = 1.959963984540054, z2 = z * z;
  const auto n = static_cast<double>(degrees);
  const double first = (z2 + 1) * z / 4, second = ((5 * z2 + 16) * z2 + 3) * z / 96;
  const double third = (((3 * z2 + 19) * z2 + 17) * z2 - 15) * z / 384;
  return z + (first + (second + third / n) / n) / n;
}

}  // namespace

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
    if (values.size() >= 2) {
      const double reach =
          student_quantile(values.size() - 1) * estimate.deviation * std::sqrt(1 / count + tested_per_other);
      const MetricRange range = range_of(estimate.name);
      estimate.low = std::max(range.minimum, estimate.mean - reach);
      estimate.high = std::min(range.maximum, estimate.mean + reach);
    }
    out.push_back(std::move(estimate));
  }
  return out;
}

}  // namespace chainrule
