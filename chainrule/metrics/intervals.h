// SPDX-License-Identifier: Apache-2.0
// Metrics with their uncertainty: each with an interval that estimates its value on other rows of the same kind, and
// with the baseline.
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

/// One metric; NaN where a value is missing.
struct Estimate {
  std::string name;
  double value = std::numeric_limits<double>::quiet_NaN();
  double low = std::numeric_limits<double>::quiet_NaN(), high = low;  ///< 95 % interval
  double baseline = std::numeric_limits<double>::quiet_NaN();         ///< of the baseline, fitted to these rows
  std::string undefined = {};  ///< why the value is undefined; "" if it is defined
};

struct EstimateOptions {
  bool intervals = true;
  std::uint64_t seed = 1;                ///< of the resamples
  std::optional<double> threshold = {};  ///< as for predicted_class()
  std::span<const double> losses = {};   ///< of each row, see losses_of_rows(); if empty, loss is left out
};

struct Estimates {
  std::size_t rows = 0;
  std::size_t resamples = 0;  ///< for the intervals; 0 = none
  bool normal = false;  ///< intervals are value +- 1.96 standard errors, since the rows were too many for percentiles
  std::vector<Estimate> metrics;  ///< in the order of metric_names()
};

/// The range of a metric.
struct MetricRange {
  double minimum = 0, maximum = 1;
};
MetricRange range_of(std::string_view metric);

/// nullptr if there is none with this name.
const Estimate* find_estimate(const Estimates& estimates, std::string_view name);

/// All metrics of `predictions` (rows.size() x outputs, link applied), as compute_metrics() defines them. Intervals
/// come from resamples in which the count of each row is a Poisson variate of mean 1; accuracy has Wilson's interval.
/// docs/metrics.md describes the method and the undefined cases. The same seed gives the same bits.
Estimates estimate_metrics(ConstMatrixView predictions, const Selection& targets, const EstimateOptions& options = {});

/// The metrics of the baseline on these rows, each metric with the constant that is best for it: all of metric_names()
/// but loss.
Metrics baseline_metrics(const Selection& targets);

}  // namespace chainrule
#pragma GCC visibility pop
