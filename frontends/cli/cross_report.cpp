// SPDX-License-Identifier: Apache-2.0
#include "cli/cross_report.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/grid.h"

namespace chainrule::cli {
namespace {

using Json = nlohmann::ordered_json;

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }
std::string text_of(double value) { return std::isnan(value) ? "-" : fmt::format("{:.4g}", value); }

Json fold_object(const FoldResult& fold) {
  Json metrics = Json::object();
  for (const Estimate& estimate : fold.test.metrics)
    metrics[estimate.name] = {{"value", number(estimate.value)},
                              {"low", number(estimate.low)},
                              {"high", number(estimate.high)},
                              {"trivial", number(estimate.trivial)}};
  return {{"repeat", fold.repeat},
          {"fold", fold.fold},
          {"rows",
           {{"training", fold.split.rest.size()},
            {"validation", fold.split.held_out.size()},
            {"test", fold.split.test.size()}}},
          {"epochs", fold.epochs},
          {"best_epoch", fold.best_epoch},
          {"weights_sha256", fold.weights_sha256},
          {"metrics", metrics}};
}

}  // namespace

std::string name_of(const FoldResult& fold, const CrossValidationOptions& how) {
  return (how.repeats > 1 ? fmt::format("repeat {}, ", fold.repeat) : "") +
         fmt::format("fold {} of {}", fold.fold, how.folds);
}

std::string cross_text(const CrossValidation& found, const CrossFacts& facts) {
  const std::size_t count = found.folds.size();
  Grid grid{{{fmt::format("{} fold{}", count, count == 1 ? "" : "s"), "mean", "sd", "95 % interval", "best constant"}},
            {false, true, true, false, true}};
  for (const CrossEstimate& metric : found.metrics) {
    std::string interval = std::isnan(metric.low) ? "-" : fmt::format("{:.4g} to {:.4g}", metric.low, metric.high);
    if (metric.folds < count) interval += fmt::format("  ({} folds have one)", metric.folds);
    grid.rows.push_back(
        {metric.name, text_of(metric.mean), text_of(metric.deviation), interval, text_of(metric.trivial)});
  }
  return grid.text() + fmt::format(
                           "\nMeans over the folds, each tested on its own rows by a model of the others; {} rows "
                           "in all. The intervals heed that folds share training rows.\n",
                           facts.rows);
}

std::string cross_document(const CrossValidation& found, const CrossFacts& facts) {
  Json metrics = Json::object(), folds = Json::array(), configuration = Json::object();
  for (const CrossEstimate& metric : found.metrics)
    metrics[metric.name] = {{"mean", number(metric.mean)},       {"deviation", number(metric.deviation)},
                            {"low", number(metric.low)},         {"high", number(metric.high)},
                            {"trivial", number(metric.trivial)}, {"folds", metric.folds}};
  for (const FoldResult& fold : found.folds) folds.push_back(fold_object(fold));
  for (const auto& [key, value] : facts.configuration) configuration[key] = value;
  Json document = {{"schema", 1},
                   {"data", facts.data},
                   {"task", found.task == Task::classes ? "classes" : "number"},
                   {"rows", facts.rows},
                   {"folds", facts.how.folds},
                   {"repeats", facts.how.repeats},
                   {"interrupted", found.interrupted},
                   {"seconds", number(facts.seconds)},
                   {"metrics", metrics},
                   {"trainings", folds},
                   {"configuration", configuration}};
  if (found.task == Task::classes) document["labels"] = found.labels;
  // Text from files may be no UTF-8, which JSON must be.
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace chainrule::cli
