// SPDX-License-Identifier: Apache-2.0
// The exception type of the library.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include "chainrule/base/message.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// The kind of error.
enum class ErrorCategory {
  internal,  ///< a defect of Chainrule itself
  usage,     ///< an option, a configuration, or an output refused before work starts
  input,     ///< a data or model file that is missing, unreadable or invalid
  numerics,  ///< training produced NaN or infinity
  check,     ///< a requested check failed
  output     ///< writing failed or memory ran out
};

/// The library throws only this type. what() is one line, "WHERE: WHAT: expected X, found Y", with the parts that are
/// known; it begins with the key of the option if the error is about one.
class Error : public std::runtime_error {
 public:
  /// `option`: the key of the option that the error is about, if the message does not begin with it.
  Error(ErrorCategory category, Message message, Message hint = {}, std::string option = {})
      : std::runtime_error(message.text()),
        category_(category),
        message_(std::move(message)),
        hint_(std::move(hint)),
        option_(option.empty() ? std::string(message_.leading_option()) : std::move(option)) {}

  ErrorCategory category() const { return category_; }
  /// The key of the option that the error is about; "" if it is about none.
  const std::string& option() const { return option_; }
  /// A likely cause or a next step, one line; empty when there is none.
  const std::string& hint() const { return hint_.text(); }
  /// The texts of what() and hint(), with the options that they name.
  const Message& message() const { return message_; }
  const Message& hint_message() const { return hint_; }

 private:
  ErrorCategory category_;
  Message message_, hint_;
  std::string option_;
};

}  // namespace chainrule
#pragma GCC visibility pop
