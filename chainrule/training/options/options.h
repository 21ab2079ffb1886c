// SPDX-License-Identifier: Apache-2.0
// Options from text: set by name, and laid over each other from several sources.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chainrule/training/options/option_table.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// One wish: option `name` shall have this value. `where` opens messages: "--learning-rate", "run.toml:3".
struct Assignment {
  std::string name, value, where;
};

/// Sets one option from text. Throws Error (usage) with what is right, what was found and, for unknown names, the
/// nearest known one; also when the option is not used beside the others as they are (set the optimizer first), unless
/// the value is its default.
void set_option(FitOptions& options, std::string_view name, std::string_view value, const std::string& where);

/// Options from several sources, the later ones stronger (a file, then the command line). The order inside a source
/// does not matter: the preset goes first, then what decides which other options are used. A value that nothing uses
/// any more because a stronger source chose otherwise (another optimizer) is dropped; else it is an error, unless it is
/// the default. Optimizer rprop brings its batch size (all) and schedule (constant); others beside it are an error.
FitOptions options_from(const std::vector<std::vector<Assignment>>& sources);

/// The same for this table: where no source names a preset, it is preset_for(table).
FitOptions options_from(std::vector<std::vector<Assignment>> sources, const Table& table);

/// (key, value) of every option that is used, in the order of the table: what options_from() turns into the same
/// options again.
std::vector<std::pair<std::string, std::string>> option_values(const FitOptions& options);

}  // namespace chainrule
#pragma GCC visibility pop
