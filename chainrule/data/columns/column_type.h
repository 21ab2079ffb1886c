// SPDX-License-Identifier: Apache-2.0
// The type of a column, from all of its rows.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "chainrule/data/columns/dates.h"
#include "chainrule/data/table.h"

namespace chainrule {

enum class ColumnType {
  number,
  boolean,         ///< 0 and 1, or two words for no and yes
  category,        ///< repeated text
  date,            ///< dates, with or without a time
  time,            ///< times of the day
  free_text,       ///< sentences: long, or of at least four words, nearly all different
  id,              ///< nearly every row has a different text
  running_number,  ///< whole numbers of rows: they rise by equal steps, or are all different and fill their range
  constant,        ///< one value in all rows, or none
  mixed            ///< mostly numbers, with texts among them
};
inline constexpr std::array<std::string_view, 10> kColumnTypes{
    "number", "boolean", "category", "date", "time", "free text", "id", "running number", "constant", "mixed"};
inline std::string_view name_of(ColumnType type) { return kColumnTypes[static_cast<std::size_t>(type)]; }

struct ColumnReading {
  ColumnType type = ColumnType::number;
  DateForm form = DateForm::plain;  ///< of a date or time
  /// All forms that read every row of a column of dates, if they differ: `form` is the first of them.
  std::vector<DateForm> forms = {};
  /// Row of the first text that is not a date in a column where nearly all are; the type is then not date.
  std::optional<std::size_t> odd_date = {};
  ColumnType as_texts = ColumnType::category;  ///< of a mixed column: its type if its numbers are texts
};

/// Reads every row. A column whose texts were not kept (more than a million) is an id, or a category if a field is not
/// UTF-8.
ColumnReading read_column(const Table& table, std::size_t index);

/// true, yes, t, y and 1, false, no, f, n and 0, in any case.
std::optional<bool> boolean_from_text(std::string_view text);

}  // namespace chainrule
