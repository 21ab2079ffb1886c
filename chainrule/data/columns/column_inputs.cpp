// SPDX-License-Identifier: Apache-2.0
#include "chainrule/data/columns/column_inputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "chainrule/base/checks.h"
#include "chainrule/data/columns/column_checks.h"
#include "chainrule/data/columns/column_values.h"
#include "chainrule/data/scaling.h"
#include "chainrule/data/table_columns.h"
#include "chainrule/data/table_rows.h"

namespace chainrule {
namespace {

// Returns whether all training rows have the same value.
bool fit_number_input(InputColumn& input, const Column& column, std::span<const std::size_t> rows, Scaling scaling) {
  std::vector<std::size_t> present;
  for (const std::size_t row : rows)
    if (!std::isnan(column.numbers[row])) present.push_back(row);
  input.may_miss = present.size() < rows.size() && !present.empty();
  if (present.empty()) {
    input.constant = true;
    return true;
  }
  Scale scale = take_scale(column.numbers, present, scaling);
  input.shift = scale.shift;
  input.scale = scale.scale;
  input.clipped = scale.clipped;
  input.landmarks = std::move(scale.landmarks);
  input.scores = std::move(scale.scores);
  input.fill = quantile_of(column.numbers, present, 0.5);
  input.minimum = scale.minimum;
  input.maximum = scale.maximum;
  input.constant = scale.constant && scaling != Scaling::none && !input.may_miss;
  return scale.constant && !input.may_miss;
}

// How often each text occurs in these rows, the most frequent first.
std::vector<std::pair<std::string, std::size_t>> counts_of(const Table& table, const Column& column,
                                                           std::span<const std::size_t> rows) {
  std::map<std::string, std::size_t> of_text;
  if (has_codes(table, column)) {
    std::vector<std::size_t> of_code(column.spellings.size(), 0);
    for (const std::size_t row : rows) ++of_code[column.codes[row]];
    for (std::size_t code = 0; code < of_code.size(); ++code)
      if (of_code[code] > 0) of_text[column.spellings[code]] += of_code[code];
  } else {
    for (const std::size_t row : rows) ++of_text[text_of(table, column, row)];
  }
  std::vector<std::pair<std::string, std::size_t>> counts(of_text.begin(), of_text.end());
  std::stable_sort(counts.begin(), counts.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  return counts;
}

bool fit_category(InputColumn& input, const Table& table, std::size_t index, std::span<const std::size_t> rows,
                  std::vector<Note>& notes) {
  const Column& column = table.columns[index];
  auto counts = counts_of(table, column, rows);
  input.constant = counts.size() == 1;
  input.categories.clear();
  if (input.constant) return true;
  if (counts.size() > kMaxCategories) {
    constexpr std::size_t kManyNames = 500;  // likely customers or machines, rather than kinds
    Message text = fmt::format("{}: {} categories; the {} most frequent have inputs of their own, the others share one",
                               in_column(column), counts.size(), kMaxCategories);
    const bool many = counts.size() >= kManyNames;
    if (many)
      text.append(message_of(" (if each is a customer, machine or the like, ",
                             NamedOption{"group", name_or_number(table, index)},
                             " keeps the rows of each together in the split)"));
    notes.push_back(info_note(NoteTopic::columns, text, column.name, many ? "group" : ""));
    counts.resize(kMaxCategories);
  }
  for (auto& [text, count] : counts) input.categories.push_back(std::move(text));
  std::sort(input.categories.begin(), input.categories.end());
  return false;
}

void require_category_column(const Table& table, const Column& column) {
  if (column.is_number() || has_codes(table, column)) return;
  const Sighting& seen = column.first_no_utf8.line > 0 ? column.first_no_utf8 : column.first_text;
  throw Error(ErrorCategory::input,
              fmt::format("{}: {}: expected {}, found {}", location_of(table, seen), in_column(column),
                          column.first_no_utf8.line > 0 ? "text in UTF-8" : "at most a million different texts",
                          column.first_no_utf8.line > 0 ? in_quotes(seen.text) : "more"));
}

void encode_column(const InputColumn& input, const Table& table, std::size_t index, std::size_t offset,
                   Matrix& values) {
  const Column& column = table.columns[index];
  const std::size_t width = input.width();
  if (!input.categorical) {
    Column storage;
    const std::span<const double> numbers = numbers_for(input, table, index, storage).numbers;
    for (std::size_t row = 0; row < table.rows; ++row)
      encode_input(input, numbers[row], values.row(row).subspan(offset, width));
    return;
  }
  require_category_column(table, column);
  const Categories categories(input, column);
  for (std::size_t row = 0; row < table.rows; ++row)
    encode_input(input, static_cast<double>(categories.of_row(row)), values.row(row).subspan(offset, width));
}

}  // namespace

std::string text_of(const Table& table, const Column& column, std::size_t row) {
  if (has_codes(table, column)) return column.spellings[column.codes[row]];
  return std::isnan(column.numbers[row]) ? "" : fmt::format("{}", column.numbers[row]);
}

float as_float(double value) {
  constexpr double kMax = std::numeric_limits<float>::max();
  return static_cast<float>(std::clamp(value, -kMax, kMax));
}

float encode_number(const InputColumn& column, double x) {
  if (column.constant) return 0;
  if (!column.landmarks.empty()) return as_float(score_of(column.landmarks, column.scores, x));
  const double v = (x - column.shift) / column.scale;
  return as_float(column.clipped ? smooth_clip(v) : v);
}

void encode_input(const InputColumn& column, double x, std::span<float> inputs) {
  if (column.categorical) {
    std::ranges::fill(inputs, 0.0f);
    if (column.constant) return;
    const bool known = x >= 0 && x < static_cast<double>(column.categories.size());
    inputs[known ? static_cast<std::size_t>(x) : column.categories.size()] = 1;
    return;
  }
  inputs[0] = encode_number(column, std::isnan(x) ? column.fill : x);
  if (!column.cycles.empty()) encode_cycles(column.cycles, x, inputs.subspan(1));
  if (column.may_miss) inputs.back() = std::isnan(x) ? 1.0f : 0.0f;
}

std::vector<std::string> input_names(const Encoder& encoder) {
  std::vector<std::string> names;
  for (const InputColumn& input : encoder.inputs) {
    for (const std::string& category : input.categories)
      names.push_back(input.name + (category.empty() ? " is missing" : " = " + category));
    names.push_back(input.categorical ? input.name + " is new" : input.date ? input.name + " (linear)" : input.name);
    for (const std::string& cycle : cycle_names(input)) names.push_back(cycle);
    if (input.may_miss) names.push_back(input.name + " is missing");
  }
  return names;
}

void fit_inputs(Encoder& encoder, const Table& table, const std::vector<std::size_t>& indices,
                std::span<const std::size_t> rows, Scaling scaling, std::vector<Note>& notes) {
  std::vector<std::string> constant, gaps;
  for (std::size_t j = 0; j < encoder.inputs.size(); ++j) {
    InputColumn& input = encoder.inputs[j];
    const Column& column = table.columns[indices[j]];
    Column storage;
    bool same = false;
    if (input.categorical) {
      require_category_column(table, column);
      same = fit_category(input, table, indices[j], rows, notes);
    } else {
      const Column& numbers = numbers_for(input, table, indices[j], storage);
      // Unscaled seconds since 1970 would dominate all other inputs.
      const Scaling its = input.date && scaling == Scaling::none ? Scaling::standard : scaling;
      same = fit_number_input(input, numbers, rows, its);
      if (input.date) input.cycles = varying_cycles(*input.date, numbers.numbers, rows);
    }
    if (same) constant.push_back(input.name);
    if (input.may_miss) gaps.push_back(input.name);
  }
  if (!gaps.empty())
    notes.push_back(info_note(NoteTopic::columns,
                              fmt::format("missing values are replaced by the median and flagged by {}: {}",
                                          gaps.size() == 1 ? "an extra input" : "extra inputs", listed(gaps)),
                              gaps.size() == 1 ? gaps[0] : ""));
  if (!constant.empty())
    notes.push_back(warning_note(NoteTopic::columns,
                                 fmt::format("constant on the training rows, so nothing is learned from {}: {}",
                                             constant.size() == 1 ? "it" : "them", listed(constant)),
                                 constant.size() == 1 ? constant[0] : ""));
}

Features encode_inputs(const Encoder& encoder, const Table& table, const std::vector<std::size_t>& indices) {
  const std::size_t width = encoder.width();
  checked_product(checked_product(table.rows, width, "inputs"), sizeof(float), "inputs");
  Matrix values(table.rows, width);
  std::size_t offset = 0;
  for (std::size_t j = 0; j < indices.size(); ++j) {
    encode_column(encoder.inputs[j], table, indices[j], offset, values);
    offset += encoder.inputs[j].width();
  }
  return Features(std::move(values));
}

}  // namespace chainrule
