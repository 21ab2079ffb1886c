// SPDX-License-Identifier: Apache-2.0
// The dialect of a CSV file: its delimiter, and whether its first line is a header. Internal to formats/.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include "chainrule/data/formats/load_table.h"

namespace chainrule::formats {

struct CsvDialect {
  char delimiter = ',';
  bool has_header = false;
  std::string header_reason;      ///< why, for a note; empty if the caller set it
  bool is_above_numbers = false;  ///< the header has text above a column of numbers
  bool has_row_names = false;     ///< each row has one field more than the header: its name, in front
  std::size_t row_bytes = 16;     ///< mean length of a row in the sample, at least 1
};

/// Of several files that make one table: the first one.
struct FirstFile {
  char delimiter = ',';
  const Table* table = nullptr;  ///< its columns
};

/// Comma, semicolon, tab or pipe.
bool is_delimiter(char c);

/// Rows that end in `text` (line ends outside quotes), counted up to `limit`.
std::size_t count_rows(std::string_view text, std::size_t limit);

/// Detects the dialect from `sample`, the first rows of the file `name` (the whole file if `complete`).
///
/// Delimiter: comma, semicolon, tab, pipe or blanks: the one that occurs in the first row and equally often in the most
/// other rows; in a tie the one with the most fields that are numbers (decimal commas included); else the comma.
/// Blanks: only if more than half of the fields are numbers. With options.decimal_comma, the comma is chosen only if
/// none of the others occurs. In a further file, that of the first one if it parts as many fields.
///
/// Header: see HeaderSample.
CsvDialect sniff_csv(const std::string& name, std::string_view sample, bool complete, const LoadOptions& options,
                     const FirstFile* first = nullptr);

}  // namespace chainrule::formats
