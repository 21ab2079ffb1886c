// SPDX-License-Identifier: Apache-2.0
#include "chainrule/data/table.h"

#include <fmt/format.h>

#include <algorithm>

#include "chainrule/base/checks.h"
#include "chainrule/base/text.h"
#include "chainrule/data/table_columns.h"

namespace chainrule {
namespace {

constexpr std::size_t kNamesShown = 8;
// Limits the time spent on a suggestion, regardless of the column names of the file.
constexpr std::size_t kNamesCompared = 10'000, kLongestCompared = 100;

bool same_but_for_case(char a, char b) { return lower(a) == lower(b); }

// Without blanks and quotes around it, which some programs write into names.
std::string_view bare(std::string_view name) {
  constexpr std::string_view kAround = " '\"`";
  const std::size_t first = name.find_first_not_of(kAround);
  return first == std::string_view::npos ? name : name.substr(first, name.find_last_not_of(kAround) + 1 - first);
}

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
    require(column.texts.ends.size(), column, "texts");
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

std::size_t find_column(const Table& table, std::string_view name_or_number, std::string_view option) {
  if (const auto found = try_find_column(table, name_or_number)) return *found;
  std::vector<std::string> names;
  for (std::size_t c = 0; c < std::min(kNamesCompared, table.columns.size()); ++c)
    if (table.columns[c].name.size() <= kLongestCompared) names.push_back(table.columns[c].name);
  std::string near = nearest_name(name_or_number, names);
  if (const auto quoted = std::ranges::find(names, bare(name_or_number), bare); quoted != names.end()) near = *quoted;
  // A name of one or two characters is near to too many names: only its case may differ.
  if (name_or_number.size() <= 2 && !std::ranges::equal(near, name_or_number, same_but_for_case)) near.clear();
  Message hint = near.empty() ? "" : "did you mean " + in_quotes(near) + "?";
  if (table.columns.size() == 1 && !table.has_images() && near.empty())
    hint = message_of("the table has one column; ", NamedOption{"delimiter"}, " sets what separates its fields");
  throw option_error(
      option, location(table.source) + ": expected " + known_columns(table) + ", found " + in_quotes(name_or_number),
      hint);
}

}  // namespace chainrule
