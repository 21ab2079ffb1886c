// SPDX-License-Identifier: Apache-2.0
// Reads a file into a table. The content determines the format, not the name.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "chainrule/data/table.h"

#pragma GCC visibility push(default)
namespace chainrule {
struct Encoder;
}  // namespace chainrule

namespace chainrule::formats {

enum class Header { detect, yes, no };
/// Which files of an MNIST folder to read.
enum class Part { training, test };

struct LoadOptions {
  Header header = Header::detect;
  char delimiter = 0;  ///< ',' ';' '\t' '|' or ' ' (any number of blanks and tabs); 0 = detect
  /// Of a CSV file, by a name that the system's iconv knows, such as latin-1; "" = UTF-16 with a byte order mark, else
  /// UTF-8.
  std::string encoding = {};
  char comment = 0;  ///< lines of a CSV file that begin with it are skipped; 0 = none
  /// Lines of a CSV file that are skipped, counted from 1: pairs of the first and the last one.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> skipped_lines = {};
  bool skip_bad_rows = false;  ///< rows with too few or too many fields are skipped, and counted in a note
  /// A text in a column of numbers counts as missing, and in one of dates; with `trained` and `target`, rows of a class
  /// that the model does not know are left out. Counted in notes.
  bool bad_fields_missing = false;
  /// The target column by name or number (from 1); its spellings are stored as written; "" = the last column; nullopt =
  /// the file need not have a target. fit() has its own option for it, FitOptions::data.target.
  std::optional<std::string> target = "";
  bool target_required = true;  ///< false: a missing target is not an error
  bool may_be_empty = false;    ///< true: a header with no rows below it is not an error
  /// Texts that count as missing, in any case, besides empty, NA, N/A, null, nan and ?; a number among them stands for
  /// all its spellings.
  std::vector<std::string> missing = {};
  bool default_missing = true;  ///< false: NA, N/A, null, nan and ? are texts
  bool decimal_comma = false;   ///< numbers are written 3,14, between semicolons or tabs, or in quotes
  DateOrder date_order = DateOrder::detect;
  char thousands = 0;  ///< between thousands, as in NumberNotation ('.': and 3,14); 0 = found where certain
  /// Columns to read as numbers, by name or number: a text among them counts as missing, and table.notes gets a note.
  std::vector<std::string> numeric = {};
  /// Columns of categories, by name or number: told apart by their text as written.
  std::vector<std::string> categorical = {};
  /// Set for new data of a trained model: `numeric` then names columns of its training data, matched as in encode(),
  /// and missing ones are not an error. Must outlive the call.
  const Encoder* trained = nullptr;
  /// Columns of a CSV file, by name or number, whose fields are stored exactly as written (Column::texts); missing
  /// columns are not an error.
  std::vector<std::string> texts = {};
  std::string labels = {};     ///< file with the labels of an image or NPY file; "" = found next to it by name
  Part part = Part::training;  ///< for a folder with the four MNIST files
};

/// Throws Error (usage) unless LoadOptions::encoding may have this value.
void check_encoding(const std::string& encoding);

/// Reads a table: CSV (comma, semicolon, tab, pipe, blanks; quotes; RFC 4180), IDX images, NPY, each plain or gzipped;
/// a folder with MNIST's IDX files; "-" reads standard input. Throws Error (input) with file, line and field.
Table load_table(const std::string& path, const LoadOptions& options = {});
/// Reads several CSV files as one table: the rows of each, in this order. Columns are matched by name (those of a file
/// without a header by number), and all rows decide what a column is, as if they were in one file. Each file has a
/// delimiter, a header and an encoding of its own, unless the options give them. Throws Error: (usage) for no path;
/// (input) as above, and for other formats, a file that is named twice, or a column that one of the files lacks.
Table load_table(const std::vector<std::string>& paths, const LoadOptions& options = {});

/// A column in memory: numbers (NaN = missing), or texts, which are read as the fields of a file are ("" = missing). It
/// looks at the caller's values, which must outlive it.
struct NamedColumn {
  std::string name;
  std::variant<std::span<const double>, std::span<const std::string>> values;
};

/// The table of a CSV file that has these columns below a header: a model trained on it is the same to the bit. Copies
/// the values. Of `options`, delimiter, header, labels and part do not count. Messages say "<memory>:ROW:COLUMN", both
/// from 1. Throws Error: (usage) for no columns or rows and for columns of different lengths; (input) as load_table(),
/// e.g. for two columns of one name and for a number that is infinite or beyond 3.4e38.
Table make_table(const std::vector<NamedColumn>& columns, const LoadOptions& options = {});

}  // namespace chainrule::formats
#pragma GCC visibility pop
