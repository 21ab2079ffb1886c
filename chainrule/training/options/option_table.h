// SPDX-License-Identifier: Apache-2.0
// The table of options: every member of FitOptions with its name, range, default and help. The single source of the
// command line, help, docs/cli.md, TOML files, shell completion and the configuration in a model.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/training/options/options.h"

namespace chainrule {

/// The type of an option's value; lists are separated by commas.
enum class OptionKind { text, flag, whole, number, text_list, whole_list, number_list };

/// Some options have an effect only with certain values of another one, e.g. momentum with optimizer momentum.
struct OptionUse {
  std::string option;               ///< name of the other option; "" = always used
  std::vector<std::string> values;  ///< its values that use this one; empty = all except `idle`
  std::string idle = {};

  std::string words() const;  ///< "optimizer adam or adamw", "weight-decay other than 0", "no validation-rows"
};

struct Option {
  std::string name;  ///< kebab-case, for the command line; key() is the name everywhere else
  std::vector<std::string> aliases;
  std::string group;  ///< data, rows, network, training, optimization, schedule, stopping or decision
  OptionKind kind = OptionKind::text;
  std::string value;                 ///< name of the value in help, e.g. "RATE"; "" for flags
  std::string help;                  ///< one line
  std::vector<std::string> choices;  ///< known values; empty = free
  OptionUse used_with;
  std::optional<Task> task;  ///< the only task that uses it; none = both
  std::string off = {};      ///< the value that has no effect with the other task
  std::string peers;         ///< other names or meanings in other programs, one line; may be empty

  /// Sets the value, adds the name to FitOptions::requested and returns ""; for a wrong text returns what is expected
  /// ("a number above 0") and sets nothing.
  std::function<std::string(FitOptions&, std::string_view)> set;
  /// The text from which set() gives the current value; numbers in the fewest digits that read back the same.
  std::function<std::string(const FitOptions&)> get;

  std::string key() const;  ///< the name in snake_case
};

/// In the order of help.
const std::vector<Option>& option_table();

/// By name, key or alias; nullptr if there is none.
const Option* find_option(std::string_view name);
/// The text of an option's default.
std::string default_value(const Option& option);
/// Whether the option has an effect with the current values of the other options.
bool is_used(const Option& option, const FitOptions& options);
/// Whether the option was set by name to its current value, or differs from the value of the preset. An option without
/// effect is an error if it was requested, and ignored otherwise. Throws Error (usage) for an unknown name.
bool is_requested(const FitOptions& options, std::string_view name);
/// The defaults, changed as necessary so that the option has an effect.
FitOptions defaults_with(const Option& option);
/// A name in snake_case.
std::string as_key(std::string_view name);

}  // namespace chainrule
