// SPDX-License-Identifier: Apache-2.0
#include "chainrule/data/encoder_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <span>
#include <string_view>

#include "chainrule/base/checks.h"
#include "chainrule/base/text.h"
#include "chainrule/data/columns/column_checks.h"
#include "chainrule/data/columns/column_type.h"
#include "chainrule/data/columns/column_values.h"
#include "chainrule/data/columns/dates.h"
#include "chainrule/data/columns/ordered_target.h"
#include "chainrule/data/formats/number_notation.h"
#include "chainrule/data/leakage.h"
#include "chainrule/data/table_columns.h"
#include "chainrule/data/table_rows.h"

namespace chainrule {
namespace {

constexpr std::size_t kClassesByDefault = 20;  // whole numbers with more distinct values mean regression
constexpr std::size_t kMaxClasses = 5'000;     // with more, the target is a number or a name, not a class

struct Roles {
  std::size_t target = 0;
  std::optional<std::size_t> weight;
  std::vector<std::size_t> inputs;
};

Roles choose_columns(const Table& table, const EncoderOptions& options) {
  if (table.columns.empty())
    throw Error(ErrorCategory::input, location(table.source) + ": target: expected a column of labels, found none",
                table.has_images() ? message_of(NamedOption{"labels"}, " names the file with the labels") : Message());
  Roles roles;
  roles.target = options.target.empty() ? table.columns.size() - 1 : find_column(table, options.target, "target");
  if (!options.weight.empty()) roles.weight = find_column(table, options.weight, "weight");
  std::vector<bool> is_input(table.columns.size(), true);
  for (const std::size_t c : find_columns(table, options.ignore, "ignore")) is_input[c] = false;
  const std::string target = in_column(table.columns[roles.target]);
  if (!is_input[roles.target]) throw option_error("ignore", "expected a column other than the target, found " + target);
  if (roles.weight == roles.target)
    throw option_error("weight", "expected a column other than the target, found " + target);
  is_input[roles.target] = false;
  if (roles.weight) is_input[*roles.weight] = false;
  for (std::size_t c = 0; c < table.columns.size(); ++c)
    if (is_input[c]) roles.inputs.push_back(c);
  if (roles.inputs.empty() && !table.has_images())
    throw Error(ErrorCategory::input,
                fmt::format("{}: input columns: expected at least 1 besides the target {}, found none",
                            location(table.source), target),
                table.columns.size() == 1
                    ? message_of(NamedOption{"delimiter"}, " sets the character between the fields")
                    : Message());
  return roles;
}

// The column types that the user's options set, by name or number.
std::vector<std::optional<ColumnType>> requested_types(const Table& table, const EncoderOptions& options,
                                                       const Roles& roles) {
  std::vector<std::optional<ColumnType>> requested(table.columns.size());
  std::vector<bool> is_input(table.columns.size(), false);
  for (const std::size_t c : roles.inputs) is_input[c] = true;
  const auto want = [&](const std::vector<std::string>& names, std::string_view option, ColumnType type) {
    for (const std::size_t c : find_columns(table, names, option)) {
      if (c == roles.target && type == ColumnType::number) continue;  // text there was read as a missing target
      const std::string found = in_column(table.columns[c]);
      if (!is_input[c]) throw option_error(option, "expected an input column, found " + found);
      if (requested[c].value_or(type) != type)
        throw option_error(option,
                           fmt::format("expected a column not listed in {}, found {}",
                                       *requested[c] == ColumnType::category ? "categorical" : "numeric", found));
      requested[c] = type;
    }
  };
  want(options.categorical, "categorical", ColumnType::category);
  want(options.numeric, "numeric", ColumnType::number);
  want(options.date, "date", ColumnType::date);
  return requested;
}

// The date format of a column that the user named as dates: the one that reads most fields, so that an error names the
// first bad field.
DateForm form_of_dates(const Table& table, std::size_t c, const ColumnReading& reading) {
  if (reading.type == ColumnType::date || reading.type == ColumnType::time) return reading.form;
  const Column& column = table.columns[c];
  if (column.is_number()) return DateForm::compact;
  DateForm best = DateForm::plain;
  std::ptrdiff_t maximum = -1;
  for (const DateForm form : {DateForm::plain, DateForm::month_first, DateForm::day_first, DateForm::year_first,
                              DateForm::compact, DateForm::time}) {
    const std::ptrdiff_t read = std::ranges::count_if(
        column.spellings, [&](const std::string& text) { return seconds_of(text, form).has_value(); });
    if (read <= maximum) continue;
    maximum = read;
    best = form;
  }
  return best;
}

void note_date(const Table& table, std::size_t c, const ColumnReading& reading, std::vector<Note>& notes) {
  const Column& column = table.columns[c];
  const bool by_order = reading.form == DateForm::day_first || reading.form == DateForm::month_first ||
                        reading.form == DateForm::year_first;
  if (reading.type == ColumnType::date && by_order) {
    const auto first = std::ranges::find_if(column.spellings, [](const std::string& text) { return !text.empty(); });
    notes.push_back(
        info_note(NoteTopic::columns,
                  message_of(fmt::format("{}: dates such as {} are read as {} (", in_column(column), in_quotes(*first),
                                         date_text(seconds_of(*first, reading.form).value(), reading.form)),
                             NamedOption{"date_order"}, " sets another order)"),
                  column.name, "date_order"));
  }
  if (reading.odd_date)
    notes.push_back(warning_note(NoteTopic::columns,
                                 fmt::format("{} is not read as dates: {} is not a date ({})", in_column(column),
                                             in_quotes(column.spellings[column.codes[*reading.odd_date]]),
                                             location_of_row(table, *reading.odd_date)),
                                 column.name));
}

struct LeftOut {
  std::vector<std::string> texts, free_texts, running;
  std::vector<std::size_t> runs;  // columns
};

void note_left_out(const Table& table, const LeftOut& left_out, std::vector<Note>& notes) {
  const auto warn = [&](const std::vector<std::string>& columns, const Message& text, const std::string& option) {
    notes.push_back(warning_note(NoteTopic::columns, text, columns.size() == 1 ? columns[0] : "", option));
  };
  if (!left_out.texts.empty())
    warn(left_out.texts, "left out because nearly every row has a different text: " + listed(left_out.texts), "");
  if (!left_out.free_texts.empty())
    warn(left_out.free_texts, "left out because it is free text: " + listed(left_out.free_texts), "");
  if (left_out.running.empty()) return;
  const bool one = left_out.runs.size() == 1;
  warn(left_out.running,
       message_of(left_out.running.size() == 1 ? "left out because it numbers the rows: "
                                               : "left out because they number the rows: ",
                  listed(left_out.running), " (", NamedOption{"numeric", name_or_number(table, left_out.runs[0])},
                  " uses ", one ? "it as a number)" : "the first as numbers)"),
       "numeric");
}

// The first text that is not a number in any notation, else the first that is not one as usual.
std::size_t first_odd_row(const Table& table, const Column& column) {
  if (!has_codes(table, column)) return 0;
  std::vector<bool> is_odd;
  for (const std::string& text : column.spellings) is_odd.push_back(!text.empty() && !formats::looks_like_number(text));
  const bool none = std::ranges::find(is_odd, true) == is_odd.end();
  for (std::size_t code = 0; none && code < is_odd.size(); ++code)
    is_odd[code] = !column.spellings[code].empty() && !number_in(column.spellings[code]);
  return static_cast<std::size_t>(std::ranges::find_if(column.codes, [&](std::uint32_t code) { return is_odd[code]; }) -
                                  column.codes.begin());
}

// A column of numbers with some texts is one of categories or of ids, as far as anybody can tell.
void note_mixed(const Table& table, std::size_t c, ColumnType as_texts, std::vector<Note>& notes) {
  const Column& column = table.columns[c];
  const std::string name = name_or_number(table, c);
  if (!has_codes(table, column) || column.first_text.text.find_first_of(";\t|") != std::string::npos)
    require_numbers(
        table, c,
        message_of(NamedOption{"numeric", name}, " counts such texts as missing, ", NamedOption{"categorical", name},
                   " takes the column as categories, ", NamedOption{"ignore", name}, " leaves it out"));
  const std::size_t row = first_odd_row(table, column);
  const bool is_used = as_texts == ColumnType::category;
  notes.push_back(warning_note(
      NoteTopic::columns,
      message_of(fmt::format("{} has numbers, but {} in {}: {} (", in_column(column),
                             in_quotes(column.spellings[column.codes[row]]), location_of_field(table, row, c),
                             is_used ? "its numbers are taken as texts, and all as categories"
                                     : "it is left out, since nearly every row has a different text"),
                 NamedOption{"numeric", name}, " counts such texts as missing)"),
      column.name, "numeric"));
}

// The input of column c; nullopt if it is left out.
std::optional<InputColumn> plan_input(const Table& table, std::size_t c, std::optional<ColumnType> requested,
                                      LeftOut& left_out, std::vector<Note>& notes) {
  const Column& column = table.columns[c];
  InputColumn input{column.name};
  if (requested == ColumnType::category || requested == ColumnType::number) {
    input.categorical = requested == ColumnType::category;
    return input;
  }
  const ColumnReading reading = read_column(table, c);
  if (requested != ColumnType::date) require_certain(table, c);
  require_one_form(table, c, reading.forms);
  if (requested == ColumnType::date) {
    input.date = form_of_dates(table, c, reading);
    require_dates(table, c, *input.date, "");
    note_date(table, c, reading, notes);
    return input;
  }
  note_date(table, c, reading, notes);
  switch (reading.type) {
    case ColumnType::free_text:
      left_out.free_texts.push_back(column.name);
      return std::nullopt;
    case ColumnType::id:
      left_out.texts.push_back(column.name);
      return std::nullopt;
    case ColumnType::running_number:
      left_out.running.push_back(column.name);
      left_out.runs.push_back(c);
      return std::nullopt;
    case ColumnType::mixed:
      note_mixed(table, c, reading.as_texts, notes);
      if (reading.as_texts != ColumnType::category) return std::nullopt;
      input.categorical = true;
      break;
    case ColumnType::date:
    case ColumnType::time:
      input.date = reading.form;
      break;
    default:
      input.boolean = reading.type == ColumnType::boolean && !column.is_number();
      input.categorical = !input.boolean && !column.is_number();
  }
  return input;
}

// Every column was left out.
[[noreturn]] void refuse_without_inputs(const Table& table, const std::vector<std::size_t>& columns) {
  std::vector<std::string> ids, sentences;
  for (const std::size_t c : columns) {
    const ColumnReading reading = read_column(table, c);
    const bool is_free = reading.type == ColumnType::free_text || reading.as_texts == ColumnType::free_text;
    (is_free ? sentences : ids).push_back(table.columns[c].name);
  }
  std::string found;
  if (!ids.empty()) found += "nearly every row has a different text in " + listed(ids);
  if (!sentences.empty()) found += (found.empty() ? "" : ", and ") + ("free text in " + listed(sentences));
  throw Error(
      ErrorCategory::input,
      fmt::format("{}: input columns: expected at least 1 of numbers, dates or categories, found only columns "
                  "that are left out: {}",
                  location(table.source), found),
      message_of(NamedOption{"categorical", name_or_number(table, columns[0])}, " takes such a column as categories, ",
                 NamedOption{"numeric", name_or_number(table, columns[0])},
                 " reads its numbers and counts its texts as missing"));
}

// The inputs; removes the columns that are left out from roles.inputs.
std::vector<InputColumn> plan_inputs(const Table& table, const EncoderOptions& options, Roles& roles,
                                     std::vector<Note>& notes) {
  const std::vector<std::optional<ColumnType>> requested = requested_types(table, options, roles);
  std::vector<InputColumn> inputs;
  std::vector<std::size_t> columns;
  LeftOut left_out;
  for (const std::size_t c : roles.inputs) {
    const std::optional<InputColumn> input = plan_input(table, c, requested[c], left_out, notes);
    if (!input) continue;
    inputs.push_back(*input);
    if (!input->categorical && !input->boolean && !input->date) inputs.back().notation = table.columns[c].notation;
    columns.push_back(c);
  }
  if (inputs.empty()) {  // running numbers are better than no input
    for (const std::size_t c : columns = left_out.runs) inputs.push_back({table.columns[c].name});
    left_out.running.clear();
  }
  if (inputs.empty() && !table.has_images()) refuse_without_inputs(table, roles.inputs);
  roles.inputs = columns;
  note_left_out(table, left_out, notes);
  return inputs;
}

// Sorted; stops when there are more than `most`.
std::vector<double> distinct_numbers(std::span<const double> numbers, std::size_t maximum) {
  std::vector<double> out;
  for (const double number : numbers) {
    const auto at = std::lower_bound(out.begin(), out.end(), number);
    if (at == out.end() || *at != number) out.insert(at, number);
    if (out.size() > maximum) break;
  }
  return out;
}

Task decide_task(const Column& target, int requested) {
  if (requested >= 0) return static_cast<Task>(requested);
  if (!target.is_number()) return Task::classes;
  const std::vector<double> distinct = distinct_numbers(target.numbers, kClassesByDefault);
  const auto is_whole = [](double number) { return std::floor(number) == number; };
  return distinct.size() <= kClassesByDefault && std::all_of(distinct.begin(), distinct.end(), is_whole) ? Task::classes
                                                                                                         : Task::number;
}

// Equal numbers are one class, spelled as in the first row that has it; in the order of the numbers.
std::vector<std::string> number_labels(const Table& table, const Column& target) {
  const std::vector<double> distinct = distinct_numbers(target.numbers, kMaxClasses);
  std::vector<std::string> labels(distinct.size());
  for (std::size_t row = 0; row < table.rows && distinct.size() <= kMaxClasses; ++row) {
    const auto at = std::lower_bound(distinct.begin(), distinct.end(), target.numbers[row]);
    std::string& label = labels[static_cast<std::size_t>(at - distinct.begin())];
    if (!label.empty()) continue;
    label = has_codes(table, target) ? target.spellings[target.codes[row]] : fmt::format("{}", target.numbers[row]);
  }
  return labels;
}

// Whether a double cannot hold some of the numbers: labels are then told apart by their text.
bool has_longer_numbers(const Table& table, const Column& target) {
  constexpr double kExact = 9007199254740992;  // 2^53
  return has_codes(table, target) &&
         std::ranges::any_of(target.numbers, [](double number) { return std::abs(number) >= kExact; });
}

std::vector<std::string> find_labels(const Table& table, const Column& target) {
  const bool by_value = target.is_number() && !has_longer_numbers(table, target);
  std::vector<std::string> labels = by_value ? number_labels(table, target) : target.spellings;
  const std::string where = location(table.source) + ": target " + in_column(target);
  if (labels.size() > kMaxClasses)
    throw Error(ErrorCategory::input, fmt::format("{}: expected at most {} classes, found more", where, kMaxClasses),
                target.is_number() ? message_of(NamedOption{"task", "number"}, " predicts numbers")
                                   : Message("is this column the right target?"));
  if (labels.size() < 2)
    throw Error(ErrorCategory::input,
                fmt::format("{}: expected at least 2 classes, found only {}", where, listed(labels)),
                message_of(NamedOption{"target"}, " chooses another column"));
  if (!by_value) std::sort(labels.begin(), labels.end());
  return labels;
}

// Labels that differ in case only are mostly one class, written in several ways.
void note_cases(const Column& target, const std::vector<std::string>& labels, std::vector<Note>& notes) {
  std::map<std::string, std::vector<std::string>> spellings;
  for (const std::string& label : labels) {
    std::string small = label;
    std::ranges::transform(small, small.begin(), lower);
    spellings[small].push_back(label);
  }
  for (const auto& [small, alike] : spellings)
    if (alike.size() > 1)
      notes.push_back(warning_note(
          NoteTopic::target,
          fmt::format("target {}: {} differ in case only, and are different classes", in_column(target), listed(alike)),
          target.name));
}

// Columns are matched by name only if the names are unambiguous.
bool names_differ(const Table& table, std::vector<Note>& notes) {
  std::vector<std::string_view> names;
  for (const Column& column : table.columns) names.push_back(column.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice == names.end()) return true;
  notes.push_back(warning_note(
      NoteTopic::columns,
      fmt::format("more than one column is called {}: columns will be matched by position", in_quotes(*twice)),
      std::string(*twice)));
  return false;
}

}  // namespace

Encoder plan_encoder(const Table& table, const EncoderOptions& options, std::vector<Note>& notes) {
  if (table.rows == 0)
    throw Error(ErrorCategory::input, location(table.source) + ": rows: expected at least 1, found none");
  Roles roles = choose_columns(table, options);
  const Column& target = table.columns[roles.target];
  std::vector<InputColumn> inputs = plan_inputs(table, options, roles, notes);
  require_target(table, roles.target);
  if (options.task != static_cast<int>(Task::classes)) require_certain(table, roles.target);
  if (roles.weight) require_weights(table, *roles.weight);

  Encoder encoder;
  encoder.match_by_name = table.names_from_header && names_differ(table, notes);
  encoder.image_height = table.images.height;
  encoder.image_width = table.images.width;
  encoder.training_columns = table.columns.size();
  encoder.target = target.name;
  encoder.target_column = roles.target + 1;
  if (roles.weight) {
    encoder.weight = table.columns[*roles.weight].name;
    encoder.weight_column = *roles.weight + 1;
  }
  for (const std::size_t c : roles.inputs) {
    if (table.has_images()) break;
    encoder.input_columns.push_back(c + 1);
  }
  if (!table.has_images()) encoder.inputs = std::move(inputs);
  encoder.task = decide_task(target, options.task);
  if (encoder.task == Task::classes) {
    encoder.labels = find_labels(table, target);
    if (!target.is_number()) note_cases(target, encoder.labels, notes);
    notes.push_back(info_note(NoteTopic::task,
                              fmt::format("task: classes ({} labels in {})", encoder.labels.size(), in_column(target)),
                              target.name, "task"));
  } else {
    require_numbers(table, roles.target, message_of(NamedOption{"task", "classes"}, " predicts classes"));
    encoder.target_notation = target.notation;
    notes.push_back(
        info_note(NoteTopic::task, fmt::format("task: number ({})", in_column(target)), target.name, "task"));
  }
  if (options.task < 0) note_counts(encoder, table, notes);
  note_copies(encoder, table, notes);
  return encoder;
}

}  // namespace chainrule
