// SPDX-License-Identifier: Apache-2.0
#include "chainrule/data/columns/column_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "chainrule/base/checks.h"
#include "chainrule/base/text.h"
#include "chainrule/data/formats/number_notation.h"
#include "chainrule/data/table_columns.h"
#include "chainrule/data/table_rows.h"

namespace chainrule {
namespace {

constexpr std::size_t kNamesShown = 6;

Message hint_for_text(std::string_view text, const Message& otherwise) {
  if (formats::looks_like_number(text) && text.find(',') != std::string_view::npos)
    return message_of("if commas stand between thousands, ", NamedOption{"thousands", "comma"},
                      " reads it; if it is a decimal comma, ", NamedOption{"decimal_comma"}, " does");
  if (text.find_first_of(";\t|") != std::string_view::npos)
    return message_of("this looks like several fields; ", NamedOption{"delimiter"}, " sets what separates them");
  return otherwise;
}

[[noreturn]] void refuse_missing(const Table& table, const Column& column, std::string_view what,
                                 std::string_view expected, const Message& hint) {
  const Sighting& seen = column.first_missing;
  throw Error(ErrorCategory::input,
              fmt::format("{}: {}: expected {}, found {} ({} in this column)", location_of(table, seen), what, expected,
                          seen.text.empty() ? "an empty field" : in_quotes(seen.text),
                          counted(column.missing, "missing value")),
              hint);
}

}  // namespace

std::string location_of_field(const Table& table, std::size_t row, std::size_t index) {
  if (table.first_line == 0) return location_of_row(table, row);
  return location_of(table, sighting_of(table, row, index, ""));
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

namespace {

struct Located {
  std::string where, text;
};

// The first field that two readings of the column read differently.
Located first_uncertain(const Table& table, std::size_t index) {
  const Column& column = table.columns[index];
  if (const Sighting& seen = column.first_uncertain; seen.line > 0) return {location_of(table, seen), seen.text};
  const auto differs = [&](std::uint32_t code) {
    const std::string& text = column.spellings[code];
    return !text.empty() && formats::number_of_spelling(text, column.readings[0]) !=
                                formats::number_of_spelling(text, column.readings[1]);
  };
  const auto row = static_cast<std::size_t>(std::ranges::find_if(column.codes, differs) - column.codes.begin());
  const Sighting seen = sighting_of(table, row, index, column.spellings[column.codes[row]]);
  return {seen.line > 0 ? location_of(table, seen) : location_of_row(table, row), seen.text};
}

}  // namespace

void require_certain(const Table& table, std::size_t index) {
  const Column& column = table.columns[index];
  if (column.readings.size() < 2) return;
  const NumberNotation &one = column.readings[0], &other = column.readings[1];
  const auto [where, text] = first_uncertain(table, index);
  const auto option_for = [&](const NumberNotation& notation) {
    if (notation.is_plain()) return NamedOption{"numeric", name_or_number(table, index)};
    if (notation.decimal == ',' && notation.thousands == '.') return NamedOption{"decimal_comma"};
    return NamedOption{"thousands", notation.thousands == ','   ? "comma"
                                    : notation.thousands == ' ' ? "space"
                                                                : "apostrophe"};
  };
  throw Error(
      ErrorCategory::input,
      fmt::format("{}: {}: expected numbers that can be read in one way, found {}: {} or {}", where, in_column(column),
                  in_quotes(text), *formats::number_of_spelling(text, one), *formats::number_of_spelling(text, other)),
      message_of(option_for(one), fmt::format(" reads {}, ", *formats::number_of_spelling(text, one)),
                 option_for(other), fmt::format(" reads {}; ", *formats::number_of_spelling(text, other)),
                 NamedOption{"categorical", name_or_number(table, index)}, " takes the texts as categories"));
}

void require_numbers(const Table& table, std::size_t index, const Message& hint) {
  require_certain(table, index);
  const Column& column = table.columns[index];
  if (!column.is_number())
    throw Error(ErrorCategory::input,
                fmt::format("{}: {}: expected a number, found {}", location_of(table, column.first_text),
                            in_column(column), in_quotes(column.first_text.text)),
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
                    location_of(table, column.first_text), in_column(column), in_quotes(column.first_text.text)),
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
