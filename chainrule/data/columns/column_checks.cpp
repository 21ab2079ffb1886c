// SPDX-License-Identifier: Apache-2.0
#include "chainrule/data/columns/column_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "chainrule/base/checks.h"
#include "chainrule/base/text.h"
#include "chainrule/data/table_columns.h"
#include "chainrule/data/table_rows.h"

namespace chainrule {
namespace {

constexpr std::size_t kNamesShown = 6;

Message hint_for_text(std::string_view text, const Message& otherwise) {
  if (has_thousands(text))
    return message_of("this looks like commas between thousands: remove them; if it is a decimal comma, ",
                      NamedOption{"decimal_comma"}, " reads it");
  if (is_decimal_comma(text))
    return message_of("this looks like a decimal comma: ", NamedOption{"decimal_comma"}, " reads it");
  if (text.find_first_of(";\t|") != std::string_view::npos)
    return message_of("this looks like several fields; ", NamedOption{"delimiter"}, " sets what separates them");
  return otherwise;
}

[[noreturn]] void refuse_missing(const Table& table, const Column& column, std::string_view what,
                                 std::string_view expected, const Message& hint) {
  const Sighting& seen = column.first_missing;
  throw Error(
      ErrorCategory::input,
      fmt::format("{}: {}: expected {}, found {} ({} in this column)", location(table.source, seen.line, seen.field),
                  what, expected, seen.text.empty() ? "an empty field" : in_quotes(seen.text),
                  counted(column.missing, "missing value")),
      hint);
}

}  // namespace

bool is_decimal_comma(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  const std::size_t comma = text.find(',');
  if (comma == std::string_view::npos || comma == 0 || comma + 1 == text.size()) return false;
  return std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(comma), is_digit) &&
         std::all_of(text.begin() + static_cast<std::ptrdiff_t>(comma) + 1, text.end(), is_digit);
}

bool has_thousands(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  text = text.substr(0, text.find('.'));
  std::size_t digits = 0, groups = 0;
  for (const char c : text) {
    if (c == ',' && (groups == 0 ? digits >= 1 && digits <= 3 : digits == 3)) {
      ++groups;
      digits = 0;
    } else if (is_digit(c)) {
      ++digits;
    } else {
      return false;
    }
  }
  return groups > 0 && digits == 3;
}

bool is_number_with_signs(std::string_view text) {
  if (number_in(text)) return false;
  for (const std::string_view sign : {"%", "$", "\xE2\x82\xAC", "\xC2\xA3", " "}) {  // the euro, the pound
    if (text.starts_with(sign)) text.remove_prefix(sign.size());
    if (text.ends_with(sign)) text.remove_suffix(sign.size());
  }
  return number_in(text) || has_thousands(text);
}

std::string in_column(const Column& column) { return "column " + in_quotes(column.name); }

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < std::min(kNamesShown, names.size()); ++i)
    out += (i > 0 ? ", " : "") + in_quotes(names[i]);
  if (names.size() > kNamesShown) out += fmt::format(" and {} more", names.size() - kNamesShown);
  return out;
}

std::string counted(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string name_or_number(const Table& table, std::size_t index) {
  const std::string& name = table.columns[index].name;
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  };
  const bool plain = !name.empty() && name.size() <= 40 && std::all_of(name.begin(), name.end(), is_plain);
  return table.names_from_header && plain ? name : std::to_string(index + 1);
}

void require_numbers(const Table& table, std::size_t index, const Message& hint) {
  const Column& column = table.columns[index];
  if (!column.is_number())
    throw Error(ErrorCategory::input,
                fmt::format("{}: {}: expected a number, found {}",
                            location(table.source, column.first_text.line, column.first_text.field), in_column(column),
                            in_quotes(column.first_text.text)),
                hint_for_text(column.first_text.text, hint));
  if (column.missing > 0) refuse_missing(table, column, in_column(column), "a number", hint);
  if (column.numbers.size() != table.rows)
    throw Error(ErrorCategory::internal,
                fmt::format("{}: {}: expected {}, found {}", location(table.source), in_column(column),
                            counted(table.rows, "number"), column.numbers.size()));
}

void require_target(const Table& table, std::size_t index) {
  const Column& column = table.columns[index];
  if (column.missing > 0)
    refuse_missing(table, column, "missing target in " + in_column(column), "a value",
                   column.missing < table.rows
                       ? Message("remove rows without a target")
                       : message_of("the column is empty in all rows, as after a separator at the end of each line; ",
                                    NamedOption{"target"}, " chooses another"));
  const bool kept = has_codes(table, column) || column.numbers.size() == table.rows;
  if (!kept && !column.is_number() && column.first_no_utf8.line == 0)
    throw Error(
        ErrorCategory::input,
        fmt::format("{}: {}: expected a number in every row, or few enough different texts for classes, "
                    "found text {} among too many different values",
                    location(table.source, column.first_text.line, column.first_text.field), in_column(column),
                    in_quotes(column.first_text.text)),
        message_of(NamedOption{"numeric", name_or_number(table, index)}, " leaves out the rows with text there"));
  if (!kept)
    throw Error(ErrorCategory::internal,
                fmt::format("{}: {}: its text was not kept: expected a table that was read with this target",
                            location(table.source), in_column(column)));
}

void require_weights(const Table& table, std::size_t index) {
  require_numbers(table, index, "sample weights are numbers >= 0");
  const Column& column = table.columns[index];
  bool any = false;
  for (std::size_t row = 0; row < table.rows; ++row) {
    any = any || column.numbers[row] > 0;
    if (!(column.numbers[row] >= 0 && column.numbers[row] <= std::numeric_limits<float>::max()))
      throw Error(ErrorCategory::input,
                  fmt::format("{}: {}: expected a sample weight >= 0, found {}", location_of_row(table, row),
                              in_column(column), column.numbers[row]));
  }
  if (!any)
    throw Error(ErrorCategory::input, fmt::format("{}: {}: expected a sample weight above 0 in some row, found none",
                                                  location(table.source), in_column(column)));
}

}  // namespace chainrule
