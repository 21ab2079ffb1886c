// SPDX-License-Identifier: Apache-2.0
// Estimates of metrics: each with its interval and its baseline. Internal.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "chainrule/base/matrix.h"
#include "chainrule/engine/dataset.h"
#include "chainrule/metrics/metrics.h"

namespace chainrule {

struct EstimateOptions {
  bool intervals = true;
  std::uint64_t seed = 1;                ///< of the resamples
  std::optional<double> threshold = {};  ///< as for predicted_class()
  std::span<const double> losses = {};   ///< of each row, see losses_of_rows(); if empty, loss is left out
};

/// The range of a metric.
struct MetricRange {
  double minimum = 0, maximum = 1;
};
MetricRange range_of(std::string_view metric);

/// All metrics of `predictions` (rows.size() x outputs, link applied), as compute_metrics() defines them. Intervals
/// come from formulas and from resamples in which the count of each row is a Poisson variate of mean 1; rows that allow
/// none have the reason in `no_interval`. docs/metrics.md describes the methods, their coverage and the undefined
/// cases. The same seed gives the same bits.
Estimates estimate_metrics(ConstMatrixView predictions, const Selection& targets, const EstimateOptions& options = {});

/// The metrics of the baseline on these rows, each metric with the constant that is best for it: all of metric_names()
/// but loss.
Metrics baseline_metrics(const Selection& targets);

}  // namespace chainrule
