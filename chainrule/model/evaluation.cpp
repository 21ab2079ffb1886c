// SPDX-License-Identifier: Apache-2.0
#include "chainrule/model/evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "chainrule/base/checks.h"
#include "chainrule/base/text.h"
#include "chainrule/data/encoding.h"
#include "chainrule/data/table_rows.h"
#include "chainrule/metrics/intervals.h"
#include "chainrule/model/encoded_predictions.h"
#include "chainrule/model/fingerprint.h"

namespace chainrule {
namespace {

constexpr std::size_t kMaxGroups = 100;
constexpr std::size_t kMaxClassesCounted = 1000;  // the confusion matrix has a million cells then

Estimates estimate(const Model& model, const Predictions& predictions, const Selection& rows) {
  EstimateOptions options;
  options.threshold = model.threshold;
  options.losses = predictions.losses;
  return estimate_metrics(predictions.outputs.view(), rows, options);
}

// Of some rows, whose predictions are among these of all.
Estimates estimate_some(const Model& model, const Predictions& all, const Selection& some) {
  Predictions predictions{Matrix(some.rows.size(), all.outputs.columns()), {}};
  for (std::size_t i = 0; i < some.rows.size(); ++i) {
    std::ranges::copy(all.outputs.row(some.rows[i]), predictions.outputs.row(i).begin());
    predictions.losses.push_back(all.losses[some.rows[i]]);
  }
  return estimate(model, predictions, some);
}

struct RowGroup {
  std::string value;
  std::vector<std::size_t> rows;
};

// The rows of a table by their value in a column.
std::vector<RowGroup> groups_by(const std::string& by, const Table& table) {
  const Column& column = table.columns[find_column(table, by, "by")];
  std::map<std::pair<double, std::string>, std::vector<std::size_t>> rows;
  for (std::size_t row = 0; row < table.rows && rows.size() <= kMaxGroups; ++row) {
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
  if (!is_known || rows.size() > kMaxGroups)
    throw option_error("by", fmt::format("expected a column of at most {} different values, found more in {}",
                                         kMaxGroups, in_quotes(column.name)));
  std::vector<RowGroup> groups;
  for (auto& [value, members] : rows) groups.push_back({value.second, std::move(members)});
  return groups;
}

}  // namespace

Estimates estimate(const Model& model, const Selection& rows, std::size_t threads) {
  return estimate(model, predict(model, rows, threads), rows);
}

Evaluation measure(const Model& model, const Table& table, const std::string& by, std::size_t threads) {
  if (!model.encoder.weight.empty() && !table.has_images()) {
    const EncodedColumns columns = find_encoded_columns(model.encoder, table, true);
    if (const auto counted = counted_rows(table, columns.weight, columns.target))
      return measure(model, counted->table, by, threads);
  }
  std::vector<RowGroup> groups;
  if (!by.empty()) groups = groups_by(by, table);
  const Dataset data = encode(model.encoder, table, true);
  const Selection rows = all_rows(data);
  const Predictions predictions = predict(model, rows, threads);
  Evaluation evaluation;
  evaluation.task = model.encoder.task;
  evaluation.by = by;
  evaluation.labels = model.encoder.labels;
  evaluation.weight = model.encoder.weight;
  evaluation.loss_differs = !model.encoder.class_weights.empty() || model.loss.label_smoothing > 0;
  evaluation.trained_on_these_rows = fingerprint(table, model.encoder) == model.provenance.data_fingerprint;
  evaluation.threshold = model.threshold;
  if (evaluation.task == Task::number)
    evaluation.clamped = static_cast<std::size_t>(std::ranges::count_if(
        std::as_const(predictions.outputs).view().flat(),
        [&](double output) { return output < data.targets.minimum || output > data.targets.maximum; }));
  evaluation.estimates = estimate(model, predictions, rows);
  for (const RowGroup& group : groups)
    evaluation.groups.push_back({group.value, estimate_some(model, predictions, {&data, group.rows})});
  if (evaluation.task == Task::classes && evaluation.labels.size() <= kMaxClassesCounted)
    evaluation.confusion = confusion_matrix(predictions.outputs.view(), rows, model.threshold);
  return evaluation;
}

}  // namespace chainrule
