// SPDX-License-Identifier: Apache-2.0
#include "chainrule/data/formats/number_notation.h"

#include <fast_float/fast_float.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <system_error>

#include "chainrule/base/text.h"
#include "chainrule/data/formats/csv_field.h"

namespace chainrule::formats {
namespace {

constexpr std::array<std::string_view, 2> kFractions{"%", "\xE2\x80\xB0"};  // of a hundred, of a thousand
// The dollar, the euro, the pound, the yen, the rupee, the won, the rouble, the franc, the zloty, the crown; then codes
// of ISO 4217.
constexpr std::array<std::string_view, 27> kCurrencies{
    "$",   "\xE2\x82\xAC", "\xC2\xA3", "\xC2\xA5", "\xE2\x82\xB9", "\xE2\x82\xA9", "\xE2\x82\xBD", "Fr.", "z\xC5\x82",
    "kr",  "USD",          "EUR",      "GBP",      "JPY",          "INR",          "CNY",          "CHF", "SEK",
    "NOK", "DKK",          "PLN",      "CAD",      "AUD",          "NZD",          "BRL",          "R$",  "US$"};
constexpr std::array<std::string_view, 4> kMinuses{"-", "\xE2\x88\x92", "\xE2\x80\x93", "\xEF\xBC\x8D"};
// Between thousands: blanks that word processors and spreadsheets write, and the apostrophes of Switzerland.
constexpr std::array<std::string_view, 4> kBlanks{" ", "\xC2\xA0", "\xE2\x80\x89", "\xE2\x80\xAF"};
constexpr std::array<std::string_view, 2> kApostrophes{"'", "\xE2\x80\x99"};

template <std::size_t N>
std::size_t prefix_among(std::string_view text, const std::array<std::string_view, N>& known) {
  for (const std::string_view one : known)
    if (text.starts_with(one)) return one.size();
  return 0;
}

bool is_fraction(std::string_view unit) { return std::ranges::find(kFractions, unit) != kFractions.end(); }

// The bytes of a separator between thousands in front of `text`; 0 = none.
std::size_t separator_at(std::string_view text, char thousands) {
  if (thousands == 0) return 0;
  if (thousands == ' ') return prefix_among(text, kBlanks);
  if (thousands == '\'') return prefix_among(text, kApostrophes);
  return !text.empty() && text.front() == thousands ? 1 : 0;
}

bool take_minus(std::string_view& text) {
  const std::size_t size = prefix_among(text, kMinuses);
  text.remove_prefix(size);
  return size > 0;
}

// "(5)" is -5 to accountants, and "5-" to some programs.
bool take_parentheses(std::string_view& text) {
  if (text.size() > 2 && text.front() == '(' && text.back() == ')') {
    text = trimmed(text.substr(1, text.size() - 2));
    return true;
  }
  if (text.size() < 2 || text.back() != '-' || !is_digit(text[text.size() - 2])) return false;
  text.remove_suffix(1);
  return true;
}

// Takes a unit at the front or the end of `text`; returns whether it was there.
bool take_unit(std::string_view& text, std::string_view unit) {
  if (text.starts_with(unit))
    text.remove_prefix(unit.size());
  else if (text.ends_with(unit))
    text.remove_suffix(unit.size());
  else
    return false;
  text = trimmed(text);
  return true;
}

// Appends the digits before the decimal sign, without separators; returns whether their groups are well formed.
bool take_whole_part(std::string_view& text, char thousands, std::string& digits) {
  std::size_t in_group = 0, groups = 0, size_of_groups = 0;
  const auto end_group = [&](bool last) {
    if (groups == 0) return in_group >= 1 && (last || (in_group <= 3 && digits.front() != '0'));
    if (last) return in_group == 3;
    if (size_of_groups == 0) size_of_groups = in_group;  // two (in India) or three
    return in_group == size_of_groups && (in_group == 2 || in_group == 3);
  };
  while (!text.empty()) {
    if (is_digit(text.front())) {
      digits += text.front();
      ++in_group;
      text.remove_prefix(1);
      continue;
    }
    const std::size_t separator = separator_at(text, thousands);
    if (separator == 0) break;
    if (!end_group(false)) return false;
    text.remove_prefix(separator);
    ++groups;
    in_group = 0;
  }
  return end_group(true);
}

std::string_view unit_in(std::string_view text) {
  text = trimmed(text);
  take_minus(text);
  for (const auto& units :
       {std::span<const std::string_view>(kFractions), std::span<const std::string_view>(kCurrencies)})
    for (const std::string_view unit : units) {
      std::string_view rest = text;
      // "kr" must not be found in "krona": a number begins or ends beside the unit.
      if (take_unit(rest, unit) && !rest.empty() && (is_digit(rest.back()) || is_digit(rest.front()))) return unit;
    }
  return {};
}

// Whether points in a spelling may stand between thousands: three digits follow, or it is not a usual number.
bool may_have_groups(const std::string& text) {
  const std::size_t point = text.find('.');
  return point != std::string::npos && (text.size() - point == 4 || !chainrule::number_in(text));
}

// The numbers of all texts; nothing if one of them is not a number of this notation.
std::optional<std::vector<double>> read_all(std::span<const std::string> texts, const NumberNotation& notation) {
  const bool has_groups = notation.thousands != '.' || std::ranges::any_of(texts, may_have_groups);
  std::vector<double> numbers;
  for (const std::string& text : texts) {
    if (text.empty()) continue;
    const std::optional<double> number = has_groups ? number_of_spelling(text, notation) : number_in(text, notation);
    if (!number) return std::nullopt;
    numbers.push_back(*number);
  }
  return numbers;
}

}  // namespace

std::optional<double> number_in(std::string_view text, const NumberNotation& notation) {
  text = trimmed(text);
  bool minus = take_parentheses(text) || take_minus(text);
  if (!notation.unit.empty() && !take_unit(text, notation.unit) && is_fraction(notation.unit)) return std::nullopt;
  if (!minus) minus = take_minus(text);
  if (!minus && text.starts_with('+')) text.remove_prefix(1);
  std::string digits;
  if (text.empty() || (!is_digit(text.front()) && text.front() != notation.decimal)) return std::nullopt;
  if (is_digit(text.front()) && !take_whole_part(text, notation.thousands, digits)) return std::nullopt;
  if (!text.empty() && text.front() == notation.decimal) {
    digits += '.';
    text.remove_prefix(1);
  }
  if (text.find_first_of(".,") != std::string_view::npos) return std::nullopt;
  digits += text;
  double number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, problem] = fast_float::from_chars(digits.data(), end, number);
  if (problem != std::errc() || stop != end || !std::isfinite(number)) return std::nullopt;
  return minus ? -number : number;
}

std::optional<double> number_of_spelling(std::string_view text, const NumberNotation& notation) {
  if (const std::optional<double> number = number_in(text, notation)) return number;
  const std::size_t point = text.find('.');
  if (notation.thousands != '.' || point == std::string_view::npos || text.size() - point > 3) return std::nullopt;
  const std::optional<double> plain = chainrule::number_in(text);
  return plain && std::abs(*plain) < 1000 ? std::optional(std::round(*plain * 1000)) : std::nullopt;
}

NumberNotation notation_of(const LoadOptions& options) {
  if (options.decimal_comma || options.thousands == '.')
    return {',', options.thousands == 0 ? '.' : options.thousands, ""};
  return {'.', options.thousands, ""};
}

std::vector<NumberNotation> notations_of(std::span<const std::string> spellings, const LoadOptions& options) {
  // Numbers that are all in parentheses may be footnotes or items, and those that all end in a hyphen groups of age.
  const auto is_open = [](const std::string& text) {
    return !text.empty() && !text.starts_with('(') && !text.ends_with('-');
  };
  if (spellings.size() > 1 && std::ranges::none_of(spellings, is_open)) return {};
  std::string unit;
  for (const std::string& text : spellings)
    if (unit = unit_in(text); !unit.empty()) break;
  std::vector<NumberNotation> found;
  std::vector<std::vector<double>> readings;
  for (const char decimal : {'.', ','})
    for (const char thousands : {decimal == '.' ? ',' : '.', ' ', '\''}) {
      const bool is_comma = options.decimal_comma || options.thousands == '.';
      if ((is_comma && decimal != ',') || (options.thousands == ',' && decimal != '.')) continue;
      if (options.thousands != 0 && options.thousands != thousands) continue;
      const NumberNotation notation{decimal, thousands, unit};
      std::optional<std::vector<double>> numbers = read_all(spellings, notation);
      if (!numbers || numbers->empty() || std::ranges::find(readings, *numbers) != readings.end()) continue;
      found.push_back(notation);
      readings.push_back(*std::move(numbers));
    }
  return found;
}

bool looks_like_number(std::string_view text) {
  const std::string one(text);
  return !notations_of({&one, 1}, {}).empty();
}

}  // namespace chainrule::formats
