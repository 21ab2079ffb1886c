// SPDX-License-Identifier: Apache-2.0
// The one table of options: every member of FitOptions with its name, range, default and help. Command line, help,
// docs/cli.md, TOML files, shell completion and the configuration kept in a model are all made from it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chainrule/fit.h"

namespace chainrule {

/// What the text of an option stands for; lists are separated by commas.
enum class OptionKind { text, flag, whole, number, text_list, whole_list, number_list };

/// Some options mean something only beside certain values of another one, e.g. momentum beside optimizer momentum.
struct OptionUse {
  std::string option;               ///< name of the other one; "" = always used
  std::vector<std::string> values;  ///< those that use it; none = all but `idle`
  std::string idle = {};

  std::string words() const;  ///< "optimizer adam or adamw", "weight-decay other than 0", "no validation-rows"
};

struct Option {
  std::string name;  ///< kebab-case; key() is the name everywhere but on the command line
  std::vector<std::string> aliases;
  std::string group;  ///< data, rows, network, training, optimiser, schedule, stopping or decision
  OptionKind kind = OptionKind::text;
  std::string value;                 ///< what help calls the value, e.g. "RATE"; "" for flags
  std::string help;                  ///< one line
  std::vector<std::string> choices;  ///< known values; empty = free
  OptionUse used_with;
  std::string peers;  ///< where other programs use another name or meaning, one line; may be empty

  /// Takes over the text, or says what would have been right ("a number above 0") and changes nothing; "" = taken.
  std::function<std::string(FitOptions&, std::string_view)> set;
  /// The text that set() would turn into the present value: numbers in the fewest digits that read back the same.
  std::function<std::string(const FitOptions&)> get;

  std::string key() const;  ///< the name in snake_case
};

/// In the order in which they are shown.
const std::vector<Option>& option_table();
/// By name, key or alias; nullptr when there is none.
const Option* find_option(std::string_view name);
/// The text of an option's default.
std::string default_value(const Option& option);
/// Whether the option means something beside the other options as they are.
bool is_used(const Option& option, const FitOptions& options);

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

/// The fewest digits that read back the same number.
std::string number_text(double value);
/// Reads a number that fills the whole text (no spaces, no nan, no inf); false when it does not.
bool number_from_text(std::string_view text, double& value);
/// Joins texts by commas, those with a comma or quote in double quotes (RFC 4180); split_list() is the inverse.
std::string join_list(const std::vector<std::string>& texts);
std::vector<std::string> split_list(std::string_view text);

}  // namespace chainrule
