// SPDX-License-Identifier: Apache-2.0
// One function per data format, and their common parts. Internal to formats/; load_table chooses among them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chainrule/data/formats/input_stream.h"
#include "chainrule/data/formats/load_table.h"
#include "chainrule/data/table.h"

namespace chainrule::formats {

constexpr std::size_t kMaxColumns = 100'000;
constexpr std::size_t kMaxSpellings = 1'000'000;

enum class Content { text, idx, npy };

/// Detects the format by the first bytes. Throws Error (input) that names an unreadable format: empty, an image, a
/// spreadsheet, a web page, UTF-16, a model, ...
Content recognise(InputStream& in);

Table load_csv(InputStream& in, const LoadOptions& options);
/// Columns of `rows` values each; make_table() checks them.
Table table_from_columns(const std::vector<NamedColumn>& columns, std::size_t rows, const LoadOptions& options);
Table load_idx(InputStream& in, const LoadOptions& options);
Table load_npy(InputStream& in, const LoadOptions& options);

/// For each column of `head`, a table with its column names, whether options.numeric names it. Throws Error (usage) for
/// a missing column, unless the options are those of a model.
std::vector<bool> numeric_columns(const Table& head, const LoadOptions& options);

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

/// Gives equal texts equal codes, in order of first appearance.
class Spellings {
 public:
  /// The code of `text`; kMaxSpellings if there are already so many others.
  std::uint32_t code(std::string_view text);
  std::vector<std::string> take() { return std::move(texts_); }

 private:
  void grow();

  std::vector<std::string> texts_;
  std::vector<std::uint32_t> slots_;  // code + 1 of the text that hashes here, or to a slot before; 0 = free
};

}  // namespace chainrule::formats
