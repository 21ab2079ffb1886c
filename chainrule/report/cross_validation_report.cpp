// SPDX-License-Identifier: Apache-2.0
#include "chainrule/report/cross_validation_report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

#include "chainrule/base/version.h"
#include "chainrule/model/fingerprint.h"
#include "chainrule/report/parts.h"
#include "chainrule/training/options/option_table.h"
#include "chainrule/training/options/options.h"

namespace chainrule {
namespace {

constexpr std::size_t kFoldsDrawn = 6;  // curves per chart

Json fold_object(const FoldResult& fold) {
  return {{"repeat", fold.repeat},
          {"fold", fold.fold},
          {"rows",
           {{"training", fold.split.training.size()},
            {"validation", fold.split.validation.size()},
            {"test", fold.split.test.size()}}},
          {"epochs", fold.history.epochs.size()},
          {"best_epoch", fold.history.best_epoch},
          {"weights_sha256", fold.weights_sha256},
          {"metrics", estimates_object(fold.test)}};
}

// Metrics of the folds, first those that every model reports.
Json metrics_array(const CrossValidation& found) {
  Json metrics = Json::array();
  for (const CrossEstimate& metric : found.metrics) {
    double training = 0;
    std::size_t known = 0;
    for (const FoldResult& fold : found.folds)
      if (const Metric* const its = find_metric(fold.training, metric.name)) training += its->value, ++known;
    metrics.push_back({{"name", metric.name},
                       {"mean", json_number(metric.mean)},
                       {"deviation", json_number(metric.deviation)},
                       {"low", json_number(metric.low)},
                       {"high", json_number(metric.high)},
                       {"trivial", json_number(metric.baseline)},
                       {"folds", metric.folds},
                       {"training", known == 0 ? Json(nullptr) : json_number(training / static_cast<double>(known))}});
    if (!metric.no_interval.empty()) metrics.back()["no_interval"] = metric.no_interval;
  }
  return metrics;
}

// The predictions of all folds, repeat by repeat.
Json predictions_of(const CrossValidation& found, const CrossFacts& facts) {
  const Dataset data = encode(facts.plan->encoder, *facts.table, true);
  ShownPredictions predictions{&facts.plan->encoder, &data.targets, {}, {}, {}};
  std::vector<std::pair<const FoldResult*, std::size_t>> tested_rows;
  for (const FoldResult& fold : found.folds)
    for (std::size_t i = 0; i < fold.split.test.size(); ++i) {
      predictions.rows.push_back(fold.split.test[i]);
      tested_rows.emplace_back(&fold, i);
    }
  predictions.predict = [&](std::span<const std::size_t> which, ViewOf<double> given) {
    for (std::size_t k = 0; k < which.size(); ++k) {
      const auto& [fold, i] = tested_rows[which[k]];
      std::ranges::copy(fold->predictions.row(i), given.row(k).begin());
    }
  };
  predictions.decided = [&](std::size_t index, std::span<const double>) {
    return tested_rows[index].first->classes[tested_rows[index].second];
  };
  Json out = {{"part", "folds"}};
  add_predictions(predictions, out);
  return out;
}

// One sentence with the main metric.
std::string summary_of(const CrossValidation& found, const CrossFacts& facts) {
  const bool classes = found.task == Task::classes;
  const auto metric = std::ranges::find_if(
      found.metrics, [&](const CrossEstimate& one) { return one.name == (classes ? "accuracy" : "rmse"); });
  const std::string& target = facts.plan->encoder.target;
  if (metric == found.metrics.end() || std::isnan(metric->mean)) return "Cross-validation of " + target + ".";
  const bool interval = !std::isnan(metric->low);
  if (classes)
    return fmt::format(
        "Cross-validated accuracy for {}: {:.1f} % ({}always predicting the most frequent class: {:.1f} %).", target,
        100 * metric->mean,
        interval ? fmt::format("95 % confidence interval {:.1f} to {:.1f} %; ", 100 * metric->low, 100 * metric->high)
                 : "",
        100 * metric->baseline);
  return fmt::format(
      "Cross-validated root mean square error of {}: {:.4g} ({}always predicting the mean: {:.4g}).", target,
      metric->mean,
      interval ? fmt::format("95 % confidence interval {:.4g} to {:.4g}; ", metric->low, metric->high) : "",
      metric->baseline);
}

std::string how_of(const CrossValidation& found, const CrossFacts& facts) {
  return fmt::format(
      "{} training runs{}, each tested on about {} rows, {} predictions in all, in {:.1f} s. {}.{}", found.folds.size(),
      facts.how.repeats > 1 ? fmt::format(", {} folds {} times", facts.how.folds, facts.how.repeats) : "",
      prediction_count(found) / std::max<std::size_t>(found.folds.size(), 1), prediction_count(found), facts.seconds,
      describe(facts.plan->architecture), found.interrupted ? " Interrupted: some folds are missing." : "");
}

std::vector<Note> notes_of(const CrossValidation& found, const CrossFacts& facts) {
  std::vector<Note> notes = facts.table->notes;
  notes.insert(notes.end(), facts.plan->notes.begin(), facts.plan->notes.end());
  for (const FoldResult& fold : found.folds)
    for (const Note& note : fold.notes)
      if (note.severity == Severity::warning && std::ranges::find(notes, note) == notes.end()) notes.push_back(note);
  return notes;
}

}  // namespace

std::size_t prediction_count(const CrossValidation& found) {
  std::size_t count = 0;
  for (const FoldResult& fold : found.folds) count += fold.split.test.size();
  return count;
}

std::string name_of(const FoldResult& fold, const CrossValidationOptions& how) {
  return (how.repeats > 1 ? fmt::format("repeat {}, ", fold.repeat) : "") +
         fmt::format("fold {} of {}", fold.fold, how.folds);
}

std::string cross_document(const CrossValidation& found, const CrossFacts& facts) {
  Json metrics = Json::object(), folds = Json::array(), configuration = Json::object();
  for (const CrossEstimate& metric : found.metrics) {
    metrics[metric.name] = {{"mean", json_number(metric.mean)},        {"deviation", json_number(metric.deviation)},
                            {"low", json_number(metric.low)},          {"high", json_number(metric.high)},
                            {"trivial", json_number(metric.baseline)}, {"folds", metric.folds}};
    if (!metric.no_interval.empty()) metrics[metric.name]["no_interval"] = metric.no_interval;
  }
  for (const FoldResult& fold : found.folds) folds.push_back(fold_object(fold));
  for (const auto& [key, value] : option_values(*facts.options)) configuration[key] = value;
  Json document = {{"schema", 1},
                   {"data", facts.data},
                   {"task", found.task == Task::classes ? "classes" : "number"},
                   {"rows", facts.table->rows},
                   {"folds", facts.how.folds},
                   {"repeats", facts.how.repeats},
                   {"interrupted", found.interrupted},
                   {"seconds", json_number(facts.seconds)},
                   {"metrics", metrics},
                   {"trainings", folds},
                   {"configuration", configuration}};
  if (found.task == Task::classes) document["labels"] = found.labels;
  return document_text(document);
}

Json cross_report(const CrossValidation& found, const CrossFacts& facts) {
  Json folds = Json::array();
  for (const FoldResult& fold : found.folds) {
    Json one = fold_object(fold);
    one["name"] = name_of(fold, facts.how);
    if (folds.size() < kFoldsDrawn) one["history"] = history_object(fold.history);
    folds.push_back(std::move(one));
  }
  const std::vector<Note> notes = notes_of(found, facts);
  return {{"schema", 1},
          {"kind", "cross_validation"},
          {"program", fmt::format("chainrule {}", kVersion)},
          {"data", facts.data},
          {"summary", summary_of(found, facts)},
          {"how", how_of(found, facts)},
          {"task", found.task == Task::classes ? "classes" : "number"},
          {"target", facts.plan->encoder.target},
          {"labels", found.labels},
          {"metrics", metrics_array(found)},
          {"folds", folds},
          {"answers", predictions_of(found, facts)},
          {"columns", columns_array(*facts.table, *facts.plan, *facts.options)},
          {"notes", note_lines(notes)},
          {"note_details", notes_array(notes)},
          {"options", options_array(*facts.options)},
          {"command", facts.command},
          {"data_fingerprint", fingerprint(*facts.table, facts.plan->encoder)}};
}

}  // namespace chainrule
