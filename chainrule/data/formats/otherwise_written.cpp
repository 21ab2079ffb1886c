// SPDX-License-Identifier: Apache-2.0
#include "chainrule/data/formats/otherwise_written.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "chainrule/base/checks.h"
#include "chainrule/base/text.h"
#include "chainrule/data/columns/column_checks.h"
#include "chainrule/data/columns/dates.h"
#include "chainrule/data/encoder.h"
#include "chainrule/data/formats/number_notation.h"
#include "chainrule/data/formats/number_readings.h"
#include "chainrule/data/table_columns.h"
#include "chainrule/data/table_rows.h"

namespace chainrule::formats {
namespace {

std::vector<std::size_t> rows_per_code(const Column& column) {
  std::vector<std::size_t> rows(column.spellings.size(), 0);
  for (const std::uint32_t code : column.codes) ++rows[code];
  return rows;
}

// The number of each spelling, NaN for a missing one and for those that no notation reads.
std::vector<double> numbers_of(const Column& column, const NumberNotation& notation) {
  std::vector<double> numbers;
  for (const std::string& text : column.spellings)
    numbers.push_back(text.empty() ? kNoNumber : number_of_spelling(text, notation).value_or(kNoNumber));
  return numbers;
}

// The texts of `column` for which `is_kept` is false become missing.
template <class IsKept>
void drop_texts(Table& table, std::size_t index, const IsKept& is_kept) {
  Column& column = table.columns[index];
  const std::vector<std::size_t> rows = rows_per_code(column);
  std::vector<bool> dropped(rows.size(), false);
  std::uint64_t count = 0;
  for (std::size_t code = 0; code < rows.size(); ++code) {
    dropped[code] = !column.spellings[code].empty() && !is_kept(column.spellings[code]);
    if (dropped[code]) count += rows[code];
  }
  if (count == 0) return;
  const auto row = static_cast<std::size_t>(
      std::ranges::find_if(column.codes, [&](std::uint32_t code) { return dropped[code]; }) - column.codes.begin());
  const Sighting first = sighting_of(table, row, index, column.spellings[column.codes[row]]);
  table.notes.push_back(replaced_note(table, index, count, first));
  column.missing += count;
  const auto place = [](const Sighting& seen) { return std::pair(seen.part, seen.line); };
  if (column.first_missing.line == 0 || place(first) < place(column.first_missing)) column.first_missing = first;
  for (std::size_t code = 0; code < rows.size(); ++code)
    if (dropped[code]) column.spellings[code].clear();
}

void note_notation(Table& table, std::size_t index, const std::vector<double>& numbers) {
  const Column& column = table.columns[index];
  for (std::size_t code = 0; code < numbers.size(); ++code) {
    const std::string& text = column.spellings[code];
    if (text.empty() || chainrule::number_in(text)) continue;
    table.notes.push_back(info_note(
        NoteTopic::reading,
        message_of(
            fmt::format("{}: numbers such as {} are read as {} (", in_column(column), in_quotes(text), numbers[code]),
            NamedOption{"categorical", name_or_number(table, index)}, " keeps the texts)"),
        column.name, "categorical"));
    return;
  }
}

void make_numbers(Table& table, std::size_t index, const NumberNotation& notation, bool keeps_spellings) {
  Column& column = table.columns[index];
  const std::vector<double> of_code = numbers_of(column, notation);
  if (std::ranges::any_of(of_code, [](double number) { return std::abs(number) > kLargestNumber; })) return;
  note_notation(table, index, of_code);
  column.numbers.clear();
  column.numbers.reserve(column.codes.size());
  for (const std::uint32_t code : column.codes) column.numbers.push_back(of_code[code]);
  column.notation = notation;
  column.first_text = {};
  if (keeps_spellings) return;
  column.codes = {};
  column.spellings = {};
}

// Whether more than half of the rows with a value have a number in some notation.
bool has_mostly_numbers(const Column& column) {
  const std::vector<std::size_t> rows = rows_per_code(column);
  std::size_t all = 0, numbers = 0;
  for (std::size_t code = 0; code < rows.size(); ++code) {
    const std::string& text = column.spellings[code];
    if (text.empty()) continue;
    all += rows[code];
    if (looks_like_number(text)) numbers += rows[code];
  }
  return 2 * numbers > all;
}

}  // namespace

void read_otherwise_written(Table& table, std::size_t index, const ColumnRules& rules, const LoadOptions& options,
                            bool is_target) {
  Column& column = table.columns[index];
  if (column.is_number() || !has_codes(table, column) || rules.as_written) return;
  if (rules.date && options.bad_fields_missing)
    drop_texts(table, index, [&](const std::string& text) { return seconds_of(text, *rules.date).has_value(); });
  if (rules.decided) return;
  if (rules.numeric || (options.bad_fields_missing && has_mostly_numbers(column)))
    drop_texts(table, index, looks_like_number);
  const auto is_usual = [](const std::string& text) { return text.empty() || chainrule::number_in(text); };
  std::vector<NumberNotation> notations{notation_of(options)};
  if (!std::ranges::all_of(column.spellings, is_usual)) notations = notations_of(column.spellings, options);
  if (notations.size() == 1) make_numbers(table, index, notations[0], is_target);
  if (notations.size() > 1) column.readings = std::move(notations);
}

Note replaced_note(const Table& table, std::size_t index, std::uint64_t count, const Sighting& first) {
  const Column& column = table.columns[index];
  return info_note(NoteTopic::reading,
                   fmt::format("{}: {} {} as missing (first: {} in {})", in_column(column), counted(count, "text"),
                               count == 1 ? "counts" : "count", in_quotes(first.text), location_of(table, first)),
                   column.name);
}

}  // namespace chainrule::formats
