// SPDX-License-Identifier: Apache-2.0
#include "cli/tune_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "chainrule/metrics.h"
#include "cli/grid.h"
#include "cli/terminal.h"

namespace chainrule::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kTrialsShown = 10;

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

// Those measured on most folds first, among them the best.
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

std::string trials_text(const TuneResult& found) {
  Grid grid{{{"trial", "folds", found.score, "options"}}, {true, true, true, false}};
  for (const std::size_t t : in_order(found)) {
    const Trial& trial = found.trials[t];
    if (trial.folds_done() == 0 || (grid.rows.size() > kTrialsShown && t != 0)) continue;
    grid.rows.push_back({std::to_string(t), std::to_string(trial.folds_done()),
                         std::isnan(trial.mean()) ? "failed" : fmt::format("{:.5g}", trial.mean()),
                         settings_text(trial)});
  }
  return grid.text();
}

std::string estimate_text(const Estimate& estimate) {
  return std::isnan(estimate.low)
             ? fmt::format("{:.5g}", estimate.value)
             : fmt::format("{:.5g} ({:.5g} to {:.5g})", estimate.value, estimate.low, estimate.high);
}

Json estimate_object(const std::optional<Estimate>& estimate) {
  if (!estimate) return nullptr;
  return {{"value", number(estimate->value)}, {"low", number(estimate->low)}, {"high", number(estimate->high)}};
}

Json settings_object(const Trial& trial) {
  Json settings = Json::object();
  for (const auto& [key, value] : trial.settings) settings[key] = value;
  return settings;
}

}  // namespace

std::string settings_text(const Trial& trial) {
  std::string text;
  for (const auto& [key, value] : trial.settings) text += (text.empty() ? "" : " ") + key + "=" + value;
  return text.empty() ? "as given" : text;
}

std::string tune_text(const TuneResult& found, const TuneOptions& how, const TuneFacts& facts) {
  std::string out = trials_text(found) + "\n";
  if (found.winner == 0) {
    out += found.best == 0 ? fmt::format(
                                 "Tuning did not beat the options as given: no trial has a better {} over all {} "
                                 "folds.\n",
                                 found.score, how.folds)
                           : fmt::format(
                                 "Tuning did not beat the options as given: trial {} is better by {:.3g} +- {:.3g}, "
                                 "not by more than the standard error.\n",
                                 found.best, found.gain, found.error);
  } else {
    out += fmt::format(
        "Trial {} is better than the options as given by {:.3g} +- {:.3g} (mean and standard error over {} "
        "folds).\n",
        found.winner, found.gain, found.error, how.folds);
  }
  if (facts.winner) {
    out += fmt::format("{} on {} rows that the search never saw: {}", found.score, facts.test_rows,
                       estimate_text(*facts.winner));
    if (found.winner != 0)
      out += "; with the options as given " +
             (facts.start ? estimate_text(*facts.start) : std::string("none, the training failed"));
    out += "\n";
  }
  return out + fmt::format("The model, {}, can be had again by\n  {}\n", facts.model, command_text(facts.command));
}

std::string tune_document(const TuneResult& found, const TuneOptions& how, const TuneFacts& facts) {
  Json trials = Json::array(), ranges = Json::array();
  for (const SearchRange& range : how.ranges) ranges.push_back(range_text(range));
  for (std::size_t t = 0; t < found.trials.size(); ++t) {
    const Trial& trial = found.trials[t];
    Json scores = Json::array();
    for (const std::optional<double>& score : trial.scores)
      if (score) scores.push_back(number(*score));
    trials.push_back({{"trial", t},
                      {"folds", trial.folds_done()},
                      {"mean", number(trial.mean())},
                      {"scores", scores},
                      {"settings", settings_object(trial)}});
  }
  const Json document = {
      {"schema", 1},
      {"data", facts.data},
      {"model", facts.model},
      {"score", found.score},
      {"folds", how.folds},
      {"out_of_time", found.out_of_time},
      {"winner", found.winner},
      {"best", found.best},
      {"gain", number(found.gain)},
      {"standard_error", number(found.error)},
      {"beats_the_start", found.winner != 0},
      {"test",
       {{"rows", facts.test_rows}, {"winner", estimate_object(facts.winner)}, {"start", estimate_object(facts.start)}}},
      {"settings", settings_object(found.trials[found.winner])},
      {"command", facts.command},
      {"seconds", number(facts.seconds)},
      {"ranges", ranges},
      {"trials", trials}};
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace chainrule::cli
