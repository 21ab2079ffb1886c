// SPDX-License-Identifier: Apache-2.0
// The one table of options: every member of FitOptions with its name, range, default and help. Command line, help,
// docs/cli.md, TOML files, shell completion and the configuration kept in a model are all made from it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/training/options/fit_options.h"

#pragma GCC visibility push(default)
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
/// Defaults, but for what must be otherwise so that the option has a value.
FitOptions defaults_with(const Option& option);
/// A name in snake_case.
std::string as_key(std::string_view name);

}  // namespace chainrule
#pragma GCC visibility pop
