// SPDX-License-Identifier: Apache-2.0
// A column of numbers in another notation with more spellings than are kept: its numbers by each notation that reads
// all fields so far. Internal to formats/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/data/formats/load_table.h"
#include "chainrule/data/table.h"

namespace chainrule::formats {

constexpr double kNoNumber = std::numeric_limits<double>::quiet_NaN();
/// The network computes in float: larger numbers would become infinite.
constexpr double kLargestNumber = static_cast<double>(std::numeric_limits<float>::max());

class NumberReadings {
 public:
  /// The rows so far, by the codes of their spellings.
  void start(std::span<const std::string> spellings, std::span<const std::uint32_t> codes, const LoadOptions& options);
  /// The next field; "" if it is missing. A spelling may have lost zeros at its end, as number_of_spelling() says.
  void add(std::string_view text, bool is_spelling);
  /// Whether a notation is left.
  bool any() const { return !readings_.empty(); }
  /// Whether two of them read this text as different numbers.
  bool differ(std::string_view text) const;
  /// The numbers by the notation that is left, or by those that agree. If several do not, the column keeps its texts
  /// unknown, and has these readings.
  void finish(Column& column);
  std::uint64_t bytes() const;

 private:
  struct Reading {
    NumberNotation notation;
    std::vector<double> numbers;  // NaN = missing
  };
  std::vector<Reading> readings_;
};

}  // namespace chainrule::formats
