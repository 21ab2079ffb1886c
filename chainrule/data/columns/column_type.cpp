// SPDX-License-Identifier: Apache-2.0
#include "chainrule/data/columns/column_type.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "chainrule/base/text.h"
#include "chainrule/data/columns/column_checks.h"
#include "chainrule/data/columns/dates.h"
#include "chainrule/data/formats/number_notation.h"
#include "chainrule/data/label_index.h"
#include "chainrule/data/table_columns.h"
#include "chainrule/data/table_rows.h"

namespace chainrule {
namespace {

constexpr std::size_t kFewTexts = 20;    // so many distinct texts may be categories even in a small table
constexpr std::size_t kRowsOfARun = 20;  // fewer rows may rise by equal steps by chance
// From a range of r numbers, n are all different by chance with a probability of about exp(-n * n / (2 * r)): the
// exponent from which they number something, and that for a column which is called so.
constexpr double kNumbering = 10, kNamedNumbering = 3;
constexpr double kNearlyAll = 0.9;             // fraction of dates from which the other texts look like mistakes
constexpr std::size_t kLongText = 50;          // bytes on average: a sentence
constexpr std::size_t kBlanksOfASentence = 3;  // on average; "flat no 7" is a name
constexpr std::size_t kSentencesPerRow = 10;   // more different sentences than a tenth of the rows: free text

// Each distinct text of a column without the missing one, and its number of rows.
struct Text {
  std::string_view text;
  std::size_t code = 0, rows = 0;
};

std::vector<Text> texts_of(const Column& column) {
  std::vector<Text> texts;
  std::vector<std::size_t> rows(column.spellings.size(), 0);
  for (const std::uint32_t code : column.codes) ++rows[code];
  for (std::size_t code = 0; code < rows.size(); ++code)
    if (rows[code] > 0 && !column.spellings[code].empty()) texts.push_back({column.spellings[code], code, rows[code]});
  return texts;
}

template <class Holds>
double fraction_of_rows(const std::vector<Text>& texts, Holds holds) {
  std::size_t all = 0, those = 0;
  for (const Text& text : texts) {
    all += text.rows;
    those += holds(text) ? text.rows : 0;
  }
  return all == 0 ? 0 : static_cast<double>(those) / static_cast<double>(all);
}

bool is_boolean(const std::vector<Text>& texts) {
  bool yes = false, no = false;
  for (const Text& text : texts) {
    const std::optional<bool> boolean = boolean_from_text(text.text);
    if (!boolean) return false;
    (*boolean ? yes : no) = true;
  }
  return yes && no;
}

bool all_are_dates(const std::vector<Text>& texts, DateForm form) {
  return std::ranges::all_of(texts, [&](const Text& text) { return seconds_of(text.text, form).has_value(); });
}

bool are_same_dates(const std::vector<Text>& texts, DateForm one, DateForm other) {
  return std::ranges::all_of(
      texts, [&](const Text& text) { return seconds_of(text.text, one) == seconds_of(text.text, other); });
}

// The forms that read all texts, each with other dates than those before it.
std::vector<DateForm> forms_of(const std::vector<Text>& texts, DateOrder order) {
  std::vector<DateForm> candidates{DateForm::month_first, DateForm::day_first, DateForm::year_first};
  if (order != DateOrder::detect) candidates = {form_of(order)};
  std::vector<DateForm> forms;
  if (all_are_dates(texts, DateForm::plain)) forms.push_back(DateForm::plain);
  if (!forms.empty() && order == DateOrder::detect) return forms;
  for (const DateForm form : candidates) {
    const auto is_same = [&](DateForm before) { return are_same_dates(texts, before, form); };
    if (all_are_dates(texts, form) && std::ranges::none_of(forms, is_same)) forms.push_back(form);
  }
  if (order != DateOrder::detect && forms.size() > 1) return {forms[1]};  // not what plain would make of it
  // Years of two digits in front are common with hyphens only.
  const bool hyphens = !texts.empty() && texts[0].text.substr(0, 3).find('-') != std::string_view::npos;
  if (forms.size() > 1 && !hyphens) std::erase(forms, DateForm::year_first);
  return forms;
}

// Whether the column has dates or times; then sets `reading`.
bool read_dates(const std::vector<Text>& texts, const Column& column, DateOrder order, ColumnReading& reading) {
  const std::vector<DateForm> forms = forms_of(texts, order);
  if (!forms.empty() || all_are_dates(texts, DateForm::time)) {
    reading.type = forms.empty() ? ColumnType::time : ColumnType::date;
    reading.form = forms.empty() ? DateForm::time : forms[0];
    if (forms.size() > 1) reading.forms = forms;
    return true;
  }
  for (const DateForm form : {DateForm::month_first, DateForm::day_first, DateForm::time}) {
    std::vector<bool> is_date(column.spellings.size(), true);
    const double fraction = fraction_of_rows(texts, [&](const Text& text) {
      is_date[text.code] = seconds_of(text.text, form).has_value();
      return static_cast<bool>(is_date[text.code]);
    });
    if (fraction < kNearlyAll) continue;
    const auto odd = std::ranges::find_if(column.codes, [&](std::uint32_t code) { return !is_date[code]; });
    reading.odd_date = static_cast<std::size_t>(odd - column.codes.begin());
    break;
  }
  return false;
}

bool are_mostly_numbers(const std::vector<Text>& texts) {
  return fraction_of_rows(texts, [](const Text& text) { return formats::looks_like_number(text.text); }) > 0.5;
}

ColumnType type_of_texts(const std::vector<Text>& texts, std::size_t rows) {
  std::size_t bytes = 0, blanks = 0;
  for (const Text& text : texts) {
    bytes += text.text.size();
    blanks += static_cast<std::size_t>(std::ranges::count(text.text, ' '));
  }
  const bool are_long = bytes > kLongText * texts.size();
  if (are_long && texts.size() > std::max(kFewTexts, rows / kSentencesPerRow)) return ColumnType::free_text;
  if (texts.size() <= std::max(kFewTexts, rows / 2)) return ColumnType::category;
  return blanks >= kBlanksOfASentence * texts.size() ? ColumnType::free_text : ColumnType::id;
}

ColumnReading read_texts(const Table& table, const Column& column) {
  ColumnReading reading;
  const std::vector<Text> texts = texts_of(column);
  if (texts.size() == 1 && texts[0].rows == table.rows) {
    reading.type = ColumnType::constant;
  } else if (is_boolean(texts)) {
    reading.type = ColumnType::boolean;
  } else if (!read_dates(texts, column, table.date_order, reading)) {
    reading.as_texts = type_of_texts(texts, table.rows);
    reading.type = are_mostly_numbers(texts) ? ColumnType::mixed : reading.as_texts;
  }
  return reading;
}

// Whether the numbers increase by equal steps from row to row of the file, including rows that were left out.
bool is_run(const Table& table, std::span<const double> numbers) {
  if (numbers.size() < kRowsOfARun) return false;
  const auto rows_to = [&](std::size_t row) {
    return static_cast<double>(number_of_row(table, row) - number_of_row(table, row - 1));
  };
  const double step = (numbers[1] - numbers[0]) / rows_to(1);
  if (!(step > 0) || std::floor(numbers[0]) != numbers[0] || std::floor(step) != step) return false;
  for (std::size_t row = 1; row < numbers.size(); ++row)
    if (numbers[row] - numbers[row - 1] != step * rows_to(row)) return false;
  return true;
}

// "", "index", "Unnamed: 0", "id", "PassengerId", "row_id" ...
bool is_called_a_number_of_rows(const Table& table, std::size_t index) {
  if (!table.names_from_header) return false;
  std::string name = table.columns[index].name;
  if (name == "column " + std::to_string(index + 1) || name.ends_with("Id") || name.ends_with("ID")) return true;
  std::ranges::transform(name, name.begin(), lower);
  constexpr std::array<std::string_view, 7> kNames{"id", "index", "idx", "row", "rowid", "rownames", "row.names"};
  return std::ranges::find(kNames, name) != kNames.end() || name.starts_with("unnamed: ") || name.ends_with("_id") ||
         name.ends_with(" id") || name.ends_with(".id");
}

bool repeat(std::span<const double> numbers) {
  std::vector<double> sorted(numbers.begin(), numbers.end());
  std::ranges::sort(sorted);
  return std::ranges::adjacent_find(sorted) != sorted.end();
}

// Of `range` whole numbers from `minimum` on, in equal steps.
bool are_all_different(std::span<const double> numbers, double minimum, double step, double range) {
  if (range <= 64.0 * static_cast<double>(numbers.size())) {
    std::vector<bool> seen(static_cast<std::size_t>(range));
    return std::ranges::none_of(numbers, [&](double number) {
      const auto at = static_cast<std::size_t>((number - minimum) / step);
      const bool before = seen[at];
      seen[at] = true;
      return before;
    });
  }
  return !repeat(numbers);
}

// Whether the numbers are whole, all different, and fill their range (divided by their greatest common step) so well
// that this is not by chance. True of the numbers of rows in any order, and of any part of them that is large enough.
bool is_numbering(const Table& table, std::size_t index) {
  const std::span<const double> numbers = table.columns[index].numbers;
  const auto is_exact = [](double number) { return std::floor(number) == number && std::abs(number) < 1e15; };
  constexpr std::size_t kFront = 1000;  // numbers that repeat mostly do so soon
  if (numbers.size() < 2 || !is_exact(numbers[0])) return false;
  if (numbers.size() > kFront && repeat(numbers.first(kFront))) return false;
  if (!std::ranges::all_of(numbers, is_exact)) return false;
  const auto [minimum, maximum] = std::ranges::minmax(numbers);
  std::uint64_t common = 0;
  for (std::size_t k = 0; k < numbers.size() && common != 1; ++k)
    common = std::gcd(common, static_cast<std::uint64_t>(numbers[k] - minimum));
  const auto step = static_cast<double>(std::max<std::uint64_t>(common, 1));
  const double count = static_cast<double>(numbers.size()), range = (maximum - minimum) / step + 1;
  const double needed = is_called_a_number_of_rows(table, index) ? kNamedNumbering : kNumbering;
  if (count * count / (2 * range) < needed || !are_all_different(numbers, minimum, step, range)) return false;
  return !std::ranges::all_of(numbers, [](double number) {
    return seconds_of(std::to_string(static_cast<long long>(number)), DateForm::compact).has_value();
  });
}

ColumnType type_of_numbers(const Table& table, std::size_t index) {
  const std::span<const double> numbers = table.columns[index].numbers;
  const auto is_missing = [](double number) { return std::isnan(number); };
  if (std::ranges::all_of(numbers, is_missing)) return ColumnType::constant;
  if (std::ranges::all_of(numbers, [&](double number) { return number == numbers[0]; })) return ColumnType::constant;
  const auto is_zero_or_one = [&](double number) { return number == 0 || number == 1 || is_missing(number); };
  if (std::ranges::all_of(numbers, is_zero_or_one) && std::ranges::count(numbers, 0.0) > 0 &&
      std::ranges::count(numbers, 1.0) > 0)
    return ColumnType::boolean;
  return is_run(table, numbers) || is_numbering(table, index) ? ColumnType::running_number : ColumnType::number;
}

}  // namespace

ColumnReading read_column(const Table& table, std::size_t index) {
  const Column& column = table.columns[index];
  if (column.is_number()) return {type_of_numbers(table, index)};
  if (has_codes(table, column)) return read_texts(table, column);
  return {column.first_no_utf8.line > 0                        ? ColumnType::category
          : formats::looks_like_number(column.first_text.text) ? ColumnType::mixed
                                                               : ColumnType::id};
}

std::optional<bool> boolean_from_text(std::string_view text) {
  if (text.size() > 5) return std::nullopt;
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (const std::string_view word : {"true", "yes", "t", "y", "1"})
    if (lower == word) return true;
  for (const std::string_view word : {"false", "no", "f", "n", "0"})
    if (lower == word) return false;
  return std::nullopt;
}

}  // namespace chainrule
