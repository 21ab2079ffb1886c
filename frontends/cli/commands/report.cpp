// SPDX-License-Identifier: Apache-2.0
// report RUN...: compares runs, from the documents in their pages.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <set>

#include "chainrule/base/checks.h"
#include "chainrule/base/version.h"
#include "chainrule/metrics/metrics.h"
#include "chainrule/report/json.h"
#include "chainrule/report/training_report.h"
#include "cli/commands/commands.h"

namespace chainrule::cli {
namespace {

// The document in a run's report.html.
Json document_of(const std::string& run) {
  const std::string path = run + "/report.html";
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw Error(ErrorCategory::input, location(path) + ": expected the report page of a run, found none",
                "chainrule train DATA --run NAME writes runs/NAME");
  const std::string page{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const std::string opening = "id=\"data\">";
  const std::size_t begin = page.find(opening), end = page.find("</script>", begin);
  Json document = begin == std::string::npos || end == std::string::npos
                      ? Json()
                      : Json::parse(page.substr(begin + opening.size(), end - begin - opening.size()), nullptr, false);
  if (!document.is_object() || !document.contains("kind") || document.at("kind") != "training")
    throw Error(ErrorCategory::input, location(path) + ": expected the report page of a run, found another page");
  return document;
}

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

std::vector<std::string> values_of(const std::vector<Json>& runs, const std::function<std::string(const Json&)>& of) {
  std::vector<std::string> values;
  for (const Json& run : runs) values.push_back(of(run));
  return values;
}

std::string option_of(const Json& run, const std::string& name) {
  for (const Json& option : run.at("options"))
    if (option[0] == name) return option[1].get<std::string>();
  return "(not used)";
}

// The metric that runs are compared by; NaN if there is none.
double score_of(const Json& run, const std::string& metric, const char* part) {
  for (const Json& score : run.at("figures")) {
    if (score.at("name") != metric || !score.contains(part)) continue;
    const Json& value = score.at(part).is_object() ? score.at(part)["value"] : score.at(part);
    return value.is_number() ? value.get<double>() : NAN;
  }
  return NAN;
}

// Whether the options that choose validation and test rows are equal in all runs.
bool same_rows(const std::vector<Json>& runs) {
  for (const char* const name :
       {"seed", "test_split", "test_fold", "validation_split", "validation_rows", "group", "time", "stratify"})
    for (const Json& run : runs)
      if (option_of(run, name) != option_of(runs[0], name)) return false;
  return true;
}

// Whether the score lies in the interval of the best run.
bool is_close(const Json& best, const std::string& metric, double score) {
  for (const Json& one : best.at("figures"))
    if (one.at("name") == metric && one.contains("test") && one.at("test")["low"].is_number())
      return score >= one.at("test")["low"].get<double>() && score <= one.at("test")["high"].get<double>();
  return false;
}

std::string summary_of(const std::vector<Json>& runs, const std::vector<std::string>& names) {
  for (const Json& run : runs)
    if (run.at("target") != runs[0].at("target") || run.at("task") != runs[0].at("task"))
      return "These runs predict different targets.";
  for (const Json& run : runs)
    if (run.at("data_fingerprint") != runs[0].at("data_fingerprint"))
      return "These runs used different data: their scores cannot be compared.";
  const std::string metric = runs[0].at("task") == "classes" ? "accuracy" : "rmse";
  const bool tested = std::ranges::all_of(runs, [](const Json& run) { return run.at("rows")["test"] > 0; });
  const char* const part = tested ? "test" : "validation";
  std::vector<double> scores;
  for (const Json& run : runs) scores.push_back(score_of(run, metric, part));
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

Json comparison_of(const std::vector<Json>& runs, const std::vector<std::string>& names) {
  Json differences = Json::array(), options = Json::array(), shown = Json::array();
  for (const char* const key : {"program", "data", "data_fingerprint", "target", "how"})
    add_row(differences, key == std::string("how") ? "training" : key,
            values_of(runs, [&](const Json& run) { return run.at(key).get<std::string>(); }), false);
  std::vector<std::string> known;
  for (const Json& run : runs)
    for (const Json& option : run.at("options"))
      if (std::ranges::find(known, option[0].get<std::string>()) == known.end())
        known.push_back(option[0].get<std::string>());
  for (const std::string& name : known) {
    const std::vector<std::string> values = values_of(runs, [&](const Json& run) { return option_of(run, name); });
    add_row(differences, name, values, false);
    add_row(options, name, values, true);
  }
  for (std::size_t r = 0; r < runs.size(); ++r) {
    Json run = {{"name", names[r]}};
    for (const char* const key : {"rows", "figures", "history", "ended", "command", "weights_sha256"})
      run[key] = runs[r].at(key);
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
  std::vector<Json> runs;
  for (const std::string& run : arguments.files) runs.push_back(document_of(run));
  Json document;
  try {
    document = comparison_of(runs, names_of(arguments.files));
  } catch (const Json::exception&) {
    throw Error(ErrorCategory::input, "report: expected pages that train --run wrote, found one with missing parts");
  }
  Output output(path, overwrite);
  output.write(report_html(line_text(document)));
  output.finish();
  if (path != "-") say(terminal, "written: " + path);
  return 0;
}

}  // namespace chainrule::cli
