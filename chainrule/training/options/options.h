// SPDX-License-Identifier: Apache-2.0
// Options from text: merges several sources.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "chainrule/training/options/fit_options.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// Option `name` gets this value. Messages begin with `where`: "--learning-rate", "run.toml:3".
struct Assignment {
  std::string name, value, where;
  bool requested = true;  ///< false: recorded from options in force; ignored where it equals a preset's value
};

/// Sets one option; messages begin with `where`. Throws as set_option().
void assign(FitOptions& options, const Assignment& assignment);

/// Merges options from several sources; later ones take precedence (a file, then the command line). The order inside a
/// source does not matter: the preset comes first, then the options on which others depend. A value without effect is
/// dropped if a later source made it so (another optimizer); otherwise it is an error, unless it
/// was recorded, not requested, and is the default.
/// Optimizer rprop sets batch size all and schedule constant; other values of these are an error.
FitOptions options_from(const std::vector<std::vector<Assignment>>& sources);

/// The same for this table: if no source names a preset, it is preset_for(table).
FitOptions options_from(std::vector<std::vector<Assignment>> sources, const Table& table);

/// (key, value) of every option in use, in the order of the table; options_from() turns them into the same options.
std::vector<std::pair<std::string, std::string>> option_values(const FitOptions& options);

}  // namespace chainrule
#pragma GCC visibility pop
