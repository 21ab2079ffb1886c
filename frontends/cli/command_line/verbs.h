// SPDX-License-Identifier: Apache-2.0
// The verbs of the program with their files and flags, in addition to the option table. Parser, help, docs/cli.md and
// completion are generated from these descriptions.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/training/options/option_table.h"

namespace chainrule::cli {

/// The flags that say how a data file is laid out.
inline constexpr std::array kLayoutFlags{"header",  "delimiter", "labels",   "encoding",
                                         "comment", "skip-rows", "bad-rows", "bad-fields"};

struct Flag {
  std::string name;         ///< without the dashes
  std::string letter;       ///< "o" for -o; "" = none
  std::string value;        ///< name of the value in help, e.g. "FILE"; "" = a switch
  std::string help;         ///< one line
  std::string fallback;     ///< default, as printed in help; "" = not printed
  bool negatable = false;   ///< --no-NAME exists
  bool repeatable = false;  ///< all values count, not only the last one one
  std::vector<std::string> choices;
};

struct Positional {
  std::string name;  ///< "DATA"
  std::string help;
  bool required = true;
  bool repeatable = false;  ///< one or more; the last positional only
};

struct Verb {
  std::string name;
  std::string summary;                ///< one line
  std::vector<std::string> about;     ///< paragraphs at the start of its help
  std::vector<std::string> examples;  ///< command lines
  std::vector<Positional> files;
  std::vector<Flag> flags;
  bool takes_options = false;          ///< also the options of the table
  std::vector<std::string> idle = {};  ///< options or groups that it does not take, since they have no effect
};

/// Whether the verb takes this option of the table.
bool takes(const Verb& verb, const Option& option);

/// In the order of the help.
const std::vector<Verb>& verbs();
/// nullptr if no verb has this name.
const Verb* find_verb(std::string_view name);
/// Flags that every verb takes; they may also precede the verb.
const std::vector<Flag>& global_flags();

}  // namespace chainrule::cli
