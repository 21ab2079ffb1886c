// SPDX-License-Identifier: Apache-2.0
// Fields and rows to columns: stores numbers directly, and text where it is needed. Internal to formats/.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/base/note.h"
#include "chainrule/data/formats/csv_dialect.h"
#include "chainrule/data/formats/csv_field.h"
#include "chainrule/data/formats/load_table.h"
#include "chainrule/data/formats/loaders.h"
#include "chainrule/data/formats/number_readings.h"
#include "chainrule/data/formats/spellings.h"
#include "chainrule/data/table.h"

namespace chainrule::formats {

/// Receives fields and rows; holds the columns under construction. The sink of CsvParser. Throws Error: (input) with
/// the line and field, (usage) for a missing target or column of numbers.
class TableBuilder {
 public:
  TableBuilder(std::string source, const CsvDialect& dialect, const LoadOptions& options, std::size_t expected_rows);

  /// What follows is a further file. Its columns have the names of the first one, in any order; without names, they are
  /// as many. Throws Error (input) for a file without a row or a header, and later for a column that one of them lacks.
  void next_file(std::string source, const CsvDialect& dialect);
  /// The columns so far; no rows are in it yet.
  const Table& table() const { return table_; }

  bool field(std::string_view text, std::uint64_t line) {
    if (keeps_fields_) {
      keep_field(text, line);
      return false;
    }
    const std::size_t c = field_++;
    if (c == 0) row_begins_with_hash_ = text.starts_with('#');
    return c < table_.columns.size() && add(c, text, line);  // the end of the row refuses too many fields
  }

  // Whether column c needs the text of a number beside it.
  bool keeps_text(std::size_t c) const { return progress_[c].keeps_spellings || progress_[c].keeps_texts; }

  bool takes_numbers() const { return takes_numbers_ && !keeps_fields_; }

  void number(double number, std::string_view text, std::uint64_t line) {
    const std::size_t c = field_++;
    if (c == 0) row_begins_with_hash_ = false;
    if (c >= table_.columns.size()) return;
    if (progress_[c].keeps_texts) add_text(c, text);
    staged_.push_back(number);
    if (looks_at_plain_ && progress_[c].may_have_groups && may_have_point(number, text)) look_at_point(c, text, line);
    if (progress_[c].keeps_spellings) spell(c, {FieldKind::number, number}, text, line);
  }

  void row(std::uint64_t line) {
    if (keeps_fields_ && !take_kept_row(line)) return;
    const std::size_t columns = table_.columns.size();
    if (field_ != columns) refuse_length(line);
    if (columns == 1 && blanks_ > 0) refuse_blank_line();
    blanks_inside_ = blanks_;
    field_ = 0;
    note_line(line);
    ++table_.rows;
    if (staged_.size() >= kStagedNumbers) unstage();
  }

  // Ignores blank lines before the first row and after the last; between rows it counts and skips them.
  void blank_line(std::uint64_t line) {
    if (awaits_first_row_) return;
    if (blanks_++ == 0) first_blank_ = {line, 0, "", part()};
  }

  Table take();

  /// Of the columns so far.
  std::uint64_t bytes() const;

 private:
  static constexpr std::size_t kStagedNumbers = 16'384;
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

  struct KeptField {
    std::uint64_t line;
    std::string text;
  };
  // Further state of a column while it is read.
  struct Progress {
    ColumnRules rules;
    std::uint64_t texts = 0, replaced = 0, wide_minus = 0;  // replaced: texts that count as missing
    std::uint64_t texts_above = 0;                          // texts in the first row of a file
    Sighting not_finite, first_replaced, first_wide_minus;
    Spellings spellings;
    NumberReadings readings;  // instead of the spellings, if these are too many
    bool keeps_spellings = false, keeps_texts = false;
    bool may_have_groups = false;  // every number with a point has three digits behind it, as in 1.641
    Sighting first_group;          // such a number
  };

  // False for some numbers without a point. This is quick, since most columns have only such numbers, or are soon
  // decided.
  static bool may_have_point(double number, std::string_view text) {
    const std::size_t size = text.size();
    if (number != static_cast<double>(static_cast<std::int64_t>(number))) return true;
    return size >= 2 && (text[size - 1] == '.' || text[size - 2] == '.' || (size >= 3 && text[size - 3] == '.') ||
                         (size >= 5 && text[size - 4] == '.'));
  }

  // Returns whether the field is known to contain no line end.
  bool add(std::size_t c, std::string_view text, std::uint64_t line) {
    if (progress_[c].keeps_texts) add_text(c, text);
    FieldValue value = reader_.read(text);
    if (progress_[c].rules.notation) value = read_by_notation(c, value, text);
    if (value.kind == FieldKind::text) value = read_otherwise(c, text);
    if (value.kind == FieldKind::text && counts_as_missing(c, text)) {
      ++progress_[c].replaced;
      see(progress_[c].first_replaced, c, text, line);
      value.kind = FieldKind::missing;
    }
    const bool is_number = value.kind == FieldKind::number;
    if (commas_part_fields_ && is_number) has_decimal_comma_ = has_decimal_comma_ || text.find(',') != text.npos;
    if (is_number && std::signbit(value.number) && text.find('-') == text.npos) {
      ++progress_[c].wide_minus;
      see(progress_[c].first_wide_minus, c, text, line);
    }
    if (is_number && progress_[c].may_have_groups) look_at_point(c, text, line);
    if (!is_number || !(std::abs(value.number) <= kLargestNumber)) note_unusual(c, value.kind, text, line);
    staged_.push_back(value.kind == FieldKind::missing ? std::numeric_limits<double>::quiet_NaN() : value.number);
    if (progress_[c].keeps_spellings) spell(c, value, text, line);
    return is_number;
  }

  void keep_field(std::string_view text, std::uint64_t line);
  bool take_kept_row(std::uint64_t line);
  bool take_kept_fields(std::uint64_t line);
  void first_row(std::uint64_t line);
  void first_row_of_next(std::uint64_t line);
  void take_row_without_header(std::uint64_t line);
  void name_columns();
  std::vector<std::string> kept_names() const;
  void match_columns();
  void end_file();
  void find_target();
  void refuse_repeated_names(const std::vector<std::string>& names) const;
  void note_line(std::uint64_t line);
  FieldValue read_by_notation(std::size_t c, FieldValue value, std::string_view text) const;
  FieldValue read_otherwise(std::size_t c, std::string_view text) const;
  bool counts_as_missing(std::size_t c, std::string_view text) const;
  void add_text(std::size_t c, std::string_view text);
  bool is_spelled_as_written(std::size_t c) const;
  void spell(std::size_t c, const FieldValue& value, std::string_view text, std::uint64_t line);
  std::string spelling_of(double number) const;
  void note_unusual(std::size_t c, FieldKind kind, std::string_view text, std::uint64_t line);
  void look_at_point(std::size_t c, std::string_view text, std::uint64_t line);
  void doubt_points();
  void spell_numbers(std::size_t c);
  void unstage();
  void add_spelling(std::size_t c, std::string_view text, std::uint64_t line);
  void read_numbers(std::size_t c);
  void add_reading(std::size_t c, std::string_view text, std::uint64_t line, bool is_spelling);
  void lose_spellings(std::size_t c, std::uint64_t line);
  void keep_spellings(std::size_t c);
  void take_notation(std::size_t c);
  void note_replaced(std::size_t c);
  void note_wide_minus(std::size_t c);
  void note_likely_header();
  void note_skipped_rows();
  void note_files();
  void see(Sighting& sighting, std::size_t c, std::string_view text, std::uint64_t line) const;

  // The file that is being read: its index, its name, and the number of a column's field in its rows.
  std::size_t part() const { return table_.parts.empty() ? 0 : table_.parts.size() - 1; }
  const std::string& file() const { return table_.parts.empty() ? table_.source : table_.parts.back().source; }
  std::size_t field_of(std::size_t c) const {
    return table_.parts.empty() || table_.parts.back().fields.empty() ? c + 1 : table_.parts.back().fields[c];
  }

  [[noreturn]] void refuse_length(std::uint64_t line) const;
  [[noreturn]] void refuse_blank_line() const;
  [[noreturn]] void refuse_encoding(std::string_view text, std::uint64_t line, std::size_t field) const;
  void refuse_not_finite() const;
  void refuse_units() const;

  const LoadOptions& options_;
  CsvDialect dialect_;  // of the file that is being read
  FieldReader reader_;
  NumberNotation notation_;                              // of the table
  bool commas_part_fields_, has_decimal_comma_ = false;  // commas_part_fields_: although numbers have decimal commas
  bool takes_numbers_ = false;                           // whether a plain number is that number in every column
  bool keeps_fields_ = true;                             // whether a row is decided by all of its fields
  bool looks_at_plain_ = false;                          // for points in lines without quotes
  bool awaits_first_row_ = true;                         // of the file
  std::size_t expected_rows_;
  Table table_;
  std::vector<Progress> progress_;
  std::vector<KeptField> kept_;  // of the first row, or of a row that may be skipped or has another order
  std::vector<double> staged_;   // rows not yet moved to their columns
  std::uint64_t first_row_line_ = 0;
  std::uint64_t line_before_ = 0;  // rows are in the lines that follow it, if each has a line of its own
  std::size_t first_of_file_ = 0;  // row
  std::size_t field_ = 0;          // of the current row
  bool row_begins_with_hash_ = false;
  std::size_t target_ = kNone;
  Sighting first_blank_, first_skipped_;
  std::uint64_t blanks_ = 0, blanks_inside_ = 0, rows_skipped_ = 0;
  std::size_t fields_of_first_skipped_ = 0;
  std::vector<std::size_t> reordered_, by_number_;  // files whose columns are in another order, or have no names
};

}  // namespace chainrule::formats
