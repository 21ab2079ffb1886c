// SPDX-License-Identifier: Apache-2.0
#include "cli/runs/run_page.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <system_error>

#include "chainrule/base/checks.h"
#include "cli/runs/text_file.h"

namespace chainrule::cli {
namespace {

constexpr std::size_t kMaxPageBytes = 64'000'000;
constexpr std::size_t kMaxValues = 400'000;  // a page that we write has fewer than 50,000

constexpr std::size_t kMaxRows = 1'000;  // of options and of metrics, which are compared pair by pair

// A member of the document, with its name for messages.
class Part {
 public:
  Part(const Json& json, std::string where) : json_(&json), where_(std::move(where)) {}

  Part operator[](const char* key) const {
    const Json* const found = find(key);
    if (found == nullptr) refuse("the member " + in_quotes(key), "none");
    return {*found, where_ + ": " + key};
  }
  bool has(const char* key) const { return find(key) != nullptr; }
  std::vector<Part> list(std::size_t maximum = kMaxValues) const {
    if (!json_->is_array()) refuse("a list");
    if (json_->size() > maximum) refuse(fmt::format("at most {} values", maximum), fmt::format("{}", json_->size()));
    std::vector<Part> parts;
    for (std::size_t k = 0; k < json_->size(); ++k)
      parts.emplace_back((*json_)[k], fmt::format("{}[{}]", where_, k + 1));
    return parts;
  }
  std::vector<std::pair<std::string, Part>> members() const {
    if (!json_->is_object()) refuse("an object");
    std::vector<std::pair<std::string, Part>> parts;
    for (const auto& [key, value] : json_->items())
      parts.emplace_back(key, Part(value, where_ + ": " + in_quotes(key)));
    return parts;
  }
  std::string text() const {
    if (!json_->is_string()) refuse("a text");
    return json_->get<std::string>();
  }
  double whole() const {
    if (!json_->is_number_unsigned()) refuse("a whole number");
    return json_->get<double>();
  }
  // NaN for null.
  double number() const {
    if (json_->is_null()) return std::numeric_limits<double>::quiet_NaN();
    if (!json_->is_number()) refuse("a number or null");
    return json_->get<double>();
  }
  // A list of numbers, at most so many.
  void numbers(std::size_t maximum) const {
    for (const Part& part : list(maximum)) part.number();
  }
  const Json& json() const { return *json_; }
  [[noreturn]] void refuse(const std::string& expected) const { refuse(expected, in_quotes(line_text(*json_))); }

 private:
  const Json* find(const char* key) const {
    if (!json_->is_object()) refuse("an object");
    const auto at = json_->find(key);
    return at == json_->end() ? nullptr : &*at;
  }
  [[noreturn]] void refuse(const std::string& expected, const std::string& found) const {
    throw Error(ErrorCategory::input, fmt::format("{}: expected {}, found {}", where_, expected, found),
                "train --run writes such pages");
  }

  const Json* json_;
  std::string where_;
};

void check_history(const Part& history) {
  const std::size_t epochs = history["epoch"].list().size();
  for (const char* const key : {"epoch", "train_loss", "learning_rate"}) history[key].numbers(epochs);
  for (const auto& [name, values] : history["validation"].members()) values.numbers(epochs);
  if (history.has("inner"))
    for (const auto& [name, values] : history["inner"].members()) values.numbers(epochs);
}

RunPage::Score score_of(const Part& figure) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  RunPage::Score score{figure["name"].text(), kNone, kNone, kNone, kNone};
  for (const char* const key : {"training", "trivial"})
    if (figure.has(key)) figure[key].number();
  if (figure.has("validation")) score.validation = figure["validation"].number();
  if (!figure.has("test")) return score;
  const Part test = figure["test"];
  score.test = test["value"].number();
  score.low = test["low"].number();
  score.high = test["high"].number();
  test["trivial"].number();
  if (test.has("undefined")) test["undefined"].text();
  return score;
}

}  // namespace

RunPage run_page_from(std::string_view page, const std::string& name) {
  const std::string_view opening = "id=\"data\">";
  const std::size_t begin = page.find(opening), end = page.find("</script>", std::min(begin, page.size()));
  const auto refuse_other = [&] {
    throw Error(ErrorCategory::input, location(name) + ": expected the report page of a run, found another page");
  };
  if (begin == std::string::npos || end == std::string::npos) refuse_other();
  const Json document =
      json_from_outside(page.substr(begin + opening.size(), end - begin - opening.size()), kMaxValues, location(name));
  if (!document.is_object() || !document.contains("kind") || document.at("kind") != "training") refuse_other();
  const Part whole(document, location(name));
  RunPage run;
  for (const auto& [key, text] :
       {std::pair("program", &run.program), std::pair("data", &run.data),
        std::pair("data_fingerprint", &run.data_fingerprint), std::pair("target", &run.target),
        std::pair("task", &run.task), std::pair("how", &run.how)})
    *text = whole[key].text();
  for (const Part& option : whole["options"].list(kMaxRows)) {
    const std::vector<Part> pair = option.list();
    if (pair.size() != 2) option.refuse("a name and a value");
    run.options.emplace_back(pair[0].text(), pair[1].text());
  }
  for (const char* const key : {"training", "validation", "test"}) run.test_rows = whole["rows"][key].whole();
  for (const Part& figure : whole["figures"].list(kMaxRows)) run.scores.push_back(score_of(figure));
  check_history(whole["history"]);
  whole["ended"]["best_epoch"].whole();
  whole["ended"]["stop"].text();
  whole["command"].text();
  whole["weights_sha256"].text();
  Json shown = Json::object();
  for (const char* const key : {"rows", "figures", "history", "ended", "command", "weights_sha256"})
    shown[key] = whole[key].json();
  run.shown = std::make_shared<const Json>(std::move(shown));
  return run;
}

RunPage read_run_page(const std::string& run) {
  const std::string path = run + "/report.html";
  std::error_code none;
  if (!std::filesystem::exists(path, none) && !none)
    throw Error(ErrorCategory::input, location(path) + ": expected the report page of a run, found none",
                "chainrule train DATA --run NAME writes runs/NAME");
  try {
    return run_page_from(read_text_file(path, kMaxPageBytes, "the report page of a run"), path);
  } catch (const std::bad_alloc&) {
    refuse_too_large(path);
    throw;
  }
}

}  // namespace chainrule::cli
