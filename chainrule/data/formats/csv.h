// SPDX-License-Identifier: Apache-2.0
// One or more CSV files to one table. Internal to formats/.
#pragma once

#include <cstdint>
#include <optional>

#include "chainrule/data/formats/csv_dialect.h"
#include "chainrule/data/formats/input_stream.h"
#include "chainrule/data/formats/load_table.h"
#include "chainrule/data/formats/table_builder.h"

namespace chainrule::formats {

/// Reads files into one TableBuilder, so that all their rows decide what a column is. Each has a dialect of its own.
class CsvReader {
 public:
  /// `further_bytes`: of the files after the first one, for an estimate of rows. The options must outlive the reader.
  explicit CsvReader(const LoadOptions& options, std::uint64_t further_bytes = 0)
      : options_(options), further_bytes_(further_bytes) {}

  /// Throws Error (input) as load_table().
  void add(InputStream& in);
  Table take();

 private:
  const LoadOptions& options_;
  std::uint64_t further_bytes_;
  std::optional<TableBuilder> builder_;
  CsvDialect first_;
};

}  // namespace chainrule::formats
