// SPDX-License-Identifier: Apache-2.0
// Converts columns to inputs of the network: fits scales and categories, and encodes rows. Internal to data/.
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
    if (column.is_number()) return;
    for (const std::string& spelling : column.spellings) of_code_.push_back(index_.find(spelling));
  }
  std::uint32_t of_row(std::size_t row) const {
    if (!column_.is_number()) return of_code_.at(column_.codes[row]);
    const double number = column_.numbers[row];
    return std::isnan(number) ? index_.find("") : index_.find(number);
  }

 private:
  const Column& column_;
  LabelIndex index_;
  std::vector<std::uint32_t> of_code_;
};

}  // namespace chainrule
