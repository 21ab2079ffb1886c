// SPDX-License-Identifier: Apache-2.0
#include "chainrule/base/text.h"

#include <fast_float/fast_float.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "chainrule/base/checks.h"

namespace chainrule {

std::string number_text(double value) { return fmt::format("{}", value); }

bool number_from_text(std::string_view text, double& value) {
  double read = 0;
  const auto [end, problem] = fast_float::from_chars(text.data(), text.data() + text.size(), read);
  if (problem != std::errc() || end != text.data() + text.size() || !std::isfinite(read)) return false;
  value = read;
  return true;
}

std::string join_list(const std::vector<std::string>& texts) {
  std::string list;
  for (const std::string& text : texts) {
    if (&text != texts.data()) list += ',';
    if (!text.empty() && text.find_first_of(",\"") == std::string::npos) {
      list += text;
      continue;
    }
    list += '"';
    for (const char c : text) list += c == '"' ? std::string("\"\"") : std::string(1, c);
    list += '"';
  }
  return list;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> texts;
  if (text.empty()) return texts;
  texts.emplace_back();
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '"' && i + 1 < text.size() && text[i + 1] == '"')
      texts.back() += text[i++];
    else if (text[i] == '"')
      quoted = !quoted;
    else if (text[i] == ',' && !quoted)
      texts.emplace_back();
    else
      texts.back() += text[i];
  }
  return texts;
}

std::optional<double> number_in(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  double value = 0;
  const auto [stop, problem] = fast_float::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || stop != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::string harmless(std::string_view text) {
  return text.empty() ? "" : location(text);  // without a line it only escapes
}

std::size_t length(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string shortened(const std::string& name) {
  constexpr std::size_t kMaxCharacters = 24;
  const std::string text = harmless(name);
  if (length(text) <= kMaxCharacters) return text;
  std::size_t bytes = 0;
  for (std::size_t shown = 0; bytes < text.size(); ++bytes) {
    if ((static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) continue;
    if (++shown == kMaxCharacters - 2) break;
  }
  return text.substr(0, bytes) + "...";
}

std::string command_text(const std::vector<std::string>& words) {
  constexpr const char* kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=.,:/@%";
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += ' ';
    if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) {
      text += word;
      continue;
    }
    text += '\'';
    for (const char c : word) c == '\'' ? text += "'\\''" : text += c;
    text += '\'';
  }
  return text;
}

}  // namespace chainrule
