// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line/error_wording.h"
#include "chainrule/training/options/options.h"

#include <algorithm>

namespace chainrule::cli {
namespace {

// The beginning of the message: where the option was set. The last source counts.
std::string as_set(const NamedOption& named, const std::vector<std::vector<Assignment>>& sources) {
  std::string where = flag_text(named);
  const Option* const option = find_option(named.key);
  for (const std::vector<Assignment>& source : sources)
    for (const Assignment& assignment : source)
      if (option != nullptr && find_option(assignment.name) == option) where = assignment.where;
  return where;
}

}  // namespace

std::string flag_text(const NamedOption& option) {
  std::string name = option.key;
  std::ranges::replace(name, '_', '-');
  const Option* const known = find_option(option.key);
  const bool takes_value = known != nullptr && known->kind != OptionKind::flag;  // a column may have the name "false"
  if (!takes_value && option.value == "false") return "--no-" + name;
  if (option.value.empty() || (!takes_value && option.value == "true")) return "--" + name;
  // A value with a minus sign would be parsed as another flag.
  return "--" + name + (option.value[0] == '-' ? "=" : " ") + option.value;
}

std::string with_flags(const Message& message) { return message.spelled(flag_text); }

void write_flags(std::vector<Note>& notes) {
  for (Note& note : notes) note.text = with_flags(note.text);
}

Error in_words_of_the_user(const Error& error, const std::vector<std::vector<Assignment>>& sources) {
  const auto spell = [&](const NamedOption& named) {
    return named == NamedOption{error.option()} ? as_set(named, sources) : flag_text(named);
  };
  return Error(error.category(), error.message().spelled(spell), with_flags(error.hint_message()), error.option());
}

}  // namespace chainrule::cli
