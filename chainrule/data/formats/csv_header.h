// SPDX-License-Identifier: Apache-2.0
// Whether the first row of a CSV file is a header: compares each of its fields with the fields below it. Internal to
// formats/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/data/formats/csv_field.h"
#include "chainrule/data/formats/load_table.h"

namespace chainrule::formats {

/// The first row of a sample, and what stands below each of its fields. A sink of CsvParser.
class HeaderSample {
 public:
  /// `first`: the columns of the first file, if several make one table.
  explicit HeaderSample(const LoadOptions& options, const Table* first = nullptr);

  bool field(std::string_view text, std::uint64_t line);
  void row(std::uint64_t line);
  void blank_line(std::uint64_t) {}

  std::size_t rows() const { return rows_; }
  /// Whether each further row has one field more than the first: its name, in front, as R writes it. Not so if the last
  /// one is always empty (a delimiter at the end of each row), or if the second row is the header (below a title).
  bool has_row_names() const;

  struct Verdict {
    bool is_header = false;
    std::string reason;             ///< for a note
    bool is_above_numbers = false;  ///< a header since text stands above numbers
  };
  /// The first of these that applies:
  /// - A header: each further row has one field more.
  /// - A header: the first row has names of the first file's columns, those of the trained model's columns, or the
  ///   name of the target.
  /// - If it has numbers: a header if these are names, which number the columns from 0 or 1 or are years, each once and
  ///   different from what is below them, or if there are two texts or more, each above numbers only; else none.
  /// - A header: some field is text above numbers only.
  /// - If columns below repeat a few texts: a header if none of them repeats its first field, none if most do.
  /// - A header if its fields are all different and none is empty, unless a model was trained without one.
  Verdict verdict() const;

 private:
  struct Below {
    std::size_t numbers = 0, decimals = 0, texts = 0;  // decimals: numbers written with a decimal point
    double minimum = std::numeric_limits<double>::infinity(), maximum = -std::numeric_limits<double>::infinity();
    bool repeats_first = false;    // a text below is that of the first row
    bool has_many = false;         // more than kFewTexts different texts
    std::vector<std::string> few;  // the different texts
  };
  enum class Likeness { like, outside, different };

  void look_at_length(std::size_t c, std::string_view text);
  void look(Below& below, std::string_view text, const std::string& first) const;
  std::vector<std::size_t> numbered() const;
  bool has_names_of_first() const;
  bool has_model_names() const;
  bool has_target_name() const;
  bool has_texts_above_numbers() const;
  bool are_names(const std::vector<std::size_t>& columns) const;
  Likeness likeness(std::size_t column) const;

  const LoadOptions& options_;
  const Table* first_file_;
  FieldReader reader_;
  std::vector<std::string> first_;
  std::vector<Below> below_;
  std::size_t rows_ = 0, fields_ = 0;
  std::size_t longer_ = 0, with_last_ = 0;   // rows with one field more than the first, and those where it is not empty
  std::vector<bool> second_is_text_;         // each field of the second row
  std::vector<std::size_t> texts_in_later_;  // rows with text in each field after the second row
};

}  // namespace chainrule::formats
