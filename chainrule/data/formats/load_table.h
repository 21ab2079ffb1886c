// SPDX-License-Identifier: Apache-2.0
// From a file to a table. The format is known by content, not by name.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chainrule/data/table.h"

#pragma GCC visibility push(default)
namespace chainrule {
struct Encoder;
}  // namespace chainrule

namespace chainrule::formats {

enum class Header { detect, yes, no };
/// Which files of an MNIST folder are meant.
enum class Part { training, test };

struct LoadOptions {
  Header header = Header::detect;
  char delimiter = 0;  ///< ',' ';' '\t' or '|'; 0 = detect
  /// The target column by name or number (from 1), whose spellings are kept as written; "" = the last column; nullopt =
  /// the file need not have a target.
  std::optional<std::string> target = "";
  bool target_required = true;  ///< false: a named target that the file lacks is no error
  /// Texts that count as missing, in any case, beside empty, NA, N/A, null, nan and ?; a number among them stands for
  /// all its spellings.
  std::vector<std::string> missing = {};
  bool decimal_comma = false;  ///< numbers are written 3,14, between semicolons or tabs, or in quotes
  /// Columns that are numbers, by name or number: a text among them counts as missing, and table.notes says so.
  std::vector<std::string> numeric = {};
  /// Set for other rows of a model: `numeric` speaks of the columns of its training data, which are found as encode()
  /// finds them, and need not be there. Must outlive the call.
  const Encoder* trained = nullptr;
  /// Columns, by name or number, whose fields are kept exactly as written (Column::texts), of a CSV file; names that
  /// the file lacks are no error.
  std::vector<std::string> texts = {};
  std::string labels;          ///< file with the labels of an image or NPY file; "" = found beside it by name
  Part part = Part::training;  ///< for a folder with the four MNIST files
};

/// Reads a table: CSV (comma, semicolon, tab, pipe; quotes; RFC 4180), IDX images, NPY, each plain or gzipped; a folder
/// with MNIST's IDX files; "-" reads standard input. Throws Error (input) with file, line and field.
Table load_table(const std::string& path, const LoadOptions& options = {});

}  // namespace chainrule::formats
#pragma GCC visibility pop
