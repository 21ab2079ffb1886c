// SPDX-License-Identifier: Apache-2.0
// CSV to Table: reads the lines before the table, then sends all blocks of the file through parser and builder.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <vector>

#include "chainrule/base/checks.h"
#include "chainrule/data/formats/csv_dialect.h"
#include "chainrule/data/formats/csv_field.h"
#include "chainrule/data/formats/csv_parser.h"
#include "chainrule/data/formats/load_table.h"
#include "chainrule/data/formats/loaders.h"
#include "chainrule/data/table_columns.h"
#include "chainrule/data/table_rows.h"

namespace chainrule::formats {
namespace {

// Converts fields and rows to columns: stores numbers directly, and text where it is needed.

/// Receives fields and rows; holds the columns under construction. The sink of CsvParser. Throws Error: (input) with
/// the line and field, (usage) for a missing target or column of numbers.
class TableBuilder {
 public:
  TableBuilder(std::string source, const CsvDialect& dialect, const LoadOptions& options, std::size_t expected_rows)
      : options_(options),
        reader_(options.missing, options.decimal_comma),
        commas_part_fields_(options.decimal_comma && dialect.delimiter == ','),
        expected_rows_(expected_rows) {
    table_.source = std::move(source);
    table_.has_header = table_.names_from_header = dialect.has_header;
  }

  bool field(std::string_view text, std::uint64_t line) {
    const std::size_t c = field_++;
    if (table_.columns.empty()) {
      if (c == kMaxColumns)
        refuse(location(table_.source, line),
               "columns: expected at most " + std::to_string(kMaxColumns) + ", found more");
      first_row_.emplace_back(line, text);
      return false;
    }
    if (c == 0) row_begins_with_hash_ = text.starts_with('#');
    return c < table_.columns.size() && add(c, text, line);  // the end of the row refuses too many fields
  }

  // Whether column c needs the text of a number beside it.
  bool keeps_text(std::size_t c) const { return progress_[c].keeps_spellings || progress_[c].keeps_texts; }

  bool takes_numbers() const { return reader_.is_plain() && !table_.columns.empty(); }

  void number(double number, std::string_view text, std::uint64_t line) {
    const std::size_t c = field_++;
    if (c == 0) row_begins_with_hash_ = false;
    if (c >= table_.columns.size()) return;
    if (progress_[c].keeps_texts) add_field(table_.columns[c].texts, text);
    staged_.push_back(number);
    if (progress_[c].keeps_spellings) spell(c, {FieldKind::number, number}, text, line);
  }

  void row(std::uint64_t line) {
    if (table_.columns.empty()) {
      first_row(line);
      return;
    }
    const std::size_t columns = table_.columns.size();
    if (field_ != columns) refuse_length(line);
    if (columns == 1 && first_blank_ != 0)
      refuse(location(table_.source, first_blank_), "expected 1 field, found an empty line",
             "a missing value in a table of one column is written NA");
    blanks_inside_ = blanks_;
    field_ = 0;
    note_line(line);
    ++table_.rows;
    if (staged_.size() >= kStagedNumbers) unstage();
  }

  // Ignores blank lines before the first row and after the last; between rows it counts and skips them.
  void blank_line(std::uint64_t line) {
    if (table_.columns.empty()) return;
    if (blanks_++ == 0) first_blank_ = line;
  }

  Table take() {
    const std::string where = location(table_.source);
    if (table_.columns.empty()) refuse(where, "expected a table, found nothing but blank lines");
    if (table_.rows == 0 && !(options_.may_be_empty && table_.has_header))
      refuse(where, "expected rows below the header, found none",
             options_.header == Header::detect ? message_of("the first line was taken as a header; ",
                                                            NamedOption{"header", "false"}, " reads it as data")
                                               : Message());
    if (commas_part_fields_ && !has_decimal_comma_)
      refuse(where, "decimal comma: expected semicolons or tabs between fields, or numbers in quotes, found commas",
             quote_numbers());
    refuse_not_finite();
    unstage();
    for (std::size_t c = 0; c < table_.columns.size(); ++c) {
      note_replaced(c);
      note_wide_minus(c);
    }
    if (blanks_inside_ > 0)
      table_.notes.push_back(info_note(
          NoteTopic::reading,
          count_of(blanks_inside_, "blank line") + " skipped, the first at line " + std::to_string(first_blank_)));
    note_likely_header();
    for (std::size_t c = 0; c < table_.columns.size(); ++c) keep_spellings(c);
    return std::move(table_);
  }

 private:
  static constexpr std::size_t kSightingBytes = 100;
  static constexpr std::size_t kStagedNumbers = 16'384;
  // The network computes in float: larger numbers would become infinite.
  static constexpr double kLargest = static_cast<double>(std::numeric_limits<float>::max());
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

  static Message quote_numbers() {
    return message_of("with ", NamedOption{"decimal_comma"}, ", commas cannot separate fields; ",
                      NamedOption{"decimal_comma", "false"}, " reads 3.14");
  }

  [[noreturn]] static void refuse(const std::string& where, const std::string& what, const Message& hint = {}) {
    throw Error(ErrorCategory::input, where + ": " + what, hint);
  }

  static std::string count_of(std::size_t count, const std::string& thing) {
    return std::to_string(count) + " " + thing + (count == 1 ? "" : "s");
  }

  struct FirstField {
    FirstField(std::uint64_t at, std::string_view as_written) : line(at), text(as_written) {}
    std::uint64_t line;
    std::string text;
  };
  // Further state of a column while it is read.
  struct Progress {
    std::uint64_t texts = 0, replaced = 0, wide_minus = 0;  // replaced: texts that count as missing
    Sighting not_finite, first_replaced, first_wide_minus;
    Spellings spellings;
    bool keeps_spellings = false, keeps_texts = false, is_numeric = false;
  };

  [[noreturn]] void refuse_length(std::uint64_t line) const {
    const bool first = table_.rows == 0 && table_.has_header;
    const bool comment = row_begins_with_hash_ || (first && table_.columns[0].name.starts_with('#'));
    refuse(location(table_.source, line),
           "expected " + count_of(table_.columns.size(), "field") + ", found " + std::to_string(field_),
           comment               ? Message("lines with # are not comments here: remove them")
           : commas_part_fields_ ? quote_numbers()
           : first ? Message("line " + std::to_string(first_row_line_) + " was taken as the header of the table")
                   : Message());
  }

  void first_row(std::uint64_t line) {
    table_.columns.resize(first_row_.size());
    progress_.resize(first_row_.size());
    for (std::size_t c = 0; c < first_row_.size(); ++c) {
      const std::string_view text = table_.has_header ? trimmed(first_row_[c].text) : "";
      if (!is_utf8(text)) refuse_encoding(c, text, first_row_[c].line);
      table_.columns[c].name = text.empty() ? "column " + std::to_string(c + 1) : std::string(text);
    }
    if (table_.has_header) refuse_repeated_names();
    find_target();
    for (const std::string& name : options_.texts)
      if (const auto requested = try_find_column(table_, name)) progress_[*requested].keeps_texts = true;
    if (!options_.numeric.empty()) {
      const std::vector<bool> numeric = numeric_columns(table_, options_);
      for (std::size_t c = 0; c < numeric.size(); ++c) progress_[c].is_numeric = numeric[c];
    }
    for (Column& column : table_.columns) column.numbers.reserve(expected_rows_);
    first_row_line_ = line;
    field_ = 0;
    if (table_.has_header) {
      first_row_ = {};
      return;
    }
    for (const FirstField& first : first_row_) field(first.text, first.line);
    first_row_ = {};
    row(line);
  }

  // With blank lines and quoted line ends, row r is no longer in line first_line + r.
  void note_line(std::uint64_t line) {
    if (table_.rows == 0) table_.first_line = line;
    if (table_.lines.empty() && line == table_.first_line + table_.rows) return;
    for (std::size_t row = table_.lines.size(); row < table_.rows; ++row)
      table_.lines.push_back(table_.first_line + row);
    table_.lines.push_back(line);
  }

  void find_target() {
    if (!options_.target) return;
    if (options_.target->empty())
      target_ = table_.columns.size() - 1;
    else if (options_.target_required)
      target_ = find_column(table_, *options_.target, "target");
    else
      target_ = try_find_column(table_, *options_.target).value_or(kNone);
    if (target_ == kNone) return;
    progress_[target_].keeps_spellings = true;
    table_.columns[target_].codes.reserve(expected_rows_);
  }

  void refuse_repeated_names() const {
    const auto& columns = table_.columns;
    std::vector<std::size_t> order(columns.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      const int compared = columns[a].name.compare(columns[b].name);
      return compared < 0 || (compared == 0 && a < b);
    });
    const auto same = std::adjacent_find(
        order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return columns[a].name == columns[b].name; });
    if (same == order.end()) return;
    const std::size_t first = same[0], second = same[1];
    refuse(location(table_.source, first_row_[second].line, second + 1),
           "header: expected different names, found " + in_quotes(columns[first].name) + " in fields " +
               std::to_string(first + 1) + " and " + std::to_string(second + 1));
  }

  // Returns whether the field is known to contain no line end.
  bool add(std::size_t c, std::string_view text, std::uint64_t line) {
    if (progress_[c].keeps_texts) add_field(table_.columns[c].texts, text);
    FieldValue value = reader_.read(text);
    if (value.kind == FieldKind::text && progress_[c].is_numeric) {
      ++progress_[c].replaced;
      see(progress_[c].first_replaced, c, text, line);
      value.kind = FieldKind::missing;
    }
    const bool is_number = value.kind == FieldKind::number;
    if (commas_part_fields_ && is_number) has_decimal_comma_ = has_decimal_comma_ || text.find(',') != text.npos;
    if (is_number && std::signbit(value.number) && text.find('-') == text.npos) {
      ++progress_[c].wide_minus;
      see(progress_[c].first_wide_minus, c, text, line);
    }
    if (!is_number || !(std::abs(value.number) <= kLargest)) note_unusual(c, value.kind, text, line);
    staged_.push_back(value.kind == FieldKind::missing ? std::numeric_limits<double>::quiet_NaN() : value.number);
    if (progress_[c].keeps_spellings) spell(c, value, text, line);
    return is_number;
  }

  // Numbers among texts get the fewest digits, like the numbers before the first text: 01 and 1 are one category in any
  // order of the rows.
  void spell(std::size_t c, const FieldValue& value, std::string_view text, std::uint64_t line) {
    if (value.kind == FieldKind::number && c != target_)
      add_spelling(c, fmt::format("{}", value.number), line);
    else
      add_spelling(c, value.kind == FieldKind::missing ? "" : trimmed(text), line);
  }

  void note_unusual(std::size_t c, FieldKind kind, std::string_view text, std::uint64_t line) {
    Column& column = table_.columns[c];
    if (kind == FieldKind::number) {
      see(progress_[c].not_finite, c, text, line);
    } else if (kind == FieldKind::missing) {
      ++column.missing;
      see(column.first_missing, c, text, line);
    } else if (progress_[c].texts++ == 0) {
      see(column.first_text, c, text, line);
      if (c != target_) spell_numbers(c);
      column.numbers = {};
    }
  }

  // The column turns out to be text: the numbers so far become spellings.
  void spell_numbers(std::size_t c) {
    progress_[c].keeps_spellings = true;
    Column& column = table_.columns[c];
    column.codes.reserve(expected_rows_);
    const auto spell = [&](double number) { add_spelling(c, std::isnan(number) ? "" : fmt::format("{}", number), 0); };
    for (const double number : column.numbers) spell(number);
    const std::size_t whole_rows = staged_.size() - c;  // the current row has reached field c
    for (std::size_t i = c; i < whole_rows; i += table_.columns.size()) spell(staged_[i]);
  }

  // Moves staged rows to the columns; staging visits each column's memory once in many rows.
  void unstage() {
    const std::size_t columns = table_.columns.size();
    for (std::size_t c = 0; c < columns; ++c) {
      Column& column = table_.columns[c];
      if (!column.is_number()) continue;
      for (std::size_t i = c; i < staged_.size(); i += columns) column.numbers.push_back(staged_[i]);
    }
    staged_.clear();
  }

  void add_spelling(std::size_t c, std::string_view text, std::uint64_t line) {
    Column& column = table_.columns[c];
    const bool is_utf8_text = column.is_number() || is_utf8(text);
    // Labels are stored in models and predictions, which are UTF-8.
    if (!is_utf8_text && c == target_) refuse_encoding(c, text, line);
    if (!is_utf8_text) see(column.first_no_utf8, c, text, line);
    const std::uint32_t code = is_utf8_text ? progress_[c].spellings.code(text) : kMaxSpellings;
    if (code != kMaxSpellings) {
      column.codes.push_back(code);
      return;
    }
    if (c == target_ && !column.is_number())
      refuse(location(table_.source, line, c + 1), "target " + in_quotes(column.name) + ": expected at most " +
                                                       std::to_string(kMaxSpellings) + " different texts, found more");
    column.codes = {};
    progress_[c].spellings = {};
    progress_[c].keeps_spellings = false;
  }

  void keep_spellings(std::size_t c) {
    if (progress_[c].keeps_spellings) table_.columns[c].spellings = progress_[c].spellings.take();
  }

  void note_replaced(std::size_t c) {
    const Progress& column = progress_[c];
    if (column.replaced == 0) return;
    table_.notes.push_back(info_note(NoteTopic::reading,
                                     "column " + in_quotes(table_.columns[c].name) + ": " +
                                         count_of(column.replaced, "text") +
                                         (column.replaced == 1 ? " counts" : " count") +
                                         " as missing (first: " + in_quotes(column.first_replaced.text) + " in " +
                                         location(table_.source, column.first_replaced.line, c + 1) + ")",
                                     table_.columns[c].name));
  }

  void note_wide_minus(std::size_t c) {
    const Progress& column = progress_[c];
    if (column.wide_minus == 0 || !table_.columns[c].is_number()) return;
    table_.notes.push_back(info_note(
        NoteTopic::reading,
        "column " + in_quotes(table_.columns[c].name) + ": " + count_of(column.wide_minus, "number") +
            " with a minus sign other than \"-\" read as negative (first: " + in_quotes(column.first_wide_minus.text) +
            " in " + location(table_.source, column.first_wide_minus.line, c + 1) + ")",
        table_.columns[c].name));
  }

  static void see(Sighting& sighting, std::size_t c, std::string_view text, std::uint64_t line) {
    if (sighting.line == 0) sighting = {line, c + 1, std::string(text.substr(0, kSightingBytes))};
  }

  [[noreturn]] void refuse_encoding(std::size_t c, std::string_view text, std::uint64_t line) const {
    refuse(location(table_.source, line, c + 1), "text: expected UTF-8, found " + in_quotes(text),
           "save the file as UTF-8 (iconv -f latin1 -t utf8, for instance)");
  }

  // At the end, since a column with a word like "inf" may still turn out to be text.
  void refuse_not_finite() const {
    std::size_t first = kNone;
    for (std::size_t c = 0; c < progress_.size(); ++c) {
      const Sighting& seen = progress_[c].not_finite;
      if (seen.line == 0 || !table_.columns[c].is_number()) continue;
      if (first == kNone || seen.line < progress_[first].not_finite.line) first = c;
    }
    if (first == kNone) return;
    const Sighting& seen = progress_[first].not_finite;
    refuse(location(table_.source, seen.line, seen.field),
           "column " + in_quotes(table_.columns[first].name) + ": expected a finite number up to 3.4e38, found " +
               in_quotes(seen.text),
           message_of(NamedOption{"missing", std::string(trimmed(seen.text))}, " counts it as missing"));
  }

  // A header with numbers among its names is not detected; a column with text above numbers gets a note.
  void note_likely_header() {
    if (table_.has_header || options_.header != Header::detect || table_.rows < 2) return;
    for (std::size_t c = 0; c < table_.columns.size(); ++c) {
      const Column& column = table_.columns[c];
      if (progress_[c].texts != 1 || column.first_text.line != first_row_line_) continue;
      if (column.missing + 1 == table_.rows) continue;
      table_.notes.push_back(info_note(NoteTopic::reading,
                                       "the first line may be a header after all: it has the text " +
                                           in_quotes(column.first_text.text) + " above numbers in field " +
                                           std::to_string(c + 1),
                                       column.name, "header"));
      return;
    }
  }

  const LoadOptions& options_;
  FieldReader reader_;
  bool commas_part_fields_, has_decimal_comma_ = false;  // commas_part_fields_: although numbers have decimal commas
  std::size_t expected_rows_;
  Table table_;
  std::vector<Progress> progress_;
  std::vector<FirstField> first_row_;
  std::vector<double> staged_;  // rows not yet moved to their columns
  std::uint64_t first_row_line_ = 0;
  std::size_t field_ = 0;  // of the current row
  bool row_begins_with_hash_ = false;
  std::size_t target_ = kNone;
  std::uint64_t first_blank_ = 0, blanks_ = 0, blanks_inside_ = 0;
};

constexpr std::size_t kSampleLimit = std::size_t{4} << 20;
// A compressed table may unpack to kUnpackedFree plus kUnpackedTimes its size; real tables stay far below.
constexpr std::uint64_t kUnpackedFree = std::uint64_t{8} << 20, kUnpackedTimes = 100;
// Detects the dialect from a block, or more if a block has fewer than two rows. Does not consume the input.
CsvDialect sniff_front(InputStream& in, const LoadOptions& options) {
  std::size_t requested = InputStream::kBlock;
  std::string_view sample = in.peek(requested);
  while (sample.size() >= requested && requested < kSampleLimit && count_rows(sample, 2) < 2) {
    requested *= 2;
    sample = in.peek(requested);
  }
  return sniff_csv(in.name(), sample, sample.size() < requested, options);
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

void refuse_bomb(const InputStream& in) {
  if (!in.is_gzip() || in.unpacked_bytes() <= kUnpackedFree + kUnpackedTimes * in.packed_bytes()) return;
  throw Error(ErrorCategory::input,
              location(in.name()) + ": gzip: expected text that unpacks to at most " + std::to_string(kUnpackedTimes) +
                  " times its size, found more",
              "if this is intended, unpack it first");
}

std::size_t estimated_rows(const InputStream& in, std::size_t row_bytes) {
  const auto left = in.bytes_left();
  if (!left) return 0;
  return static_cast<std::size_t>(*left / row_bytes + *left / row_bytes / 32 + 2);
}

void note_dialect(const CsvDialect& dialect, Table& table) {
  if (dialect.delimiter != ',' && table.columns.size() > 1)
    table.notes.insert(table.notes.begin(), info_note(NoteTopic::reading,
                                                      std::string("fields are separated by ") +
                                                          (dialect.delimiter == '\t'  ? "tabs"
                                                           : dialect.delimiter == ';' ? "semicolons"
                                                           : dialect.delimiter == '|' ? "pipes (|)"
                                                                                      : "a custom character"),
                                                      "", "delimiter"));
  if (!dialect.header_reason.empty())
    table.notes.insert(table.notes.begin(), info_note(NoteTopic::reading, dialect.header_reason, "", "header"));
}

}  // namespace

Table load_csv(InputStream& in, const LoadOptions& options) {
  skip_byte_order_mark(in);
  const char separator = take_separator_line(in);
  LoadOptions with_delimiter = options;
  if (with_delimiter.delimiter == 0) with_delimiter.delimiter = separator;
  const CsvDialect dialect = sniff_front(in, with_delimiter);
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

// Columns in memory pass through the same builder, field by field, as a file with a header would.

namespace {

std::string field_of(double number, const LoadOptions& options) {
  if (std::isnan(number)) return "";
  std::string text = fmt::format("{}", number);
  if (options.decimal_comma) std::ranges::replace(text, '.', ',');
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

// Texts to codes: a hash table with open addressing. Nothing iterates over it, so its order cannot affect a result.

std::uint32_t Spellings::code(std::string_view text) {
  if (texts_.size() * 2 >= slots_.size()) grow();
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = std::hash<std::string_view>{}(text)&mask;
  for (; slots_[slot] != 0; slot = (slot + 1) & mask)
    if (texts_[slots_[slot] - 1] == text) return slots_[slot] - 1;
  if (texts_.size() == kMaxSpellings) return kMaxSpellings;
  texts_.emplace_back(text);
  slots_[slot] = static_cast<std::uint32_t>(texts_.size());
  return slots_[slot] - 1;
}

void Spellings::grow() {
  slots_.assign(slots_.empty() ? 64 : slots_.size() * 2, 0);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    std::size_t slot = std::hash<std::string_view>{}(texts_[i]) & mask;
    while (slots_[slot] != 0) slot = (slot + 1) & mask;
    slots_[slot] = static_cast<std::uint32_t>(i + 1);
  }
}

}  // namespace chainrule::formats
