// SPDX-License-Identifier: Apache-2.0
#include "chainrule/data/formats/table_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "chainrule/base/checks.h"
#include "chainrule/data/formats/number_notation.h"
#include "chainrule/data/formats/otherwise_written.h"
#include "chainrule/data/table_columns.h"
#include "chainrule/data/table_rows.h"

namespace chainrule::formats {
namespace {

constexpr std::size_t kSightingBytes = 100;

Message quote_numbers() {
  return message_of("with ", NamedOption{"decimal_comma"}, ", commas cannot separate fields; ",
                    NamedOption{"decimal_comma", "false"}, " reads 3.14");
}

[[noreturn]] void refuse(const std::string& where, const std::string& what, const Message& hint = {}) {
  throw Error(ErrorCategory::input, where + ": " + what, hint);
}

std::string count_of(std::size_t count, const std::string& thing) {
  return std::to_string(count) + " " + thing + (count == 1 ? "" : "s");
}

}  // namespace

TableBuilder::TableBuilder(std::string source, const CsvDialect& dialect, const LoadOptions& options,
                           std::size_t expected_rows)
    : options_(options),
      dialect_(dialect),
      reader_(options),
      notation_(notation_of(options)),
      commas_part_fields_(notation_.decimal == ',' && dialect.delimiter == ','),
      expected_rows_(expected_rows) {
  table_.source = std::move(source);
  table_.date_order = options.date_order;
  table_.has_header = table_.names_from_header = dialect.has_header;
}

Table TableBuilder::take() {
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
  refuse_units();
  for (std::size_t c = 0; c < table_.columns.size(); ++c) {
    note_replaced(c);
    note_wide_minus(c);
  }
  if (blanks_inside_ > 0)
    table_.notes.push_back(info_note(
        NoteTopic::reading,
        count_of(blanks_inside_, "blank line") + " skipped, the first at line " + std::to_string(first_blank_)));
  note_skipped_rows();
  note_likely_header();
  for (std::size_t c = 0; c < table_.columns.size(); ++c) {
    keep_spellings(c);
    read_otherwise_written(table_, c, progress_[c].rules, options_, c == target_);
  }
  return std::move(table_);
}

std::uint64_t TableBuilder::bytes() const {
  std::uint64_t sum = sizeof(std::uint64_t) * table_.lines.capacity();
  for (const Column& column : table_.columns)
    sum += sizeof(double) * column.numbers.capacity() + sizeof(std::uint32_t) * column.codes.capacity() +
           column.texts.bytes.capacity() + sizeof(std::size_t) * column.texts.ends.capacity();
  return sum;
}

// ---- rows ---------------------------------------------------------------------------------------------------------

void TableBuilder::keep_field(std::string_view text, std::uint64_t line) {
  if (kept_.size() >= kMaxColumns)
    refuse(location(table_.source, line), "columns: expected at most " + std::to_string(kMaxColumns) + ", found more");
  kept_.push_back({line, std::string(text)});
}

// Whether the row has a field for each column; else it is skipped and counted.
bool TableBuilder::take_kept_fields(std::uint64_t line) {
  const bool is_whole = kept_.size() == table_.columns.size();
  if (!is_whole && rows_skipped_++ == 0) {
    first_skipped_ = line;
    fields_of_first_skipped_ = kept_.size();
  }
  for (; is_whole && field_ < kept_.size(); ++field_) add(field_, kept_[field_].text, kept_[field_].line);
  kept_.clear();
  return is_whole;
}

void TableBuilder::first_row(std::uint64_t line) {
  if (dialect_.has_row_names) kept_.insert(kept_.begin(), {line, "rownames"});
  name_columns();
  find_target();
  for (const std::string& name : options_.texts)
    if (const auto requested = try_find_column(table_, name)) progress_[*requested].keeps_texts = true;
  const std::vector<ColumnRules> rules = column_rules(table_, options_);
  takes_numbers_ = !options_.skip_bad_rows;
  for (std::size_t c = 0; c < rules.size(); ++c) {
    progress_[c].rules = rules[c];
    progress_[c].keeps_spellings = progress_[c].keeps_spellings || rules[c].as_written;
    takes_numbers_ = takes_numbers_ && !rules[c].notation;
  }
  for (Column& column : table_.columns) {
    column.numbers.reserve(expected_rows_);
    column.notation = notation_;
  }
  first_row_line_ = line;
  field_ = 0;
  if (table_.has_header) {
    kept_.clear();
    return;
  }
  const std::vector<KeptField> fields = std::exchange(kept_, {});
  for (const KeptField& first : fields) field(first.text, first.line);
  row(line);
}

void TableBuilder::name_columns() {
  table_.columns.resize(kept_.size());
  progress_.resize(kept_.size());
  for (std::size_t c = 0; c < kept_.size(); ++c) {
    const std::string_view text = table_.has_header ? trimmed(kept_[c].text) : "";
    if (!is_utf8(text)) refuse_encoding(c, text, kept_[c].line);
    table_.columns[c].name = text.empty() ? "column " + std::to_string(c + 1) : std::string(text);
  }
  if (table_.has_header) refuse_repeated_names();
}

void TableBuilder::find_target() {
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

// With blank lines and quoted line ends, row r is no longer in line first_line + r.
void TableBuilder::note_line(std::uint64_t line) {
  if (table_.rows == 0) table_.first_line = line;
  if (table_.lines.empty() && line == table_.first_line + table_.rows) return;
  for (std::size_t row = table_.lines.size(); row < table_.rows; ++row) table_.lines.push_back(table_.first_line + row);
  table_.lines.push_back(line);
}

// ---- fields -------------------------------------------------------------------------------------------------------

FieldValue TableBuilder::read_by_notation(std::size_t c, FieldValue value, std::string_view text) const {
  if (value.kind == FieldKind::missing) return value;
  const std::optional<double> number = number_in(text, *progress_[c].rules.notation);
  return number ? FieldValue{FieldKind::number, *number} : FieldValue{FieldKind::text, 0};
}

// With the separator of thousands that the options give.
FieldValue TableBuilder::read_otherwise(std::size_t c, std::string_view text) const {
  if (notation_.thousands == 0 || progress_[c].rules.notation) return {FieldKind::text, 0};
  const std::optional<double> number = number_in(text, notation_);
  return number ? FieldValue{FieldKind::number, *number} : FieldValue{FieldKind::text, 0};
}

// A text in a column of numbers; where it may be a number in another notation, the whole column decides.
bool TableBuilder::counts_as_missing(std::size_t c, std::string_view text) const {
  return progress_[c].rules.numeric && (progress_[c].rules.decided || !looks_like_number(text));
}

void TableBuilder::add_text(std::size_t c, std::string_view text) { add_field(table_.columns[c].texts, text); }

// Labels are as written, and so are categories by name; of other texts numbers have the fewest digits, like the numbers
// before the first text: 01 and 1 are one category in any order of the rows.
bool TableBuilder::is_spelled_as_written(std::size_t c) const { return c == target_ || progress_[c].rules.as_written; }

void TableBuilder::spell(std::size_t c, const FieldValue& value, std::string_view text, std::uint64_t line) {
  if (value.kind == FieldKind::number && !is_spelled_as_written(c))
    add_spelling(c, spelling_of(value.number), line);
  else
    add_spelling(c, value.kind == FieldKind::missing ? "" : trimmed(text), line);
}

std::string TableBuilder::spelling_of(double number) const {
  if (std::isnan(number)) return "";
  std::string text = fmt::format("{}", number);
  std::ranges::replace(text, '.', notation_.decimal);
  return text;
}

void TableBuilder::note_unusual(std::size_t c, FieldKind kind, std::string_view text, std::uint64_t line) {
  Column& column = table_.columns[c];
  if (kind == FieldKind::number) {
    see(progress_[c].not_finite, c, text, line);
  } else if (kind == FieldKind::missing) {
    ++column.missing;
    see(column.first_missing, c, text, line);
  } else if (progress_[c].texts++ == 0) {
    see(column.first_text, c, text, line);
    if (!is_spelled_as_written(c)) spell_numbers(c);
    column.numbers = {};
  }
}

// The column turns out to be text: the numbers so far become spellings.
void TableBuilder::spell_numbers(std::size_t c) {
  progress_[c].keeps_spellings = true;
  Column& column = table_.columns[c];
  column.codes.reserve(expected_rows_);
  for (const double number : column.numbers) add_spelling(c, spelling_of(number), 0);
  const std::size_t whole_rows = staged_.size() - c;  // the current row has reached field c
  for (std::size_t i = c; i < whole_rows; i += table_.columns.size()) add_spelling(c, spelling_of(staged_[i]), 0);
}

// Moves staged rows to the columns; staging visits each column's memory once in many rows.
void TableBuilder::unstage() {
  const std::size_t columns = table_.columns.size();
  for (std::size_t c = 0; c < columns; ++c) {
    Column& column = table_.columns[c];
    if (!column.is_number()) continue;
    for (std::size_t i = c; i < staged_.size(); i += columns) column.numbers.push_back(staged_[i]);
  }
  staged_.clear();
}

void TableBuilder::add_spelling(std::size_t c, std::string_view text, std::uint64_t line) {
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

void TableBuilder::keep_spellings(std::size_t c) {
  if (progress_[c].keeps_spellings) table_.columns[c].spellings = progress_[c].spellings.take();
}

// ---- notes and errors ---------------------------------------------------------------------------------------------

void TableBuilder::see(Sighting& sighting, std::size_t c, std::string_view text, std::uint64_t line) {
  if (sighting.line == 0) sighting = {line, c + 1, std::string(text.substr(0, kSightingBytes))};
}

void TableBuilder::note_replaced(std::size_t c) {
  const Progress& column = progress_[c];
  if (column.replaced > 0) table_.notes.push_back(replaced_note(table_, c, column.replaced, column.first_replaced));
}

void TableBuilder::note_wide_minus(std::size_t c) {
  const Progress& column = progress_[c];
  if (column.wide_minus == 0 || !table_.columns[c].is_number()) return;
  table_.notes.push_back(info_note(
      NoteTopic::reading,
      "column " + in_quotes(table_.columns[c].name) + ": " + count_of(column.wide_minus, "number") +
          " with a minus sign other than \"-\" read as negative (first: " + in_quotes(column.first_wide_minus.text) +
          " in " + location(table_.source, column.first_wide_minus.line, c + 1) + ")",
      table_.columns[c].name));
}

void TableBuilder::note_skipped_rows() {
  if (rows_skipped_ == 0) return;
  table_.notes.push_back(
      warning_note(NoteTopic::reading,
                   fmt::format("{} skipped whose number of fields is not {} (the first, with {}, in {})",
                               count_of(rows_skipped_, "row"), table_.columns.size(), fields_of_first_skipped_,
                               location(table_.source, first_skipped_)),
                   "", "bad_rows"));
}

// A header with numbers among its names is not detected; a column with text above numbers gets a note.
void TableBuilder::note_likely_header() {
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

void TableBuilder::refuse_length(std::uint64_t line) const {
  const bool first = table_.rows == 0 && table_.has_header;
  const bool comment = row_begins_with_hash_ || (first && table_.columns[0].name.starts_with('#'));
  const std::string first_line = first_row_line_ == 1 ? std::string("1") : fmt::format("{0}-{0}", first_row_line_);
  Message hint = message_of(NamedOption{"bad_rows", "skip"}, " skips such rows");
  if (first)
    hint =
        message_of("line " + std::to_string(first_row_line_) + " was taken as the header of the table; if it is none, ",
                   NamedOption{"skip_rows", first_line}, " skips it");
  if (table_.rows == 1 && !table_.has_header)
    hint = message_of("if line " + std::to_string(first_row_line_) + " is not a row of the table, ",
                      NamedOption{"skip_rows", first_line}, " skips it");
  if (commas_part_fields_) hint = quote_numbers();
  if (comment) hint = message_of(NamedOption{"comment", "#"}, " skips lines that begin with #");
  refuse(location(table_.source, line),
         "expected " + count_of(table_.columns.size(), "field") + ", found " + std::to_string(field_), hint);
}

void TableBuilder::refuse_blank_line() const {
  refuse(location(table_.source, first_blank_), "expected 1 field, found an empty line",
         "a missing value in a table of one column is written NA");
}

void TableBuilder::refuse_repeated_names() const {
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
  refuse(location(table_.source, kept_[second].line, second + 1),
         "header: expected different names, found " + in_quotes(columns[first].name) + " in fields " +
             std::to_string(first + 1) + " and " + std::to_string(second + 1));
}

void TableBuilder::refuse_encoding(std::size_t c, std::string_view text, std::uint64_t line) const {
  refuse(location(table_.source, line, c + 1), "text: expected UTF-8, found " + in_quotes(text),
         message_of(NamedOption{"encoding", "latin-1"}, " or ", NamedOption{"encoding", "windows-1252"},
                    " reads a file in the encoding of older programs"));
}

// A first row that has texts, or nothing, above columns of numbers: units below the names, mostly.
void TableBuilder::refuse_units() const {
  if (!table_.has_header || table_.rows < 3 || options_.bad_fields_missing || options_.trained != nullptr) return;
  std::size_t above_numbers = 0;
  for (std::size_t c = 0; c < table_.columns.size(); ++c) {
    const Column& column = table_.columns[c];
    if (column.is_number() && !std::isnan(column.numbers[0])) return;
    const bool is_alone = progress_[c].texts == 1 && column.missing + 1 < table_.rows;
    if (is_alone && column.first_text.line == table_.first_line) ++above_numbers;
  }
  if (above_numbers < 2) return;
  const std::string line = std::to_string(table_.first_line);
  refuse(location(table_.source, table_.first_line), "expected numbers, as in all rows below, found texts",
         message_of("if these are units, ", NamedOption{"skip_rows", line + "-" + line}, " skips them; ",
                    NamedOption{"bad_fields", "missing"}, " counts such texts as missing"));
}

// At the end, since a column with a word like "inf" may still turn out to be text.
void TableBuilder::refuse_not_finite() const {
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

}  // namespace chainrule::formats
