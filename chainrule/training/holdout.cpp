// SPDX-License-Identifier: Apache-2.0
#include "chainrule/training/holdout.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <numeric>
#include <string_view>

#include "chainrule/base/checks.h"
#include "chainrule/data/columns/column_checks.h"
#include "chainrule/data/columns/column_type.h"
#include "chainrule/data/columns/column_values.h"
#include "chainrule/data/columns/dates.h"
#include "chainrule/data/encoding.h"
#include "chainrule/data/folds.h"
#include "chainrule/data/table_rows.h"

namespace chainrule {
namespace {

using Rows = std::vector<std::size_t>;

std::size_t whole_number(std::string_view text, const std::string& all) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value == 0)
    throw option_error("validation_rows", "expected last:N, first:N or A-B (rows from 1), found " + in_quotes(all));
  return value;
}

// Parses "last:10000", "first:500" or "101-200" to the rows [first, last).
std::pair<std::size_t, std::size_t> named_rows(const std::string& text, std::size_t rows) {
  std::size_t first = 0, last = 0;
  if (text.starts_with("last:")) {
    const std::size_t count = whole_number(std::string_view(text).substr(5), text);
    first = count > rows ? rows + 1 : rows - count;  // rows + 1: refused below
    last = rows;
  } else if (text.starts_with("first:")) {
    last = whole_number(std::string_view(text).substr(6), text);
  } else {
    const std::size_t dash = text.find('-');
    if (dash == std::string::npos) whole_number("", text);
    first = whole_number(std::string_view(text).substr(0, dash), text) - 1;
    last = whole_number(std::string_view(text).substr(dash + 1), text);
  }
  if (first >= last || last > rows || last - first == rows)
    throw option_error("validation_rows",
                       fmt::format("expected some but not all of the rows 1 to {}, found {}", rows, in_quotes(text)));
  return {first, last};
}

// The column that divides the rows.
const Column& deciding_column(const Table& table, const std::string& name, const char* option, const Encoder& encoder) {
  const std::size_t index = find_column(table, name, option);
  const Column& column = table.columns[index];
  if (index + 1 == encoder.target_column)
    throw option_error(option, "expected another column than the target, found " + in_quotes(column.name));
  if (!column.is_number() && column.codes.size() != table.rows)
    throw option_error(
        option, "expected numbers or at most a million different texts, found more in " + in_quotes(column.name));
  return column;
}

// A number per row, equal for equal values of the column; rows without a value form one group.
std::vector<std::uint32_t> groups_of(const Table& table, const Column& column) {
  if (!column.is_number()) return column.codes;
  std::map<double, std::uint32_t> known;
  std::vector<std::uint32_t> groups(table.rows);
  for (std::size_t row = 0; row < table.rows; ++row) {
    const double number = std::isnan(column.numbers[row]) ? HUGE_VAL : column.numbers[row];
    groups[row] = known.try_emplace(number, static_cast<std::uint32_t>(known.size())).first->second;
  }
  return groups;
}

// Ranks of times; equal times have equal ranks; NaN has none.
std::vector<std::uint32_t> ranks_of(const std::vector<double>& times) {
  std::map<double, std::uint32_t> known;
  for (const double time : times)
    if (!std::isnan(time)) known.try_emplace(time, 0);
  std::uint32_t rank = 0;
  for (auto& [time, of_time] : known) of_time = rank++;
  std::vector<std::uint32_t> ranks;
  for (const double time : times) ranks.push_back(std::isnan(time) ? kNoTime : known.at(time));
  return ranks;
}

// A date in the format of the column; NaN if missing.
std::optional<double> time_in(const std::string& text, DateForm form) {
  return text.empty() ? NAN : seconds_of(text, form);
}

std::vector<std::uint32_t> times_of(const Table& table, std::size_t index) {
  const Column& column = table.columns[index];
  if (column.is_number()) return ranks_of(column.numbers);
  const ColumnReading reading = read_column(table, index);
  require_certain(table, index);
  require_one_form(table, index, reading.forms);
  const bool dated = reading.type == ColumnType::date || reading.type == ColumnType::time;
  std::vector<std::optional<double>> of_code;
  for (const std::string& text : column.spellings)
    of_code.push_back(time_in(text, dated ? reading.form : DateForm::plain));
  std::vector<double> times;
  for (std::size_t row = 0; row < table.rows; ++row) {
    const std::optional<double>& time = of_code[column.codes[row]];
    if (!time)
      throw Error(ErrorCategory::input,
                  fmt::format("{}: column {}: time: expected a number or a date such as 2024-03-31, found {}",
                              location_of_row(table, row), in_quotes(column.name),
                              in_quotes(column.spellings[column.codes[row]])));
    times.push_back(*time);
  }
  return ranks_of(times);
}

std::vector<std::uint32_t> chosen(const std::vector<std::uint32_t>& of_all, const Rows& rows) {
  std::vector<std::uint32_t> out;
  out.reserve(of_all.empty() ? 0 : rows.size());
  for (std::size_t i = 0; i < rows.size() && !of_all.empty(); ++i) out.push_back(of_all[rows[i]]);
  return out;
}

// Takes validation and test rows out of a table, one part after the other.
class Chooser {
 public:
  Chooser(const Encoder& encoder, const Table& table, const FitOptions& options, std::vector<Note>& notes)
      : options_(options), notes_(notes) {
    if (options.stratify && encoder.task == Task::classes) strata_ = encode_labels(encoder, table);
    if (!options.group.empty()) {
      column_ = &deciding_column(table, options.group, "group", encoder);
      numbers_ = groups_of(table, *column_);
    } else if (!options.time.empty()) {
      column_ = &deciding_column(table, options.time, "time", encoder);
      numbers_ = times_of(table, static_cast<std::size_t>(column_ - table.columns.data()));
    }
    if (column_ != nullptr && column_->missing > 0)
      notes_.push_back(
          warning_note(NoteTopic::rows,
                       fmt::format("{} rows have no value in {}: {}", column_->missing, in_quotes(column_->name),
                                   options.group.empty() ? "they become training rows" : "they form one group"),
                       column_->name, options.group.empty() ? "time" : "group"));
  }

  /// Takes a fraction out of `rows` and adds a note.
  Rows split_off(Rows& rows, double fraction, SplitPurpose purpose) {
    const std::vector<std::uint32_t> strata = chosen(strata_, rows), numbers = chosen(numbers_, rows);
    const std::uint64_t seed = options_.train.seed;
    Split split;
    if (!options_.group.empty())
      split = split_groups(dense(numbers), fraction, strata, seed, purpose);
    else if (!options_.time.empty())
      split = split_latest(numbers, fraction);
    else
      split = split_rows(rows.size(), fraction, strata, seed, purpose);
    Rows taken;
    for (const std::size_t i : split.validation) taken.push_back(rows[i]);
    say(rows.size(), numbers, split, purpose);
    for (std::size_t& row : split.training) row = rows[row];
    rows = std::move(split.training);
    return taken;
  }

  /// Takes the rows of fold options.test_fold out of `rows` and adds a note. By time, drops later rows, too.
  Rows take_fold(Rows& rows) {
    const std::size_t fold = options_.test_fold - 1, folds = options_.test_folds, all = rows.size();
    const std::vector<std::uint32_t> strata = chosen(strata_, rows), numbers = chosen(numbers_, rows);
    const bool by_time = options_.group.empty() && !options_.time.empty();
    std::vector<Rows> parts;
    if (!options_.group.empty())
      parts = fold_groups(dense(numbers), folds, strata, options_.train.seed);
    else if (by_time)
      parts = parts_by_time(numbers, folds + 1);
    else
      parts = fold_rows(all, folds, strata, options_.train.seed);
    const std::size_t tested = by_time ? fold + 1 : fold;  // by time, the first part is for training only
    std::vector<bool> goes(all, false);
    for (std::size_t part = tested; part < (by_time ? parts.size() : tested + 1); ++part)
      for (const std::size_t i : parts[part]) goes[i] = true;
    Rows taken, remaining;
    for (const std::size_t i : parts[tested]) taken.push_back(rows[i]);
    for (std::size_t i = 0; i < all; ++i)
      if (!goes[i]) remaining.push_back(rows[i]);
    rows = std::move(remaining);
    const std::string by = column_ == nullptr ? ""
                           : by_time          ? " by " + in_quotes(column_->name)
                                              : " of whole groups in " + in_quotes(column_->name);
    notes_.push_back(
        info_note(NoteTopic::test_rows,
                  fmt::format("test rows: fold {} of {}{}, {} of {} rows", fold + 1, folds, by, taken.size(), all),
                  column_ == nullptr ? "" : column_->name, "test_fold"));
    return taken;
  }

 private:
  static std::vector<std::uint32_t> dense(std::vector<std::uint32_t> groups) {
    std::map<std::uint32_t, std::uint32_t> known;
    for (std::uint32_t& group : groups)
      group = known.try_emplace(group, static_cast<std::uint32_t>(known.size())).first->second;
    return groups;
  }

  static std::size_t distinct(const std::vector<std::uint32_t>& numbers, const Rows& rows) {
    std::vector<std::uint32_t> found = chosen(numbers, rows);
    std::sort(found.begin(), found.end());
    return static_cast<std::size_t>(std::unique(found.begin(), found.end()) - found.begin());
  }

  void say(std::size_t rows, const std::vector<std::uint32_t>& numbers, const Split& split, SplitPurpose purpose) {
    const bool validates = purpose == SplitPurpose::validation, left_out = !validates && options_.test_folds > 0;
    const std::string what = validates ? "validation rows" : left_out ? "left out" : "test rows";
    const auto note = [&](const std::string& text, const std::string& column) {
      const NoteTopic topic = validates  ? NoteTopic::validation_rows
                              : left_out ? NoteTopic::rows
                                         : NoteTopic::test_rows;
      notes_.push_back(info_note(topic, text, column, validates ? "validation_split" : "test_split"));
    };
    const std::size_t out = split.validation.size();
    if (!options_.group.empty()) {
      const std::size_t some = distinct(numbers, split.validation), all = some + distinct(numbers, split.training);
      note(
          fmt::format("{}: {} of {} groups in {}, {} of {} rows", what, some, all, in_quotes(column_->name), out, rows),
          column_->name);
    } else if (!options_.time.empty()) {
      note(fmt::format("{}: the last {} of {} rows by {}", what, out, rows, in_quotes(column_->name)), column_->name);
    } else if (purpose == SplitPurpose::test) {
      note(fmt::format("{}: {} of {} rows", what, out, rows), "");
    }
  }

  const FitOptions& options_;
  std::vector<Note>& notes_;
  const Column* column_ = nullptr;
  std::vector<std::uint32_t> strata_, numbers_;
};

void require_fraction(double fraction, const char* option) {
  if (!(fraction >= 0 && fraction < 1))
    throw option_error(option, fmt::format("expected a fraction in [0, 1), found {}", fraction));
}

// Refuses options that contradict each other.
void check_options(const FitOptions& options, bool other_table) {
  require_fraction(options.validation_split, "validation_split");
  require_fraction(options.test_split, "test_split");
  const bool named = !options.validation_rows.empty(), grouped = !options.group.empty(), timed = !options.time.empty();
  if (grouped && timed)
    throw option_error("group", "expected no time together with it, found " + in_quotes(options.time),
                       "divide rows by group or by time, not by both");
  const char* const chooser = grouped ? "group" : timed ? "time" : "";
  if (named && (grouped || timed))
    throw option_error(chooser,
                       "expected no validation_rows together with it, found " + in_quotes(options.validation_rows));
  if (named && options.test_split > 0)
    throw option_error("test_split",
                       "expected no validation_rows together with it, found " + in_quotes(options.validation_rows));
  if (options.test_folds > 0 && named)
    throw option_error("test_fold",
                       "expected no validation_rows together with it, found " + in_quotes(options.validation_rows));
  if ((grouped || timed) && options.test_split == 0 && options.test_folds == 0 &&
      (other_table || options.validation_split == 0))
    throw option_error(chooser, "expected validation or test rows, found none",
                       message_of("set ", NamedOption{"validation_split"}, " or ", NamedOption{"test_split"}));
}

void note_unseen_classes(const Encoder& encoder, const Table& table, const Split& split, std::vector<Note>& notes) {
  if (encoder.task != Task::classes) return;
  const std::vector<std::uint32_t> labels = encode_labels(encoder, table);
  std::vector<bool> seen(encoder.labels.size(), false);
  for (const std::size_t row : split.training) seen[labels[row]] = true;
  for (std::size_t k = 0; k < seen.size(); ++k)
    if (!seen[k])
      notes.push_back(warning_note(
          NoteTopic::rows,
          fmt::format("class {} has no training rows: the model cannot learn it", in_quotes(encoder.labels[k])),
          encoder.target));
}

// Explains why there are fewer validation rows than requested.
void note_few_rows_of_a_class(const Encoder& encoder, const Split& split, const FitOptions& options,
                              std::vector<Note>& notes) {
  if (encoder.task != Task::classes || !options.stratify || options.validation_split == 0 || !options.time.empty())
    return;
  const std::string target = in_quotes(encoder.target);
  const std::size_t taken = split.validation.size(), rows = taken + split.training.size();
  const auto requested = static_cast<std::size_t>(options.validation_split * static_cast<double>(rows) + 0.5);
  if (taken == 0)
    notes.push_back(info_note(NoteTopic::rows,
                              fmt::format("no validation rows: every class of {} has one {}, which training needs",
                                          target, options.group.empty() ? "row" : "group"),
                              encoder.target, "validation_split"));
  else if (taken < requested && options.group.empty())
    notes.push_back(
        info_note(NoteTopic::rows,
                  fmt::format("{} of {} rows are validation rows, not {}: training needs one row of every class of {}",
                              taken, rows, requested, target),
                  encoder.target, "validation_split"));
}

}  // namespace

Split split_for(const Encoder& encoder, const Table& table, const FitOptions& options, bool other_table,
                std::vector<Note>& notes) {
  check_options(options, other_table);
  Split split;
  if (!options.validation_rows.empty() && !other_table) {
    // Row numbers of the file, which include rows that were left out.
    const auto [first, last] = named_rows(options.validation_rows, rows_in_file(table));
    for (std::size_t row = 0; row < table.rows; ++row) {
      const std::size_t index = number_of_row(table, row) - 1;
      (index >= first && index < last ? split.validation : split.training).push_back(row);
    }
    if (split.validation.empty() || split.training.empty())
      throw option_error(
          "validation_rows",
          fmt::format("expected rows with a target inside and outside this range, found none {} {}",
                      split.validation.empty() ? "inside" : "outside", in_quotes(options.validation_rows)));
    note_unseen_classes(encoder, table, split, notes);
    return split;
  }
  split.training.resize(table.rows);
  std::iota(split.training.begin(), split.training.end(), std::size_t{0});
  Chooser chooser(encoder, table, options, notes);
  if (options.test_split > 0) {
    split.test = chooser.split_off(split.training, options.test_split, SplitPurpose::test);
    if (split.test.empty())
      notes.push_back(warning_note(NoteTopic::test_rows, "no test rows: training needs every row", "", "test_split"));
  }
  if (options.test_folds > 0) split.test = chooser.take_fold(split.training);  // rows of test_split are left out
  if (!other_table && options.validation_split > 0) {
    split.validation = chooser.split_off(split.training, options.validation_split, SplitPurpose::validation);
    note_few_rows_of_a_class(encoder, split, options, notes);
  }
  note_unseen_classes(encoder, table, split, notes);
  return split;
}

}  // namespace chainrule
