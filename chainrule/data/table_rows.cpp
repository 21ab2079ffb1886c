// SPDX-License-Identifier: Apache-2.0
// Removes rows: the result is the table of a file without them, but with the row numbers and lines of the original
// file.
#include "chainrule/data/table_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "chainrule/base/checks.h"
#include "chainrule/base/text.h"
#include "chainrule/data/formats/csv_field.h"
#include "chainrule/data/formats/number_notation.h"
#include "chainrule/data/label_index.h"
#include "chainrule/data/table_columns.h"

namespace chainrule {
namespace {

constexpr std::uint32_t kNoCode = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

// Whether each row's field is missing; empty if neither numbers nor text of the column were kept.
std::vector<bool> missing_rows(const Table& table, const Column& column) {
  std::vector<bool> missing(table.rows, false);
  const bool numbers = column.numbers.size() == table.rows;
  if (!numbers && !has_codes(table, column)) return {};
  for (std::size_t row = 0; row < table.rows; ++row)
    missing[row] = numbers ? std::isnan(column.numbers[row]) : column.spellings[column.codes[row]].empty();
  return missing;
}

template <class T>
void keep(std::vector<T>& values, std::span<const std::size_t> rows) {
  for (std::size_t i = 0; i < rows.size(); ++i) values[i] = values[rows[i]];
  values.resize(rows.size());
}

// New codes in order of first appearance, without unused spellings.
void respell(Column& column) {
  std::vector<std::uint32_t> new_code(column.spellings.size(), kNoCode);
  std::vector<std::string> spellings;
  for (std::uint32_t& code : column.codes) {
    if (new_code[code] == kNoCode) {
      new_code[code] = static_cast<std::uint32_t>(spellings.size());
      spellings.push_back(std::move(column.spellings[code]));
    }
    code = new_code[code];
  }
  column.spellings = std::move(spellings);
}

// The only text of a column may be gone with its row.
bool is_number_after_all(const Column& column) {
  for (const std::string& spelling : column.spellings) {
    if (spelling.empty()) continue;
    const std::optional<double> number = formats::number_in(spelling, column.notation);
    if (!number || std::abs(*number) > static_cast<double>(std::numeric_limits<float>::max())) return false;
  }
  return true;
}

void make_numbers(Column& column, bool keeps_codes) {
  std::vector<double> of_code;
  for (const std::string& spelling : column.spellings)
    of_code.push_back(formats::number_in(spelling, column.notation).value_or(std::numeric_limits<double>::quiet_NaN()));
  column.numbers.clear();
  for (const std::uint32_t code : column.codes) column.numbers.push_back(of_code[code]);
  column.first_text = {};
  if (keeps_codes) return;
  column.codes = {};
  column.spellings = {};
}

// Finds the first row whose field is text, or missing; an unchanged one keeps its sighting.
template <class Is>
void see_again(const Table& table, std::size_t c, std::size_t rows, std::uint64_t first_before, Sighting& sighting,
               const Is& is) {
  for (std::size_t row = 0; row < rows; ++row) {
    if (!is(row)) continue;
    const std::uint64_t number = number_of_row(table, row);
    if (number == first_before) return;
    const Column& column = table.columns[c];
    sighting = sighting_of(table, row, c, column.codes.empty() ? std::string() : column.spellings[column.codes[row]]);
    if (sighting.line == 0) sighting.line = number;  // of a table without lines; 0 = there is none
    return;
  }
  sighting = {};
}

// The number in the file of the first row for which `is` is true.
template <class Is>
std::uint64_t first_number(const Table& table, const Is& is) {
  for (std::size_t row = 0; row < table.rows; ++row)
    if (is(row)) return number_of_row(table, row);
  return kNever;
}

struct Firsts {
  std::uint64_t missing = kNever, text = kNever;
};

auto is_text_in(const Column& column) {
  return [&column](std::size_t row) {
    const std::string& spelling = column.spellings[column.codes[row]];
    return !spelling.empty() && !formats::number_in(spelling, column.notation);
  };
}

Firsts firsts_of(const Table& table, const Column& column) {
  Firsts firsts;
  const std::vector<bool> missing = missing_rows(table, column);
  if (column.missing > 0 && !missing.empty())
    firsts.missing = first_number(table, [&](auto row) { return missing[row]; });
  if (!column.is_number() && has_codes(table, column)) firsts.text = first_number(table, is_text_in(column));
  return firsts;
}

std::string_view text_of_row(const FieldTexts& texts, std::size_t row) {
  const std::size_t first = row == 0 ? 0 : texts.ends[row - 1];
  return std::string_view(texts.bytes).substr(first, texts.ends[row] - first);
}

// The fields of these rows, in this order.
FieldTexts some_of(const FieldTexts& texts, std::span<const std::size_t> rows) {
  FieldTexts kept;
  for (const std::size_t row : rows) add_field(kept, text_of_row(texts, row));
  return kept;
}

void keep_images(Images& images, std::span<const std::size_t> rows) {
  const std::size_t pixels = images.pixels();
  const std::span<const std::uint8_t> before = images.bytes.view();
  std::vector<std::uint8_t> bytes;
  bytes.reserve(rows.size() * pixels);
  for (const std::size_t row : rows) {
    const auto image = before.subspan(row * pixels, pixels);
    bytes.insert(bytes.end(), image.begin(), image.end());
  }
  images.bytes = std::move(bytes);
}

void keep_rows(Table& table, std::span<const std::size_t> rows, std::size_t target) {
  std::vector<Firsts> firsts;
  for (const Column& column : table.columns) firsts.push_back(firsts_of(table, column));
  std::vector<std::uint64_t> numbers;
  numbers.reserve(rows.size());
  for (const std::size_t row : rows) numbers.push_back(number_of_row(table, row));
  table.rows_of_file = rows_in_file(table);
  table.row_numbers = std::move(numbers);
  const std::size_t rows_before = table.rows;
  table.rows = rows.size();
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    Column& column = table.columns[c];
    if (column.numbers.size() == rows_before) keep(column.numbers, rows);
    if (column.texts.ends.size() == rows_before) column.texts = some_of(column.texts, rows);
    if (column.codes.size() == rows_before) {
      keep(column.codes, rows);
      respell(column);
      if (!column.is_number() && is_number_after_all(column)) make_numbers(column, c == target);
    }
    const std::vector<bool> missing = missing_rows(table, column);
    if (missing.empty()) continue;
    column.missing = 0;
    for (const bool is_missing : missing) column.missing += is_missing ? 1 : 0;
    see_again(table, c, table.rows, firsts[c].missing, column.first_missing, [&](auto row) { return missing[row]; });
    if (!column.is_number()) see_again(table, c, table.rows, firsts[c].text, column.first_text, is_text_in(column));
  }
  if (table.has_images()) keep_images(table.images, rows);
}

// Removes the rows that `go`, with a note: "3 of 9 rows HAVE and are left out (first: FILE:LINE)". Returns the others,
// or nothing if all or none go.
std::vector<std::size_t> leave_out(Table& table, const std::vector<bool>& go, std::size_t column, std::size_t target,
                                   const std::string& what) {
  std::vector<std::size_t> rows;
  std::string first;
  for (std::size_t row = 0; row < table.rows; ++row) {
    if (!go[row]) rows.push_back(row);
    if (go[row] && first.empty()) first = location_of_row(table, row);
  }
  const std::size_t gone = table.rows - rows.size();
  if (gone == 0 || rows.empty()) return {};
  const bool one = gone == 1;
  table.notes.push_back(
      info_note(NoteTopic::rows,
                fmt::format("{} of {} {} {} and {} left out ({}{})", gone, table.rows, one ? "rows has" : "rows have",
                            what, one ? "is" : "are", one ? "" : "first: ", first),
                table.columns[column].name));
  keep_rows(table, rows, target);
  return rows;
}

std::vector<bool> rows_of_weight_zero(const Table& table, std::size_t weight) {
  const Column& column = table.columns[weight];
  std::vector<bool> zero(table.rows, false);
  if (!column.is_number() || column.numbers.size() != table.rows) return zero;  // refused later
  for (std::size_t row = 0; row < table.rows; ++row) zero[row] = column.numbers[row] == 0;
  return zero;
}

}  // namespace

std::size_t number_of_row(const Table& table, std::size_t row) {
  if (table.row_numbers.empty()) return row + 1;
  expect_below(table.row_numbers.size(), row, "row of the table");
  return static_cast<std::size_t>(table.row_numbers[row]);
}

std::size_t rows_in_file(const Table& table) {
  return table.row_numbers.empty() ? table.rows : static_cast<std::size_t>(table.rows_of_file);
}

namespace {

// Of several files, the one that has this row, numbered from 0 in all of them.
std::size_t part_of(const Table& table, std::size_t number) {
  const auto after = std::ranges::upper_bound(table.parts, number, {}, &TablePart::first_row);
  return after == table.parts.begin() ? 0 : static_cast<std::size_t>(after - table.parts.begin()) - 1;
}

const std::string& source_of(const Table& table, std::size_t part) {
  return part < table.parts.size() ? table.parts[part].source : table.source;
}

}  // namespace

std::uint64_t counted_line(const Table& table, std::size_t number) {
  if (table.parts.empty()) return table.first_line + number;
  const TablePart& part = table.parts[part_of(table, number)];
  return part.first_line + number - part.first_row;
}

std::uint64_t line_of_row(const Table& table, std::size_t row) {
  const std::size_t number = number_of_row(table, row) - 1;
  if (table.first_line == 0) return 0;
  if (!table.lines.empty()) expect_below(table.lines.size(), number, "row of the file");
  return table.lines.empty() ? counted_line(table, number) : table.lines[number];
}

std::string location_of_row(const Table& table, std::size_t row) {
  const std::size_t number = number_of_row(table, row);
  const std::string& source = source_of(table, part_of(table, number - 1));
  if (const std::uint64_t line = line_of_row(table, row); line > 0) return location(source, line);
  return location(source) + ": row " + std::to_string(number);
}

Sighting sighting_of(const Table& table, std::size_t row, std::size_t index, std::string text) {
  const std::size_t part = part_of(table, number_of_row(table, row) - 1);
  const bool is_moved = part < table.parts.size() && !table.parts[part].fields.empty();
  return {line_of_row(table, row), is_moved ? table.parts[part].fields[index] : index + 1, std::move(text), part};
}

std::string location_of(const Table& table, const Sighting& seen) {
  return location(source_of(table, seen.part), seen.line, seen.field);
}

void add_field(FieldTexts& texts, std::string_view text) {
  texts.bytes += text;
  texts.ends.push_back(texts.bytes.size());
}

std::string field_text(const Table& table, const Column& column, std::size_t row) {
  expect_below(table.rows, row, "row of the table");
  if (column.texts.ends.size() == table.rows) return std::string(text_of_row(column.texts, row));
  if (column.codes.size() == table.rows) return column.spellings[column.codes[row]];
  const double number = column.numbers.empty() ? NAN : column.numbers[row];
  return std::isnan(number) ? "" : fmt::format("{}", number);
}

void leave_out_rows_without(Table& table, std::size_t column, std::string_view what) {
  if (table.columns[column].missing == 0) return;
  const std::vector<bool> missing = missing_rows(table, table.columns[column]);
  if (missing.empty()) return;  // the rows are unknown
  // A word such as "null" among the words of a text column may be one of them.
  const std::string word = table.columns[column].first_missing.text;
  const bool is_usual = !word.empty() && formats::read_field(word).kind == formats::FieldKind::missing;
  const bool is_suspect = is_usual && !table.columns[column].is_number();
  if (leave_out(table, missing, column, column, "no " + std::string(what)).empty() || !is_suspect) return;
  Note& note = table.notes.back();
  note = warning_note(note.topic, note.text, note.column, "default_missing");
  note.text.append(message_of(": " + in_quotes(word) + " counts as missing; ", NamedOption{"default_missing", "false"},
                              " reads it as text"));
}

void leave_out_rows_of_other_classes(Table& table, std::size_t column, const std::vector<std::string>& labels) {
  const Column& target = table.columns[column];
  const bool coded = has_codes(table, target);
  if (!coded && target.numbers.size() != table.rows) return;  // refused later
  const LabelIndex index(labels);
  std::vector<bool> others(table.rows, false);
  std::string first;
  for (std::size_t row = 0; row < table.rows; ++row) {
    const std::string text = field_text(table, target, row);
    others[row] = !text.empty() && (coded ? index.find(target.spellings[target.codes[row]])
                                          : index.find(target.numbers[row])) == LabelIndex::kUnknown;
    if (others[row] && first.empty()) first = text;
  }
  if (leave_out(table, others, column, column,
                "a class that the model does not know, such as " + in_quotes(first) + ",")
          .empty())
    return;
  table.notes.back() =
      warning_note(table.notes.back().topic, table.notes.back().text, table.columns[column].name, "bad_fields");
}

std::vector<std::size_t> leave_out_rows_of_weight_zero(Table& table, std::size_t weight, std::size_t target) {
  return leave_out(table, rows_of_weight_zero(table, weight), weight, target,
                   "weight 0 in " + in_quotes(table.columns[weight].name));
}

std::optional<CountedRows> counted_rows(const Table& table, std::size_t weight, std::size_t target) {
  const std::vector<bool> zero = rows_of_weight_zero(table, weight);
  if (std::ranges::find(zero, true) == zero.end() || std::ranges::find(zero, false) == zero.end()) return std::nullopt;
  CountedRows counted{table, {}};
  counted.rows = leave_out_rows_of_weight_zero(counted.table, weight, target);
  return counted;
}

}  // namespace chainrule
