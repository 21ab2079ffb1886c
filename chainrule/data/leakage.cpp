// SPDX-License-Identifier: Apache-2.0
#include "chainrule/data/leakage.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <span>

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

bool are_few_others(std::span<const std::uint32_t> labels, std::size_t classes) {
  std::vector<std::size_t> rows(classes, 0);
  for (const std::uint32_t label : labels) ++rows[label];
  return labels.size() - *std::max_element(rows.begin(), rows.end()) < kFewOthers ||
         *std::min_element(rows.begin(), rows.end()) < 2;
}

}  // namespace

void note_copies(const Encoder& encoder, const Table& table, std::vector<Note>& notes) {
  if (table.rows < kFewRows || encoder.inputs.empty()) return;
  const bool classes = encoder.task == Task::classes;
  std::vector<std::uint32_t> labels;
  if (classes) labels = encode_labels(encoder, table);
  if (classes && are_few_others(labels, encoder.labels.size())) return;
  std::vector<std::string> copies;
  for (const std::size_t number : encoder.input_columns) {
    const Column& column = table.columns[number - 1];
    const bool same = classes ? copies_classes(table, column, labels, encoder.labels.size())
                              : column.is_number() &&
                                    copies_numbers(column.numbers, table.columns[encoder.target_column - 1].numbers);
    if (same) copies.push_back(column.name);
  }
  if (copies.empty()) return;
  const bool one = copies.size() == 1;
  notes.push_back(
      warning_note(NoteTopic::leakage,
                   message_of(one ? "column " : "columns ", listed(copies), one ? " duplicates" : " duplicate",
                              " the target (leakage); the model may be useless on new data (", NamedOption{"ignore"},
                              " leaves ", one ? "it" : "them", " out)"),
                   one ? copies[0] : "", "ignore"));
}

}  // namespace chainrule
