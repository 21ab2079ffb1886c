// SPDX-License-Identifier: Apache-2.0
#include "chainrule/data/columns/column_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "chainrule/base/checks.h"
#include "chainrule/base/elementary.h"
#include "chainrule/data/columns/column_checks.h"
#include "chainrule/data/columns/column_type.h"
#include "chainrule/data/columns/dates.h"
#include "chainrule/data/label_index.h"
#include "chainrule/data/table_columns.h"
#include "chainrule/data/table_rows.h"

namespace chainrule {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

[[noreturn]] void refuse(const Table& table, std::size_t row, std::size_t index, DateForm form,
                         const std::string& found, const Message& hint) {
  throw Error(ErrorCategory::input,
              fmt::format("{}: {}: expected {}, found {}", location_of_field(table, row, index),
                          in_column(table.columns[index]), example_of(form), in_quotes(found)),
              hint);
}

// One number per spelling, then one per row; `read` converts a text to a number, or throws.
template <class Read>
void read_texts(const Table& table, std::size_t index, Read read, std::vector<double>& numbers) {
  const Column& column = table.columns[index];
  if (!has_codes(table, column)) require_numbers(table, index, "");  // throws an error that quotes the field
  std::vector<double> of_code(column.spellings.size(), kMissing);
  std::vector<bool> known(column.spellings.size(), false);
  for (std::size_t row = 0; row < table.rows; ++row) {
    const std::uint32_t code = column.codes[row];
    if (!known[code] && !column.spellings[code].empty()) of_code[code] = read(column.spellings[code], row);
    known[code] = true;
    numbers.push_back(of_code[code]);
  }
}

// The model has the other order of day and month.
Message hint_for_date(std::string_view text, DateForm form) {
  const bool day_first = form == DateForm::day_first;
  if (!day_first && form != DateForm::month_first) return {};
  if (!seconds_of(text, day_first ? DateForm::month_first : DateForm::day_first)) return {};
  return message_of(fmt::format("in the training data the {} was first (", day_first ? "day" : "month"),
                    NamedOption{"date_order", day_first ? "dmy" : "mdy"}, ")");
}

void read_dates(const Table& table, std::size_t index, DateForm form, const std::string& hint,
                std::vector<double>& numbers) {
  const Column& column = table.columns[index];
  if (!column.is_number()) {
    const auto read = [&](const std::string& text, std::size_t row) {
      const std::optional<double> seconds = seconds_of(text, form);
      if (!seconds) refuse(table, row, index, form, text, hint.empty() ? hint_for_date(text, form) : Message(hint));
      return *seconds;
    };
    return read_texts(table, index, read, numbers);
  }
  for (std::size_t row = 0; row < table.rows; ++row) {
    const double number = column.numbers[row];
    const std::optional<double> seconds = form == DateForm::compact ? seconds_of_compact(number) : std::nullopt;
    if (!seconds && !std::isnan(number)) refuse(table, row, index, form, fmt::format("{}", number), hint);
    numbers.push_back(seconds.value_or(kMissing));
  }
}

void read_booleans(const Table& table, std::size_t index, std::vector<double>& numbers) {
  const auto read = [](const std::string& text, std::size_t) {
    const std::optional<bool> boolean = boolean_from_text(text);
    return boolean ? static_cast<double>(*boolean) : kMissing;
  };
  if (!table.columns[index].is_number()) return read_texts(table, index, read, numbers);
  for (const double number : table.columns[index].numbers)
    numbers.push_back(number == 0 || number == 1 ? number : kMissing);
}

}  // namespace

const Column& numbers_for(const InputColumn& input, const Table& table, std::size_t index, Column& storage) {
  const Column& column = table.columns[index];
  if (!input.boolean && !input.date) {
    if (!column.is_number() || column.numbers.size() != table.rows) require_numbers(table, index, "");
    return column;
  }
  storage = Column{};
  storage.name = column.name;
  storage.missing = column.missing;
  storage.first_missing = column.first_missing;
  storage.numbers.reserve(table.rows);
  if (input.boolean)
    read_booleans(table, index, storage.numbers);
  else
    read_dates(table, index, *input.date, "", storage.numbers);
  return storage;
}

void require_one_form(const Table& table, std::size_t index, const std::vector<DateForm>& forms) {
  if (forms.size() < 2) return;
  const Column& column = table.columns[index];
  const auto differs = [&](std::uint32_t code) {
    const std::string& text = column.spellings[code];
    return seconds_of(text, forms[0]) != seconds_of(text, forms[1]);
  };
  const auto row = static_cast<std::size_t>(std::ranges::find_if(column.codes, differs) - column.codes.begin());
  const std::string& text = column.spellings[column.codes[row]];
  const auto order_of = [](DateForm form) {
    return NamedOption{"date_order", form == DateForm::day_first     ? "dmy"
                                     : form == DateForm::month_first ? "mdy"
                                                                     : "ymd"};
  };
  std::vector<std::string> readings;
  Message hint;
  for (const DateForm form : forms) {
    readings.push_back(date_text(seconds_of(text, form).value(), form));
    if (!hint.empty()) hint.append(", ");
    hint.append(message_of(order_of(form), fmt::format(" reads {}", readings.back())));
  }
  throw Error(ErrorCategory::input,
              fmt::format("{}: {}: expected dates that can be read in one way, found {}: {}",
                          location_of_field(table, row, index), in_column(column), in_quotes(text),
                          fmt::format("{}", fmt::join(readings, " or "))),
              hint);
}

void require_dates(const Table& table, std::size_t index, DateForm form, const std::string& hint) {
  std::vector<double> numbers;
  read_dates(table, index, form, hint, numbers);
}

std::vector<Cycle> varying_cycles(DateForm form, std::span<const double> numbers, std::span<const std::size_t> rows) {
  std::vector<Cycle> cycles;
  for (const Cycle cycle : {Cycle::time_of_day, Cycle::day_of_week, Cycle::day_of_year}) {
    if (form == DateForm::time && cycle != Cycle::time_of_day) break;
    double first = kMissing;
    for (const std::size_t row : rows) {
      if (std::isnan(numbers[row])) continue;
      const double phase = phase_of(cycle, numbers[row]);
      if (std::isnan(first)) first = phase;
      if (phase == first) continue;
      cycles.push_back(cycle);
      break;
    }
  }
  return cycles;
}

void encode_cycles(std::span<const Cycle> cycles, double x, std::span<float> inputs) {
  for (std::size_t k = 0; k < cycles.size(); ++k) {
    const bool missing = std::isnan(x);
    const double phase = phase_of(cycles[k], x);
    inputs[2 * k] = missing ? 0.0f : static_cast<float>(elementary::sin_turns(phase));
    inputs[2 * k + 1] = missing ? 0.0f : static_cast<float>(elementary::cos_turns(phase));
  }
}

std::vector<std::string> cycle_names(const InputColumn& input) {
  std::vector<std::string> names;
  for (const Cycle cycle : input.cycles)
    for (const char* const part : {"sin", "cos"})
      names.push_back(fmt::format("{} ({}, {})", input.name, kCycleNames[static_cast<std::size_t>(cycle)], part));
  return names;
}

std::string value_text(const InputColumn& input, double x) {
  return input.date ? date_text(x, *input.date) : fmt::format("{}", x);
}

}  // namespace chainrule
