// SPDX-License-Identifier: Apache-2.0
// Text for people that may name options. The library names an option by its key; the frontend knows whether a user
// writes `--numeric age` or numeric="age". A text therefore records where it names which option.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#pragma GCC visibility push(default)
namespace chainrule {

/// An option in a text: its key in snake_case and, if the text gives one, its value ("true" and "false" for a flag).
struct NamedOption {
  std::string key;
  std::string value = {};

  bool operator==(const NamedOption&) const = default;
};

class Message {
 public:
  Message() = default;
  Message(std::string text) : text_(std::move(text)) {}
  Message(const char* text) : text_(text) {}
  Message(const NamedOption& option) { append(option); }

  Message& append(std::string_view text);
  Message& append(const std::string& text) { return append(std::string_view(text)); }
  Message& append(const char* text) { return append(std::string_view(text)); }
  Message& append(const NamedOption& option);
  Message& append(const Message& other);

  /// With options as "key" or "key=value".
  const std::string& text() const { return text_; }
  /// With options as `spell` writes them.
  std::string spelled(const std::function<std::string(const NamedOption&)>& spell) const;
  bool empty() const { return text_.empty(); }
  /// The key of the option that the text begins with; "" if it begins otherwise.
  std::string_view leading_option() const;

  bool operator==(const Message&) const = default;

 private:
  struct Mention {
    std::size_t at = 0, length = 0;  // in text_
    NamedOption option;

    bool operator==(const Mention&) const = default;
  };

  std::string text_;
  std::vector<Mention> mentions_;  // in the order of the text
};

/// Joins the parts: texts, options and messages.
template <class... Parts>
Message message_of(const Parts&... parts) {
  Message message;
  (message.append(parts), ...);
  return message;
}

}  // namespace chainrule
#pragma GCC visibility pop
