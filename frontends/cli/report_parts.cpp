// SPDX-License-Identifier: Apache-2.0
#include "cli/report_parts.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <numeric>

#include "chainrule/options.h"
#include "cli/column_facts.h"

namespace chainrule::cli {
namespace {

constexpr std::size_t kRowsRanked = 5'000;  // of probabilities for curves
constexpr std::size_t kMostClasses = 20;    // of a confusion matrix
constexpr std::size_t kColumnsShown = 500;
constexpr std::size_t kRoomForValues = 60;

std::vector<std::size_t> first_numbers(std::size_t count) {
  std::vector<std::size_t> out(count);
  std::iota(out.begin(), out.end(), std::size_t{0});
  return out;
}

void add_numbers(const Answers& answers, Json& document) {
  std::vector<double> truth, predicted;
  for (const std::size_t i : some_of(first_numbers(answers.rows.size()), kRowsDrawn)) {
    const Targets& targets = *answers.targets;
    truth.push_back(targets.scale * static_cast<double>(targets.values(answers.rows[i], 0)) + targets.shift);
    predicted.push_back(answers.answer(i)[0]);
  }
  document["truth"] = numbers(truth);
  document["predicted"] = numbers(predicted);
}

void add_classes(const Answers& answers, Json& document) {
  const std::vector<std::uint32_t>& labels = answers.targets->labels;
  const std::size_t classes = answers.encoder->labels.size();
  if (classes <= kMostClasses) {
    std::vector<std::vector<std::size_t>> counts(classes, std::vector<std::size_t>(classes, 0));
    for (std::size_t i = 0; i < answers.rows.size(); ++i) ++counts[labels[answers.rows[i]]][answers.decided(i)];
    document["confusion"] = counts;
  }
  if (classes != 2) return;
  std::vector<double> probability;
  Json positive = Json::array();
  for (const std::size_t i : some_of(first_numbers(answers.rows.size()), kRowsRanked)) {
    probability.push_back(answers.answer(i)[1]);
    positive.push_back(labels[answers.rows[i]] == 1);
  }
  document["probability"] = numbers(probability);
  document["positive"] = std::move(positive);
}

}  // namespace

Json short_number(double value) {
  double few = value;
  number_from_text(fmt::format("{:.6g}", value), few);
  return number(few);
}

Json numbers(const std::vector<double>& values) {
  Json out = Json::array();
  for (const double value : values) out.push_back(short_number(value));
  return out;
}

std::vector<std::size_t> some_of(const std::vector<std::size_t>& rows, std::size_t most) {
  if (rows.size() <= most) return rows;
  std::vector<std::size_t> some;
  for (std::size_t i = 0; i < most; ++i) some.push_back(rows[i * rows.size() / most]);
  return some;
}

Json history_object(const History& history) {
  Json epochs = Json::array(), validation = Json::object();
  std::vector<double> losses, rates;
  for (const EpochRecord& record : history.epochs) {
    epochs.push_back(record.epoch);
    losses.push_back(record.training_loss);
    rates.push_back(record.learning_rate);
    for (const Metric& metric : record.validation) validation[metric.name].push_back(short_number(metric.value));
  }
  return {{"epoch", epochs},
          {"train_loss", numbers(losses)},
          {"learning_rate", numbers(rates)},
          {"validation", validation}};
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
                       {"values", values_text(of, table.columns[c], kRoomForValues)},
                       {"training", use_of(table, c, of, &plan, scaling).words}});
  }
  return columns;
}

Json options_array(const FitOptions& options) {
  Json out = Json::array();
  for (const auto& [key, value] : option_values(options)) out.push_back({key, value});
  return out;
}

void add_answers(const Answers& answers, Json& document) {
  document["rows"] = answers.rows.size();
  if (answers.rows.empty()) return;
  if (answers.encoder->task == Task::number)
    add_numbers(answers, document);
  else
    add_classes(answers, document);
}

}  // namespace chainrule::cli
