// SPDX-License-Identifier: Apache-2.0
// How a CSV file is written: its delimiter, and whether its first line is a header. Internal to formats/.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include "chainrule/data/formats/load_table.h"

namespace chainrule::formats {

struct CsvDialect {
  char delimiter = ',';
  bool has_header = false;
  std::string header_reason;   ///< why, for a note; empty when the caller said so
  std::size_t row_bytes = 16;  ///< mean length of a row in the sample, at least 1
};

/// Comma, semicolon, tab or pipe.
bool is_delimiter(char c);

/// Rows that end in `text` (line ends outside quotes), counted up to `limit`.
std::size_t count_rows(std::string_view text, std::size_t limit);

/// Looks at `sample`, the first rows of the file `name` (all of it where `complete`).
///
/// Delimiter: comma, semicolon, tab or pipe, whichever occurs in the first row and equally often in the most other
/// rows; where several do, the one that leaves the most fields that are numbers (decimal commas included); else the
/// comma. With options.decimal_comma the comma is chosen only where neither of the others occurs.
///
/// Header: none when a field of the first row is a number. Otherwise the first row is a header when some column has
/// text there and nothing but numbers below, or when its fields are all non-empty and all different.
CsvDialect sniff_csv(const std::string& name, std::string_view sample, bool complete, const LoadOptions& options);

}  // namespace chainrule::formats
