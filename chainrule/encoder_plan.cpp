// SPDX-License-Identifier: Apache-2.0
// plan_encoder: which columns are inputs, target and weights; classes or a number; the labels of the classes.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <string_view>

#include "chainrule/encoder.h"
#include "chainrule/encoder_checks.h"
#include "chainrule/encoder_labels.h"
#include "chainrule/error.h"

namespace chainrule {
namespace {

constexpr std::size_t kClassesByDefault = 20;  // whole numbers with more different values are numbers, not classes
constexpr std::size_t kFewTexts = 20;          // so many different texts may be categories in the smallest table
constexpr std::size_t kMostClasses = 5'000;    // beyond it, the target is no class but a number or a name

struct Roles {
  std::size_t target = 0;
  std::optional<std::size_t> weight;
  std::vector<std::size_t> inputs;
};

Roles choose_columns(const Table& table, const EncoderOptions& options) {
  if (table.columns.empty())
    throw Error(ErrorCategory::input, place(table.source) + ": target: expected a column of labels, found none",
                table.has_images() ? "--labels names the file with the labels" : "");
  Roles roles;
  roles.target = options.target.empty() ? table.columns.size() - 1 : find_column(table, options.target, "target");
  if (!options.weight.empty()) roles.weight = find_column(table, options.weight, "weight");
  std::vector<bool> is_input(table.columns.size(), true);
  for (const std::string& name : options.ignore) is_input[find_column(table, name, "ignore")] = false;
  const std::string target = in_column(table.columns[roles.target]);
  if (!is_input[roles.target])
    throw Error(ErrorCategory::usage, "ignore: expected another column than the target, found " + target);
  if (roles.weight == roles.target)
    throw Error(ErrorCategory::usage, "weight: expected another column than the target, found " + target);
  is_input[roles.target] = false;
  if (roles.weight) is_input[*roles.weight] = false;
  for (std::size_t c = 0; c < table.columns.size(); ++c)
    if (is_input[c]) roles.inputs.push_back(c);
  if (roles.inputs.empty() && !table.has_images())
    throw Error(ErrorCategory::input,
                fmt::format("{}: input columns: expected at least 1 beside the target {}, found none",
                            place(table.source), target),
                table.columns.size() == 1 ? "--delimiter says what separates the fields of a file" : "");
  return roles;
}

// Share of the fields, missing ones aside, that are numbers; of a text column.
double share_of_numbers(const Column& column) {
  std::vector<bool> is_number;
  for (const std::string& spelling : column.spellings) is_number.push_back(number_in(spelling).has_value());
  std::size_t numbers = 0;
  for (const std::uint32_t code : column.codes) numbers += is_number[code] ? 1 : 0;
  const std::size_t there = column.codes.size() - column.missing;
  return there == 0 ? 0 : static_cast<double>(numbers) / static_cast<double>(there);
}

// Text among numbers, or numbers with a decimal comma: nothing to guess at.
bool is_mostly_numbers(const Table& table, const Column& column) {
  if (is_decimal_comma(column.first_text.text)) return true;
  return has_codes(table, column) && share_of_numbers(column) > 0.5;
}

// Nearly every row has a text of its own: a name or a note, not a category.
bool is_like_an_id(const Table& table, const Column& column) {
  if (!has_codes(table, column)) return column.first_no_utf8.line == 0;
  return column.spellings.size() > std::max<std::size_t>(kFewTexts, table.rows / 2);
}

// Which input columns are categories. A number that most rows have and one row has not is a mistake, not a category.
std::vector<bool> choose_categories(const Table& table, const EncoderOptions& options, Roles& roles,
                                    std::vector<std::string>& notes) {
  std::vector<bool> wanted(table.columns.size(), false), categorical;
  for (const std::string& name : options.categorical) {
    const std::size_t c = find_column(table, name, "categorical");
    if (std::find(roles.inputs.begin(), roles.inputs.end(), c) == roles.inputs.end())
      throw Error(ErrorCategory::usage, "categorical: expected an input column, found " + in_column(table.columns[c]));
    wanted[c] = true;
  }
  for (const std::string& name : options.numeric)
    if (const std::size_t c = find_column(table, name, "numeric"); wanted[c])
      throw Error(ErrorCategory::usage,
                  "numeric: expected another column than those of categorical, found " + in_column(table.columns[c]));
  std::vector<std::string> left_out, signs;
  std::erase_if(roles.inputs, [&](std::size_t c) {
    const Column& column = table.columns[c];
    if (!column.is_number() && !wanted[c] && is_number_with_signs(column.first_text.text) &&
        !is_mostly_numbers(table, column))
      signs.push_back(column.name);
    if (column.is_number() || wanted[c] || !is_like_an_id(table, column) || is_mostly_numbers(table, column))
      return false;
    left_out.push_back(column.name);
    return true;
  });
  if (!signs.empty())
    notes.push_back(fmt::format(
        "warning: numbers with signs, such as 5%, $5 or 1,234, are text; they would be numbers without them: {}",
        listed(signs)));
  if (!left_out.empty())
    notes.push_back(
        fmt::format("warning: left out, for nearly every row has a text of its own there: {}", listed(left_out)));
  for (const std::size_t c : roles.inputs) {
    const Column& column = table.columns[c];
    if (!column.is_number() && !wanted[c] && is_mostly_numbers(table, column))
      require_numbers(table, c,
                      fmt::format("--numeric {0} counts such texts as missing, --categorical {0} takes the column as "
                                  "categories, --ignore {0} leaves it out",
                                  name_or_number(table, c)));
    categorical.push_back(!column.is_number() || wanted[c]);
  }
  return categorical;
}

// Sorted; stops when there are more than `most`.
std::vector<double> distinct_numbers(std::span<const double> numbers, std::size_t most) {
  std::vector<double> out;
  for (const double number : numbers) {
    const auto at = std::lower_bound(out.begin(), out.end(), number);
    if (at == out.end() || *at != number) out.insert(at, number);
    if (out.size() > most) break;
  }
  return out;
}

Task decide_task(const Column& target, int wish) {
  if (wish >= 0) return static_cast<Task>(wish);
  if (!target.is_number()) return Task::classes;
  const std::vector<double> distinct = distinct_numbers(target.numbers, kClassesByDefault);
  const auto is_whole = [](double number) { return std::floor(number) == number; };
  return distinct.size() <= kClassesByDefault && std::all_of(distinct.begin(), distinct.end(), is_whole) ? Task::classes
                                                                                                         : Task::number;
}

// Equal numbers are one class, spelled as in the first row that has it; in the order of the numbers.
std::vector<std::string> number_labels(const Table& table, const Column& target) {
  const std::vector<double> distinct = distinct_numbers(target.numbers, kMostClasses);
  std::vector<std::string> labels(distinct.size());
  for (std::size_t row = 0; row < table.rows && distinct.size() <= kMostClasses; ++row) {
    const auto at = std::lower_bound(distinct.begin(), distinct.end(), target.numbers[row]);
    std::string& label = labels[static_cast<std::size_t>(at - distinct.begin())];
    if (!label.empty()) continue;
    label = has_codes(table, target) ? target.spellings[target.codes[row]] : fmt::format("{}", target.numbers[row]);
  }
  return labels;
}

std::vector<std::string> find_labels(const Table& table, const Column& target) {
  std::vector<std::string> labels = target.is_number() ? number_labels(table, target) : target.spellings;
  const std::string where = place(table.source) + ": target " + in_column(target);
  if (labels.size() > kMostClasses)
    throw Error(ErrorCategory::input, fmt::format("{}: expected at most {} classes, found more", where, kMostClasses),
                target.is_number() ? "--task number predicts numbers" : "is this column the right target?");
  if (labels.size() < 2)
    throw Error(ErrorCategory::input,
                fmt::format("{}: expected at least 2 classes, found only {}", where, listed(labels)),
                "--target chooses another column");
  if (!target.is_number()) std::sort(labels.begin(), labels.end());
  return labels;
}

// Columns are matched by name only where that is unambiguous.
bool names_differ(const Table& table, std::vector<std::string>& notes) {
  std::vector<std::string_view> names;
  for (const Column& column : table.columns) names.push_back(column.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice == names.end()) return true;
  notes.push_back(
      fmt::format("warning: more than one column is called {}: columns will be matched by place", in_quotes(*twice)));
  return false;
}

}  // namespace

Encoder plan_encoder(const Table& table, const EncoderOptions& options, std::vector<std::string>& notes) {
  if (table.rows == 0)
    throw Error(ErrorCategory::input, place(table.source) + ": rows: expected at least 1, found none");
  Roles roles = choose_columns(table, options);
  const Column& target = table.columns[roles.target];
  const std::vector<bool> categorical = choose_categories(table, options, roles, notes);
  if (roles.inputs.empty() && !table.has_images())
    throw Error(ErrorCategory::input,
                fmt::format("{}: input columns: expected at least 1 of numbers or categories, found none",
                            place(table.source)));
  require_target(table, roles.target);
  if (roles.weight) require_weights(table, *roles.weight);

  Encoder encoder;
  encoder.match_by_name = table.names_from_header && names_differ(table, notes);
  encoder.image_height = table.images.height;
  encoder.image_width = table.images.width;
  encoder.training_columns = table.columns.size();
  encoder.target = target.name;
  encoder.target_place = roles.target + 1;
  if (roles.weight) {
    encoder.weight = table.columns[*roles.weight].name;
    encoder.weight_place = *roles.weight + 1;
  }
  for (const std::size_t c : roles.inputs) {
    if (table.has_images()) break;
    encoder.inputs.push_back({table.columns[c].name});
    encoder.inputs.back().categorical = categorical[encoder.inputs.size() - 1];
    encoder.input_places.push_back(c + 1);
  }
  encoder.task = decide_task(target, options.task);
  if (encoder.task == Task::classes) {
    encoder.labels = find_labels(table, target);
    notes.push_back(fmt::format("task: classes ({} labels in {})", encoder.labels.size(), in_column(target)));
  } else {
    require_numbers(table, roles.target, "--task classes predicts classes");
    notes.push_back(fmt::format("task: number ({})", in_column(target)));
  }
  return encoder;
}

}  // namespace chainrule
