// SPDX-License-Identifier: Apache-2.0
// CSV to Table: reads the lines before the table, then sends all blocks of the file through parser and builder.
#include "chainrule/data/formats/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>
#include <vector>

#include "chainrule/base/checks.h"
#include "chainrule/base/memory.h"
#include "chainrule/data/formats/csv_dialect.h"
#include "chainrule/data/formats/csv_parser.h"
#include "chainrule/data/formats/load_table.h"
#include "chainrule/data/formats/loaders.h"
#include "chainrule/data/formats/number_notation.h"
#include "chainrule/data/formats/table_builder.h"

namespace chainrule::formats {
namespace {

constexpr std::size_t kSampleLimit = std::size_t{4} << 20;
// Detects the dialect from a block, or more if a block has fewer than two rows. Does not consume the input.
CsvDialect sniff_front(InputStream& in, const LoadOptions& options, const FirstFile* first) {
  std::size_t requested = InputStream::kBlock;
  std::string_view sample = in.peek(requested);
  while (sample.size() >= requested && requested < kSampleLimit && count_rows(sample, 2) < 2) {
    requested *= 2;
    sample = in.peek(requested);
  }
  return sniff_csv(in.name(), sample, sample.size() < requested, options, first);
}

void skip_byte_order_mark(InputStream& in) {
  char mark[3];
  if (in.peek(3).starts_with("\xEF\xBB\xBF")) in.read(mark, 3);
}

// Reads a first line "sep=;", as spreadsheets write it, and returns the delimiter; 0 without such a line.
char take_separator_line(InputStream& in) {
  const std::string_view front = in.peek(7);
  const bool is_one = front.size() >= 6 && front.starts_with("sep=") && is_delimiter(front[4]) &&
                      (front[5] == '\n' || front.substr(5, 2) == "\r\n");
  if (!is_one) return 0;
  char line[7];
  in.read(line, front[5] == '\n' ? 6 : 7);
  return line[4];
}

[[noreturn]] void refuse_too_large(const std::string& name, const std::string& why = {}) {
  throw Error(ErrorCategory::input,
              fmt::format("{}: expected a table that needs at most {:.2f} GB, three quarters of the memory, found a "
                          "larger one{}",
                          location(name), static_cast<double>(memory_limit()) / 1e9, why));
}

[[noreturn]] void refuse_too_large(const InputStream& in) {
  refuse_too_large(
      in.name(),
      in.is_gzip() ? fmt::format(" ({} bytes unpack to more than {})", in.packed_bytes(), in.unpacked_bytes()) : "");
}

// Text may unpack to a thousand times its size, and a table needs several times the memory of its text: what counts is
// the memory that there is.
template <class Parser>
void feed(Parser& parser, std::string_view bytes, const TableBuilder& builder, const InputStream& in) {
  const std::uint64_t limit = memory_limit();
  try {
    parser.feed(bytes);
  } catch (const std::bad_alloc&) {
    if (builder.bytes() > limit / 16) refuse_too_large(in);
    throw;
  }
  if (builder.bytes() > limit) refuse_too_large(in);
}

std::size_t estimated_rows(const InputStream& in, std::uint64_t further_bytes, std::size_t row_bytes) {
  const auto left = in.bytes_left();
  if (!left) return 0;
  const std::uint64_t rows = (*left + further_bytes) / row_bytes;
  return static_cast<std::size_t>(rows + rows / 32 + 2);
}

[[noreturn]] void refuse_header(const std::string& name, const std::string& first) {
  throw Error(ErrorCategory::input,
              location(name, 1) + ": expected rows without a header, as in " + location(first) + ", found a header",
              "if the file with the header is named first, columns of the others are matched by number");
}

void note_dialect(const CsvDialect& dialect, Table& table) {
  if (dialect.delimiter != ',' && table.columns.size() > 1)
    table.notes.insert(table.notes.begin(), info_note(NoteTopic::reading,
                                                      std::string("fields are separated by ") +
                                                          (dialect.delimiter == '\t'  ? "tabs"
                                                           : dialect.delimiter == ';' ? "semicolons"
                                                           : dialect.delimiter == '|' ? "pipes (|)"
                                                           : dialect.delimiter == ' ' ? "blanks"
                                                                                      : "a custom character"),
                                                      "", "delimiter"));
  if (!dialect.header_reason.empty())
    table.notes.insert(table.notes.begin(), info_note(NoteTopic::reading, dialect.header_reason, "", "header"));
}

}  // namespace

void CsvReader::add(InputStream& in) {
  skip_byte_order_mark(in);
  const char separator = take_separator_line(in);
  LoadOptions with_delimiter = options_;
  if (with_delimiter.delimiter == 0) with_delimiter.delimiter = separator;
  const FirstFile first{first_.delimiter, builder_ ? &builder_->table() : nullptr};
  CsvDialect dialect = sniff_front(in, with_delimiter, builder_ ? &first : nullptr);
  if (!builder_) {
    first_ = dialect;
    builder_.emplace(in.name(), dialect, options_, estimated_rows(in, further_bytes_, dialect.row_bytes));
  } else {
    if (dialect.has_header && !first_.has_header && dialect.is_above_numbers)
      refuse_header(in.name(), builder_->table().source);
    dialect.has_header = dialect.has_header && first_.has_header;
    builder_->next_file(in.name(), dialect);
  }
  CsvParser<TableBuilder> parser(in.name(), dialect.delimiter, *builder_, separator == 0 ? 1 : 2,
                                 {options_.comment, options_.skipped_lines});
  std::vector<char> block(InputStream::kBlock);
  while (const std::size_t got = in.read(block.data(), block.size())) {
    feed(parser, {block.data(), got}, *builder_, in);
  }
  parser.finish();
}

Table CsvReader::take() {
  const std::uint64_t bytes = builder_->bytes();
  const std::string name = builder_->table().source;
  try {
    Table table = builder_->take();
    note_dialect(first_, table);
    return table;
  } catch (const std::bad_alloc&) {
    if (bytes > memory_limit() / 16) refuse_too_large(name);
    throw;
  }
}

Table load_csv(InputStream& in, const LoadOptions& options) {
  CsvReader reader(options);
  reader.add(in);
  return reader.take();
}

// Columns in memory pass through the same builder, field by field, as a file with a header would.

namespace {

std::string field_of(double number, const LoadOptions& options) {
  if (std::isnan(number)) return "";
  std::string text = fmt::format("{}", number);
  std::ranges::replace(text, '.', notation_of(options).decimal);
  return text;
}

}  // namespace

Table table_from_columns(const std::vector<NamedColumn>& columns, std::size_t rows, const LoadOptions& options) {
  CsvDialect dialect;
  dialect.delimiter = ';';  // cannot be taken for a decimal comma
  dialect.has_header = true;
  TableBuilder builder("<memory>", dialect, options, rows);
  for (const NamedColumn& column : columns) builder.field(column.name, 1);
  builder.row(1);
  constexpr double kLargest = static_cast<double>(std::numeric_limits<float>::max());
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t c = 0; c < columns.size(); ++c) {
      if (const auto* texts = std::get_if<std::span<const std::string>>(&columns[c].values)) {
        builder.field((*texts)[row], row + 1);
        continue;
      }
      const double number = std::get<std::span<const double>>(columns[c].values)[row];
      if (std::abs(number) <= kLargest && builder.takes_numbers() && !builder.keeps_text(c))
        builder.number(number, {}, row + 1);
      else
        builder.field(field_of(number, options), row + 1);
    }
    builder.row(row + 1);
  }
  return builder.take();
}

}  // namespace chainrule::formats
