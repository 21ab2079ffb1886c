// SPDX-License-Identifier: Apache-2.0
#include "chainrule/data/formats/csv_field.h"

#include <fast_float/fast_float.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <system_error>

#include "chainrule/base/text.h"
#include "chainrule/data/formats/load_table.h"

namespace chainrule::formats {
namespace {

constexpr std::array<std::string_view, 5> kMissing{"na", "n/a", "nan", "null", "?"};

// Minus signs of Unicode that word processors and web pages write: U+2212, the en dash, the full-width minus.
constexpr std::array<std::string_view, 3> kMinusSigns{"\xE2\x88\x92", "\xE2\x80\x93", "\xEF\xBC\x8D"};

bool is_blank(char c) { return c == ' ' || c == '\t'; }

// The bytes of a Unicode blank at the front or the end of `text`: U+00A0, U+2000 to U+200B, U+202F, U+205F, U+3000 and
// U+FEFF; 0 = none there.
std::size_t wide_blank(std::string_view text) {
  if (text.starts_with("\xC2\xA0")) return 2;
  if (text.size() < 3) return 0;
  const auto last = static_cast<unsigned char>(text[2]);
  if (text.starts_with("\xE2\x80") && ((last >= 0x80 && last <= 0x8B) || last == 0xAF)) return 3;
  return text.starts_with("\xE2\x81\x9F") || text.starts_with("\xE3\x80\x80") || text.starts_with("\xEF\xBB\xBF") ? 3
                                                                                                                  : 0;
}
std::size_t wide_blank_at_end(std::string_view text) {
  for (const std::size_t size : {2, 3})
    if (text.size() >= size && wide_blank(text.substr(text.size() - size)) == size) return size;
  return 0;
}

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
  for (const std::string_view minus : kMinusSigns) {
    if (!text.starts_with(minus)) continue;
    const std::string_view rest = text.substr(minus.size());
    if (rest.empty() || (!is_digit(rest[0]) && rest[0] != point)) return {FieldKind::text, 0};
    value = read_trimmed(rest, point);
    value.number = -value.number;
    return value;
  }
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
  // Most fields begin and end with an ASCII character that is not a blank.
  const auto is_plain = [](char c) { return static_cast<signed char>(c) > ' '; };
  if (!text.empty() && is_plain(text.front()) && is_plain(text.back())) return text;
  while (!text.empty())
    if (const std::size_t size = is_blank(text.front()) ? 1 : wide_blank(text); size > 0)
      text.remove_prefix(size);
    else
      break;
  while (!text.empty())
    if (const std::size_t size = is_blank(text.back()) ? 1 : wide_blank_at_end(text); size > 0)
      text.remove_suffix(size);
    else
      break;
  return text;
}

FieldValue read_field(std::string_view text) {
  FieldValue value{FieldKind::number, 0};
  if (is_short_decimal(text, '.', value.number)) return value;
  return read_trimmed(trimmed(text));
}

FieldReader::FieldReader(const LoadOptions& options)
    : point_(options.decimal_comma || options.thousands == '.' ? ',' : '.'),
      default_missing_(options.default_missing),
      is_plain_(options.missing.empty() && point_ == '.' && default_missing_) {
  for (const std::string& text : options.missing) {
    const std::string_view bare = trimmed(text);
    for (const char point : {point_, '.'})  // a command line uses points
      if (const FieldValue value = read_trimmed(bare, point); value.kind == FieldKind::number)
        missing_numbers_.push_back(value.number);
    std::string& small = missing_.emplace_back(bare);
    std::transform(small.begin(), small.end(), small.begin(), lower);
  }
}

bool FieldReader::is_missing(double number) const {
  return std::isnan(number) || std::ranges::find(missing_numbers_, number) != missing_numbers_.end();
}

FieldValue FieldReader::read_otherwise(std::string_view text) const {
  text = trimmed(text);
  FieldValue value = read_trimmed(text, point_);
  if (value.kind == FieldKind::missing && !default_missing_ && !text.empty()) value.kind = FieldKind::text;
  const auto is_text = [&](const std::string& small) { return same_in_any_case(text, small); };
  if ((value.kind == FieldKind::number && is_missing(value.number)) ||
      std::any_of(missing_.begin(), missing_.end(), is_text))
    return {};
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
