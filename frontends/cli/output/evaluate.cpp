// SPDX-License-Identifier: Apache-2.0
#include "cli/output/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "chainrule/base/checks.h"
#include "chainrule/base/text.h"
#include "chainrule/report/documents.h"
#include "cli/output/grid.h"
#include "cli/output/terminal.h"

namespace chainrule::cli {
namespace {

constexpr std::size_t kMaxClassesInMatrix = 20, kWidestMatrix = 110;
constexpr std::size_t kConfusionsListed = 10;

std::string matrix_text(const Evaluation& evaluation) {
  const std::size_t classes = evaluation.labels.size();
  Grid grid;
  grid.rows.push_back({""});
  grid.to_the_right.assign(classes + 1, true);
  for (const std::string& label : evaluation.labels) grid.rows[0].push_back(shortened(label));
  std::size_t width = 0;
  for (std::size_t k = 0; k < classes; ++k) {
    grid.rows.push_back({shortened(evaluation.labels[k])});
    for (std::size_t j = 0; j < classes; ++j)
      grid.rows.back().push_back(std::to_string(evaluation.confusion[k * classes + j]));
  }
  for (std::size_t c = 0; c <= classes; ++c) width += grid.width(c) + 2;
  if (width > kWidestMatrix) return "";
  return "\nConfusion matrix (row: true class, column: predicted class):\n" + grid.text();
}

// The most frequent errors, if a matrix would have too many classes.
std::string mistakes_text(const Evaluation& evaluation) {
  const std::size_t classes = evaluation.labels.size();
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < evaluation.confusion.size(); ++i)
    if (i / classes != i % classes && evaluation.confusion[i] > 0) indices.push_back(i);
  std::stable_sort(indices.begin(), indices.end(),
                   [&](std::size_t a, std::size_t b) { return evaluation.confusion[a] > evaluation.confusion[b]; });
  if (indices.empty()) return "";
  indices.resize(std::min(indices.size(), kConfusionsListed));
  Grid grid{{{"count", "class", "predicted"}}, {true, false, false}};
  for (const std::size_t i : indices)
    grid.rows.push_back({std::to_string(evaluation.confusion[i]), shortened(evaluation.labels[i / classes]),
                         shortened(evaluation.labels[i % classes])});
  return "\nMost frequent errors:\n" + grid.text();
}

std::string text_of(double value) { return std::isnan(value) ? "-" : fmt::format("{:.6g}", value); }

std::string interval_text(const Estimate& estimate) {
  if (!estimate.no_interval.empty()) return "none: " + estimate.no_interval;
  if (std::isnan(estimate.low) || std::isnan(estimate.high)) return "-";
  return fmt::format("{:.4g} to {:.4g}", estimate.low, estimate.high);
}

std::string metrics_text(const Evaluation& evaluation) {
  const Estimates& estimates = evaluation.estimates;
  Grid grid{{{"metric", "value", "95 % confidence interval", "baseline"}}, {false, false, false, false}};
  for (const Estimate& estimate : estimates.metrics)
    grid.rows.push_back({estimate.name,
                         estimate.undefined.empty() ? text_of(estimate.value) : "undefined: " + estimate.undefined,
                         estimate.undefined.empty() ? interval_text(estimate) : "", text_of(estimate.baseline)});
  std::string out = fmt::format("Metrics on {} row{}:\n", estimates.rows, estimates.rows == 1 ? "" : "s") + grid.text();
  out += "\nBaseline: a model that ignores the inputs. It always predicts ";
  out += evaluation.task == Task::classes
             ? "the most frequent class of these rows,\nand the class frequencies as probabilities.\n"
             : "the mean of these rows,\nor their median for mae and median_absolute_error.\n";
  if (!evaluation.weight.empty())
    out += fmt::format("Rows are weighted by {}; the number of rows{} not weighted.\n", in_quotes(evaluation.weight),
                       evaluation.task == Task::classes ? " and the confusion matrix are" : " is");
  if (evaluation.loss_differs) out += "The loss includes class weights and label smoothing, as in training.\n";
  if (evaluation.threshold)
    out += fmt::format("Class {} is predicted if its probability is at least {:.4g}.\n",
                       shortened(evaluation.labels[1]), *evaluation.threshold);
  if (estimates.normal)
    out += fmt::format("Confidence intervals: +- 1.96 standard errors, from {} bootstrap resamples.\n",
                       estimates.resamples);
  return out;
}

// The main metrics of each group, the first with its interval.
std::string groups_text(const Evaluation& evaluation) {
  const std::vector<std::string> names =
      evaluation.task == Task::classes
          ? std::vector<std::string>{"accuracy", "balanced_accuracy", "f1_macro", "log_loss"}
          : std::vector<std::string>{"rmse", "mae", "r2"};
  Grid grid{{{shortened(evaluation.by), "rows", names[0], "95 % confidence interval"}}, {false, true, true, false}};
  grid.rows[0].insert(grid.rows[0].end(), names.begin() + 1, names.end());
  grid.rows[0].push_back("");
  grid.to_the_right.resize(grid.rows[0].size() - 1, true);
  grid.to_the_right.push_back(false);
  for (const Group& group : evaluation.groups) {
    std::vector<std::string> row{group.value.empty() ? "(empty)" : shortened(group.value),
                                 std::to_string(group.estimates.rows)};
    for (const std::string& name : names) {
      const Estimate& estimate = *find_estimate(group.estimates, name);
      row.push_back(text_of(estimate.value));
      if (name == names[0]) row.push_back(interval_text(estimate));
    }
    row.push_back(group.estimates.rows < kFewRows ? "few rows" : "");
    grid.rows.push_back(std::move(row));
  }
  return "\nMetrics of each group (--json prints all metrics):\n" + grid.text();
}

std::string confusions_text(const Evaluation& evaluation) {
  if (evaluation.confusion.empty()) return "";
  const std::string matrix = evaluation.labels.size() <= kMaxClassesInMatrix ? matrix_text(evaluation) : "";
  return matrix.empty() ? mistakes_text(evaluation) : matrix;
}

}  // namespace

std::string evaluation_text(const Evaluation& evaluation) {
  return metrics_text(evaluation) + confusions_text(evaluation) +
         (evaluation.by.empty() ? "" : groups_text(evaluation));
}

}  // namespace chainrule::cli
