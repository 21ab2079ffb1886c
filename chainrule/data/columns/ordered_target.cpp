// SPDX-License-Identifier: Apache-2.0
#include "chainrule/data/columns/ordered_target.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "chainrule/base/checks.h"
#include "chainrule/data/encoding.h"
#include "chainrule/data/table_columns.h"

namespace chainrule {
namespace {

constexpr std::size_t kFewestValues = 5;  // fewer are in some order by chance
constexpr std::size_t kFewestRows = 50;
constexpr std::size_t kRowsOfAClass = 5;  // fewer on average are rare among classes, and usual among measured numbers
constexpr std::size_t kRowsLookedAt = 10'000;
// The fraction of the differences among classes that a straight line explains: 1 / (classes - 1) by chance, 0.05 to 0.6
// for codes of classes, 0.5 to 1 for counts and ratings. Less is needed if the middle numbers are the most frequent
// ones.
constexpr double kOrdered = 0.65, kOrderedAroundAPeak = 0.4;
constexpr double kPeak = 3;   // the most frequent number to the rarest, at least
constexpr double kClear = 4;  // mean square among classes / within them, below which it may be chance

// Sums over the rows of each class.
struct ClassSums {
  std::vector<double> count, sum;
  double squares = 0, rows = 0, total = 0;
};

ClassSums sums_of(const Column& column, std::span<const std::uint32_t> labels, std::size_t classes, std::size_t step) {
  ClassSums sums{std::vector<double>(classes, 0), std::vector<double>(classes, 0)};
  double first = NAN;  // differences from it do not cancel
  for (std::size_t row = 0; row < labels.size(); row += step) {
    if (std::isnan(column.numbers[row])) continue;
    if (std::isnan(first)) first = column.numbers[row];
    const double x = column.numbers[row] - first;
    sums.count[labels[row]] += 1;
    sums.sum[labels[row]] += x;
    sums.squares += x * x;
    sums.rows += 1;
    sums.total += x;
  }
  return sums;
}

// Of one input: what differs among the classes, and the part of it that is a straight line in their numbers; both as
// fractions of the variance. Zeros if the difference may be chance.
struct Differences {
  double among = 0, line = 0;
};

Differences differences_of(const ClassSums& sums, std::span<const double> values) {
  const double variance = sums.squares - sums.total * sums.total / sums.rows;
  const auto classes = static_cast<double>(values.size());
  if (!(variance > 0) || !std::isfinite(variance) || sums.rows <= classes) return {};
  const double mean = sums.total / sums.rows;
  double middle = 0, among = 0, product = 0, spread = 0;
  for (std::size_t k = 0; k < values.size(); ++k) middle += sums.count[k] * values[k] / sums.rows;
  for (std::size_t k = 0; k < values.size(); ++k) {
    if (sums.count[k] == 0) continue;
    const double distance = sums.sum[k] / sums.count[k] - mean;
    among += sums.count[k] * distance * distance;
    product += sums.count[k] * distance * (values[k] - middle);
    spread += sums.count[k] * (values[k] - middle) * (values[k] - middle);
  }
  const double within = (variance - among) / (sums.rows - classes);
  if (among / (classes - 1) < kClear * within || !(spread > 0)) return {};
  return {among / variance, product * product / spread / variance};
}

// Whether the frequencies of the numbers rise to one peak and fall from there.
bool has_one_peak(std::span<const std::uint32_t> labels, std::size_t classes) {
  std::vector<std::size_t> rows(classes, 0);
  for (const std::uint32_t label : labels) ++rows[label];
  const auto peak = std::ranges::max_element(rows);
  return static_cast<double>(*peak) >= kPeak * static_cast<double>(*std::ranges::min_element(rows)) &&
         std::is_sorted(rows.begin(), peak) && std::is_sorted(peak, rows.end(), std::greater<>());
}

}  // namespace

bool looks_like_counts(const Encoder& encoder, const Table& table, std::span<const std::uint32_t> labels) {
  const std::vector<double>& numbers = table.columns[encoder.target_column - 1].numbers;
  const std::size_t classes = encoder.labels.size();
  if (classes < kFewestValues || labels.size() < kFewestRows || numbers.size() != labels.size()) return false;
  std::vector<double> values(classes, 0);
  for (std::size_t row = 0; row < labels.size(); ++row) values[labels[row]] = numbers[row];
  // The largest counts are rare and have gaps between them.
  if (values[0] < 0 || values[kFewestValues - 1] - values[0] != static_cast<double>(kFewestValues - 1)) return false;
  const std::size_t step = (labels.size() + kRowsLookedAt - 1) / kRowsLookedAt;
  Differences all;
  for (std::size_t j = 0; j < encoder.inputs.size(); ++j) {
    const Column& column = table.columns[encoder.input_columns[j] - 1];
    if (!column.is_number() || column.numbers.size() != labels.size() || encoder.inputs[j].categorical) continue;
    const Differences its = differences_of(sums_of(column, labels, classes, step), values);
    all.among += its.among;
    all.line += its.line;
  }
  const double needed = has_one_peak(labels, classes) ? kOrderedAroundAPeak : kOrdered;
  return all.among > 0 && all.line >= needed * all.among;
}

void note_counts(const Encoder& encoder, const Table& table, std::vector<Note>& notes) {
  const Column& target = table.columns[encoder.target_column - 1];
  if (encoder.task != Task::classes || !target.is_number() || table.has_images()) return;
  const std::size_t classes = encoder.labels.size();
  std::string reason;
  if (looks_like_counts(encoder, table, encode_labels(encoder, table)))
    reason = fmt::format("looks like counts or ratings: the inputs rise or fall with its {} numbers", classes);
  else if (classes >= kFewestValues && table.rows < kRowsOfAClass * classes)
    reason = fmt::format("has {} different numbers in {} rows", classes, table.rows);
  if (reason.empty()) return;
  notes.push_back(warning_note(
      NoteTopic::target,
      message_of(fmt::format("{} {}, and each number is a class of its own; ", in_quotes(encoder.target), reason),
                 NamedOption{"task", "number"}, " predicts a number, ", NamedOption{"task", "classes"},
                 " says that they are classes"),
      target.name, "task"));
}

}  // namespace chainrule
