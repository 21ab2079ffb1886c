// SPDX-License-Identifier: Apache-2.0
#include "chainrule/data/columns/column_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <exception>

#include "chainrule/base/checks.h"
#include "chainrule/base/parallel_jobs.h"
#include "chainrule/base/text.h"
#include "chainrule/data/columns/column_values.h"
#include "chainrule/data/columns/dates.h"
#include "chainrule/engine/kernels/processor.h"

namespace chainrule {
namespace {

using Values = std::vector<std::pair<std::string, std::size_t>>;

std::string number(double value) { return fmt::format("{:.8g}", value); }

// The order of `counts` decides among equally frequent values.
template <class Range, class Name>
Values most_frequent(const Range& counts, Name name) {
  std::vector<std::size_t> order(counts.size());
  for (std::size_t k = 0; k < order.size(); ++k) order[k] = k;
  const std::size_t shown = std::min(kValuesShown, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(shown), order.end(),
                    [&](std::size_t a, std::size_t b) {
                      return counts[a].second > counts[b].second || (counts[a].second == counts[b].second && a < b);
                    });
  Values values;
  for (std::size_t k = 0; k < shown; ++k) values.emplace_back(name(counts[order[k]].first), counts[order[k]].second);
  return values;
}

// Sorts, then counts equal neighbors.
void count_numbers(const Column& column, ColumnFacts& facts) {
  std::vector<double> numbers;
  numbers.reserve(column.numbers.size());
  for (const double x : column.numbers)
    if (!std::isnan(x)) numbers.push_back(x);
  facts.present = numbers.size();
  if (numbers.empty()) return;
  std::sort(numbers.begin(), numbers.end());
  facts.has_range = true;
  facts.smallest = numbers.front();
  facts.largest = numbers.back();
  const double above = numbers[numbers.size() / 2], below = numbers[(numbers.size() - 1) / 2];
  facts.median = below + (above - below) / 2;
  for (const double x : numbers) facts.mean += x / static_cast<double>(numbers.size());  // a sum could overflow
  std::vector<std::pair<double, std::size_t>> counts;
  for (const double x : numbers) {
    if (counts.empty() || counts.back().first != x) counts.emplace_back(x, 0);
    ++counts.back().second;
  }
  facts.distinct = counts.size();
  facts.values = most_frequent(counts, [](double x) { return fmt::format("{}", x); });
}

void count_texts(const Column& column, ColumnFacts& facts) {
  std::vector<std::pair<std::size_t, std::size_t>> counts;  // code, rows
  for (std::size_t code = 0; code < column.spellings.size(); ++code) counts.emplace_back(code, 0);
  for (const std::uint32_t code : column.codes) ++counts[code].second;
  std::erase_if(counts, [&](const auto& count) { return count.second == 0 || column.spellings[count.first].empty(); });
  for (const auto& [code, rows] : counts) facts.present += rows;
  facts.distinct = counts.size();
  facts.values = most_frequent(counts, [&](std::size_t code) { return column.spellings[code]; });
}

bool is_date(const ColumnFacts& facts) {
  return facts.reading.type == ColumnType::date || facts.reading.type == ColumnType::time;
}

// The number of inputs, and their meaning.
std::string inputs_text(const InputColumn& input, const std::string& scaling) {
  const std::size_t width = input.width();
  std::string text = fmt::format("{} input{}", width, width == 1 ? "" : "s");
  if (input.constant) return text + ": constant, nothing to learn";
  if (input.categorical) return fmt::format("one-hot, {}", text);
  text += input.boolean ? ": yes or no" : input.date ? ": linear" : fmt::format(": {}", scaling);
  if (!input.boolean && !input.date && scaling != "none") text += " scaling";
  for (const Cycle cycle : input.cycles) text += fmt::format(", {}", kCycleNames[static_cast<std::size_t>(cycle)]);
  return text + (input.may_miss ? ", gaps" : "");
}

std::string target_text(const Encoder& encoder) {
  return encoder.task == Task::number ? "target: a number" : fmt::format("target: {} classes", encoder.labels.size());
}

std::string left_out_text(ColumnType type) {
  if (type == ColumnType::id) return "left out: unique text, looks like an id";
  if (type == ColumnType::free_text) return "left out: free text";
  return type == ColumnType::running_number ? "left out: numbers the rows" : "left out";
}

}  // namespace

ColumnFacts facts_of(const Table& table, std::size_t index) {
  const Column& column = table.columns[index];
  ColumnFacts facts;
  facts.reading = read_column(table, index);
  facts.missing = column.missing;
  if (column.is_number())
    count_numbers(column, facts);
  else if (column.codes.size() == table.rows)
    count_texts(column, facts);
  else
    facts.present = table.rows - column.missing;
  if (!is_date(facts)) return facts;
  InputColumn input{column.name};
  input.date = facts.reading.form;
  Column storage;
  ColumnFacts of_seconds;
  count_numbers(numbers_for(input, table, index, storage), of_seconds);
  facts.has_range = of_seconds.has_range;
  facts.smallest = of_seconds.smallest;
  facts.median = of_seconds.median;
  facts.largest = of_seconds.largest;
  return facts;
}

std::vector<ColumnFacts> facts_of_all(const Table& table) {
  std::vector<ColumnFacts> facts(table.columns.size());
  const auto never = [] { return false; };
  for (const std::exception_ptr& error :
       run_in_parallel(facts.size(), usable_threads(), never, [&](std::size_t c) { facts[c] = facts_of(table, c); }))
    if (error) std::rethrow_exception(error);
  return facts;
}

ColumnUse use_of(const Table& table, std::size_t index, const ColumnFacts& facts, const Encoder* encoder,
                 const std::string& scaling) {
  if (encoder == nullptr) return {};
  if (encoder->target_column == index + 1) return {target_text(*encoder), 0};
  if (encoder->weight_column == index + 1) return {"weight of the row", 0};
  const auto at = std::ranges::lower_bound(encoder->input_columns, index + 1);  // sorted in a new plan
  if (at != encoder->input_columns.end() && *at == index + 1) {
    const InputColumn& input = encoder->inputs[static_cast<std::size_t>(at - encoder->input_columns.begin())];
    return {inputs_text(input, scaling), input.width()};
  }
  const ColumnReading& reading = facts.reading;
  const ColumnType type = reading.type == ColumnType::mixed ? reading.as_texts : reading.type;
  return {table.has_images() ? "" : left_out_text(type), 0};
}

std::string values_text(const ColumnFacts& facts, const Column& column, std::size_t width) {
  const ColumnType type = facts.reading.type;
  if (is_date(facts))
    return fmt::format("{} to {}", date_text(facts.smallest, facts.reading.form),
                       date_text(facts.largest, facts.reading.form));
  if (type == ColumnType::number && facts.has_range)
    return fmt::format("{} to {}, median {}", number(facts.smallest), number(facts.largest), number(facts.median));
  if (type == ColumnType::running_number)
    return fmt::format("{}, {} ... {}", number(column.numbers[0]), number(column.numbers[1]), number(facts.largest));
  if (type == ColumnType::mixed)
    return fmt::format("numbers, but {} in line {}{}", in_quotes(column.first_text.text), column.first_text.line,
                       column.first_text.part == 0 ? "" : fmt::format(" of file {}", column.first_text.part + 1));
  if (facts.values.empty())
    return facts.present == 0 ? "all missing" : fmt::format("e.g. {}", in_quotes(column.first_text.text));
  if (type == ColumnType::constant) return fmt::format("always {}", shortened(facts.values[0].first));
  std::string out;
  const bool unique = facts.values[0].second == 1;
  std::size_t shown = 0;
  for (const auto& [value, count] : facts.values) {
    std::string one = shortened(value);
    if (unique)
      one = in_quotes(value, 24);
    else
      one += fmt::format(" {}", count);
    const std::size_t needed = length(out) + 2 + length(one) + (facts.distinct > shown + 1 ? 5 : 0);
    if (shown > 0 && needed > width) break;
    out += (shown > 0 ? ", " : "") + one;
    ++shown;
  }
  return facts.distinct > shown ? out + ", ..." : out;
}

}  // namespace chainrule
