// SPDX-License-Identifier: Apache-2.0
#include "cli/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "chainrule/options.h"
#include "cli/column_facts.h"

namespace chainrule::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kRowsDrawn = 2'000;   // of points in a chart
constexpr std::size_t kRowsRanked = 5'000;  // of probabilities for curves
constexpr std::size_t kMostClasses = 20;    // of a confusion matrix
constexpr std::size_t kColumnsShown = 500;
constexpr std::size_t kRoomForValues = 60;

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

// Of the digits that are worth drawing.
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

Json history_of(const History& history) {
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

Json test_figure(const Estimate& estimate) {
  return {{"value", number(estimate.value)}, {"low", number(estimate.low)}, {"high", number(estimate.high)}};
}

// Those that training knows, then what else was measured on the test rows.
Json figures_of(const FitResult& result) {
  Json figures = Json::array();
  for (const Metric& metric : result.training) {
    Json one = {{"name", metric.name}, {"training", number(metric.value)}};
    if (const Metric* const found = find_metric(result.validation, metric.name))
      one["validation"] = number(found->value);
    if (const Metric* const found = find_metric(result.trivial, metric.name)) one["trivial"] = number(found->value);
    if (const Estimate* const found = find_estimate(result.test, metric.name)) {
      one["test"] = test_figure(*found);
      one["trivial"] = number(found->trivial);
    }
    figures.push_back(std::move(one));
  }
  for (const Estimate& estimate : result.test.metrics)
    if (find_metric(result.training, estimate.name) == nullptr && !std::isnan(estimate.value))
      figures.push_back(
          {{"name", estimate.name}, {"test", test_figure(estimate)}, {"trivial", number(estimate.trivial)}});
  return figures;
}

// At most so many of them, evenly.
std::vector<std::size_t> some_of(const std::vector<std::size_t>& rows, std::size_t most) {
  if (rows.size() <= most) return rows;
  std::vector<std::size_t> some;
  for (std::size_t i = 0; i < most; ++i) some.push_back(rows[i * rows.size() / most]);
  return some;
}

MatrixOf<double> answers_to(const Model& model, const Dataset& data, const std::vector<std::size_t>& rows) {
  MatrixOf<double> answers(rows.size(), model.encoder.outputs());
  if (!rows.empty()) Predictor(model, 256).predict(data.inputs, rows, answers.view());
  return answers;
}

Json answers_of(const FitResult& result, const ReportFacts& facts) {
  const bool tested = !result.split.test.empty();
  const Table& table = tested || facts.validation == nullptr ? *facts.table : *facts.validation;
  std::vector<std::size_t> rows = tested ? result.split.test : result.split.held_out;
  if (!tested && facts.validation != nullptr) {
    rows.resize(table.rows);
    std::iota(rows.begin(), rows.end(), std::size_t{0});
  }
  Json out = {{"part", tested ? "test" : "validation"}, {"rows", rows.size()}};
  if (rows.empty()) return out;
  const Model& model = result.model;
  const Dataset data = encode(model.encoder, table, true);
  if (model.encoder.task == Task::number) {
    rows = some_of(rows, kRowsDrawn);
    const MatrixOf<double> answers = answers_to(model, data, rows);
    std::vector<double> truth, predicted;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Targets& targets = data.targets;
      truth.push_back(targets.scale * static_cast<double>(targets.values(rows[i], 0)) + targets.shift);
      predicted.push_back(answers(i, 0));
    }
    out["truth"] = numbers(truth);
    out["predicted"] = numbers(predicted);
    return out;
  }
  const std::size_t classes = model.encoder.labels.size();
  const MatrixOf<double> answers = answers_to(model, data, rows);
  if (classes <= kMostClasses) {
    std::vector<std::vector<std::size_t>> counts(classes, std::vector<std::size_t>(classes, 0));
    for (std::size_t i = 0; i < rows.size(); ++i) ++counts[data.targets.labels[rows[i]]][decide(model, answers.row(i))];
    out["confusion"] = counts;
  }
  if (classes == 2) {
    std::vector<std::size_t> all(rows.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    std::vector<double> probability;
    Json positive = Json::array();
    for (const std::size_t i : some_of(all, kRowsRanked)) {
      probability.push_back(answers(i, 1));
      positive.push_back(data.targets.labels[rows[i]] == 1);
    }
    out["probability"] = numbers(probability);
    out["positive"] = std::move(positive);
  }
  return out;
}

Json columns_of(const ReportFacts& facts) {
  Json columns = Json::array();
  const Table& table = *facts.table;
  const std::string scaling = find_option("scaling")->get(*facts.options);
  for (std::size_t c = 0; c < std::min(table.columns.size(), kColumnsShown); ++c) {
    const ColumnFacts of = facts_of(table, c);
    columns.push_back({{"name", table.columns[c].name},
                       {"type", name_of(of.reading.type)},
                       {"missing", of.missing},
                       {"distinct", of.distinct},
                       {"values", values_text(of, table.columns[c], kRoomForValues)},
                       {"training", use_of(table, c, of, facts.plan, scaling).words}});
  }
  return columns;
}

// One sentence that says what the model is worth.
std::string summary_of(const FitResult& result, std::size_t watched) {
  const bool tested = result.test.rows > 0, classes = result.model.encoder.task == Task::classes;
  const char* const name = classes ? "accuracy" : "rmse";
  const std::string target = result.model.encoder.target;
  double value = NAN, trivial = NAN;
  if (tested) {
    const Estimate& estimate = *find_estimate(result.test, name);
    value = estimate.value;
    trivial = estimate.trivial;
  } else if (const Metric* const found = find_metric(result.validation, name)) {
    value = found->value;
    if (const Metric* const constant = find_metric(result.trivial, name)) trivial = constant->value;
  }
  if (std::isnan(value)) return fmt::format("A model of {}, measured on no rows but those that trained it.", target);
  const std::size_t count = tested ? result.test.rows : watched;
  const std::string rows = fmt::format("{} {} row{}", count, tested ? "test" : "validation", count == 1 ? "" : "s");
  const std::string beside =
      std::isnan(trivial) ? ""
      : classes ? fmt::format("; always answering the most frequent class would be right on {:.1f} %", 100 * trivial)
                : fmt::format("; always answering the mean would be off by {:.4g}", trivial);
  if (classes) return fmt::format("It names {} rightly on {:.1f} % of {}{}.", target, 100 * value, rows, beside);
  return fmt::format("It is off by {:.4g} on {} (root mean square error of {}){}.", value, rows, target, beside);
}

std::string how_of(const FitResult& result, const ReportFacts& facts, std::size_t validation) {
  const History& history = result.history;
  std::string text = fmt::format("{} rows trained, {} were watched", result.split.rest.size(), validation);
  if (result.test.rows > 0) text += fmt::format(", {} kept for the test", result.test.rows);
  text += fmt::format(". {}. {} epochs, {} steps in {:.1f} s", describe(result.model.network.architecture),
                      history.epochs.size(), history.steps, facts.seconds);
  if (history.stop == StopReason::early_stopping) text += ", stopped early";
  if (history.stop == StopReason::interrupted) text += ", interrupted";
  if (history.best_epoch > 0)
    text +=
        fmt::format("; the weights are those of epoch {}, the best by {}", history.best_epoch, history.watched_metric);
  return text + ".";
}

}  // namespace

std::string report_document(const FitResult& result, const ReportFacts& facts) {
  const Model& model = result.model;
  const std::size_t validation = facts.validation != nullptr ? facts.validation->rows : result.split.held_out.size();
  Json options = Json::array(), notes = Json::array();
  for (const auto& [key, value] : option_values(*facts.options)) options.push_back({key, value});
  for (const Table* const table : {facts.table, facts.validation})
    if (table != nullptr)
      for (const std::string& note : table->notes) notes.push_back(note);
  for (const std::string& note : result.notes) notes.push_back(note);
  const Json document = {
      {"schema", 1},
      {"kind", "training"},
      {"program", model.provenance.program},
      {"data", facts.data},
      {"model", facts.model},
      {"summary", summary_of(result, validation)},
      {"how", how_of(result, facts, validation)},
      {"task", model.encoder.task == Task::classes ? "classes" : "number"},
      {"target", model.encoder.target},
      {"labels", model.encoder.labels},
      {"rows", {{"training", result.split.rest.size()}, {"validation", validation}, {"test", result.test.rows}}},
      {"ended", {{"best_epoch", result.history.best_epoch}, {"stop", model.provenance.stop}}},
      {"figures", figures_of(result)},
      {"history", history_of(result.history)},
      {"answers", answers_of(result, facts)},
      {"columns", columns_of(facts)},
      {"notes", notes},
      {"options", options},
      {"command", fmt::format("{}", fmt::join(facts.commands, "\n"))},
      {"weights_sha256", weights_sha256(model.network)},
      {"data_fingerprint", model.provenance.data_fingerprint}};
  return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace chainrule::cli
