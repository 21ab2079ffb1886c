// SPDX-License-Identifier: Apache-2.0
// The fields of one row as the numbers that an encoder reads, as if they stood in a file. Internal to the library.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "chainrule/data/encoder.h"
#include "chainrule/data/formats/csv_field.h"
#include "chainrule/data/formats/load_table.h"
#include "chainrule/data/label_index.h"

namespace chainrule {

/// Reads rows for one encoder, which must outlive it. Reading changes nothing.
class RowReader {
 public:
  /// `options`: how the training data were read (missing, decimal_comma and numeric count).
  RowReader(const Encoder& encoder, const formats::LoadOptions& options);

  /// fields[j] of input column j to numbers[j], which Predictor::predict() reads: a number, NaN where it is missing;
  /// the seconds of a date; the index of a category. Throws Error (usage) for another count and for images, (input)
  /// that names the column for a field that it cannot have.
  void read(std::span<const std::string_view> fields, std::span<double> numbers) const;
  /// The same of fields that are numbers, NaN = missing; pixels stay as they are.
  void read(std::span<const double> fields, std::span<double> numbers) const;
  /// Index of the input column with this name; none: there is none.
  std::optional<std::size_t> find(std::string_view name) const;

 private:
  double read(std::size_t input, const formats::FieldValue& value, std::string_view text) const;
  [[noreturn]] void refuse(std::size_t input, std::string_view expected, std::string_view text, double number) const;

  const Encoder* encoder_;
  formats::FieldReader reader_;
  NumberNotation notation_;             // of the table
  std::vector<bool> numeric_;           // a text there counts as missing
  std::vector<LabelIndex> categories_;  // of each input; empty if it is not a category
  std::vector<std::size_t> by_name_;    // inputs in the order of their names
};

}  // namespace chainrule
