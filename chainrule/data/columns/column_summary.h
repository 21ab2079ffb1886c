// SPDX-License-Identifier: Apache-2.0
// What `inspect` says of each column of a table, in numbers.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chainrule/data/columns/column_type.h"
#include "chainrule/data/encoder.h"

#pragma GCC visibility push(default)
namespace chainrule {

struct ColumnFacts {
  ColumnReading reading;
  std::size_t present = 0, missing = 0;
  std::size_t distinct = 0;  ///< different values, the missing one aside; 0 where they are too many to be kept
  // Of numbers, and of dates in seconds; over the fields that are there.
  bool has_range = false;
  double smallest = 0, median = 0, largest = 0, mean = 0;
  /// Values with their numbers of rows: the most frequent ones, equally frequent ones in the order of the file
  /// (numbers: by size); kValuesShown at most.
  std::vector<std::pair<std::string, std::size_t>> values;
};
constexpr std::size_t kValuesShown = 5;

ColumnFacts facts_of(const Table& table, std::size_t index);

/// What training does with column `index`, and how many inputs of the network it becomes.
struct ColumnUse {
  std::string words;  ///< "one-hot, 5 inputs"; "" where there is no plan
  std::size_t inputs = 0;
};
/// scaling: name of the scaling of inputs. encoder: nullptr where the training would be refused.
ColumnUse use_of(const Table& table, std::size_t index, const ColumnFacts& facts, const Encoder* encoder,
                 const std::string& scaling);

/// "17 to 90, median 37", "2024-01-31 to 2024-12-31" or the most frequent values, as far as `room` characters go.
std::string values_text(const ColumnFacts& facts, const Column& column, std::size_t room);

}  // namespace chainrule
#pragma GCC visibility pop
