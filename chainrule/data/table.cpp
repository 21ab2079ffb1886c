// SPDX-License-Identifier: Apache-2.0
// Finds a column by the user's name for it, gives the position of a row, and removes rows.
#include "chainrule/data/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <span>
#include <unordered_map>

#include "chainrule/base/error.h"
#include "chainrule/base/text.h"

namespace chainrule {
namespace {

constexpr std::size_t kNamesShown = 8;
// Limits the time spent on a suggestion, regardless of the column names of the file.
constexpr std::size_t kNamesCompared = 10'000, kLongestCompared = 100;

bool same_but_for_case(char a, char b) { return lower(a) == lower(b); }

std::string known_columns(const Table& table) {
  if (table.columns.empty()) return "a column (the table has none)";
  std::string out = "one of ";
  for (std::size_t c = 0; c < std::min(kNamesShown, table.columns.size()); ++c)
    out += (c > 0 ? ", " : "") + in_quotes(table.columns[c].name);
  if (table.columns.size() > kNamesShown) out += ", ...";
  return out + " or a number from 1 to " + std::to_string(table.columns.size());
}

}  // namespace

void validate(const Table& table) {
  const auto require = [&](std::size_t found, const Column& column, const char* what) {
    if (found != 0 && found != table.rows)
      throw Error(ErrorCategory::input, fmt::format("column {}: {}: expected one for each of {} rows, found {}",
                                                    in_quotes(column.name), what, table.rows, found));
  };
  for (const Column& column : table.columns) {
    require(column.numbers.size(), column, "numbers");
    require(column.codes.size(), column, "codes");
    require(column.texts.rows(), column, "texts");
    const auto maximum = std::ranges::max_element(column.codes);
    if (maximum != column.codes.end() && *maximum >= column.spellings.size())
      throw Error(ErrorCategory::input, fmt::format("column {}: code: expected less than {}, found {}",
                                                    in_quotes(column.name), column.spellings.size(), *maximum));
    if (column.is_number() && column.numbers.size() != table.rows)
      throw Error(ErrorCategory::input, fmt::format("column {}: numbers: expected {}, found {}", in_quotes(column.name),
                                                    table.rows, column.numbers.size()));
  }
  const std::size_t bytes =
      checked_product(table.has_images() ? table.rows : 0, table.has_images() ? table.images.pixels() : 0, "images");
  if (table.images.bytes.size() != bytes)
    throw Error(ErrorCategory::input,
                fmt::format("images: expected {} bytes, found {}", bytes, table.images.bytes.size()));
  const std::size_t numbered = table.row_numbers.size();
  if (numbered != 0 && numbered != table.rows)
    throw Error(ErrorCategory::input, fmt::format("row numbers: expected {}, found {}", table.rows, numbered));
}

std::size_t number_of_row(const Table& table, std::size_t row) {
  if (table.row_numbers.empty()) return row + 1;
  expect_below(table.row_numbers.size(), row, "row of the table");
  return static_cast<std::size_t>(table.row_numbers[row]);
}

std::size_t rows_in_file(const Table& table) {
  return table.row_numbers.empty() ? table.rows : static_cast<std::size_t>(table.rows_of_file);
}

std::string location_of_row(const Table& table, std::size_t row) {
  const std::size_t number = number_of_row(table, row);
  if (table.first_line == 0) return location(table.source) + ": row " + std::to_string(number);
  if (!table.lines.empty()) expect_below(table.lines.size(), number - 1, "row of the file");
  return location(table.source, table.lines.empty() ? table.first_line + number - 1 : table.lines[number - 1]);
}

std::string field_text(const Table& table, const Column& column, std::size_t row) {
  expect_below(table.rows, row, "row of the table");
  if (column.texts.rows() == table.rows) return std::string(column.texts.of_row(row));
  if (column.codes.size() == table.rows) return column.spellings[column.codes[row]];
  const double number = column.numbers.empty() ? NAN : column.numbers[row];
  return std::isnan(number) ? "" : fmt::format("{}", number);
}

bool has_codes(const Table& table, const Column& column) { return column.codes.size() == table.rows; }

std::optional<std::size_t> try_find_column(const Table& table, std::string_view name_or_number) {
  for (std::size_t c = 0; c < table.columns.size(); ++c)
    if (table.columns[c].name == name_or_number) return c;
  std::size_t number = 0;
  const char* const end = name_or_number.data() + name_or_number.size();
  const auto [stop, problem] = std::from_chars(name_or_number.data(), end, number);
  if (problem != std::errc() || stop != end || number < 1 || number > table.columns.size()) return std::nullopt;
  return number - 1;
}

std::size_t find_column(const Table& table, std::string_view name_or_number, std::string_view option) {
  if (const auto found = try_find_column(table, name_or_number)) return *found;
  std::vector<std::string> names;
  for (std::size_t c = 0; c < std::min(kNamesCompared, table.columns.size()); ++c)
    if (table.columns[c].name.size() <= kLongestCompared) names.push_back(table.columns[c].name);
  std::string near = nearest_name(name_or_number, names);
  // A name of one or two characters is near to too many names: only its case may differ.
  if (name_or_number.size() <= 2 && !std::ranges::equal(near, name_or_number, same_but_for_case)) near.clear();
  throw option_error(
      option, location(table.source) + ": expected " + known_columns(table) + ", found " + in_quotes(name_or_number),
      near.empty() ? "" : "did you mean " + in_quotes(near) + "?");
}

std::vector<std::size_t> find_columns(const Table& table, const std::vector<std::string>& names,
                                      std::string_view option) {
  std::vector<std::size_t> found;
  if (names.empty()) return found;
  std::unordered_map<std::string_view, std::size_t> by_name;
  for (std::size_t c = 0; c < table.columns.size(); ++c) by_name.emplace(table.columns[c].name, c);
  for (const std::string& name : names) {
    const auto at = by_name.find(name);
    found.push_back(at != by_name.end() ? at->second : find_column(table, name, option));
  }
  return found;
}

// Removes rows: the result is the table of a file without them, but with the row numbers and lines of the original
// file.

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
    const std::optional<double> number = number_in(spelling);
    if (!number || std::abs(*number) > static_cast<double>(std::numeric_limits<float>::max())) return false;
  }
  return true;
}

void make_numbers(Column& column, bool keeps_codes) {
  std::vector<double> of_code;
  for (const std::string& spelling : column.spellings)
    of_code.push_back(number_in(spelling).value_or(std::numeric_limits<double>::quiet_NaN()));
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
    const std::uint64_t line = table.lines.empty() ? table.first_line + number - 1 : table.lines[number - 1];
    sighting = {line, c + 1, column.codes.empty() ? std::string() : column.spellings[column.codes[row]]};
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
    return !spelling.empty() && !number_in(spelling);
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
    if (column.texts.rows() == rows_before) column.texts = column.texts.some(rows);
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

}  // namespace

void leave_out_rows_without(Table& table, std::size_t column, std::string_view what) {
  const std::uint64_t without = table.columns[column].missing;
  if (without == 0 || without == table.rows) return;
  const std::vector<bool> missing = missing_rows(table, table.columns[column]);
  if (missing.empty()) return;  // the rows are unknown
  std::vector<std::size_t> rows;
  std::string first;
  for (std::size_t row = 0; row < table.rows; ++row) {
    if (!missing[row]) rows.push_back(row);
    if (missing[row] && first.empty()) first = location_of_row(table, row);
  }
  table.notes.push_back(info_note(NoteTopic::rows,
                                  std::to_string(without) + " of " + std::to_string(table.rows) +
                                      (without == 1 ? " rows has no " : " rows have no ") + std::string(what) +
                                      (without == 1 ? " and is left out (" : " and are left out (first: ") + first +
                                      ")",
                                  table.columns[column].name));
  keep_rows(table, rows, column);
}

}  // namespace chainrule
