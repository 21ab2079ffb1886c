// SPDX-License-Identifier: Apache-2.0
#include "chainrule/data/formats/csv_dialect.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "chainrule/base/checks.h"
#include "chainrule/data/formats/csv_field.h"
#include "chainrule/data/formats/csv_header.h"
#include "chainrule/data/formats/csv_parser.h"
#include "chainrule/data/formats/load_table.h"
#include "chainrule/data/formats/loaders.h"

namespace chainrule::formats {
namespace {

constexpr std::array<char, 4> kDelimiters{',', ';', '\t', '|'};
constexpr std::size_t kRowsCompared = 200;

// Calls act(c) for every byte outside quoted fields. A quote opens a field only where one can begin.
template <class Act>
void outside_quotes(std::string_view text, const Act& act) {
  bool quoted = false, may_begin = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' && (quoted || may_begin)) {
      quoted = !quoted;
      may_begin = true;  // a doubled quote opens the field again
      continue;
    }
    if (quoted) continue;
    may_begin = is_delimiter(c) || c == '\n' || c == '\r' || (c == ' ' && may_begin);
    if (!act(c, i)) return;
  }
}

std::string_view first_rows(std::string_view text, std::size_t limit) {
  std::size_t rows = 0, end = text.size();
  outside_quotes(text, [&](char c, std::size_t i) {
    if (c == '\n' && ++rows == limit) end = i + 1;
    return rows < limit;
  });
  return text.substr(0, end);
}

// The number of occurrences of `delimiter` in each row that is not blank.
std::vector<std::size_t> counts_per_row(std::string_view text, char delimiter) {
  std::vector<std::size_t> counts;
  std::size_t count = 0;
  bool blank = true;
  const auto end_row = [&] {
    if (!blank) counts.push_back(count);
    count = 0;
    blank = true;
  };
  outside_quotes(text, [&](char c, std::size_t) {
    if (c == '\n' || c == '\r') {
      end_row();
      return true;
    }
    count += c == delimiter;
    blank = blank && (c == ' ' || c == '\t');
    return true;
  });
  end_row();
  return counts;
}

bool is_number_or_decimal_comma(std::string_view field) {
  std::string with_point(field.substr(0, 64));
  const std::size_t comma = with_point.find(',');
  if (comma != std::string::npos) with_point[comma] = '.';
  return read_field(with_point).kind == FieldKind::number;
}

struct NumberCounter {
  double numbers = 0, fields = 0;
  bool field(std::string_view text, std::uint64_t) {
    numbers += is_number_or_decimal_comma(text);
    fields += 1;
    return false;
  }
  void row(std::uint64_t) {}
  void blank_line(std::uint64_t) {}
};

struct Candidate {
  char delimiter = ',';
  double agreement = 0;        // fraction of rows with as many delimiters as the first
  double numbers = 0;          // fraction of fields that are numbers
  std::size_t delimiters = 0;  // in the first row
};

Candidate judge(std::string_view rows, char delimiter) {
  Candidate candidate{delimiter};
  const std::vector<std::size_t> counts = counts_per_row(rows, delimiter);
  if (counts.empty() || counts[0] == 0) return candidate;
  candidate.delimiters = counts[0];
  const auto same = std::count(counts.begin(), counts.end(), counts[0]);
  candidate.agreement = static_cast<double>(same) / static_cast<double>(counts.size());
  NumberCounter counter;
  try {
    CsvParser<NumberCounter>("", delimiter, counter).feed(rows);
  } catch (const Error&) {
    return candidate;  // the reader reports the error later, with the line
  }
  candidate.numbers = counter.numbers / std::max(counter.fields, 1.0);
  return candidate;
}

// As many words in each row as in the first, more than half of them numbers.
Candidate judge_blanks(std::string_view rows) {
  std::string squeezed;
  bool quoted = false;
  while (!rows.empty()) {
    const std::size_t end = std::min(rows.find('\n'), rows.size());
    std::string_view line = rows.substr(0, end);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    squeeze_blanks(line, quoted, squeezed);
    squeezed += '\n';
    rows.remove_prefix(std::min(end + 1, rows.size()));
  }
  Candidate candidate = judge(squeezed, '\t');
  candidate.delimiter = ' ';
  const std::size_t second = squeezed.find('\n') + 1;  // the first row may have names
  if (second < squeezed.size()) candidate.numbers = judge(std::string_view(squeezed).substr(second), '\t').numbers;
  // The first row may be shorter: names of columns, without that of the rows.
  const std::vector<std::size_t> counts = counts_per_row(squeezed, '\t');
  const bool agree =
      counts.size() > 1 && 10 * std::count(counts.begin() + 1, counts.end(), counts[1]) >= 9 * (std::ssize(counts) - 1);
  if (agree && candidate.numbers > 0.5 && counts[1] >= counts[0]) return candidate;
  return {' '};
}

// If numbers have decimal commas, a comma is the last choice for the delimiter.
char find_delimiter(std::string_view rows, bool decimal_comma) {
  Candidate best;
  if (decimal_comma && judge(rows, ',').agreement == 0) best.delimiter = ';';
  for (const char delimiter : {',', ';', '\t', '|', ' '}) {
    if (decimal_comma && delimiter == ',') continue;
    const Candidate candidate = delimiter == ' ' ? judge_blanks(rows) : judge(rows, delimiter);
    if (delimiter == ' ' && candidate.delimiters <= best.delimiters) continue;  // as in "1, 2"
    if (candidate.agreement > best.agreement ||
        (candidate.agreement == best.agreement && candidate.numbers > best.numbers))
      best = candidate;
  }
  return best.delimiter;
}

// Whether the first row has as many fields as the table, or one less, without a name above those of the rows.
bool parts_as_many(std::string_view rows, const FirstFile& first) {
  std::string squeezed;
  bool quoted = false;
  std::string_view row = first_rows(rows, 1);
  if (first.delimiter == ' ') squeeze_blanks(row.substr(0, row.find_last_not_of("\r\n") + 1), quoted, squeezed);
  const std::vector<std::size_t> counts =
      first.delimiter == ' ' ? counts_per_row(squeezed, '\t') : counts_per_row(row, first.delimiter);
  const std::size_t columns = first.table->columns.size();
  return !counts.empty() && (counts[0] + 1 == columns || counts[0] + 2 == columns);
}

std::string without_lines(std::string_view text, const SkippedLines& skipped) {
  std::string kept;
  for (std::uint64_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    if (!skipped.skips(number, text.substr(0, end))) kept += text.substr(0, end);
    text.remove_prefix(end);
  }
  return kept;
}

}  // namespace

bool is_delimiter(char c) { return std::find(kDelimiters.begin(), kDelimiters.end(), c) != kDelimiters.end(); }

std::size_t count_rows(std::string_view text, std::size_t limit) {
  std::size_t rows = 0;
  outside_quotes(text, [&](char c, std::size_t) {
    rows += c == '\n';
    return rows < limit;
  });
  return rows;
}

CsvDialect sniff_csv(const std::string& name, std::string_view sample, bool complete, const LoadOptions& options,
                     const FirstFile* first) {
  CsvDialect dialect;
  // A row cut by the sample would mislead, unless it is the only one.
  const std::size_t last_end = complete ? std::string_view::npos : sample.rfind('\n');
  const std::string_view whole = sample.substr(0, last_end == std::string_view::npos ? last_end : last_end + 1);
  const SkippedLines skipped{options.comment, options.skipped_lines};
  const std::string kept = skipped.any() ? without_lines(whole, skipped) : "";
  const std::string_view rows = skipped.any() ? kept : whole;
  if (options.delimiter != 0)
    dialect.delimiter = options.delimiter;
  else if (first != nullptr && parts_as_many(rows, *first))
    dialect.delimiter = first->delimiter;
  else
    dialect.delimiter =
        find_delimiter(first_rows(rows, kRowsCompared), options.decimal_comma || options.thousands == '.');
  dialect.has_header = options.header == Header::yes;

  HeaderSample sink(options, first == nullptr ? nullptr : first->table);
  try {
    CsvParser<HeaderSample> parser(name, dialect.delimiter, sink);
    parser.feed(rows);
    if (complete) parser.finish();
  } catch (const Error&) {
    // The reader reports the same error later, with its line.
  }
  if (sink.rows() == 0) sink.row(1);
  dialect.row_bytes = std::max<std::size_t>(rows.size() / sink.rows(), 1);
  if (options.header == Header::detect) {
    const HeaderSample::Verdict verdict = sink.verdict();
    dialect.has_header = verdict.is_header;
    dialect.header_reason = verdict.reason;
    dialect.is_above_numbers = verdict.is_above_numbers;
  }
  dialect.has_row_names = dialect.has_header && sink.has_row_names();
  return dialect;
}

}  // namespace chainrule::formats
