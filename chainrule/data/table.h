// SPDX-License-Identifier: Apache-2.0
// A data file after reading: columns of numbers, text where it is needed, or images as bytes. encoder.h and fit.h
// decide later how the columns are used (inputs, target, scaling).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/base/matrix.h"
#include "chainrule/base/note.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// The position and text of a field, for messages; line 0 if there is no such field.
struct Sighting {
  std::uint64_t line = 0;   ///< from 1; 0 = never seen
  std::uint64_t field = 0;  ///< number of the field in its row, from 1
  std::string text;         ///< as written, cut to some 100 bytes
  std::size_t part = 0;     ///< index of the file in Table::parts, if there are several
};

/// One of several files that make a table.
struct TablePart {
  std::string source;                    ///< the path as given, or "<stdin>"
  std::size_t first_row = 0;             ///< rows of the files before it
  std::uint64_t first_line = 0;          ///< of its first row, from 1; 0 = it has no rows
  std::vector<std::size_t> fields = {};  ///< number of each column's field in a row, from 1; empty: in their order
};

/// The fields of a column as in the file, without quotes and without blanks around them outside quotes, one after
/// another; that of row r ends before byte ends[r].
struct FieldTexts {
  std::string bytes;
  std::vector<std::size_t> ends;
};

/// What may stand between thousands: nothing known, comma, point, any blank, any apostrophe; and their names.
inline constexpr std::array<char, 5> kThousands{0, ',', '.', ' ', '\''};
inline constexpr std::array<std::string_view, 5> kThousandsNames{"auto", "comma", "point", "space", "apostrophe"};

/// How the numbers of a column are written.
struct NumberNotation {
  char decimal = '.';     ///< point or comma
  char thousands = 0;     ///< between groups of digits: one of kThousands; 0 = nothing
  std::string unit = {};  ///< a percent sign or a currency, before or after each number; "" = none

  bool is_plain() const { return decimal == '.' && thousands == 0 && unit.empty(); }
  bool operator==(const NumberNotation&) const = default;
};

struct Column {
  std::string name;             ///< from the header; "column 3" by its column number if there is none
  std::vector<double> numbers;  ///< one per row if every field is a number or missing (NaN); empty for text
  /// The field of row r is spellings[codes[r]]; stored for text columns and for the target. Both are empty for other
  /// columns, and if there are more than a million distinct spellings or one is not UTF-8.
  std::vector<std::uint32_t> codes;
  /// Distinct fields in order of first appearance, without blanks around them; a missing field is "". Those of a target
  /// are as written, and so are those of LoadOptions::categorical; in other text columns numbers have the fewest
  /// digits.
  std::vector<std::string> spellings;
  FieldTexts texts;           ///< of a column whose text the caller requested; else no rows
  Sighting first_text;        ///< the first field that is not a number (and not missing)
  Sighting first_missing;     ///< the first missing field: empty, NA, N/A, null, nan or ? (any case)
  Sighting first_no_utf8;     ///< the first field of a text column that is not UTF-8
  std::uint64_t missing = 0;  ///< number of missing fields
  NumberNotation notation;    ///< how its numbers are written
  /// Two or more notations that read all fields of this column, with different results.
  std::vector<NumberNotation> readings;
  Sighting first_uncertain;  ///< a field that they read differently, if the spellings do not show one

  bool is_number() const { return first_text.line == 0; }
};

/// Images: (rows x height x width) bytes, kept as stored; pixel p of row r at bytes[r * pixels() + p].
struct Images {
  SharedBytes bytes;
  std::size_t height = 0, width = 0;
  std::size_t pixels() const { return height * width; }
};

/// In which order dates such as 01/02/03 have their parts.
enum class DateOrder { detect, day_month_year, month_day_year, year_month_day };
inline constexpr std::array<std::string_view, 4> kDateOrders{"auto", "dmy", "mdy", "ymd"};

struct Table {
  /// The file for messages: the path as given, "<stdin>", or the file taken from a folder; "a.csv and 2 more".
  std::string source;
  std::vector<TablePart> parts;  ///< its files, in their order, if there are several; else empty
  std::size_t rows = 0;
  bool has_header = false;
  bool names_from_header = false;  ///< columns can be matched by name
  DateOrder date_order = DateOrder::detect;
  std::vector<Column> columns;   ///< for image files: at most one, the labels
  Images images;                 ///< empty unless the source is an image file
  std::uint64_t first_line = 0;  ///< of row 0 in the file, from 1; 0 = the format has no lines
  /// Of each row of the file; empty if its row r is in line first_line + r (of several files: counted in each).
  std::vector<std::uint64_t> lines;
  std::vector<Note> notes;  ///< decisions while reading ("first line taken as header")
  /// If rows were left out: the number of each row in the file, from 1, and the number of rows of the file. Else empty
  /// and 0.
  std::vector<std::uint64_t> row_numbers;
  std::uint64_t rows_of_file = 0;

  bool has_images() const { return images.pixels() > 0; }
};

/// Throws Error (input) unless every column has a number, a text or a code of its spellings for each row (or none of
/// these if its text was not kept), and images have a byte for each pixel.
void validate(const Table& table);

/// Index of the column with this name or, failing that, with this number (from 1). Throws Error (usage) if there is
/// none; it names the nearest known name, the columns (the first few), and the option by its key, e.g. "target".
std::size_t find_column(const Table& table, std::string_view name_or_number, std::string_view option);

}  // namespace chainrule
#pragma GCC visibility pop
