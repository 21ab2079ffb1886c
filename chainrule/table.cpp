// SPDX-License-Identifier: Apache-2.0
// Finding a column by what the user called it, and where a row stood. Rows are left out in table_rows.cpp.
#include "chainrule/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <unordered_map>

#include "chainrule/error.h"

namespace chainrule {
namespace {

constexpr std::size_t kNamesShown = 8;
// Bounds the time spent on a suggestion, whatever the file calls its columns.
constexpr std::size_t kNamesCompared = 10'000, kLongestCompared = 100;

bool same_but_for_case(char a, char b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return lower(a) == lower(b);
}

std::string known_columns(const Table& table) {
  if (table.columns.empty()) return "a column (there is none)";
  std::string out = "one of ";
  for (std::size_t c = 0; c < std::min(kNamesShown, table.columns.size()); ++c)
    out += (c > 0 ? ", " : "") + in_quotes(table.columns[c].name);
  if (table.columns.size() > kNamesShown) out += ", ...";
  return out + " or a number from 1 to " + std::to_string(table.columns.size());
}

}  // namespace

std::size_t number_of_row(const Table& table, std::size_t row) {
  return table.row_numbers.empty() ? row + 1 : table.row_numbers.at(row);
}

std::size_t rows_in_file(const Table& table) {
  return table.row_numbers.empty() ? table.rows : static_cast<std::size_t>(table.rows_of_file);
}

std::string place_of_row(const Table& table, std::size_t row) {
  const std::size_t number = number_of_row(table, row);
  if (table.first_line == 0) return place(table.source) + ": row " + std::to_string(number);
  return place(table.source, table.lines.empty() ? table.first_line + number - 1 : table.lines.at(number - 1));
}

std::optional<double> number_in(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  double value = 0;
  const auto [stop, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || stop != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::string field_text(const Table& table, const Column& column, std::size_t row) {
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

std::size_t find_column(const Table& table, std::string_view name_or_number, std::string_view what) {
  if (const auto found = try_find_column(table, name_or_number)) return *found;
  std::vector<std::string> names;
  for (std::size_t c = 0; c < std::min(kNamesCompared, table.columns.size()); ++c)
    if (table.columns[c].name.size() <= kLongestCompared) names.push_back(table.columns[c].name);
  std::string near = nearest_name(name_or_number, names);
  // One or two characters are near to too much: only their case may differ.
  if (name_or_number.size() <= 2 && !std::ranges::equal(near, name_or_number, same_but_for_case)) near.clear();
  throw Error(ErrorCategory::usage,
              place(table.source) + ": " + std::string(what) + ": expected " + known_columns(table) + ", found " +
                  in_quotes(name_or_number),
              near.empty() ? "" : "did you mean " + in_quotes(near) + "?");
}

std::vector<std::size_t> find_columns(const Table& table, const std::vector<std::string>& names,
                                      std::string_view what) {
  std::vector<std::size_t> found;
  if (names.empty()) return found;
  std::unordered_map<std::string_view, std::size_t> by_name;
  for (std::size_t c = 0; c < table.columns.size(); ++c) by_name.emplace(table.columns[c].name, c);
  for (const std::string& name : names) {
    const auto at = by_name.find(name);
    found.push_back(at != by_name.end() ? at->second : find_column(table, name, what));
  }
  return found;
}

}  // namespace chainrule
