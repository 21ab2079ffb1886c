// SPDX-License-Identifier: Apache-2.0
#include "chainrule/data/formats/number_readings.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "chainrule/data/formats/number_notation.h"

namespace chainrule::formats {
namespace {

bool is_same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

}  // namespace

void NumberReadings::start(std::span<const std::string> spellings, std::span<const std::uint32_t> codes,
                           const LoadOptions& options) {
  readings_.clear();
  for (const NumberNotation& notation : notations_of(spellings, options)) {
    std::vector<double> of_code;
    for (const std::string& text : spellings)
      of_code.push_back(text.empty() ? kNoNumber : number_of_spelling(text, notation).value_or(kNoNumber));
    if (std::ranges::any_of(of_code, [](double number) { return std::abs(number) > kLargestNumber; })) continue;
    Reading& reading = readings_.emplace_back(Reading{notation, {}});
    reading.numbers.reserve(2 * codes.size());
    for (const std::uint32_t code : codes) reading.numbers.push_back(of_code[code]);
  }
}

void NumberReadings::add(std::string_view text, bool is_spelling) {
  std::erase_if(readings_, [&](Reading& reading) {
    const auto number = text.empty()  ? std::optional(kNoNumber)
                        : is_spelling ? number_of_spelling(text, reading.notation)
                                      : number_in(text, reading.notation);
    if (!number || std::abs(*number) > kLargestNumber) return true;
    reading.numbers.push_back(*number);
    return false;
  });
}

bool NumberReadings::differ(std::string_view text) const {
  const auto number = [&](const Reading& reading) { return number_of_spelling(text, reading.notation); };
  return readings_.size() > 1 && !text.empty() && number(readings_[0]) != number(readings_[1]);
}

void NumberReadings::finish(Column& column) {
  std::vector<Reading> different;
  for (Reading& reading : std::exchange(readings_, {})) {
    const auto agrees = [&](const Reading& other) {
      return std::ranges::equal(reading.numbers, other.numbers, is_same);
    };
    if (std::ranges::none_of(different, agrees)) different.push_back(std::move(reading));
  }
  if (different.size() == 1) {
    column.numbers = std::move(different[0].numbers);
    column.notation = different[0].notation;
    column.first_text = column.first_uncertain = {};
    return;
  }
  const std::string& text = column.first_uncertain.text;
  const auto number = [&](std::size_t k) { return number_of_spelling(text, different[k].notation); };
  const bool is_shown = different.size() > 1 && number(0) && number(1) && *number(0) != *number(1);
  if (!is_shown) column.first_uncertain = {};
  for (const Reading& reading : different)
    if (is_shown) column.readings.push_back(reading.notation);
}

std::uint64_t NumberReadings::bytes() const {
  std::uint64_t sum = 0;
  for (const Reading& reading : readings_) sum += sizeof(double) * reading.numbers.capacity();
  return sum;
}

}  // namespace chainrule::formats
