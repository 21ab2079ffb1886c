// SPDX-License-Identifier: Apache-2.0
// Reads a whole file that a command of ours has written, or any other file given instead.
#pragma once

#include <cstddef>
#include <string>

#include "chainrule/base/error.h"

namespace chainrule::cli {

/// The content of a file, or of standard input for "-". Throws Error of this category, with the system's reason, for a
/// folder, a file that cannot be read, or one with more than `max_bytes`. `kind` names it in messages: "a TOML file".
std::string read_text_file(const std::string& path, std::size_t max_bytes, const std::string& kind,
                           ErrorCategory category = ErrorCategory::input);

/// After an allocation failed: throws Error (input) if the file is so large that it is the cause.
void refuse_too_large(const std::string& path);

}  // namespace chainrule::cli
