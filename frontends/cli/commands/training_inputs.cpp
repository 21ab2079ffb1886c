// SPDX-License-Identifier: Apache-2.0
// Shared by the verbs that train: sources of options, and the memory limit.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <string_view>

#include "chainrule/base/checks.h"
#include "chainrule/base/text.h"
#include "chainrule/report/training_report.h"
#include "chainrule/training/options/options.h"
#include "cli/commands/commands.h"
#include "cli/output/inspect.h"
#include "cli/output/signals.h"
#include "cli/runs/config.h"

namespace chainrule::cli {
namespace {

// The bytes of "512M" or "8G"; without a unit, the number itself.
double bytes_of(const std::string& text) {
  const std::string units = "KMGT";
  const std::size_t unit = text.empty() ? std::string::npos : units.find(text.back());
  const std::string_view digits(text.data(), text.size() - (unit == std::string::npos ? 0 : 1));
  double number = 0;
  if (!number_from_text(digits, number) || !(number >= 1))
    throw Error(ErrorCategory::usage, "--max-memory: expected a size such as 512M or 8G, found " + in_quotes(text));
  return number * (unit == std::string::npos ? 1 : std::pow(1024.0, static_cast<double>(unit + 1)));
}

double memory_of_the_machine() {
  const long pages = sysconf(_SC_PHYS_PAGES), bytes = sysconf(_SC_PAGESIZE);
  return pages > 0 && bytes > 0 ? static_cast<double>(pages) * static_cast<double>(bytes) : HUGE_VAL;
}

// Bytes at the highest; 0 if unknown.
std::size_t peak_so_far() {
  std::ifstream status("/proc/self/status");
  constexpr std::string_view kPeak = "VmHWM:";
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(kPeak)) return std::size_t{1024} * std::strtoull(line.c_str() + kPeak.size(), nullptr, 10);
  return 0;
}

}  // namespace

std::size_t memory_with_reading(std::size_t planned) { return std::max(planned, peak_so_far()); }

void check_memory(const Arguments& arguments, std::size_t bytes) {
  const auto needed = static_cast<double>(bytes);
  const bool given = arguments.has("max-memory");
  const double limit = given ? bytes_of(arguments.text("max-memory")) : memory_of_the_machine();
  if (needed <= limit) return;
  throw Error(ErrorCategory::usage,
              fmt::format("memory: expected at most {} ({}), but training needs about {}", bytes_text(limit),
                          given ? "--max-memory" : "the memory of the machine", bytes_text(needed)),
              "a smaller --hidden or --batch-size needs less");
}

std::vector<std::vector<Assignment>> sources_of(const Arguments& arguments) {
  std::vector<std::vector<Assignment>> sources;
  if (arguments.has("config")) sources.push_back(read_config(arguments.text("config")));
  sources.push_back(arguments.options);
  return sources;
}

std::vector<std::string> training_inputs(const Arguments& arguments) {
  std::vector<std::string> inputs = data_of(arguments);
  for (const char* const flag : {"validation", "labels", "config"})
    for (std::string& path : arguments.texts(flag)) inputs.push_back(std::move(path));
  check_inputs(inputs);
  return inputs;
}

void check_side_output(const Arguments& arguments, const std::string& flag, const std::vector<std::string>& others,
                       const std::vector<std::string>& inputs) {
  if (!arguments.has(flag)) return;
  const std::string path = arguments.text(flag);
  if (path == "-")
    throw Error(ErrorCategory::usage, fmt::format("--{}: expected a file, found - (standard output)", flag),
                "/dev/stdout is a file");
  for (const std::string& other : others)
    if (is_same_path(path, other))
      throw Error(ErrorCategory::usage,
                  fmt::format("--{}: expected a file other than {}, found the same", flag, in_quotes(other)));
  check_output(path, arguments.is_true("force"), inputs);
}

void write_report(const std::string& path, bool overwrite, const std::string& document) {
  Output page(path, overwrite);
  page.write(report_html(document));
  const Uninterrupted moment(path);
  page.finish();
}

std::vector<std::string> command_like(const std::string& verb, const Arguments& arguments,
                                      const std::vector<std::vector<Assignment>>& sources,
                                      const std::vector<std::pair<std::string, std::string>>& settings) {
  std::vector<std::string> words{"chainrule", verb};
  for (std::string& path : data_of(arguments)) words.push_back(std::move(path));
  const auto add = [&](const Option& option, const std::string& value) {
    if (option.kind == OptionKind::flag)
      words.push_back((value == "true" ? "--" : "--no-") + option.name);
    else
      words.insert(words.end(), {"--" + option.name, value});
  };
  std::vector<Assignment> assignments;  // for each option the last one
  for (const std::vector<Assignment>& source : sources)
    for (const Assignment& assignment : source) {
      std::erase_if(assignments,
                    [&](const Assignment& other) { return find_option(other.name) == find_option(assignment.name); });
      assignments.push_back(assignment);
    }
  const FitOptions options = options_from(sources);
  for (const Assignment& assignment : assignments) {
    const Option& option = *find_option(assignment.name);
    if (option.name != "preset" && !is_requested(options, option.name)) continue;
    if (std::ranges::none_of(settings, [&](const auto& one) { return one.first == option.key(); }))
      add(option, assignment.value);
  }
  for (const auto& [key, value] : settings) add(*find_option(key), value);
  if (arguments.has("header")) words.push_back(arguments.is_true("header") ? "--header" : "--no-header");
  for (const std::string flag : kLayoutFlags)
    if (flag != "header" && arguments.has(flag)) words.insert(words.end(), {"--" + flag, arguments.text(flag)});
  return words;
}

int print_config(const Arguments& arguments, const std::vector<std::vector<Assignment>>& sources) {
  if (arguments.is_true("json"))
    throw Error(ErrorCategory::usage, "--json: expected no --print-config together with it, found one",
                "a configuration is printed as TOML");
  const EncoderOptions data = options_from(sources).data;
  const Table table = arguments.files.empty()
                          ? Table()
                          : load_with_target(data_of(arguments), load_options_of(arguments, data), data.weight);
  Output output;
  output.write(config_text(options_from(sources, table)));
  output.finish();
  return 0;
}

}  // namespace chainrule::cli
