// SPDX-License-Identifier: Apache-2.0
#include "chainrule/metrics/metrics.h"

#include <algorithm>

#include "chainrule/base/checks.h"
#include "chainrule/engine/formulas/loss_formulas.h"
#include "chainrule/engine/inference.h"
#include "chainrule/engine/kernels/tree.h"
#include "chainrule/metrics/prepared.h"
#include "chainrule/metrics/row_losses.h"

namespace chainrule {
namespace {

// Number of metric_names(), without loss, that are always computed.
std::size_t main_metrics(bool classes) { return classes ? 4 : 3; }

const std::vector<std::string>& all_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all = metric_names(true);
    all.insert(all.end(), metric_names(false).begin() + 1, metric_names(false).end());
    return all;
  }();
  return names;
}

}  // namespace

const Metric* find_metric(const Metrics& metrics, std::string_view name) {
  const auto found = std::find_if(metrics.begin(), metrics.end(), [&](const Metric& m) { return m.name == name; });
  return found == metrics.end() ? nullptr : &*found;
}

const std::vector<std::string>& metric_names(bool classes) {
  static const std::vector<std::string> of_classes = {
      "loss", "accuracy", "balanced_accuracy", "f1_macro", "log_loss",         "f1",
      "mcc",  "roc_auc",  "average_precision", "brier",    "calibration_error"};
  static const std::vector<std::string> of_numbers = {"loss", "rmse", "mae", "r2", "median_absolute_error", "spearman"};
  return classes ? of_classes : of_numbers;
}

bool larger_is_better(std::string_view name) {
  static const std::vector<std::string> small = {
      "loss", "log_loss", "brier", "calibration_error", "rmse", "mae", "median_absolute_error"};
  const std::string& known = all_names()[index_of_name(name, all_names(), "metric")];
  return std::find(small.begin(), small.end(), known) == small.end();
}

Metrics compute_metrics(ConstMatrixView predictions, const Selection& targets, std::string_view also,
                        std::optional<double> threshold) {
  const bool classes = targets.data != nullptr && targets.data->targets.classes > 0;
  const std::vector<std::string>& names = metric_names(classes);
  const std::size_t always = main_metrics(classes);
  const auto requested = static_cast<std::size_t>(std::find(names.begin(), names.end(), also) - names.begin());
  const bool more = requested > always && requested < names.size();
  const PreparedRows prepared = prepare(predictions, targets, more ? Depth::all : Depth::main, threshold);
  const std::vector<Lanes<1>> values = values_of<1>(prepared, weights_of(targets));
  Metrics metrics;
  for (std::size_t m = 0; m < always; ++m) metrics.push_back({names[m + 1], values[m][0]});
  if (more) metrics.push_back({names[requested], values[requested - 1][0]});
  return metrics;
}

std::vector<std::uint64_t> confusion_matrix(ConstMatrixView predictions, const Selection& targets,
                                            std::optional<double> threshold) {
  const PreparedRows prepared = prepare(predictions, targets, Depth::main, threshold);
  const std::size_t classes = prepared.classes.classes;
  std::vector<std::uint64_t> counts(checked_product(classes, classes, "confusion matrix"));
  for (std::size_t i = 0; i < prepared.classes.targets.size(); ++i)
    ++counts[prepared.classes.targets[i] * classes + prepared.classes.guess[i]];
  return counts;
}

std::size_t predicted_class(std::span<const float> scores, std::optional<double> threshold) {
  if (threshold && scores.size() == 2) return Probabilities(scores).of(1) >= *threshold ? 1 : 0;
  std::size_t best = 0;
  for (std::size_t k = 1; k < scores.size(); ++k)
    if (scores[k] > scores[best]) best = k;
  return best;
}

Metrics evaluate(const Network& network, const Loss& loss, const Selection& rows, std::size_t threads,
                 std::string_view also, std::optional<double> threshold) {
  expect_at_least(1, rows.rows.size(), "rows to evaluate");
  Matrix outputs = predict_outputs(network, rows, threads);
  const Dataset& data = *rows.data;
  const std::vector<double> losses = losses_of_rows(loss, outputs.view(), rows);
  const std::vector<float>& weights = data.weights_of_loss();
  const auto weight = [&](std::size_t i) { return weights.empty() ? 1.0 : double(weights[rows.rows[i]]); };
  const double total = kernels::tree_sum(losses.size(), [&](std::size_t i) { return weight(i) * losses[i]; });
  Metrics metrics = {{"loss", total / kernels::tree_sum(losses.size(), weight)}};
  apply_link(loss, outputs.view());
  for (Metric& metric : compute_metrics(outputs.view(), rows, also, threshold)) metrics.push_back(std::move(metric));
  return metrics;
}

const Estimate* find_estimate(const Estimates& estimates, std::string_view name) {
  for (const Estimate& estimate : estimates.metrics)
    if (estimate.name == name) return &estimate;
  return nullptr;
}

}  // namespace chainrule
