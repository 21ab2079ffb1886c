// SPDX-License-Identifier: Apache-2.0
#include "chainrule/data/leakage.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string_view>
#include <utility>

#include "chainrule/data/columns/column_checks.h"
#include "chainrule/data/encoding.h"
#include "chainrule/data/table_columns.h"

namespace chainrule {
namespace {

constexpr std::size_t kFewRows = 20;      // so few rows may agree by chance
constexpr std::size_t kFewOthers = 5;     // so few rows outside the largest class, too
constexpr double kSame = 0.9999;          // correlation from which a column duplicates the target
constexpr std::size_t kFirstLook = 1000;  // so many rows suffice to rule out most columns
constexpr double kClearlyOther = 0.99;
// A column decides the class in so many rows, with so many outside of the largest class, in no table by chance.
constexpr std::size_t kRowsToDecide = 50, kOthersToDecide = 10;
constexpr std::size_t kRowsPerValue = 5;  // fewer rows of each value agree by chance
constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

// Checks that values and classes map one to one.
class Pairs {
 public:
  explicit Pairs(std::size_t classes) : taken_(classes, false) {}
  // False if the column is not a duplicate. `known`: the class of this row's value so far, kNone for a new value.
  bool add(std::uint32_t& known, std::uint32_t label) {
    if (known != kNone) return known == label;
    if (taken_[label]) return false;  // two values of one class
    taken_[label] = true;
    known = label;
    return true;
  }

 private:
  std::vector<bool> taken_;
};

bool copies_classes(const Table& table, const Column& column, std::span<const std::uint32_t> labels,
                    std::size_t classes) {
  Pairs pairs(classes);
  if (column.is_number()) {
    std::map<double, std::uint32_t> class_of;  // never more than there are classes
    std::uint32_t class_of_missing = kNone;
    for (std::size_t row = 0; row < table.rows; ++row) {
      const double number = column.numbers[row];
      std::uint32_t& known = std::isnan(number) ? class_of_missing : class_of.try_emplace(number, kNone).first->second;
      if (!pairs.add(known, labels[row])) return false;
    }
    return true;
  }
  if (!has_codes(table, column)) return false;
  std::vector<std::uint32_t> class_of(column.spellings.size(), kNone);
  for (std::size_t row = 0; row < table.rows; ++row)
    if (!pairs.add(class_of[column.codes[row]], labels[row])) return false;
  return true;
}

// The magnitude of the correlation over the rows where both are present; 0 if one of them is constant.
double correlation(std::span<const double> a, std::span<const double> b) {
  double count = 0, sum_a = 0, sum_b = 0;
  for (std::size_t row = 0; row < a.size(); ++row) {
    if (std::isnan(a[row])) continue;
    ++count;
    sum_a += a[row];
    sum_b += b[row];
  }
  if (count < static_cast<double>(kFewRows)) return 0;
  const double mean_a = sum_a / count, mean_b = sum_b / count;
  double squares_a = 0, squares_b = 0, products = 0;
  for (std::size_t row = 0; row < a.size(); ++row) {
    if (std::isnan(a[row])) continue;
    squares_a += (a[row] - mean_a) * (a[row] - mean_a);
    squares_b += (b[row] - mean_b) * (b[row] - mean_b);
    products += (a[row] - mean_a) * (b[row] - mean_b);
  }
  const double size = std::sqrt(squares_a) * std::sqrt(squares_b);
  return size > 0 && std::isfinite(size) ? std::fabs(products) / size : 0;
}

bool copies_numbers(std::span<const double> numbers, std::span<const double> target) {
  const std::size_t rows = std::min(kFirstLook, numbers.size());
  const double first_look = correlation(numbers.first(rows), target.first(rows));
  if (first_look > 0 && first_look < kClearlyOther) return false;
  return correlation(numbers, target) >= kSame;
}

// The rank of each number, of equal ones the mean of theirs; NaN stays NaN.
std::vector<double> ranks_of(std::span<const double> numbers) {
  std::vector<std::size_t> order;
  for (std::size_t row = 0; row < numbers.size(); ++row)
    if (!std::isnan(numbers[row])) order.push_back(row);
  std::ranges::sort(order, {}, [&](std::size_t row) { return numbers[row]; });
  std::vector<double> ranks(numbers.size(), std::numeric_limits<double>::quiet_NaN());
  for (std::size_t first = 0, last = 0; first < order.size(); first = last) {
    while (last < order.size() && numbers[order[last]] == numbers[order[first]]) ++last;
    for (std::size_t at = first; at < last; ++at) ranks[order[at]] = static_cast<double>(first + last - 1) / 2;
  }
  return ranks;
}

// As a logarithm of the target does.
bool orders_numbers(std::span<const double> numbers, std::span<const double> target) {
  const auto agreement = [&](std::size_t rows) {
    std::vector<double> known(target.begin(), target.begin() + static_cast<std::ptrdiff_t>(rows));
    for (std::size_t row = 0; row < rows; ++row)
      if (std::isnan(numbers[row])) known[row] = numbers[row];  // has no rank among the others
    return correlation(ranks_of(numbers.first(rows)), ranks_of(known));
  };
  const std::size_t rows = std::min(kFirstLook, numbers.size());
  const double first_look = agreement(rows);
  if (first_look > 0 && first_look < kClearlyOther) return false;
  return (rows == numbers.size() ? first_look : agreement(numbers.size())) >= kSame;
}

// Whether the rows of each class are next to each other in the order of the numbers: limits between them decide.
bool limits_decide(std::span<const double> numbers, std::span<const std::uint32_t> labels, std::size_t classes) {
  const auto are_apart = [&](std::size_t rows) {
    std::vector<std::pair<double, std::uint32_t>> sorted;
    for (std::size_t row = 0; row < rows; ++row) {
      if (std::isnan(numbers[row])) return false;
      sorted.emplace_back(numbers[row], labels[row]);
    }
    std::ranges::sort(sorted);
    std::vector<bool> ended(classes, false);
    for (std::size_t at = 1; at < sorted.size(); ++at) {
      const auto [before, label] = std::pair(sorted[at - 1].second, sorted[at].second);
      if (before == label) continue;
      if (sorted[at - 1].first == sorted[at].first || ended[label]) return false;
      ended[before] = true;
    }
    return true;
  };
  return are_apart(std::min(kFirstLook, numbers.size())) && are_apart(numbers.size());
}

// Whether all rows of a value have one class, in a column of few values.
bool values_decide(const Column& column, std::span<const std::uint32_t> labels) {
  if (column.spellings.size() * kRowsPerValue > labels.size()) return false;
  std::vector<std::uint32_t> class_of(column.spellings.size(), kNone);
  for (std::size_t row = 0; row < labels.size(); ++row) {
    std::uint32_t& known = class_of[column.codes[row]];
    if (known != kNone && known != labels[row]) return false;
    known = labels[row];
  }
  return true;
}

// Of the largest class, outside of it, and of the smallest class.
struct ClassRows {
  std::size_t others = 0, fewest = 0;
};

ClassRows rows_of_classes(std::span<const std::uint32_t> labels, std::size_t classes) {
  std::vector<std::size_t> rows(classes, 0);
  for (const std::uint32_t label : labels) ++rows[label];
  return {labels.size() - std::ranges::max(rows), std::ranges::min(rows)};
}

struct Copies {
  std::vector<std::string> same, ordered, deciding;
};

Copies copies_of_classes(const Encoder& encoder, const Table& table) {
  Copies copies;
  const std::size_t classes = encoder.labels.size();
  const std::vector<std::uint32_t> labels = encode_labels(encoder, table);
  const ClassRows rows = rows_of_classes(labels, classes);
  if (rows.others < kFewOthers) return copies;
  const bool may_decide = table.rows >= kRowsToDecide && rows.others >= kOthersToDecide;
  for (const std::size_t number : encoder.input_columns) {
    const Column& column = table.columns[number - 1];
    if (rows.fewest > 1 && copies_classes(table, column, labels, classes))
      copies.same.push_back(column.name);
    else if (may_decide && (column.is_number() ? limits_decide(column.numbers, labels, classes)
                                               : has_codes(table, column) && values_decide(column, labels)))
      copies.deciding.push_back(column.name);
  }
  return copies;
}

Copies copies_of_numbers(const Encoder& encoder, const Table& table) {
  Copies copies;
  const std::span<const double> target = table.columns[encoder.target_column - 1].numbers;
  for (const std::size_t number : encoder.input_columns) {
    const Column& column = table.columns[number - 1];
    if (!column.is_number()) continue;
    if (copies_numbers(column.numbers, target))
      copies.same.push_back(column.name);
    else if (orders_numbers(column.numbers, target))
      copies.ordered.push_back(column.name);
  }
  return copies;
}

// "column a" or "columns a, b", with the verb for one and for several.
void note(const std::vector<std::string>& names, std::string_view one, std::string_view several, std::string_view rest,
          std::vector<Note>& notes) {
  if (names.empty()) return;
  const bool single = names.size() == 1;
  notes.push_back(warning_note(NoteTopic::leakage,
                               message_of(single ? "column " : "columns ", listed(names), single ? one : several, rest,
                                          " (", NamedOption{"ignore"}, " leaves ", single ? "it" : "them", " out)"),
                               single ? names[0] : "", "ignore"));
}

}  // namespace

void note_copies(const Encoder& encoder, const Table& table, std::vector<Note>& notes) {
  if (table.rows < kFewRows || encoder.inputs.empty()) return;
  const Copies copies =
      encoder.task == Task::classes ? copies_of_classes(encoder, table) : copies_of_numbers(encoder, table);
  constexpr std::string_view kLeakage = " the target (leakage); the model may be useless on new data";
  note(copies.same, " duplicates", " duplicate", kLeakage, notes);
  note(copies.ordered, " orders the rows as the target does, as its logarithm would",
       " order the rows as the target does, as its logarithm would", "; if known only with the target, it is leakage",
       notes);
  note(copies.deciding, " alone decides the class of every row", " each decide the class of every row",
       "; if known only with the target, it is leakage", notes);
}

}  // namespace chainrule
