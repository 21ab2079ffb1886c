// SPDX-License-Identifier: Apache-2.0
#include "cli/runs/trials_file.h"
#include "chainrule/report/json.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <limits>
#include <system_error>

#include "chainrule/base/checks.h"
#include "chainrule/base/system_error.h"
#include "chainrule/training/search.h"
#include "cli/runs/text_file.h"

namespace chainrule::cli {
namespace {

std::string head_of(const TrialsFile::Subject& subject) {
  Json configuration = Json::object(), ranges = Json::array();
  for (const auto& [key, value] : subject.configuration) configuration[key] = value;
  for (const SearchRange& range : subject.ranges) ranges.push_back(range_text(range));
  return line_text({{"schema", 1},
                    {"event", "search"},
                    {"data_fingerprint", subject.data_fingerprint},
                    {"score", subject.score},
                    {"folds", subject.folds},
                    {"ranges", ranges},
                    {"configuration", configuration}});
}

std::vector<std::pair<std::string, std::string>> start_of(const TrialsFile::Subject& subject) {
  std::vector<std::pair<std::string, std::string>> start;
  for (const SearchRange& range : subject.ranges) {
    start.emplace_back(range.option, "");
    for (const auto& [key, value] : subject.configuration)
      if (key == range.option) start.back().second = value;
  }
  return start;
}

// Trial, fold and the values of the ranges' options, as in a line.
Json training_line(std::size_t trial, std::size_t fold, const Trial& settings,
                   const std::vector<std::pair<std::string, std::string>>& start) {
  Json line = {{"schema", 1}, {"event", "training"}, {"trial", trial}, {"fold", fold + 1}};
  for (const auto& [key, value] : start) line[key] = value;
  for (const auto& [key, value] : settings.settings) line[key] = value;
  return line;
}

constexpr std::size_t kMaxTrialsBytes = 256'000'000;
constexpr std::size_t kMaxLine = 100'000, kMaxLineValues = 200;  // of a line that is read back

// A training's line; `where` names it for messages.
Json training_from(const std::string& line, const std::string& where) {
  const auto refuse = [&](const std::string& expected) {
    throw Error(ErrorCategory::input, fmt::format("{}: expected {}, found {}", where, expected, in_quotes(line)));
  };
  if (line.size() > kMaxLine) refuse(fmt::format("at most {} bytes", kMaxLine));
  Json read = json_from_outside(line, kMaxLineValues, where);
  if (!read.is_object() || !read.contains("score") || !read.contains("seconds")) refuse("a training run in JSON");
  if (!read["score"].is_number() && !read["score"].is_null()) refuse("a score that is a number or null");
  if (!read["seconds"].is_number()) refuse("seconds that are a number");
  for (const char* const key : {"trial", "fold"})
    if (!read.contains(key) || !read[key].is_number_unsigned()) refuse(fmt::format("a whole number as {}", key));
  return read;
}

LineFile::Start start_of(TrialsFile::Start start) {
  if (start == TrialsFile::Start::resume) return LineFile::Start::append;
  return start == TrialsFile::Start::fresh ? LineFile::Start::fresh : LineFile::Start::overwrite;
}

}  // namespace

TrialsFile::TrialsFile(const std::string& path, Start start, const Subject& subject)
    : start_(start_of(subject)), file_(path, start_of(start)) {
  const std::string head = head_of(subject);
  std::error_code none;
  if (start == Start::resume && std::filesystem::exists(path, none) && std::filesystem::file_size(path, none) > 0) try {
      read(path, head);
    } catch (const std::bad_alloc&) {
      refuse_too_large(path);
      throw;
    }
  else
    head_ = head + "\n";
}

void TrialsFile::read(const std::string& path, const std::string& head) {
  const std::string text = read_text_file(path, kMaxTrialsBytes, "the trials of a search");
  std::size_t number = 0, at = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; at = end + 1, end = text.find('\n', at)) {
    const std::string line = text.substr(at, end - at);
    if (++number == 1 && line != head)
      throw Error(ErrorCategory::usage,
                  location(path) +
                      ":1: expected the trials of this search (data, options, ranges, folds), found those of another",
                  "--force instead of --resume starts a new search");
    if (number == 1) continue;
    Json read = training_from(line, location(path, number));
    const TrialScore score{
        read["score"].is_null() ? std::numeric_limits<double>::quiet_NaN() : read["score"].get<double>(),
        read["seconds"].get<double>()};
    read.erase("score");
    read.erase("seconds");
    known_[line_text(read)] = score;
  }
  if (number == 0 && !head.starts_with(text))
    throw Error(ErrorCategory::input, location(path) + ": expected the trials of a search, found no complete line");
  if (number == 0) head_ = head + "\n";
  if (at == text.size()) return;
  std::error_code problem;
  std::filesystem::resize_file(path, at, problem);  // the process was killed while writing
  if (problem)
    throw Error(ErrorCategory::output,
                location(path) + ": cannot be truncated to complete lines: " + reason_of(problem.value()));
}

std::optional<TrialScore> TrialsFile::score(std::size_t trial, std::size_t fold, const Trial& settings) const {
  const auto found = known_.find(line_text(training_line(trial, fold, settings, start_)));
  return found == known_.end() ? std::nullopt : std::optional(found->second);
}

bool TrialsFile::write(std::size_t trial, std::size_t fold, const Trial& settings) {
  Json line = training_line(trial, fold, settings, start_);
  if (known_.contains(line_text(line))) return true;
  const double score = *settings.scores[fold];
  line["score"] = json_number(score);
  line["seconds"] = settings.seconds[fold];
  file_.write(head_ + line_text(line) + "\n");
  head_.clear();
  return file_.is_whole();
}

}  // namespace chainrule::cli
