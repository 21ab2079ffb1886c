// SPDX-License-Identifier: Apache-2.0
#include "chainrule/report/tune_report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "chainrule/base/text.h"
#include "chainrule/metrics/metrics.h"
#include "chainrule/report/json.h"
#include "chainrule/training/options/option_table.h"
#include "chainrule/training/search.h"

namespace chainrule {
namespace {

std::string estimate_text(const Estimate& estimate) {
  return std::isnan(estimate.low)
             ? fmt::format("{:.5g}", estimate.value)
             : fmt::format("{:.5g} ({:.5g} to {:.5g})", estimate.value, estimate.low, estimate.high);
}

Json estimate_or_null(const std::optional<Estimate>& estimate) {
  return estimate ? estimate_object(*estimate) : Json(nullptr);
}

Json settings_object(const Trial& trial) {
  Json settings = Json::object();
  for (const auto& [key, value] : trial.settings) settings[key] = value;
  return settings;
}

// An axis for each varied option: its values, or its bounds.
Json axes_array(const TuneOptions& how) {
  Json axes = Json::array();
  for (const SearchRange& range : how.ranges) {
    if (range.values.empty())
      axes.push_back({{"option", range.option}, {"low", range.low}, {"high", range.high}});
    else
      axes.push_back({{"option", range.option}, {"values", range.values}});
  }
  return axes;
}

// A trial with the value of every varied option.
Json trial_with_all(const TuneResult& found, std::size_t t, const TuneOptions& how, const FitOptions& start) {
  const Trial& trial = found.trials[t];
  Json settings = Json::object();
  for (const SearchRange& range : how.ranges) settings[range.option] = find_option(range.option)->get(start);
  settings.update(settings_object(trial));
  double seconds = 0;
  for (const double its : trial.seconds) seconds += its;
  return {{"trial", t},
          {"folds", trial.folds_done()},
          {"mean", json_number(trial.mean())},
          {"gain", json_number(gain_of(found, trial))},
          {"seconds", json_number(seconds)},
          {"settings", settings}};
}

}  // namespace

std::vector<std::size_t> in_order(const TuneResult& found) {
  std::vector<std::size_t> order(found.trials.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const double sign = larger_is_better(found.score) ? -1 : 1;
  const auto key = [&](std::size_t t) {
    const double mean = found.trials[t].mean();
    return std::pair(-static_cast<double>(found.trials[t].folds_done()),
                     std::isnan(mean) ? std::numeric_limits<double>::infinity() : sign * mean);
  };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  return order;
}

double gain_of(const TuneResult& found, const Trial& trial) {
  return gain_over(found.trials[0], trial, larger_is_better(found.score));
}

std::string verdict_text(const TuneResult& found, const TuneOptions& how) {
  if (found.winner != 0 && std::isnan(found.gain))
    return fmt::format("Trial {} is the best; training with the options as given failed.", found.winner);
  if (found.winner != 0)
    return fmt::format("Trial {} {}: its {} is better by {:.3g} +- {:.3g} (mean and standard error over {} folds){}.",
                       found.winner,
                       found.is_clear ? "beats the options as given" : "seems better than the options as given",
                       found.score, found.gain, found.error, how.folds,
                       found.is_clear ? "" : "; the best of so many trials can be that much better by chance");
  if (found.best == 0)
    return fmt::format("Tuning did not beat the options as given: no trial has a better {} over all {} folds.",
                       found.score, how.folds);
  return fmt::format(
      "Tuning did not beat the options as given: trial {} is better by only {:.3g} +- {:.3g}, which is not more than "
      "the standard error.",
      found.best, found.gain, found.error);
}

std::string test_text(const TuneResult& found, const TuneFacts& facts) {
  if (!facts.winner) return "";
  std::string out = fmt::format("{} on {} test rows that the search did not use: {}", found.score, facts.test_rows,
                                estimate_text(*facts.winner));
  if (found.winner != 0)
    out += "; with the options as given: " +
           (facts.start ? estimate_text(*facts.start) : std::string("none, since training failed"));
  return out;
}

std::string settings_text(const Trial& trial) {
  std::string text;
  for (const auto& [key, value] : trial.settings) text += (text.empty() ? "" : " ") + key + "=" + value;
  return text.empty() ? "as given" : text;
}

std::string tune_document(const TuneResult& found, const TuneOptions& how, const TuneFacts& facts) {
  Json trials = Json::array(), ranges = Json::array();
  for (const SearchRange& range : how.ranges) ranges.push_back(range_text(range));
  for (std::size_t t = 0; t < found.trials.size(); ++t) {
    const Trial& trial = found.trials[t];
    Json scores = Json::array();
    for (const std::optional<double>& score : trial.scores)
      if (score) scores.push_back(json_number(*score));
    trials.push_back({{"trial", t},
                      {"folds", trial.folds_done()},
                      {"mean", json_number(trial.mean())},
                      {"gain", json_number(gain_of(found, trial))},
                      {"scores", scores},
                      {"settings", settings_object(trial)}});
  }
  const Json document = {{"schema", 1},
                         {"data", facts.data},
                         {"model", facts.model},
                         {"score", found.score},
                         {"folds", how.folds},
                         {"out_of_time", found.out_of_time},
                         {"winner", found.winner},
                         {"best", found.best},
                         {"gain", json_number(found.gain)},
                         {"standard_error", json_number(found.error)},
                         {"beats_the_start", found.winner != 0},
                         {"is_clear", found.winner != 0 && found.is_clear},
                         {"test",
                          {{"rows", facts.test_rows},
                           {"winner", estimate_or_null(facts.winner)},
                           {"start", estimate_or_null(facts.start)}}},
                         {"settings", settings_object(found.trials[found.winner])},
                         {"command", facts.command},
                         {"seconds", json_number(facts.seconds)},
                         {"ranges", ranges},
                         {"trials", trials}};
  return document_text(document);
}

Json tune_report(const TuneResult& found, const TuneOptions& how, const TuneFacts& facts, Json winner_report) {
  Json trials = Json::array();
  for (const std::size_t t : in_order(found))
    if (found.trials[t].folds_done() > 0) trials.push_back(trial_with_all(found, t, how, facts.options));
  winner_report["kind"] = "tuning";
  winner_report["tuning"] = {{"score", found.score},
                             {"larger_is_better", larger_is_better(found.score)},
                             {"folds", how.folds},
                             {"winner", found.winner},
                             {"verdict", verdict_text(found, how)},
                             {"test", test_text(found, facts)},
                             {"out_of_time", found.out_of_time},
                             {"seconds", json_number(facts.seconds)},
                             {"command", facts.search},
                             {"axes", axes_array(how)},
                             {"trials", trials}};
  return winner_report;
}

}  // namespace chainrule
