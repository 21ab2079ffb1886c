// SPDX-License-Identifier: Apache-2.0
#include "cli/output/cv.h"

#include <fmt/format.h>

#include <cmath>

#include "chainrule/report/cross_validation_report.h"
#include "cli/output/grid.h"

namespace chainrule::cli {
namespace {

std::string short_text(double value) { return std::isnan(value) ? "-" : fmt::format("{:.4g}", value); }

}  // namespace

std::string cross_text(const CrossValidation& found) {
  const std::size_t count = found.folds.size();
  Grid grid{{{"metric", "mean", "sd", "95 % confidence interval", "baseline"}}, {false, true, true, false, true}};
  for (const CrossEstimate& metric : found.metrics) {
    std::string interval = std::isnan(metric.low) ? "-" : fmt::format("{:.4g} to {:.4g}", metric.low, metric.high);
    if (!metric.no_interval.empty()) interval = "none: " + metric.no_interval;
    if (metric.folds < count) interval += fmt::format("  (defined in {} folds)", metric.folds);
    grid.rows.push_back(
        {metric.name, short_text(metric.mean), short_text(metric.deviation), interval, short_text(metric.baseline)});
  }
  return fmt::format("Metrics over {} fold{}:\n", count, count == 1 ? "" : "s") + grid.text() +
         fmt::format(
             "\nEach fold is tested with a model that did not train on it ({} predictions in total).\n"
             "The confidence intervals of the means account for the training rows that folds have in common.\n"
             "sd: standard deviation over the folds.\n",
             prediction_count(found));
}

}  // namespace chainrule::cli
