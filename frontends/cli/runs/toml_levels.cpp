// SPDX-License-Identifier: Apache-2.0
#include "cli/runs/toml_levels.h"

#include <algorithm>

namespace chainrule::cli {
namespace {

bool is_bare(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// Where the string that begins here ends; the end of the text if it does not.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  const char quote = text[at];
  const bool escapes = quote == '"', many = text.substr(at, 3) == std::string_view(quote == '"' ? "\"\"\"" : "'''");
  const std::string_view closing = text.substr(at, many ? 3 : 1);
  for (std::size_t i = at + closing.size(); i < text.size(); ++i) {
    if (escapes && text[i] == '\\') {
      ++i;
    } else if (text.substr(i).starts_with(closing)) {
      i += closing.size();
      for (int more = 0; many && more < 2 && i < text.size() && text[i] == quote; ++more) ++i;  // quotes before the end
      return i;
    }
  }
  return text.size();
}

}  // namespace

std::size_t line_of_deep_toml(std::string_view text) {
  std::size_t brackets = 0, parts = 0;
  bool dot = false;  // the last token joins the next part to those before it
  for (std::size_t at = 0; at < text.size();) {
    std::size_t next = at + 1;
    const char c = text[at];
    if (c == '"' || c == '\'' || is_bare(c)) {
      next = is_bare(c) ? static_cast<std::size_t>(
                              std::find_if_not(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), is_bare) -
                              text.begin())
                        : end_of_string(text, at);
      parts = dot ? parts + 1 : 1;
      dot = false;
    } else if (c == '.') {
      dot = true;
    } else if (c != ' ' && c != '\t') {
      parts = 0;
      dot = false;
      if (c == '#') next = std::min(text.find('\n', at), text.size());
      if (c == '[' || c == '{') ++brackets;
      if ((c == ']' || c == '}') && brackets > 0) --brackets;
    }
    if (parts > kMaxTomlLevels || brackets > kMaxTomlLevels)
      return 1 + static_cast<std::size_t>(std::ranges::count(text.substr(0, at), '\n'));
    at = next;
  }
  return 0;
}

}  // namespace chainrule::cli
