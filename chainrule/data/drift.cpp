// SPDX-License-Identifier: Apache-2.0
#include "chainrule/data/drift.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "chainrule/base/checks.h"
#include "chainrule/data/columns/column_checks.h"
#include "chainrule/data/columns/column_inputs.h"
#include "chainrule/data/columns/column_values.h"
#include "chainrule/data/encoding.h"
#include "chainrule/data/table_columns.h"
#include "chainrule/data/table_rows.h"

namespace chainrule {
namespace {

constexpr std::size_t kMaxLines = 8;  // a wide table from another source could differ in every column
// Of n rows like k training rows, j or more lie above the largest of these with a probability of about (n / (n + k))^j:
// 0.4 % for 4 of 100 rows after 300. In so many rows, so few, or one in so many, are expected.
constexpr std::size_t kManyNewRows = 20, kFewOutside = 3, kOneOf = 100;
constexpr double kFar = 0.5;  // of the training range

enum class Difference { missing, unknown, below, above, none };
constexpr std::size_t kDifferences = 4;

// Compares the fields of one column with what training had.
class Comparison {
 public:
  Comparison(const InputColumn& input, const Table& table, std::size_t index)
      : input_(input), column_(table.columns[index]), can_differ_(!input.constant) {
    if (!input.categorical) {
      numbers_ = &numbers_for(input, table, index, storage_);
      return;
    }
    if (column_.is_number() || has_codes(table, column_)) categories_.emplace(input, column_);
    knows_missing_ = std::binary_search(input.categories.begin(), input.categories.end(), "");
    can_differ_ = can_differ_ && categories_.has_value();
  }

  bool can_differ() const { return can_differ_; }

  Difference of_row(std::size_t row) const {
    if (categories_) {
      if (categories_->of_row(row) != LabelIndex::kUnknown) return Difference::none;
      return is_missing(row) ? Difference::missing : Difference::unknown;
    }
    const double number = numbers_->numbers[row];
    if (std::isnan(number) && !is_missing(row)) return Difference::unknown;  // a word that is neither yes nor no
    if (std::isnan(number)) return input_.may_miss ? Difference::none : Difference::missing;
    return number < input_.minimum ? Difference::below : number > input_.maximum ? Difference::above : Difference::none;
  }

  // Of a number outside the training range.
  bool is_far(std::size_t row) const {
    const double number = numbers_->numbers[row], margin = kFar * (input_.maximum - input_.minimum);
    return number < input_.minimum - margin || number > input_.maximum + margin;
  }

 private:
  bool is_missing(std::size_t row) const {
    if (knows_missing_) return false;
    return column_.is_number() ? std::isnan(column_.numbers[row]) : column_.spellings[column_.codes[row]].empty();
  }

  const InputColumn& input_;
  const Column& column_;
  Column storage_;                   // for the numbers of booleans and dates
  const Column* numbers_ = nullptr;  // null for a column of categories
  std::optional<Categories> categories_;
  bool knows_missing_ = false, can_differ_ = false;
};

// The encoder knows only the most frequent of many categories.
bool has_rare_ones(const InputColumn& input) { return input.categories.size() >= kMaxCategories; }

std::string words(const InputColumn& input, Difference difference) {
  switch (difference) {
    case Difference::missing:
      return input.name + " is missing";
    case Difference::unknown:
      return input.name + (has_rare_ones(input) ? " is new or rare" : " is new");
    case Difference::below:
      return input.name + " below the training range";
    case Difference::above:
      return input.name + " above the training range";
    case Difference::none:
      break;
  }
  return "";
}

// The rows of a column that differ in one way.
struct Differing {
  std::size_t rows = 0, first = 0;
  bool far = false;  // one of them is more than half of the training range away from it
};

// New rows of the same kind have a few numbers a little above the largest or below the smallest one of training: no
// sign of drift.
bool may_be_chance(Difference difference, const Differing& found, std::size_t rows) {
  if (difference != Difference::below && difference != Difference::above) return false;
  return rows >= kManyNewRows && !found.far && found.rows <= std::max(kFewOutside, rows / kOneOf);
}

std::string line(const InputColumn& input, const Table& table, const Column& column, Difference difference,
                 const Differing& found) {
  const std::string where = in_column(column), at = location_of_row(table, found.first);
  const auto first = [&] { return fmt::format("first {} in {}", in_quotes(text_of(table, column, found.first)), at); };
  if (difference == Difference::unknown && input.boolean)
    return fmt::format("{}: {} neither yes nor no, so read as missing, {}", where, counted(found.rows, "row"), first());
  if (difference == Difference::unknown)
    return fmt::format("{}: {} with a value {}, {}", where, counted(found.rows, "row"),
                       has_rare_ones(input)
                           ? fmt::format("that is new or not among the {} most frequent of training", kMaxCategories)
                           : "not seen in training",
                       first());
  if (difference != Difference::missing)
    return fmt::format("{}: {} {} the training range ({} to {}), {}", where, counted(found.rows, "row"),
                       difference == Difference::below ? "below" : "above", value_text(input, input.minimum),
                       value_text(input, input.maximum), first());
  const std::string gaps = fmt::format("{}: {}, where training had none", where, counted(found.rows, "missing value"));
  return input.categorical ? fmt::format("{}, first in {}", gaps, at)
                           : fmt::format("{}: replaced by the median {}", gaps, value_text(input, input.fill));
}

}  // namespace

std::vector<Note> input_drift_notes(const Encoder& encoder, const Table& table,
                                    const std::vector<std::size_t>& indices) {
  std::vector<Note> notes;
  std::size_t more = 0;
  for (std::size_t j = 0; j < indices.size(); ++j) {
    const InputColumn& input = encoder.inputs[j];
    const Column& column = table.columns[indices[j]];
    const Comparison comparison(input, table, indices[j]);
    if (!comparison.can_differ()) continue;
    std::array<Differing, kDifferences> found;
    for (std::size_t row = 0; row < table.rows; ++row) {
      const Difference difference = comparison.of_row(row);
      if (difference == Difference::none) continue;
      Differing& differing = found[static_cast<std::size_t>(difference)];
      if (differing.rows++ == 0) differing.first = row;
      if (difference == Difference::below || difference == Difference::above)
        differing.far = differing.far || comparison.is_far(row);
    }
    for (std::size_t d = 0; d < kDifferences; ++d) {
      if (found[d].rows == 0 || may_be_chance(static_cast<Difference>(d), found[d], table.rows)) continue;
      if (notes.size() < kMaxLines)
        notes.push_back(warning_note(NoteTopic::drift, line(input, table, column, static_cast<Difference>(d), found[d]),
                                     column.name));
      else
        ++more;
    }
  }
  if (more > 0) notes.push_back(warning_note(NoteTopic::drift, fmt::format("and {} more of this kind", more)));
  return notes;
}

std::vector<std::string> row_drift_notes(const Encoder& encoder, const Table& table,
                                         const std::vector<std::size_t>& indices) {
  std::vector<std::string> texts(table.rows);
  for (std::size_t j = 0; j < indices.size(); ++j) {
    const InputColumn& input = encoder.inputs[j];
    const Comparison comparison(input, table, indices[j]);
    for (std::size_t row = 0; comparison.can_differ() && row < table.rows; ++row) {
      const Difference difference = comparison.of_row(row);
      if (difference == Difference::none) continue;
      texts[row] += (texts[row].empty() ? "" : "; ") + words(input, difference);
    }
  }
  return texts;
}

std::vector<Note> drift_notes(const Encoder& encoder, const Table& table) {
  if (encoder.images()) return {};
  return input_drift_notes(encoder, table, input_columns_of(encoder, table));
}

std::vector<std::string> row_warnings(const Encoder& encoder, const Table& table) {
  return row_drift_notes(encoder, table, input_columns_of(encoder, table));
}

}  // namespace chainrule
