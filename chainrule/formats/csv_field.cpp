// SPDX-License-Identifier: Apache-2.0
#include "chainrule/formats/csv_field.h"

#include <fast_float/fast_float.h>

#include <algorithm>
#include <array>
#include <system_error>

namespace chainrule::formats {
namespace {

constexpr std::array<std::string_view, 5> kMissing{"na", "n/a", "nan", "null", "?"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return c == ' ' || c == '\t'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_in_any_case(std::string_view text, std::string_view small) {
  return text.size() == small.size() &&
         std::equal(text.begin(), text.end(), small.begin(), [](char a, char b) { return lower(a) == b; });
}

bool is_missing(std::string_view text) {
  if (text.empty()) return true;
  return std::any_of(kMissing.begin(), kMissing.end(), [&](auto marker) { return same_in_any_case(text, marker); });
}

// Most fields of image and category tables are short whole numbers.
bool read_short_whole(std::string_view text, double& number) {
  unsigned value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return false;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  number = value;
  return true;
}

FieldValue read_trimmed(std::string_view text) {
  if (is_missing(text)) return {};
  std::string_view digits = text;
  if (digits.front() == '+' && digits.size() > 1 && digits[1] != '+' && digits[1] != '-') digits.remove_prefix(1);
  double number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, problem] = fast_float::from_chars(digits.data(), end, number);
  if (stop != end || problem == std::errc::invalid_argument) return {FieldKind::text, 0};
  if (number != number) return {};
  return {FieldKind::number, number};
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

FieldValue read_field(std::string_view text) {
  FieldValue value{FieldKind::number, 0};
  if (!text.empty() && text.size() <= 4 && read_short_whole(text, value.number)) return value;
  return read_trimmed(trimmed(text));
}

bool is_utf8(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  for (std::size_t i = 0; i < text.size();) {
    const unsigned first = byte(i);
    const std::size_t length = first < 0x80   ? 1
                               : first < 0xC2 ? 0
                               : first < 0xE0 ? 2
                               : first < 0xF0 ? 3
                               : first < 0xF5 ? 4
                                              : 0;
    if (length == 0) return false;
    for (std::size_t k = 1; k < length; ++k)
      if ((byte(i + k) & 0xC0U) != 0x80U) return false;
    // Overlong forms, surrogates, and what lies beyond U+10FFFF.
    const unsigned second = byte(i + 1);
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) || (first == 0xF0 && second < 0x90) ||
        (first == 0xF4 && second > 0x8F))
      return false;
    i += length;
  }
  return true;
}

}  // namespace chainrule::formats
