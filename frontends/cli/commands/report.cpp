// SPDX-License-Identifier: Apache-2.0
// report RUN...: compares runs, from the documents in their pages.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <set>

#include "chainrule/base/version.h"
#include "chainrule/metrics/metrics.h"
#include "chainrule/report/json.h"
#include "chainrule/report/training_report.h"
#include "cli/commands/commands.h"
#include "cli/runs/run_page.h"

namespace chainrule::cli {
namespace {

std::string name_of(const std::string& path) {
  const std::filesystem::path whole(path);
  return (whole.has_filename() ? whole : whole.parent_path()).filename().string();
}

// Equal names get their folders as a prefix.
std::vector<std::string> names_of(const std::vector<std::string>& paths) {
  std::vector<std::string> names;
  std::set<std::string> different;
  for (const std::string& path : paths) {
    names.push_back(name_of(path));
    different.insert(names.back());
  }
  return different.size() == paths.size() ? names : paths;
}

// Adds a table row: a heading and the value of each run. A row with equal values is left out unless `always`.
void add_row(Json& rows, const std::string& name, const std::vector<std::string>& values, bool always) {
  const bool differ = std::set<std::string>(values.begin(), values.end()).size() > 1;
  if (!differ && !always) return;
  Json row = {name};
  for (const std::string& value : values) row.push_back(value);
  rows.push_back(std::move(row));
}

std::vector<std::string> values_of(const std::vector<RunPage>& runs,
                                   const std::function<std::string(const RunPage&)>& of) {
  std::vector<std::string> values;
  for (const RunPage& run : runs) values.push_back(of(run));
  return values;
}

std::string option_of(const RunPage& run, const std::string& name) {
  for (const auto& [key, value] : run.options)
    if (key == name) return value;
  return "(not used)";
}

// The metric that runs are compared by; NaN if there is none.
double score_of(const RunPage& run, const std::string& metric, bool tested) {
  for (const RunPage::Score& score : run.scores)
    if (score.name == metric) return tested ? score.test : score.validation;
  return NAN;
}

// Whether the options that choose validation and test rows are equal in all runs.
bool same_rows(const std::vector<RunPage>& runs) {
  for (const char* const name :
       {"seed", "test_split", "test_fold", "validation_split", "validation_rows", "group", "time", "stratify"})
    for (const RunPage& run : runs)
      if (option_of(run, name) != option_of(runs[0], name)) return false;
  return true;
}

// Whether the score lies in the interval of the best run.
bool is_close(const RunPage& best, const std::string& metric, double score) {
  for (const RunPage::Score& one : best.scores)
    if (one.name == metric && !std::isnan(one.low)) return score >= one.low && score <= one.high;
  return false;
}

std::string summary_of(const std::vector<RunPage>& runs, const std::vector<std::string>& names) {
  for (const RunPage& run : runs)
    if (run.target != runs[0].target || run.task != runs[0].task) return "These runs predict different targets.";
  for (const RunPage& run : runs)
    if (run.data_fingerprint != runs[0].data_fingerprint)
      return "These runs used different data: their scores cannot be compared.";
  const std::string metric = runs[0].task == "classes" ? "accuracy" : "rmse";
  const bool tested = std::ranges::all_of(runs, [](const RunPage& run) { return run.test_rows > 0; });
  const char* const part = tested ? "test" : "validation";
  std::vector<double> scores;
  for (const RunPage& run : runs) scores.push_back(score_of(run, metric, tested));
  if (std::ranges::any_of(scores, [](double score) { return std::isnan(score); }))
    return "Not all of these runs have validation or test rows.";
  const auto at = larger_is_better(metric) ? std::ranges::max_element(scores) : std::ranges::min_element(scores);
  const auto best = static_cast<std::size_t>(at - scores.begin());
  const std::string others = same_rows(runs) ? "" : fmt::format(" They were not scored on the same {} rows.", part);
  if (runs.size() == 1) return fmt::format("{}: {} {:.4g} on its {} rows.", names[0], metric, *at, part);
  const auto as_good = static_cast<std::size_t>(std::ranges::count(scores, *at));
  if (as_good > 1)
    return fmt::format("Of {} runs, {} have the same best {} on their {} rows: {:.4g}.{}", runs.size(), as_good, metric,
                       part, *at, others);
  std::size_t close = 0;
  for (std::size_t r = 0; r < runs.size(); ++r) close += r != best && is_close(runs[best], metric, scores[r]) ? 1 : 0;
  const std::string doubt =
      close == 0
          ? ""
          : fmt::format(" {} of the others lie{} within its 95 % confidence interval, so the difference may be chance.",
                        close, close == 1 ? "s" : "");
  return fmt::format("Of {} runs, {} has the best {} on its {} rows: {:.4g}.{}{}", runs.size(), names[best], metric,
                     part, *at, doubt, others);
}

Json comparison_of(const std::vector<RunPage>& runs, const std::vector<std::string>& names) {
  Json differences = Json::array(), options = Json::array(), shown = Json::array();
  for (const auto& [key, of] : {std::pair("program", &RunPage::program), std::pair("data", &RunPage::data),
                                std::pair("data_fingerprint", &RunPage::data_fingerprint),
                                std::pair("target", &RunPage::target), std::pair("training", &RunPage::how)})
    add_row(differences, key, values_of(runs, [&, of = of](const RunPage& run) { return run.*of; }), false);
  std::vector<std::string> known;
  std::set<std::string> listed;
  for (const RunPage& run : runs)
    for (const auto& [name, value] : run.options)
      if (listed.insert(name).second) known.push_back(name);
  for (const std::string& name : known) {
    const std::vector<std::string> values = values_of(runs, [&](const RunPage& run) { return option_of(run, name); });
    add_row(differences, name, values, false);
    add_row(options, name, values, true);
  }
  for (std::size_t r = 0; r < runs.size(); ++r) {
    Json run = {{"name", names[r]}};
    run.update(*runs[r].shown);
    shown.push_back(std::move(run));
  }
  return {{"schema", 1},
          {"kind", "comparison"},
          {"program", fmt::format("chainrule {}", kVersion)},
          {"summary", summary_of(runs, names)},
          {"differences", differences},
          {"options", options},
          {"runs", shown}};
}

}  // namespace

int report_command(const Arguments& arguments, const Terminal& terminal) {
  const std::string path = arguments.text("output", "report.html");
  const bool overwrite = arguments.is_true("force");
  std::vector<std::string> pages;
  for (const std::string& run : arguments.files) pages.push_back(run + "/report.html");
  if (path != "-") check_output(path, overwrite, pages);
  std::vector<RunPage> runs;
  for (const std::string& run : arguments.files) runs.push_back(read_run_page(run));
  Output output(path, overwrite);
  output.write(report_html(line_text(comparison_of(runs, names_of(arguments.files)))));
  output.finish();
  if (path != "-") say(terminal, "written: " + path);
  return 0;
}

}  // namespace chainrule::cli
