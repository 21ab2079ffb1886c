// SPDX-License-Identifier: Apache-2.0
// Rows of a table: their position in the file, their fields as text, and their removal. Internal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/data/table.h"

namespace chainrule {

/// The number of row `row` (from 0) in the file, from 1, including rows that were left out. Throws Error (usage) for a
/// missing row.
std::size_t number_of_row(const Table& table, std::size_t row);
/// Rows of the file, including those that were left out.
std::size_t rows_in_file(const Table& table);

/// Line of a row in its file, from 1; 0 = the format has no lines.
std::uint64_t line_of_row(const Table& table, std::size_t row);
/// The position of row `row` (from 0), for messages: "FILE:LINE", or "FILE: row N" (from 1) if there are no lines.
std::string location_of_row(const Table& table, std::size_t row);

/// The line where a row is if every row of its file is in a line of its own; `number`: of the row in all files, from 0.
std::uint64_t counted_line(const Table& table, std::size_t number);
/// The field of column `index` in row `row` (from 0), which reads `text`.
Sighting sighting_of(const Table& table, std::size_t row, std::size_t index, std::string text);
/// "FILE:LINE:FIELD" of a sighting.
std::string location_of(const Table& table, const Sighting& seen);

/// Adds the field of the next row.
void add_field(FieldTexts& texts, std::string_view text);

/// A field as written in the file if the column's text was requested, else its value: the spelling, the fewest digits
/// of a number, or "" if missing.
std::string field_text(const Table& table, const Column& column, std::size_t row);

/// Removes the rows without a value in this column, unless no row has one; a note gives their number and the first of
/// them. The result is the table of a file without these rows, except for row numbers and lines.
void leave_out_rows_without(Table& table, std::size_t column, std::string_view what = "target");

/// Removes the rows whose class in this column is none of `labels`, in the same way; missing ones stay.
void leave_out_rows_of_other_classes(Table& table, std::size_t column, const std::vector<std::string>& labels);

/// Removes the rows of weight 0 in column `weight` in the same way; the spellings of column `target` are kept. Returns
/// the indices of the others; if no row or every row has weight 0, it returns none and removes none.
std::vector<std::size_t> leave_out_rows_of_weight_zero(Table& table, std::size_t weight, std::size_t target);

/// A table without its rows of weight 0, and the indices of the others in the whole table.
struct CountedRows {
  Table table;
  std::vector<std::size_t> rows;
};
/// A copy, if leave_out_rows_of_weight_zero() would remove rows.
std::optional<CountedRows> counted_rows(const Table& table, std::size_t weight, std::size_t target);

}  // namespace chainrule
