// SPDX-License-Identifier: Apache-2.0
// What the program can be told, beside the table of options: its verbs, their files and flags. Parser, help, docs page
// and completion are all made from these descriptions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chainrule/training/options/options.h"

namespace chainrule::cli {

struct Flag {
  std::string name;         ///< without the dashes
  std::string letter;       ///< "o" for -o; "" = none
  std::string value;        ///< what help calls the value, e.g. "FILE"; "" = yes or no
  std::string help;         ///< one line
  std::string fallback;     ///< what holds without it, as shown in help; "" = nothing to say
  bool negatable = false;   ///< --no-NAME exists
  bool repeatable = false;  ///< all values count, not only the last
  std::vector<std::string> choices;
};

struct Positional {
  std::string name;  ///< "DATA"
  std::string help;
  bool required = true;
  bool repeatable = false;  ///< the last one only: one or more
};

struct Verb {
  std::string name;
  std::string summary;                ///< one line
  std::vector<std::string> about;     ///< opening lines of its help
  std::vector<std::string> examples;  ///< command lines
  std::vector<Positional> files;
  std::vector<Flag> flags;
  bool takes_options = false;          ///< the table of options too
  std::vector<std::string> idle = {};  ///< options, or groups of them, that it does not take: they play no part in it
};

/// Whether the verb takes this option of the table.
bool takes(const Verb& verb, const Option& option);

/// In the order in which they are shown.
const std::vector<Verb>& verbs();
/// nullptr when there is none of this name.
const Verb* find_verb(std::string_view name);
/// Flags of every verb, also before it.
const std::vector<Flag>& global_flags();

}  // namespace chainrule::cli
