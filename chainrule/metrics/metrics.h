// SPDX-License-Identifier: Apache-2.0
// Metrics of predictions. Definitions agree with scikit-learn's (docs/metrics.md); sums run in double in a fixed order,
// and the logarithm is our own, because early stopping may depend on a metric.
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
#include "chainrule/engine/formulas/loss.h"
#include "chainrule/engine/network.h"

#pragma GCC visibility push(default)
namespace chainrule {

struct Metric {
  std::string name;
  double value = 0;
};

/// In the order in which they are printed; the first is the default of the task.
using Metrics = std::vector<Metric>;

/// nullptr if there is none with this name.
const Metric* find_metric(const Metrics& metrics, std::string_view name);
/// Names known for classes: accuracy, balanced_accuracy, f1_macro, log_loss, f1, mcc, roc_auc, average_precision,
/// brier, calibration_error; for numbers: rmse, mae, r2, median_absolute_error, spearman; for both, and first: loss.
const std::vector<std::string>& metric_names(bool classes);
/// Whether a larger value is better. Throws Error (usage) for an unknown name, listing the known ones.
bool larger_is_better(std::string_view name);

/// The main metrics of `predictions` (rows.size() x outputs, link applied) against the targets of these rows: accuracy,
/// balanced_accuracy, f1_macro and log_loss, or rmse, mae and r2; then the metric named `also`, if it is another one of
/// the task, except loss. Class scores are clipped at 0 and divided by their sum if they are not a distribution
/// already; log_loss keeps probabilities 2^-52 away from 0 and 1. Numbers are compared in their original unit; several
/// outputs give the mean. Sample weights count. NaN where undefined: rows with weight 0, r2 of a constant target,
/// roc_auc of one class (docs/metrics.md lists all cases). `threshold` as for predicted_class(); it affects the metrics
/// of the predicted class.
Metrics compute_metrics(ConstMatrixView predictions, const Selection& targets, std::string_view also = {},
                        std::optional<double> threshold = {});

/// counts[true * classes + predicted] of the rows.
std::vector<std::uint64_t> confusion_matrix(ConstMatrixView predictions, const Selection& targets,
                                            std::optional<double> threshold = {});

/// Index of the largest score; the first of equals. With a threshold and two classes: the second class if its fraction
/// of the scores, clipped at 0, is at least the threshold.
std::size_t predicted_class(std::span<const float> scores, std::optional<double> threshold = {});

/// Loss and metrics of a network on rows: the loss (mean over rows with the weights of the loss) as metric "loss", then
/// the metrics of compute_metrics(). Throws Error (usage) if rows, outputs and targets do not match.
Metrics evaluate(const Network& network, const Loss& loss, const Selection& rows, std::size_t threads = 0,
                 std::string_view also = {}, std::optional<double> threshold = {});

/// A metric, with an interval that estimates its value on other rows of the same kind; NaN where a value is missing.
struct Estimate {
  std::string name;
  double value = std::numeric_limits<double>::quiet_NaN();
  double low = std::numeric_limits<double>::quiet_NaN(), high = low;  ///< 95 % interval
  double baseline = std::numeric_limits<double>::quiet_NaN();         ///< of the baseline, fitted to these rows
  std::string undefined = {};    ///< why the value is undefined; "" if it is defined
  std::string no_interval = {};  ///< why these rows allow no interval; "" if there is one, or if none was requested
};

struct Estimates {
  std::size_t rows = 0;
  std::size_t resamples = 0;  ///< for the intervals; 0 = none
  bool normal = false;  ///< intervals are value +- 1.96 standard errors, since the rows were too many for percentiles
  std::vector<Estimate> metrics;  ///< in the order of metric_names()
};
/// nullptr if there is none with this name.
const Estimate* find_estimate(const Estimates& estimates, std::string_view name);

}  // namespace chainrule
#pragma GCC visibility pop
