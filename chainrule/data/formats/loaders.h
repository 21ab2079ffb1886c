// SPDX-License-Identifier: Apache-2.0
// One function per data format, and their common parts. Internal to formats/; load_table chooses among them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/data/encoder.h"
#include "chainrule/data/formats/input_stream.h"
#include "chainrule/data/formats/load_table.h"
#include "chainrule/data/table.h"

namespace chainrule::formats {

constexpr std::size_t kMaxColumns = 100'000;

enum class Content { text, idx, npy };

/// Detects the format by the first bytes. Throws Error (input) that names an unreadable format: empty, an image, a
/// spreadsheet, a web page, UTF-16, a model, ...
Content recognise(InputStream& in);

Table load_csv(InputStream& in, const LoadOptions& options);
/// Columns of `rows` values each; make_table() checks them.
Table table_from_columns(const std::vector<NamedColumn>& columns, std::size_t rows, const LoadOptions& options);
Table load_idx(InputStream& in, const LoadOptions& options);
Table load_npy(InputStream& in, const LoadOptions& options);

/// What is known about a column before its fields are read.
struct ColumnRules {
  bool numeric = false;                         ///< its texts count as missing
  bool as_written = false;                      ///< of categories: its numbers are texts, too
  bool decided = false;                         ///< a model knows how its numbers are written
  std::optional<NumberNotation> notation = {};  ///< of that model, unless it is that of the table
  std::optional<DateForm> date = {};            ///< of that model
};

/// Of each column of `head`, a table with its column names. Throws Error (usage) for a column named by the options that
/// is missing, unless the options are those of a model.
std::vector<ColumnRules> column_rules(const Table& head, const LoadOptions& options);

/// The labels in `path` (IDX or NPY of one dimension, or a table of one column) as a Column named "label". Throws Error
/// (input) unless there are `rows` of them; `owner` is the file of their rows.
Column read_labels(const std::string& path, std::size_t rows, const std::string& owner);
Column read_idx_labels(InputStream& in, std::size_t rows, const std::string& owner);
Column read_npy_labels(InputStream& in, std::size_t rows, const std::string& owner);

/// Throws Error (input) when a file of labels does not match its images.
void check_label_count(const std::string& labels, std::size_t count, const std::string& owner, std::size_t rows);

/// Adds the labels that `options` name, or those found next to `path` by name, as the last column. Throws Error (input)
/// if they are required and missing.
void add_labels(Table& table, const std::string& path, const LoadOptions& options);

/// For an image or NPY file with labels: throws Error (usage) if options.target names a missing column.
void check_target(const Table& table, const LoadOptions& options);

}  // namespace chainrule::formats
