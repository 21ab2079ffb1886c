// SPDX-License-Identifier: Apache-2.0
#include "chainrule/data/formats/csv_field.h"

#include <fast_float/fast_float.h>

#include <algorithm>
#include <array>
#include <system_error>

#include "chainrule/base/text.h"

namespace chainrule::formats {
namespace {

constexpr std::array<std::string_view, 5> kMissing{"na", "n/a", "nan", "null", "?"};

bool is_blank(char c) { return c == ' ' || c == '\t'; }

bool same_in_any_case(std::string_view text, std::string_view small) {
  return text.size() == small.size() &&
         std::equal(text.begin(), text.end(), small.begin(), [](char a, char b) { return lower(a) == b; });
}

bool is_missing(std::string_view text) {
  if (text.empty()) return true;
  return std::any_of(kMissing.begin(), kMissing.end(), [&](auto marker) { return same_in_any_case(text, marker); });
}

bool is_short_decimal(std::string_view text, char point, double& number) {
  const char* const end = text.data() + text.size();
  return read_short_decimal(text.data(), end, point, number) == end && !text.empty();
}

FieldValue read_trimmed(std::string_view text, char point = '.') {
  FieldValue value{FieldKind::number, 0};
  if (is_short_decimal(text, point, value.number)) return value;
  if (is_missing(text)) return {};
  std::string_view digits = text;
  if (digits.front() == '+' && digits.size() > 1 && digits[1] != '+' && digits[1] != '-') digits.remove_prefix(1);
  double number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, problem] = fast_float::from_chars_advanced(
      digits.data(), end, number, fast_float::parse_options(fast_float::chars_format::general, point));
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
  if (is_short_decimal(text, '.', value.number)) return value;
  return read_trimmed(trimmed(text));
}

FieldReader::FieldReader(const std::vector<std::string>& missing, bool decimal_comma)
    : point_(decimal_comma ? ',' : '.'), is_plain_(missing.empty() && !decimal_comma) {
  for (const std::string& text : missing) {
    const std::string_view bare = trimmed(text);
    for (const char point : {point_, '.'})  // a command line uses points
      if (const FieldValue value = read_trimmed(bare, point); value.kind == FieldKind::number)
        missing_numbers_.push_back(value.number);
    std::string& small = missing_.emplace_back(bare);
    std::transform(small.begin(), small.end(), small.begin(), lower);
  }
}

FieldValue FieldReader::read_otherwise(std::string_view text) const {
  text = trimmed(text);
  const FieldValue value = read_trimmed(text, point_);
  const auto is_text = [&](const std::string& small) { return same_in_any_case(text, small); };
  const bool is_missing =
      std::find(missing_numbers_.begin(), missing_numbers_.end(), value.number) != missing_numbers_.end() &&
      value.kind == FieldKind::number;
  if (is_missing || std::any_of(missing_.begin(), missing_.end(), is_text)) return {};
  return value;
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
    // Overlong forms, surrogates, and code points beyond U+10FFFF.
    const unsigned second = byte(i + 1);
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) || (first == 0xF0 && second < 0x90) ||
        (first == 0xF4 && second > 0x8F))
      return false;
    i += length;
  }
  return true;
}

}  // namespace chainrule::formats
