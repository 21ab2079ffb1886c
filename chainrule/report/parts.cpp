// SPDX-License-Identifier: Apache-2.0
#include "chainrule/report/parts.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "chainrule/base/text.h"
#include "chainrule/data/columns/column_summary.h"
#include "chainrule/training/options/option_table.h"
#include "chainrule/training/options/options.h"

namespace chainrule {
namespace {

constexpr std::size_t kRowsDrawn = 2'000;   // points in a chart
constexpr std::size_t kRowsRanked = 5'000;  // probabilities behind a ROC curve
constexpr std::size_t kEpochsDrawn = 1'000;
constexpr std::size_t kMaxClasses = 20;  // of a confusion matrix
constexpr std::size_t kColumnsShown = 500;
constexpr std::size_t kValuesWidth = 60;

// At most `most` of the numbers below `count`, evenly spaced.
std::vector<std::size_t> some_of(std::size_t count, std::size_t maximum) {
  std::vector<std::size_t> out;
  const std::size_t some = std::min(count, maximum);
  for (std::size_t i = 0; i < some; ++i) out.push_back(i * count / some);
  return out;
}

// Calls take(index, prediction) for each index, in order.
template <class Take>
void for_each_prediction(const ShownPredictions& predictions, const std::vector<std::size_t>& indices,
                         const Take& take) {
  MatrixOf<double> given(std::min(kRowsAtOnce, indices.size()), predictions.encoder->outputs());
  for (std::size_t first = 0; first < indices.size(); first += kRowsAtOnce) {
    const std::span<const std::size_t> block =
        std::span(indices).subspan(first, std::min(kRowsAtOnce, indices.size() - first));
    predictions.predict(block, given.top(block.size()));
    for (std::size_t k = 0; k < block.size(); ++k) take(block[k], std::span<const double>(given.row(k)));
  }
}

void add_numbers(const ShownPredictions& predictions, Json& document) {
  std::vector<double> actual, predicted;
  const Targets& targets = *predictions.targets;
  for_each_prediction(predictions, some_of(predictions.rows.size(), kRowsDrawn),
                      [&](std::size_t index, std::span<const double> prediction) {
                        const auto value = static_cast<double>(targets.numbers()(predictions.rows[index], 0));
                        actual.push_back(targets.scale * value + targets.shift);
                        predicted.push_back(prediction[0]);
                      });
  document["truth"] = json_numbers(actual);
  document["predicted"] = json_numbers(predicted);
}

void add_matrix(const ShownPredictions& predictions, Json& document) {
  const std::size_t classes = predictions.encoder->labels.size();
  std::vector<std::vector<std::size_t>> counts(classes, std::vector<std::size_t>(classes, 0));
  for_each_prediction(
      predictions, some_of(predictions.rows.size(), predictions.rows.size()),
      [&](std::size_t index, std::span<const double> prediction) {
        ++counts[predictions.targets->labels[predictions.rows[index]]][predictions.decided(index, prediction)];
      });
  document["confusion"] = counts;
}

void add_probabilities(const ShownPredictions& predictions, Json& document) {
  std::vector<double> probability;
  Json positive = Json::array();
  for_each_prediction(predictions, some_of(predictions.rows.size(), kRowsRanked),
                      [&](std::size_t index, std::span<const double> prediction) {
                        probability.push_back(prediction[1]);
                        positive.push_back(predictions.targets->labels[predictions.rows[index]] == 1);
                      });
  document["probability"] = json_numbers(probability);
  document["positive"] = std::move(positive);
}

// Adds the metrics of an epoch to a list for each.
void add_metrics(Json& lists, const Metrics& metrics) {
  for (const Metric& metric : metrics) {
    // A null that becomes a list is no longer destructible if there is no memory for the list.
    Json& values = lists.emplace(metric.name, Json::array()).first.value();
    values.push_back(short_number(metric.value));
  }
}

}  // namespace

Json short_number(double value) {
  double few = value;
  number_from_text(fmt::format("{:.6g}", value), few);
  return json_number(few);
}

Json json_numbers(const std::vector<double>& values) {
  Json out = Json::array();
  for (const double value : values) out.push_back(short_number(value));
  return out;
}

Json history_object(const History& history) {
  Json epochs = Json::array(), validation = Json::object(), inner = Json::object();
  std::vector<double> losses, rates;
  for (const std::size_t e : some_of(history.epochs.size(), kEpochsDrawn)) {
    const EpochRecord& record = history.epochs[e];
    epochs.push_back(record.epoch);
    losses.push_back(record.training_loss);
    rates.push_back(record.learning_rate);
    add_metrics(validation, record.validation);
    add_metrics(inner, record.inner);
  }
  Json object{{"epoch", epochs},
              {"train_loss", json_numbers(losses)},
              {"learning_rate", json_numbers(rates)},
              {"validation", validation}};
  if (history.inner_folds > 0) object["inner"] = inner;
  return object;
}

Json columns_array(const Table& table, const FitPlan& plan, const FitOptions& options) {
  Json columns = Json::array();
  const std::string scaling = find_option("scaling")->get(options);
  for (std::size_t c = 0; c < std::min(table.columns.size(), kColumnsShown); ++c) {
    const ColumnFacts of = facts_of(table, c);
    columns.push_back({{"name", table.columns[c].name},
                       {"type", name_of(of.reading.type)},
                       {"missing", of.missing},
                       {"distinct", of.distinct},
                       {"values", values_text(of, table.columns[c], kValuesWidth)},
                       {"training", use_of(table, c, of, &plan.encoder, scaling).words}});
  }
  return columns;
}

Json notes_array(const std::vector<Note>& notes) {
  Json out = Json::array();
  for (const Note& note : notes)
    out.push_back({{"severity", severity_name(note.severity)},
                   {"topic", topic_name(note.topic)},
                   {"column", note.column},
                   {"option", note.option},
                   {"text", note.text.text()}});
  return out;
}

Json options_array(const FitOptions& options) {
  Json out = Json::array();
  for (const auto& [key, value] : option_values(options)) out.push_back({key, value});
  return out;
}

void add_predictions(const ShownPredictions& predictions, Json& document) {
  document["rows"] = predictions.rows.size();
  if (predictions.rows.empty()) return;
  if (predictions.encoder->task == Task::number) return add_numbers(predictions, document);
  const std::size_t classes = predictions.encoder->labels.size();
  if (classes <= kMaxClasses) add_matrix(predictions, document);
  if (classes == 2) add_probabilities(predictions, document);
}

}  // namespace chainrule
