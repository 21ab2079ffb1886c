// SPDX-License-Identifier: Apache-2.0
#include "chainrule/model/evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "chainrule/base/error.h"
#include "chainrule/base/text.h"
#include "chainrule/engine/inference.h"
#include "chainrule/metrics/evaluate.h"

namespace chainrule {
namespace {

constexpr std::size_t kMostGroups = 100;
constexpr std::size_t kMostClassesCounted = 1000;  // the confusion matrix has a million cells then

// Predictions (link applied) and losses of all rows, so that any subset can be measured.
struct Answered {
  std::optional<double> threshold;
  Selection rows;
  Matrix predictions;
  std::vector<double> losses;
};

Answered answer(const Model& model, const Dataset& data, std::size_t threads) {
  Answered out;
  out.threshold = model.threshold;
  out.rows = all_rows(data);
  out.predictions = predict_outputs(model.network, out.rows, threads);
  out.losses = losses_of_rows(model.loss, out.predictions.view(), out.rows);
  apply_link(model.loss, out.predictions.view());
  return out;
}

Estimates estimate_some(const Answered& answered, const std::vector<std::size_t>& rows) {
  Matrix predictions(rows.size(), answered.predictions.columns());
  std::vector<double> losses;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::ranges::copy(answered.predictions.row(rows[i]), predictions.row(i).begin());
    losses.push_back(answered.losses[rows[i]]);
  }
  EstimateOptions options;
  options.threshold = answered.threshold;
  options.losses = losses;
  return estimate_metrics(predictions.view(), {answered.rows.data, rows}, options);
}

}  // namespace

std::vector<RowGroup> groups_by(const std::string& by, const Table& table) {
  const Column& column = table.columns[find_column(table, by, "by")];
  std::map<std::pair<double, std::string>, std::vector<std::size_t>> rows;
  for (std::size_t row = 0; row < table.rows && rows.size() <= kMostGroups; ++row) {
    std::string text;
    if (column.codes.size() == table.rows)
      text = column.spellings[column.codes[row]];
    else if (column.is_number() && !std::isnan(column.numbers[row]))
      text = number_text(column.numbers[row]);
    double number = HUGE_VAL;
    number_from_text(text, number);
    rows[{number, text}].push_back(row);
  }
  const bool is_known = column.is_number() || column.codes.size() == table.rows;
  if (!is_known || rows.size() > kMostGroups)
    throw option_error("by", fmt::format("expected a column of at most {} different values, found more in {}",
                                         kMostGroups, in_quotes(column.name)));
  std::vector<RowGroup> groups;
  for (auto& [value, members] : rows) groups.push_back({value.second, std::move(members)});
  return groups;
}

Evaluation measure(const Model& model, const Table& table, const std::vector<RowGroup>& groups, std::size_t threads) {
  const Dataset data = encode(model.encoder, table, true);
  const Answered answered = answer(model, data, threads);
  Evaluation evaluation;
  evaluation.task = model.encoder.task;
  evaluation.labels = model.encoder.labels;
  evaluation.weight = model.encoder.weight;
  evaluation.loss_differs = !model.encoder.class_weights.empty() || model.loss.label_smoothing > 0;
  evaluation.trained_on_these_rows = fingerprint(table, model.encoder) == model.provenance.data_fingerprint;
  evaluation.threshold = model.threshold;
  EstimateOptions options;
  options.threshold = model.threshold;
  options.losses = answered.losses;
  evaluation.estimates = estimate_metrics(answered.predictions.view(), answered.rows, options);
  for (const RowGroup& group : groups) evaluation.groups.push_back({group.value, estimate_some(answered, group.rows)});
  if (evaluation.task == Task::classes && evaluation.labels.size() <= kMostClassesCounted)
    evaluation.confusion = confusion_matrix(answered.predictions.view(), answered.rows, model.threshold);
  return evaluation;
}

}  // namespace chainrule
