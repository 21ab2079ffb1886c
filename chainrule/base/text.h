// SPDX-License-Identifier: Apache-2.0
// Numbers and lists as text, and text that is safe to print.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chainrule {

/// The fewest digits that read back the same number.
std::string number_text(double value);
/// Reads a number that fills the whole text (no spaces, no nan, no inf); false when it does not.
bool number_from_text(std::string_view text, double& value);
/// Joins texts by commas, those with a comma or quote in double quotes (RFC 4180); split_list() is the inverse.
std::string join_list(const std::vector<std::string>& texts);
std::vector<std::string> split_list(std::string_view text);

/// The finite number that the whole text spells, or nullopt.
std::optional<double> number_in(std::string_view text);

/// Number of characters of UTF-8 text.
std::size_t length(std::string_view text);
/// A name from a file for a printed table: escaped, and cut to 24 characters ("..." marks the cut).
std::string shortened(const std::string& name);

/// Control bytes escaped, so that text from a file cannot control a terminal; cut only beyond 4096 characters.
std::string harmless(std::string_view text);

/// A JSON text in which control characters beyond ASCII and the marks of Unicode that reorder or hide text are \u
/// escapes: the values are the same.
std::string escape_marks(std::string_view json);

/// ASCII, in any locale.
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Words quoted for a shell.
std::string command_text(const std::vector<std::string>& words);

}  // namespace chainrule
