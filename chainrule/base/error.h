// SPDX-License-Identifier: Apache-2.0
// The one exception type of the library, and the two guards that input from outside passes: checked sizes, escaped
// text.
#pragma once

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace chainrule {

/// What kind of thing went wrong.
enum class ErrorCategory {
  internal,  ///< a defect of Chainrule itself
  usage,     ///< an option, a configuration, or an output refused before work starts
  input,     ///< a data or model file that is missing, unreadable or invalid
  numerics,  ///< training produced a number that is not finite
  check,     ///< a requested check failed
  output     ///< writing failed or memory ran out
};

/// What the library throws. what() is one line, "WHERE: WHAT: expected X, found Y", with the parts that are known.
class Error : public std::runtime_error {
 public:
  Error(ErrorCategory category, std::string message, std::string hint = {})
      : std::runtime_error(std::move(message)), category_(category), hint_(std::move(hint)) {}

  ErrorCategory category() const { return category_; }
  /// A likely cause or a next step, one line; empty when there is none.
  const std::string& hint() const { return hint_; }

 private:
  ErrorCategory category_;
  std::string hint_;
};

/// Text from outside, safe for a message: cut to `limit` characters ("..." marks the cut), control bytes and broken
/// UTF-8 written as \xNN, in double quotes.
std::string in_quotes(std::string_view text, std::size_t limit = 40);

/// "FILE:LINE:FIELD" with the parts that are not 0; `line` and `field` count from 1. Control bytes in the name are
/// escaped; an empty name is "".
std::string place(std::string_view file, std::size_t line = 0, std::size_t field = 0);

/// The known name nearest to `name` by edits (at most a third of its length; a swap of two letters is one, another case
/// none), or "" when none is near.
std::string nearest_name(std::string_view name, std::span<const std::string> known);

/// Place of `name` in `known`, '-' counting as '_'. Throws Error (usage) that lists the known ones and suggests the
/// nearest: "activation: expected one of relu, tanh, found "rellu"".
std::size_t index_of_name(std::string_view name, std::span<const std::string> known, std::string_view what);

/// a * b, or an Error of category input that names `what` when the product does not fit in std::size_t.
std::size_t checked_product(std::size_t a, std::size_t b, std::string_view what);

}  // namespace chainrule
