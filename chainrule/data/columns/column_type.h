// SPDX-License-Identifier: Apache-2.0
// What a column of a table is, judged by all of it.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "chainrule/data/columns/dates.h"
#include "chainrule/data/table.h"

#pragma GCC visibility push(default)
namespace chainrule {

enum class ColumnType {
  number,
  boolean,         ///< 0 and 1, or two words for no and yes
  category,        ///< text that comes again
  date,            ///< dates, with or without a time
  time,            ///< times of the day
  free_text,       ///< sentences: long, or of four words and more, nearly every row its own
  id,              ///< nearly every row has a text of its own
  running_number,  ///< whole numbers that rise by equal steps from row to row
  constant,        ///< one value in all rows, or none
  mixed            ///< mostly numbers, and texts among them
};
inline constexpr std::array<std::string_view, 10> kColumnTypes{
    "number", "boolean", "category", "date", "time", "free text", "id", "running number", "constant", "mixed"};
inline std::string_view name_of(ColumnType type) { return kColumnTypes[static_cast<std::size_t>(type)]; }

struct ColumnReading {
  ColumnType type = ColumnType::number;
  DateForm form = DateForm::plain;  ///< of a date or time
  bool ambiguous = false;           ///< both orders of day and month fit every row: month_first was taken
  /// Row of the first text that is no date in a column where nearly all are; the type is then another.
  std::optional<std::size_t> odd_date = {};
};

/// Looks at every row. A column of texts that were not kept (more than a million) is an id, or, where a field is no
/// UTF-8, a category.
ColumnReading read_column(const Table& table, std::size_t index);

/// true, yes, t, y and 1, false, no, f, n and 0, in any case.
std::optional<bool> truth_of(std::string_view text);

}  // namespace chainrule
#pragma GCC visibility pop
