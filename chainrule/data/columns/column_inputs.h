// SPDX-License-Identifier: Apache-2.0
// Converts columns to inputs of the network: fits scales and categories, and encodes rows. Internal.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "chainrule/data/encoder.h"
#include "chainrule/data/label_index.h"

namespace chainrule {

/// `value` clamped to the range of a float.
float as_float(double value);

/// Maximum number of categories of a column with their own inputs: the most frequent ones on the training rows.
constexpr std::size_t kMaxCategories = 100;

/// The scaled number as in encode(), clamped to the range of a float; 0 for a constant column.
float encode_number(const InputColumn& column, double x);
/// The column.width() inputs of a column. x: the number, NaN if missing; of a boolean 0 or 1; of a date its seconds
/// since 1970 (of a time those since midnight); of a category its index in column.categories, any other value if
/// unseen.
void encode_input(const InputColumn& column, double x, std::span<float> inputs);
/// One name per input of the network: "age", "age is missing", "color = red", "color is new", "bought (linear)",
/// "bought (day of week, sin)"; none for images.
std::vector<std::string> input_names(const Encoder& encoder);

/// Fits scales, medians and categories of the input columns to these rows. The j-th index is the table's column of
/// input j.
void fit_inputs(Encoder& encoder, const Table& table, const std::vector<std::size_t>& indices,
                std::span<const std::size_t> rows, Scaling scaling, std::vector<Note>& notes);
/// (table.rows x encoder.width()). Throws Error (input) for text where the encoder needs a number.
Features encode_inputs(const Encoder& encoder, const Table& table, const std::vector<std::size_t>& indices);

/// The text of a row: as written in the file, or the fewest digits of a number; "" if missing.
std::string text_of(const Table& table, const Column& column, std::size_t row);

/// Finds the category of each row.
class Categories {
 public:
  Categories(const InputColumn& input, const Column& column) : column_(column), index_(input.categories) {
    for (const std::string& spelling : column.spellings) of_code_.push_back(index_.find(spelling));
  }
  std::uint32_t of_row(std::size_t row) const {
    if (!column_.codes.empty()) return of_code_.at(column_.codes[row]);
    const double number = column_.numbers[row];
    return std::isnan(number) ? index_.find("") : index_.find(number);
  }

 private:
  const Column& column_;
  LabelIndex index_;
  std::vector<std::uint32_t> of_code_;
};

}  // namespace chainrule
