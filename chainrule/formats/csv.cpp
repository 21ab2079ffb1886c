// SPDX-License-Identifier: Apache-2.0
// CSV to Table: what stands in front of the rows, then all blocks of the file through parser and builder.
#include <vector>

#include "chainrule/error.h"
#include "chainrule/formats/csv_dialect.h"
#include "chainrule/formats/csv_parser.h"
#include "chainrule/formats/csv_table.h"
#include "chainrule/formats/loaders.h"

namespace chainrule::formats {
namespace {

constexpr std::size_t kSampleLimit = std::size_t{4} << 20;
// A compressed table may unpack to this much, plus so many times its own size; real tables stay far below.
constexpr std::uint64_t kUnpackedFree = std::uint64_t{8} << 20, kUnpackedTimes = 100;
// Enough of the file to judge it by: a block, or more where a block does not hold two rows. Not yet taken.
CsvDialect sniff_front(InputStream& in, const LoadOptions& options) {
  std::size_t wanted = InputStream::kBlock;
  std::string_view sample = in.peek(wanted);
  while (sample.size() >= wanted && wanted < kSampleLimit && count_rows(sample, 2) < 2) {
    wanted *= 2;
    sample = in.peek(wanted);
  }
  return sniff_csv(in.name(), sample, sample.size() < wanted, options);
}

void skip_byte_order_mark(InputStream& in) {
  char mark[3];
  if (in.peek(3).starts_with("\xEF\xBB\xBF")) in.read(mark, 3);
}

// "sep=;" in a line of its own in front of the table, as spreadsheets write it: that delimiter; 0 where there is none.
char take_separator_line(InputStream& in) {
  const std::string_view front = in.peek(7);
  const bool is_one = front.size() >= 6 && front.starts_with("sep=") && is_delimiter(front[4]) &&
                      (front[5] == '\n' || front.substr(5, 2) == "\r\n");
  if (!is_one) return 0;
  char line[7];
  in.read(line, front[5] == '\n' ? 6 : 7);
  return line[4];
}

void refuse_bomb(const InputStream& in) {
  if (!in.is_gzip() || in.unpacked_bytes() <= kUnpackedFree + kUnpackedTimes * in.packed_bytes()) return;
  throw Error(ErrorCategory::input,
              place(in.name()) + ": gzip: expected text that unpacks to at most " + std::to_string(kUnpackedTimes) +
                  " times its size, found more",
              "unpack it first if it is meant to be so");
}

std::size_t estimated_rows(const InputStream& in, std::size_t row_bytes) {
  const auto left = in.bytes_left();
  if (!left) return 0;
  return static_cast<std::size_t>(*left / row_bytes + *left / row_bytes / 32 + 2);
}

void note_dialect(const CsvDialect& dialect, Table& table) {
  if (dialect.delimiter != ',' && table.columns.size() > 1)
    table.notes.insert(table.notes.begin(), std::string("fields are separated by ") +
                                                (dialect.delimiter == '\t'  ? "tabs"
                                                 : dialect.delimiter == ';' ? "semicolons"
                                                 : dialect.delimiter == '|' ? "pipes (|)"
                                                                            : "a character of your own"));
  if (!dialect.header_reason.empty()) table.notes.insert(table.notes.begin(), dialect.header_reason);
}

}  // namespace

Table load_csv(InputStream& in, const LoadOptions& options) {
  skip_byte_order_mark(in);
  const char separator = take_separator_line(in);
  LoadOptions told = options;
  if (told.delimiter == 0) told.delimiter = separator;
  const CsvDialect dialect = sniff_front(in, told);
  TableBuilder builder(in.name(), dialect, options, estimated_rows(in, dialect.row_bytes));
  CsvParser<TableBuilder> parser(in.name(), dialect.delimiter, builder, separator == 0 ? 1 : 2);
  std::vector<char> block(InputStream::kBlock);
  while (const std::size_t got = in.read(block.data(), block.size())) {
    refuse_bomb(in);
    parser.feed({block.data(), got});
  }
  parser.finish();
  Table table = builder.take();
  note_dialect(dialect, table);
  return table;
}

}  // namespace chainrule::formats
