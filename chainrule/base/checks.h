// SPDX-License-Identifier: Apache-2.0
// Checks of arguments and of input from outside: sizes, names, escaped text.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "chainrule/base/error.h"

namespace chainrule {

/// An error of category usage about the option with this key: "KEY: PROBLEM".
Error option_error(std::string_view option, const Message& problem, Message hint = {});

/// Text from outside, safe for a message: cut to `limit` characters ("..." marks the cut), control bytes and broken
/// UTF-8 written as \xNN, in double quotes.
std::string in_quotes(std::string_view text, std::size_t limit = 40);

/// "FILE:LINE:FIELD" with the parts that are not 0; `line` and `field` count from 1. Control bytes in the name are
/// escaped; an empty name is "".
std::string location(std::string_view file, std::size_t line = 0, std::size_t field = 0);

/// The known name nearest to `name` by edits (at most a third of its length; a swap of two letters is one, another case
/// none), or "" when none is near.
std::string nearest_name(std::string_view name, std::span<const std::string> known);

/// Index of `name` in `known`; '-' counts as '_'. Throws Error (usage) that lists the known ones and suggests the
/// nearest: "activation: expected one of relu, tanh, found "rellu"", where `option` is activation.
std::size_t index_of_name(std::string_view name, std::span<const std::string> known, std::string_view option);

/// Throws Error (usage) "WHAT: expected EXPECTED, found FOUND". `expected` is a phrase such as "at most 32".
[[noreturn]] void refuse_count(const char* what, const std::string& expected, std::size_t found);

/// Checks of sizes and indices at the entry of public functions, one comparison each. They throw Error (usage) "rows of
/// the batch: expected at most 32, found 40", and allocate nothing if the check passes.
inline void expect_equal(std::size_t expected, std::size_t found, const char* what) {
  if (found != expected) refuse_count(what, std::to_string(expected), found);
}
inline void expect_at_most(std::size_t maximum, std::size_t found, const char* what) {
  if (found > maximum) refuse_count(what, "at most " + std::to_string(maximum), found);
}
inline void expect_at_least(std::size_t minimum, std::size_t found, const char* what) {
  if (found < minimum) refuse_count(what, "at least " + std::to_string(minimum), found);
}
/// For an index, which counts from 0.
inline void expect_below(std::size_t bound, std::size_t found, const char* what) {
  if (found >= bound) refuse_count(what, "less than " + std::to_string(bound), found);
}

/// a * b. Throws Error (input) that names `what` if the product does not fit in std::size_t.
std::size_t checked_product(std::size_t a, std::size_t b, std::string_view what);

}  // namespace chainrule
