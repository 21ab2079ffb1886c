// SPDX-License-Identifier: Apache-2.0
#include "chainrule/data/formats/table_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "chainrule/base/checks.h"
#include "chainrule/base/text.h"
#include "chainrule/data/columns/column_checks.h"
#include "chainrule/data/formats/number_notation.h"
#include "chainrule/data/formats/otherwise_written.h"
#include "chainrule/data/table_columns.h"
#include "chainrule/data/table_rows.h"

namespace chainrule::formats {
namespace {

constexpr std::size_t kSightingBytes = 100;

Message quote_numbers() {
  return message_of("with ", NamedOption{"decimal_comma"}, ", commas cannot separate fields; ",
                    NamedOption{"decimal_comma", "false"}, " reads 3.14");
}

[[noreturn]] void refuse(const std::string& where, const std::string& what, const Message& hint = {}) {
  throw Error(ErrorCategory::input, where + ": " + what, hint);
}

std::string count_of(std::size_t count, const std::string& thing) {
  return std::to_string(count) + " " + thing + (count == 1 ? "" : "s");
}

}  // namespace

TableBuilder::TableBuilder(std::string source, const CsvDialect& dialect, const LoadOptions& options,
                           std::size_t expected_rows)
    : options_(options),
      dialect_(dialect),
      reader_(options),
      notation_(notation_of(options)),
      commas_part_fields_(notation_.decimal == ',' && dialect.delimiter == ','),
      expected_rows_(expected_rows) {
  table_.source = std::move(source);
  table_.date_order = options.date_order;
  table_.has_header = table_.names_from_header = dialect.has_header;
}

Table TableBuilder::take() {
  end_file();
  const std::string where = location(table_.source);
  if (table_.rows == 0 && !(options_.may_be_empty && table_.has_header))
    refuse(where, "expected rows below the header, found none",
           options_.header == Header::detect ? message_of("the first line was taken as a header; ",
                                                          NamedOption{"header", "false"}, " reads it as data")
                                             : Message());
  if (commas_part_fields_ && !has_decimal_comma_)
    refuse(where, "decimal comma: expected semicolons or tabs between fields, or numbers in quotes, found commas",
           quote_numbers());
  refuse_not_finite();
  unstage();
  refuse_units();
  for (std::size_t c = 0; c < table_.columns.size(); ++c) {
    note_replaced(c);
    note_wide_minus(c);
  }
  note_files();
  if (blanks_inside_ > 0)
    table_.notes.push_back(info_note(
        NoteTopic::reading,
        count_of(blanks_inside_, "blank line") + " skipped, the first at " +
            (table_.parts.empty() ? "line " + std::to_string(first_blank_.line) : location_of(table_, first_blank_))));
  note_skipped_rows();
  note_likely_header();
  for (std::size_t c = 0; c < table_.columns.size(); ++c) {
    keep_spellings(c);
    read_otherwise_written(table_, c, progress_[c].rules, options_, c == target_);
  }
  doubt_points();
  return std::move(table_);
}

std::uint64_t TableBuilder::bytes() const {
  std::uint64_t sum = sizeof(std::uint64_t) * table_.lines.capacity();
  for (const Column& column : table_.columns)
    sum += sizeof(double) * column.numbers.capacity() + sizeof(std::uint32_t) * column.codes.capacity() +
           column.texts.bytes.capacity() + sizeof(std::size_t) * column.texts.ends.capacity();
  for (const Progress& column : progress_) sum += column.readings.bytes();
  return sum;
}

// ---- rows ---------------------------------------------------------------------------------------------------------

void TableBuilder::keep_field(std::string_view text, std::uint64_t line) {
  if (kept_.size() >= kMaxColumns)
    refuse(location(file(), line), "columns: expected at most " + std::to_string(kMaxColumns) + ", found more");
  kept_.push_back({line, std::string(text)});
}

// Whether the fields that were kept are a row of the table.
bool TableBuilder::take_kept_row(std::uint64_t line) {
  if (!awaits_first_row_) return take_kept_fields(line);
  awaits_first_row_ = false;
  first_row_line_ = line;
  field_ = 0;
  if (dialect_.has_header && dialect_.has_row_names) kept_.insert(kept_.begin(), {line, "rownames"});
  table_.columns.empty() ? first_row(line) : first_row_of_next(line);
  return false;
}

// A row without a field for each column is refused later, or skipped and counted.
bool TableBuilder::take_kept_fields(std::uint64_t line) {
  const std::size_t found = kept_.size();
  const bool is_whole = found == table_.columns.size();
  const bool is_skipped = !is_whole && options_.skip_bad_rows;
  if (is_skipped && rows_skipped_++ == 0) {
    first_skipped_ = {line, 0, "", part()};
    fields_of_first_skipped_ = found;
  }
  row_begins_with_hash_ = found > 0 && kept_[0].text.starts_with('#');
  for (; is_whole && field_ < found; ++field_) {
    const KeptField& kept = kept_[field_of(field_) - 1];
    add(field_, kept.text, kept.line);
  }
  kept_.clear();
  if (!is_skipped) field_ = found;
  return !is_skipped;
}

void TableBuilder::first_row(std::uint64_t line) {
  name_columns();
  find_target();
  for (const std::string& name : options_.texts)
    if (const auto requested = try_find_column(table_, name)) progress_[*requested].keeps_texts = true;
  const std::vector<ColumnRules> rules = column_rules(table_, options_);
  takes_numbers_ = reader_.is_plain();
  looks_at_plain_ = dialect_.delimiter != ',';  // else numbers with a decimal comma are in quotes
  for (std::size_t c = 0; c < rules.size(); ++c) {
    progress_[c].rules = rules[c];
    progress_[c].may_have_groups =
        notation_.is_plain() && !rules[c].decided && !rules[c].numeric && !rules[c].as_written;
    progress_[c].keeps_spellings = progress_[c].keeps_spellings || rules[c].as_written;
    takes_numbers_ = takes_numbers_ && !rules[c].notation;
  }
  for (Column& column : table_.columns) {
    column.numbers.reserve(expected_rows_);
    column.notation = notation_;
  }
  keeps_fields_ = options_.skip_bad_rows;
  take_row_without_header(line);
}

// The kept fields are a row, unless they are the header.
void TableBuilder::take_row_without_header(std::uint64_t line) {
  const std::vector<KeptField> fields = std::exchange(kept_, {});
  if (dialect_.has_header) return;
  for (const KeptField& first : fields) field(first.text, first.line);
  row(line);
}

std::vector<std::string> TableBuilder::kept_names() const {
  std::vector<std::string> names;
  for (std::size_t k = 0; k < kept_.size(); ++k) {
    const std::string_view text = dialect_.has_header ? trimmed(kept_[k].text) : "";
    if (!is_utf8(text)) refuse_encoding(text, kept_[k].line, k + 1);
    names.push_back(text.empty() ? "column " + std::to_string(k + 1) : std::string(text));
  }
  if (dialect_.has_header) refuse_repeated_names(names);
  return names;
}

void TableBuilder::name_columns() {
  std::vector<std::string> names = kept_names();
  table_.columns.resize(names.size());
  progress_.resize(names.size());
  for (std::size_t c = 0; c < names.size(); ++c) table_.columns[c].name = std::move(names[c]);
}

void TableBuilder::find_target() {
  if (!options_.target) return;
  if (options_.target->empty())
    target_ = table_.columns.size() - 1;
  else if (options_.target_required)
    target_ = find_column(table_, *options_.target, "target");
  else
    target_ = try_find_column(table_, *options_.target).value_or(kNone);
  if (target_ == kNone) return;
  progress_[target_].keeps_spellings = true;
  table_.columns[target_].codes.reserve(expected_rows_);
}

// With blank lines and quoted line ends, row r is no longer in line first_line + r.
void TableBuilder::note_line(std::uint64_t line) {
  if (table_.rows == first_of_file_) {
    line_before_ = line - table_.rows;
    if (table_.first_line == 0) table_.first_line = line;
    if (!table_.parts.empty()) table_.parts.back().first_line = line;
  }
  if (table_.lines.empty() && line == line_before_ + table_.rows) return;
  for (std::size_t row = table_.lines.size(); row < table_.rows; ++row)
    table_.lines.push_back(counted_line(table_, row));
  table_.lines.push_back(line);
}

// ---- several files ------------------------------------------------------------------------------------------------

// Blank lines at its end do not count.
void TableBuilder::end_file() {
  if (awaits_first_row_) refuse(location(file()), "expected a table, found nothing but blank lines");
  blanks_ = blanks_inside_;
}

void TableBuilder::next_file(std::string source, const CsvDialect& dialect) {
  end_file();
  if (table_.parts.empty()) table_.parts.push_back({table_.source, 0, table_.first_line});
  table_.parts.push_back({std::move(source), table_.rows});
  table_.source = fmt::format("{} and {} more", table_.parts[0].source, table_.parts.size() - 1);
  dialect_ = dialect;
  commas_part_fields_ = commas_part_fields_ || (notation_.decimal == ',' && dialect.delimiter == ',');
  awaits_first_row_ = keeps_fields_ = true;
  first_of_file_ = table_.rows;
}

void TableBuilder::first_row_of_next(std::uint64_t line) {
  if (dialect_.has_header) match_columns();
  if (table_.has_header && !dialect_.has_header) by_number_.push_back(part());
  keeps_fields_ = options_.skip_bad_rows || !table_.parts.back().fields.empty();
  take_row_without_header(line);
}

// The names of the file against those of the first one.
void TableBuilder::match_columns() {
  const std::vector<std::string> names = kept_names();
  std::map<std::string_view, std::size_t> fields;
  for (std::size_t k = 0; k < names.size(); ++k) fields[names[k]] = k + 1;
  const std::string& first = table_.parts[0].source;
  std::vector<std::size_t> order;
  for (const Column& column : table_.columns) {
    const auto found = fields.find(column.name);
    if (found == fields.end()) {
      std::string near = nearest_name(column.name, names);
      // A name of one or two characters is near to too many names: only its case may differ.
      const auto same_but_for_case = [](char a, char b) { return lower(a) == lower(b); };
      if (column.name.size() <= 2 && !std::ranges::equal(near, column.name, same_but_for_case)) near.clear();
      refuse(location(file(), first_row_line_),
             fmt::format("{}: expected in each file, found in {} but not here", in_column(column), location(first)),
             near.empty() ? "files that make one table have the same columns, in any order"
                          : "this file has " + in_quotes(near));
    }
    order.push_back(found->second);
    fields.erase(found);
  }
  for (std::size_t k = 0; k < names.size(); ++k)
    if (fields.contains(names[k]))
      refuse(location(file(), kept_[k].line, k + 1),
             fmt::format("column {}: expected in each file, found here but not in {}", in_quotes(names[k]),
                         location(first)),
             "files that make one table have the same columns, in any order");
  if (std::ranges::is_sorted(order)) return;
  table_.parts.back().fields = std::move(order);
  reordered_.push_back(part());
}

// ---- fields -------------------------------------------------------------------------------------------------------

FieldValue TableBuilder::read_by_notation(std::size_t c, FieldValue value, std::string_view text) const {
  if (value.kind == FieldKind::missing) return value;
  const std::optional<double> number = number_in(text, *progress_[c].rules.notation);
  return number ? FieldValue{FieldKind::number, *number} : FieldValue{FieldKind::text, 0};
}

// With the separator of thousands that the options give.
FieldValue TableBuilder::read_otherwise(std::size_t c, std::string_view text) const {
  if (notation_.thousands == 0 || progress_[c].rules.notation) return {FieldKind::text, 0};
  const std::optional<double> number = number_in(text, notation_);
  return number ? FieldValue{FieldKind::number, *number} : FieldValue{FieldKind::text, 0};
}

// A text in a column of numbers; where it may be a number in another notation, the whole column decides.
bool TableBuilder::counts_as_missing(std::size_t c, std::string_view text) const {
  return progress_[c].rules.numeric && (progress_[c].rules.decided || !looks_like_number(text));
}

void TableBuilder::add_text(std::size_t c, std::string_view text) { add_field(table_.columns[c].texts, text); }

// Labels are as written, and so are categories by name; of other texts numbers have the fewest digits, like the numbers
// before the first text: 01 and 1 are one category in any order of the rows.
bool TableBuilder::is_spelled_as_written(std::size_t c) const { return c == target_ || progress_[c].rules.as_written; }

void TableBuilder::spell(std::size_t c, const FieldValue& value, std::string_view text, std::uint64_t line) {
  if (progress_[c].readings.any())
    add_reading(c, value.kind == FieldKind::missing ? "" : trimmed(text), line, false);
  else if (value.kind == FieldKind::number && !is_spelled_as_written(c))
    add_spelling(c, spelling_of(value.number), line);
  else
    add_spelling(c, value.kind == FieldKind::missing ? "" : trimmed(text), line);
}

std::string TableBuilder::spelling_of(double number) const {
  if (std::isnan(number)) return "";
  std::string text = fmt::format("{}", number);
  std::ranges::replace(text, '.', notation_.decimal);
  return text;
}

void TableBuilder::note_unusual(std::size_t c, FieldKind kind, std::string_view text, std::uint64_t line) {
  Column& column = table_.columns[c];
  if (kind == FieldKind::number) {
    see(progress_[c].not_finite, c, text, line);
  } else if (kind == FieldKind::missing) {
    ++column.missing;
    see(column.first_missing, c, text, line);
  } else {
    if (table_.rows == first_of_file_) ++progress_[c].texts_above;
    if (progress_[c].texts++ > 0) return;
    see(column.first_text, c, text, line);
    if (!is_spelled_as_written(c)) spell_numbers(c);
    column.numbers = {};
  }
}

// Thousands with points read all numbers so far, or the column is decided.
void TableBuilder::look_at_point(std::size_t c, std::string_view text, std::uint64_t line) {
  if (text.find('.') == std::string_view::npos) return;
  Progress& column = progress_[c];
  const bool is_group = text.find_first_of("eE") == std::string_view::npos && number_in(text, {',', '.', ""});
  column.may_have_groups = is_group;
  if (is_group) see(column.first_group, c, trimmed(text), line);
}

// In a table with decimal commas, 1.641 may be 1641: if no number of its column decides, it has two readings.
void TableBuilder::doubt_points() {
  const auto has_commas = [&](const Column& column) {
    return column.is_number() && column.notation.decimal == ',' && notation_.is_plain();
  };
  if (std::ranges::none_of(table_.columns, has_commas)) return;
  const auto decides = [](double number) {
    const double size = std::abs(number), thousand = size * 1000;
    return !std::isnan(size) && size != std::floor(size) &&
           (size < 1 || size >= 1000 || std::abs(thousand - std::round(thousand)) > 1e-6);
  };
  for (std::size_t c = 0; c < table_.columns.size(); ++c) {
    Column& column = table_.columns[c];
    if (!column.is_number() || !column.notation.is_plain() || !progress_[c].may_have_groups ||
        std::ranges::any_of(column.numbers, decides))
      continue;
    column.first_uncertain = progress_[c].first_group;
    const auto has_point = [](double number) { return !std::isnan(number) && number != std::floor(number); };
    const auto at = std::ranges::find_if(column.numbers, has_point);
    if (column.first_uncertain.line == 0 && at != column.numbers.end())
      column.first_uncertain =
          sighting_of(table_, static_cast<std::size_t>(at - column.numbers.begin()), c, fmt::format("{:.3f}", *at));
    if (column.first_uncertain.line > 0) column.readings = {{}, {',', '.', ""}};
  }
}

// The column turns out to be text: the numbers so far become spellings.
void TableBuilder::spell_numbers(std::size_t c) {
  progress_[c].keeps_spellings = true;
  Column& column = table_.columns[c];
  column.codes.reserve(expected_rows_);
  for (const double number : column.numbers) add_spelling(c, spelling_of(number), 0);
  const std::size_t whole_rows = staged_.size() - c;  // the current row has reached field c
  for (std::size_t i = c; i < whole_rows; i += table_.columns.size()) add_spelling(c, spelling_of(staged_[i]), 0);
}

// Moves staged rows to the columns; staging visits each column's memory once in many rows.
void TableBuilder::unstage() {
  const std::size_t columns = table_.columns.size();
  for (std::size_t c = 0; c < columns; ++c) {
    Column& column = table_.columns[c];
    if (!column.is_number()) continue;
    for (std::size_t i = c; i < staged_.size(); i += columns) column.numbers.push_back(staged_[i]);
  }
  staged_.clear();
}

void TableBuilder::add_spelling(std::size_t c, std::string_view text, std::uint64_t line) {
  if (progress_[c].readings.any()) return add_reading(c, text, line, true);
  Column& column = table_.columns[c];
  const bool is_utf8_text = column.is_number() || is_utf8(text);
  // Labels are stored in models and predictions, which are UTF-8.
  if (!is_utf8_text && c == target_) refuse_encoding(text, line, field_of(c));
  if (!is_utf8_text) see(column.first_no_utf8, c, text, line);
  const std::uint32_t code = is_utf8_text ? progress_[c].spellings.code(text) : kMaxSpellings;
  if (code != kMaxSpellings) {
    column.codes.push_back(code);
    return;
  }
  if (is_utf8_text) read_numbers(c);
  if (progress_[c].readings.any()) return add_reading(c, text, line, true);
  lose_spellings(c, line);
}

// There are too many spellings: if they are numbers in another notation, these are kept from here on.
void TableBuilder::read_numbers(std::size_t c) {
  Column& column = table_.columns[c];
  const ColumnRules& rules = progress_[c].rules;
  if (column.is_number() || rules.as_written || rules.decided) return;
  const std::vector<std::string> spellings = progress_[c].spellings.take();
  NumberReadings& readings = progress_[c].readings;
  readings.start(spellings, column.codes, options_);
  const auto differs = [&](std::uint32_t code) { return readings.differ(spellings[code]); };
  const auto first = std::ranges::find_if(column.codes, differs);
  if (first != column.codes.end())
    column.first_uncertain =
        sighting_of(table_, static_cast<std::size_t>(first - column.codes.begin()), c, spellings[*first]);
  column.codes = {};
}

void TableBuilder::add_reading(std::size_t c, std::string_view text, std::uint64_t line, bool is_spelling) {
  NumberReadings& readings = progress_[c].readings;
  readings.add(text, is_spelling);
  if (!readings.any()) return lose_spellings(c, line);
  if (table_.columns[c].first_uncertain.line == 0 && readings.differ(text))
    see(table_.columns[c].first_uncertain, c, text, line);
}

void TableBuilder::lose_spellings(std::size_t c, std::uint64_t line) {
  Column& column = table_.columns[c];
  if (c == target_ && !column.is_number())
    refuse(location(file(), line, field_of(c)), "target " + in_quotes(column.name) + ": expected at most " +
                                                    std::to_string(kMaxSpellings) + " different texts, found more");
  column.codes = {};
  column.first_uncertain = {};
  progress_[c].spellings = {};
  progress_[c].keeps_spellings = false;
}

void TableBuilder::keep_spellings(std::size_t c) {
  if (!progress_[c].keeps_spellings) return;
  if (!progress_[c].readings.any()) {
    table_.columns[c].spellings = progress_[c].spellings.take();
    return;
  }
  Column& column = table_.columns[c];
  const std::string example = column.first_text.text;
  progress_[c].readings.finish(column);
  const auto number = number_of_spelling(trimmed(example), column.notation);
  if (column.is_number() && number)
    table_.notes.push_back(
        info_note(NoteTopic::reading,
                  fmt::format("{}: numbers such as {} are read as {}", in_column(column), in_quotes(example), *number),
                  column.name));
}

// ---- notes and errors ---------------------------------------------------------------------------------------------

void TableBuilder::see(Sighting& sighting, std::size_t c, std::string_view text, std::uint64_t line) const {
  if (sighting.line == 0) sighting = {line, field_of(c), std::string(text.substr(0, kSightingBytes)), part()};
}

void TableBuilder::note_replaced(std::size_t c) {
  const Progress& column = progress_[c];
  if (column.replaced > 0) table_.notes.push_back(replaced_note(table_, c, column.replaced, column.first_replaced));
}

void TableBuilder::note_wide_minus(std::size_t c) {
  const Progress& column = progress_[c];
  if (column.wide_minus == 0 || !table_.columns[c].is_number()) return;
  table_.notes.push_back(info_note(
      NoteTopic::reading,
      "column " + in_quotes(table_.columns[c].name) + ": " + count_of(column.wide_minus, "number") +
          " with a minus sign other than \"-\" read as negative (first: " + in_quotes(column.first_wide_minus.text) +
          " in " + location_of(table_, column.first_wide_minus) + ")",
      table_.columns[c].name));
}

void TableBuilder::note_files() {
  if (table_.parts.empty()) return;
  const auto files = [&](const std::vector<std::size_t>& some) {
    return fmt::format("{} ({}{})", count_of(some.size(), "file"), some.size() > 1 ? "first: " : "",
                       location(table_.parts[some[0]].source));
  };
  std::string text = fmt::format("{} are read as one table; their columns are matched by {}",
                                 count_of(table_.parts.size(), "file"), table_.has_header ? "name" : "number");
  if (!reordered_.empty()) text += ", in another order in " + files(reordered_);
  if (!by_number_.empty()) text += ", and by number in " + files(by_number_) + " without names";
  table_.notes.push_back(info_note(NoteTopic::reading, text));
}

void TableBuilder::note_skipped_rows() {
  if (rows_skipped_ == 0) return;
  table_.notes.push_back(
      warning_note(NoteTopic::reading,
                   fmt::format("{} skipped whose number of fields is not {} (the first, with {}, in {})",
                               count_of(rows_skipped_, "row"), table_.columns.size(), fields_of_first_skipped_,
                               location_of(table_, first_skipped_)),
                   "", "bad_rows"));
}

// A header with numbers among its names is not detected; a column with text above numbers gets a note.
void TableBuilder::note_likely_header() {
  if (table_.has_header || options_.header != Header::detect || table_.rows < 2) return;
  for (std::size_t c = 0; c < table_.columns.size(); ++c) {
    const Column& column = table_.columns[c];
    const std::uint64_t texts = progress_[c].texts;
    if (texts == 0 || texts != progress_[c].texts_above || column.first_text.part > 0) continue;
    if (column.missing + texts == table_.rows) continue;
    table_.notes.push_back(info_note(NoteTopic::reading,
                                     "the first line may be a header after all: it has the text " +
                                         in_quotes(column.first_text.text) + " above numbers in field " +
                                         std::to_string(c + 1),
                                     column.name, "header"));
    return;
  }
}

void TableBuilder::refuse_length(std::uint64_t line) const {
  const bool first = table_.rows == first_of_file_ && dialect_.has_header;
  const bool comment = row_begins_with_hash_ || (first && table_.columns[0].name.starts_with('#'));
  const std::string first_line = first_row_line_ == 1 ? std::string("1") : fmt::format("{0}-{0}", first_row_line_);
  Message hint = message_of(NamedOption{"bad_rows", "skip"}, " skips such rows");
  if (first)
    hint =
        message_of("line " + std::to_string(first_row_line_) + " was taken as the header of the table; if it is none, ",
                   NamedOption{"skip_rows", first_line}, " skips it");
  if (table_.rows == 1 && !table_.has_header)
    hint = message_of("if line " + std::to_string(first_row_line_) + " is not a row of the table, ",
                      NamedOption{"skip_rows", first_line}, " skips it");
  if (commas_part_fields_) hint = quote_numbers();
  if (comment) hint = message_of(NamedOption{"comment", "#"}, " skips lines that begin with #");
  refuse(location(file(), line),
         "expected " + count_of(table_.columns.size(), "field") + ", found " + std::to_string(field_), hint);
}

void TableBuilder::refuse_blank_line() const {
  refuse(location_of(table_, first_blank_), "expected 1 field, found an empty line",
         "a missing value in a table of one column is written NA");
}

void TableBuilder::refuse_repeated_names(const std::vector<std::string>& names) const {
  std::vector<std::size_t> order(names.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const int compared = names[a].compare(names[b]);
    return compared < 0 || (compared == 0 && a < b);
  });
  const auto same = std::adjacent_find(order.begin(), order.end(),
                                       [&](std::size_t a, std::size_t b) { return names[a] == names[b]; });
  if (same == order.end()) return;
  const std::size_t first = same[0], second = same[1];
  refuse(location(file(), kept_[second].line, second + 1),
         "header: expected different names, found " + in_quotes(names[first]) + " in fields " +
             std::to_string(first + 1) + " and " + std::to_string(second + 1));
}

void TableBuilder::refuse_encoding(std::string_view text, std::uint64_t line, std::size_t field) const {
  refuse(location(file(), line, field), "text: expected UTF-8, found " + in_quotes(text),
         message_of(NamedOption{"encoding", "latin-1"}, " or ", NamedOption{"encoding", "windows-1252"},
                    " reads a file in the encoding of older programs"));
}

// A first row that has texts, or nothing, above columns of numbers: units below the names, mostly.
void TableBuilder::refuse_units() const {
  if (!table_.has_header || table_.rows < 3 || options_.bad_fields_missing || options_.trained != nullptr) return;
  std::size_t above_numbers = 0;
  const Sighting* first = nullptr;
  bool in_each = false;  // file
  for (std::size_t c = 0; c < table_.columns.size(); ++c) {
    const std::uint64_t texts = progress_[c].texts;
    if (texts == 0 || texts != progress_[c].texts_above || table_.columns[c].missing + texts >= table_.rows) continue;
    if (above_numbers++ > 0) continue;
    first = &table_.columns[c].first_text;
    in_each = texts == std::max<std::size_t>(table_.parts.size(), 1);
  }
  if (above_numbers < 2) return;
  const std::size_t row = table_.parts.empty() ? 0 : table_.parts[first->part].first_row;
  for (const Column& column : table_.columns)
    if (column.is_number() && !std::isnan(column.numbers[row])) return;
  const std::string line = std::to_string(first->line);
  const Message missing = message_of(NamedOption{"bad_fields", "missing"}, " counts such texts as missing");
  const Message skip = message_of("if these are units, ", NamedOption{"skip_rows", line + "-" + line}, " skips them; ");
  Sighting place = *first;
  place.field = 0;
  refuse(location_of(table_, place), "expected numbers, as in all rows below, found texts",
         in_each ? message_of(skip, missing) : missing);
}

// At the end, since a column with a word like "inf" may still turn out to be text.
void TableBuilder::refuse_not_finite() const {
  std::size_t first = kNone;
  for (std::size_t c = 0; c < progress_.size(); ++c) {
    const Sighting& seen = progress_[c].not_finite;
    if (seen.line == 0 || !table_.columns[c].is_number()) continue;
    const Sighting* const before = first == kNone ? nullptr : &progress_[first].not_finite;
    if (before == nullptr || std::pair(seen.part, seen.line) < std::pair(before->part, before->line)) first = c;
  }
  if (first == kNone) return;
  const Sighting& seen = progress_[first].not_finite;
  refuse(location_of(table_, seen),
         "column " + in_quotes(table_.columns[first].name) + ": expected a finite number up to 3.4e38, found " +
             in_quotes(seen.text),
         message_of(NamedOption{"missing", std::string(trimmed(seen.text))}, " counts it as missing"));
}

}  // namespace chainrule::formats
