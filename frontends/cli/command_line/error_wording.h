// SPDX-License-Identifier: Apache-2.0
// The library names options by their keys, as data; the user reads the flag, or the line of a file, that was typed.
#pragma once

#include <string>
#include <vector>

#include "chainrule/base/error.h"
#include "chainrule/base/note.h"
#include "chainrule/training/options/options.h"

namespace chainrule::cli {

/// "--numeric age"; "--header" or "--no-header" where the value is true or false.
std::string flag_text(const NamedOption& option);
/// The text with options as flags.
std::string with_flags(const Message& message);
/// The same for each note, in place: reports and documents have the texts as well.
void write_flags(std::vector<Note>& notes);

/// The error with options as flags, and the one that it is about as it was set: "batch_size: ..." becomes
/// "--batch-size: ...", or "run.toml:3: batch_size: ..." where a file said so.
Error in_words_of_the_user(const Error& error, const std::vector<std::vector<Assignment>>& sources);

}  // namespace chainrule::cli
