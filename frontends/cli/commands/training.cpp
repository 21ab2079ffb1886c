// SPDX-License-Identifier: Apache-2.0
// What the verbs that train share: where options come from, and how much memory may be taken.
#include <fmt/format.h>
#include <unistd.h>

#include <cmath>

#include "cli/commands/commands.h"
#include "cli/config.h"
#include "cli/summary.h"

namespace chainrule::cli {
namespace {

// Bytes in "512M" or "8G"; without a unit, in the text itself.
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

}  // namespace

void check_memory(const Arguments& arguments, std::size_t bytes) {
  const auto needed = static_cast<double>(bytes);
  const bool given = arguments.has("max-memory");
  const double limit = given ? bytes_of(arguments.text("max-memory")) : memory_of_the_machine();
  if (needed <= limit) return;
  throw Error(ErrorCategory::usage,
              fmt::format("memory: expected at most {} ({}), found that the training needs about {}", bytes_text(limit),
                          given ? "--max-memory" : "what the machine has", bytes_text(needed)),
              "smaller --hidden or --batch-size need less");
}

std::vector<std::vector<Assignment>> sources_of(const Arguments& arguments) {
  std::vector<std::vector<Assignment>> sources;
  if (arguments.has("config")) sources.push_back(read_config(arguments.text("config")));
  sources.push_back(arguments.options);
  return sources;
}

int print_config(const Arguments& arguments, const std::vector<std::vector<Assignment>>& sources) {
  if (arguments.is_true("json"))
    throw Error(ErrorCategory::usage, "--json: expected no --print-config beside it, found one",
                "a configuration is printed as TOML");
  const EncoderOptions data = options_from(sources).data;
  const Table table =
      arguments.files.empty() ? Table() : load_with_target(arguments.files[0], load_options_of(arguments, data));
  Output output;
  output.write(config_text(options_from(sources, table)));
  output.finish();
  return 0;
}

}  // namespace chainrule::cli
