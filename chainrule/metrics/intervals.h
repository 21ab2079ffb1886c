// SPDX-License-Identifier: Apache-2.0
// What a measurement is worth: every metric with an interval in which it would lie on other rows of the same kind, and
// with what the best answer that never looks at the inputs would reach.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/base/matrix.h"
#include "chainrule/engine/dataset.h"
#include "chainrule/metrics/metrics.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// NaN where there is none.
struct Estimate {
  std::string name;
  double value = std::numeric_limits<double>::quiet_NaN();
  double low = std::numeric_limits<double>::quiet_NaN(), high = low;  ///< 95 % interval
  double trivial = std::numeric_limits<double>::quiet_NaN();  ///< of the best constant answer for these very rows
  std::string undefined = {};                                 ///< why there is no value; "" where there is one
};

struct EstimateOptions {
  bool intervals = true;
  std::uint64_t seed = 1;                ///< of the resamples
  std::optional<double> threshold = {};  ///< as for predicted_class()
  std::span<const double> losses = {};   ///< of each row, see losses_of_rows(); without them loss is left out
};

struct Estimates {
  std::size_t rows = 0;
  std::size_t resamples = 0;  ///< behind the intervals; 0 = none
  bool normal = false;        ///< intervals are value +- 1.96 standard errors: for percentiles the rows were too many
  std::vector<Estimate> metrics;  ///< in the order of metric_names()
};

/// What a metric can be.
struct MetricRange {
  double least = 0, most = 1;
};
MetricRange range_of(std::string_view metric);

/// nullptr when there is none of this name.
const Estimate* find_estimate(const Estimates& estimates, std::string_view name);

/// All metrics of `predictions` (rows.size() x outputs, link applied), as compute_metrics() defines them. Intervals
/// come from resamples in which each row counts as often as a Poisson variate of mean 1 says; accuracy has Wilson's.
/// docs/metrics.md says how, and when there is none. The same seed gives the same bits.
Estimates estimate_metrics(ConstMatrixView predictions, const Selection& truth, const EstimateOptions& options = {});

/// What the best constant answer reaches on these very rows, each metric with the constant that suits it: all of
/// metric_names() but loss.
Metrics trivial_metrics(const Selection& truth);

}  // namespace chainrule
#pragma GCC visibility pop
