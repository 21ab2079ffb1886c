// SPDX-License-Identifier: Apache-2.0
// The facts that `inspect` prints for each column of a table.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chainrule/data/columns/column_type.h"
#include "chainrule/data/encoder.h"

namespace chainrule {

struct ColumnFacts {
  ColumnReading reading;
  std::size_t present = 0, missing = 0;
  std::size_t distinct = 0;  ///< distinct values without the missing one; 0 if too many to store
  // For numbers, and for dates in seconds; over the fields that are present.
  bool has_range = false;
  double smallest = 0, median = 0, largest = 0, mean = 0;
  /// The most frequent values with their numbers of rows, at most kValuesShown; equally frequent ones in the order of
  /// the file (numbers: by size).
  std::vector<std::pair<std::string, std::size_t>> values;
};
constexpr std::size_t kValuesShown = 5;

ColumnFacts facts_of(const Table& table, std::size_t index);
/// Of every column; the columns are looked at in parallel.
std::vector<ColumnFacts> facts_of_all(const Table& table);

/// How training uses a column, and its number of network inputs.
struct ColumnUse {
  std::string words;  ///< "one-hot, 5 inputs"; "" if there is no plan
  std::size_t inputs = 0;
};
/// scaling: name of the scaling of inputs. encoder: nullptr if training would refuse the table.
ColumnUse use_of(const Table& table, std::size_t index, const ColumnFacts& facts, const Encoder* encoder,
                 const std::string& scaling);

/// "17 to 90, median 37", "2024-01-31 to 2024-12-31" or the most frequent values, in at most `room` characters.
std::string values_text(const ColumnFacts& facts, const Column& column, std::size_t width);

}  // namespace chainrule
