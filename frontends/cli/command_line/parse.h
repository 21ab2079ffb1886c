// SPDX-License-Identifier: Apache-2.0
// Parses the words of the command line into Arguments. The commands interpret the values.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "chainrule/training/options/option_table.h"
#include "chainrule/training/options/options.h"
#include "cli/command_line/verbs.h"

namespace chainrule::cli {

/// The parsed command line.
struct Arguments {
  std::string verb;
  std::vector<std::string> files;                         ///< as many as the verb takes
  std::vector<Assignment> options;                        ///< of the option table
  std::map<std::string, std::vector<std::string>> flags;  ///< by name; a switch has "true" or "false"

  bool has(const std::string& flag) const { return flags.count(flag) > 0; }
  bool is_true(const std::string& flag) const { return text(flag) == "true"; }
  /// The last value given, or `fallback`.
  std::string text(const std::string& flag, const std::string& fallback = {}) const;
  /// All values given, in their order.
  std::vector<std::string> texts(const std::string& flag) const;
};

/// Reads the words after the program's name. `chainrule VERB --help` becomes the verb help, `--version` the verb
/// version. Throws Error (usage) for unknown verbs and options, with the nearest known one, for missing values and for
/// a wrong number of files.
Arguments parse(std::vector<std::string> words);

}  // namespace chainrule::cli
