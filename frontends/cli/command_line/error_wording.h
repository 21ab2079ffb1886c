// SPDX-License-Identifier: Apache-2.0
// The library names options by their keys. The user reads the flag that was typed, or the line of the file.
#pragma once

#include <string>
#include <vector>

#include "chainrule/base/error.h"
#include "chainrule/base/note.h"
#include "chainrule/training/options/option_table.h"
#include "chainrule/training/options/options.h"

namespace chainrule::cli {

/// "--numeric age"; "--header" or "--no-header" if the value is true or false.
std::string flag_text(const NamedOption& option);
/// The text with options as flags.
std::string with_flags(const Message& message);
/// The same for each note, in place, since reports and documents quote the texts too.
void write_flags(std::vector<Note>& notes);

/// The error with options as flags. The option that it is about is named as the user set it: "batch_size: ..." becomes
/// "--batch-size: ...", or "run.toml:3: batch_size: ..." if a file set it.
Error in_words_of_the_user(const Error& error, const std::vector<std::vector<Assignment>>& sources);

}  // namespace chainrule::cli
