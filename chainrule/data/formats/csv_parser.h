// SPDX-License-Identifier: Apache-2.0
// Splits CSV into fields and rows: libcsv, with line numbers, limits, and a fast path for lines without quotes.
// Internal to formats/.
#pragma once

#include <csv.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chainrule/base/checks.h"
#include "chainrule/data/formats/csv_field.h"

namespace chainrule::formats {

struct CsvFreer {
  void operator()(csv_parser* parser) const {
    csv_free(parser);
    delete parser;
  }
};

/// Line ends in `text`: "\n", "\r\n" or "\r".
inline std::uint64_t count_lines(std::string_view text) {
  std::uint64_t lines = 0;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '\n' || (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n'))) ++lines;
  return lines;
}

/// Lines that are not part of the table.
struct SkippedLines {
  char comment = 0;  ///< lines that begin with it, after blanks; 0 = none
  std::vector<std::pair<std::uint64_t, std::uint64_t>> lines = {};  ///< first and last, from 1

  bool any() const { return comment != 0 || !lines.empty(); }
  bool skips(std::uint64_t number, std::string_view line) const {
    const std::size_t first = comment == 0 ? std::string_view::npos : line.find_first_not_of(" \t");
    if (first != std::string_view::npos && line[first] == comment) return true;
    return std::ranges::any_of(lines,
                               [&](const auto& range) { return number >= range.first && number <= range.second; });
  }
};

/// Appends `line` to `out` with one tab in place of each run of blanks and tabs outside quotes, and none at its ends.
/// `quoted`: whether a quoted field is open, before and after.
inline void squeeze_blanks(std::string_view line, bool& quoted, std::string& out) {
  bool at_begin = !quoted, gap = false;
  for (const char c : line) {
    if (!quoted && (c == ' ' || c == '\t')) {
      gap = !at_begin;
      continue;
    }
    const bool begins = at_begin || gap;
    if (gap) out += '\t';
    if (c == '"' && (quoted || begins || (!out.empty() && out.back() == '"'))) quoted = !quoted;
    gap = at_begin = false;
    out += c;
  }
}

/// RFC 4180 with any one-byte delimiter; a blank stands for any number of blanks and tabs. A quote inside a field that
/// does not begin with one is literal; text after a closing quote is refused. Calls, in the order of the file: bool
/// sink.field(text, line)   true when `text` is known to hold no line end (a number) void sink.number(number, text,
/// line)   instead, for a short decimal, if the sink has such a function and sink.takes_numbers() void sink.row(line)
/// after the fields of a row that began in `line` void sink.blank_line(line)    for a line with nothing but blanks
/// Throws Error (input) for a quote that is never closed and for fields above kLongestField, with the line where the
/// field began, and for NUL bytes; passes on exceptions of the sink. Memory: the longest field.
template <class Sink>
class CsvParser {
 public:
  static constexpr std::size_t kLongestField = std::size_t{1} << 20;
  static constexpr std::size_t kLongestLine = std::size_t{64} << 20;

  /// `first_line`: number of the first line that will be fed.
  CsvParser(std::string name, char delimiter, Sink& sink, std::uint64_t first_line = 1, SkippedLines skipped = {})
      : name_(std::move(name)),
        squeezes_(delimiter == ' '),
        delimiter_(squeezes_ ? '\t' : delimiter),
        skipped_(std::move(skipped)),
        reads_lines_(squeezes_ || skipped_.any()),
        sink_(sink),
        parser_(new csv_parser{}),
        line_(first_line),
        row_line_(first_line) {
    if (csv_init(parser_.get(), kOptions) != 0) throw std::bad_alloc();
    csv_set_delim(parser_.get(), static_cast<unsigned char>(delimiter_));
    csv_set_blk_size(parser_.get(), kPiece / 4);
  }

  /// Any piece of the file, in order.
  void feed(std::string_view bytes) {
    const std::size_t nul = bytes.find('\0');
    if (reads_lines_)
      feed_lines(bytes.substr(0, nul));
    else
      feed_text(bytes.substr(0, nul));
    if (nul != std::string_view::npos)
      refuse(line_, 0, "text: expected no NUL byte, found one", "this does not look like a text file");
  }

  void finish() {
    if (!pending_.empty()) take_line(std::exchange(pending_, {}), false);
    const int status = csv_fini(parser_.get(), on_field, on_row, this);
    pass_on_error();
    if (status == 0) return;
    if (csv_error(parser_.get()) == CSV_ENOMEM) throw std::bad_alloc();
    refuse(line_, field_ + 1, "quote: expected a closing quote, found the end of the file",
           "the quoted field begins here");
  }

 private:
  static constexpr std::size_t kPiece = 64 * 1024;
  static constexpr unsigned char kOptions = CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL;

  // Whole lines, for what is decided by the line.
  void feed_lines(std::string_view bytes) {
    for (std::size_t end = 0; (end = bytes.find('\n')) != std::string_view::npos; bytes.remove_prefix(end + 1)) {
      if (pending_.empty()) {
        take_line(bytes.substr(0, end), true);
        continue;
      }
      pending_ += bytes.substr(0, end);
      take_line(std::exchange(pending_, {}), true);
    }
    pending_ += bytes;
    if (pending_.size() > kLongestLine) refuse_long_field(false);
  }

  void take_line(std::string_view line, bool ended) {
    if (row_ended_ && skipped_.skips(line_, line)) {
      row_line_ = ++line_;
      return;
    }
    squeezed_.clear();
    if (squeezes_) {
      if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
      squeeze_blanks(line, quoted_, squeezed_);
    } else {
      squeezed_ = line;
    }
    if (ended) squeezed_ += '\n';
    feed_text(squeezed_);
  }

  void feed_text(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::size_t end = bytes.find('\n');
      const std::string_view line = bytes.substr(0, end);
      if (end == std::string_view::npos) {
        parse(line);
        row_ended_ = false;
        return;
      }
      if (row_ended_ && is_plain(line)) {
        plain_line(line);
      } else {
        parse(line);
        row_ended_ = false;  // the parser sets it again if this line end ends a row and is not in quotes
        parse("\n");
      }
      bytes.remove_prefix(end + 1);
    }
  }

  static bool is_plain(std::string_view line) {
    const std::size_t carriage = line.find('\r');
    return line.find('"') == std::string_view::npos &&
           (carriage == std::string_view::npos || carriage + 1 == line.size());
  }

  // Makes the same calls as the parser, in a fraction of the time.
  void plain_line(std::string_view line) {
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    const auto is_blank = [this](char c) { return (c == ' ' || c == '\t') && c != delimiter_; };
    if (std::all_of(line.begin(), line.end(), is_blank)) {
      sink_.blank_line(line_);
    } else {
      const char *next = line.data(), *const end = next + line.size();
      [[maybe_unused]] bool numbers = false;
      if constexpr (requires { sink_.takes_numbers(); }) numbers = sink_.takes_numbers();
      for (bool more = true; more; ++next) {
        if constexpr (requires { sink_.takes_numbers(); }) {
          double number = 0;
          const char* const ends = numbers ? read_short_decimal(next, end, '.', number) : nullptr;
          if (ends != nullptr && (ends == end || *ends == delimiter_)) {
            sink_.number(number, {next, static_cast<std::size_t>(ends - next)}, line_);
            more = ends != end;
            next = ends;
            continue;
          }
        }
        const char* stop = next;
        while (stop != end && *stop != delimiter_) ++stop;
        more = stop != end;
        const char *first = next, *last = stop;
        while (first != last && is_blank(*first)) ++first;
        while (first != last && is_blank(last[-1])) --last;
        sink_.field({first, static_cast<std::size_t>(last - first)}, line_);
        next = stop;
      }
      sink_.row(line_);
    }
    ++line_;
    row_line_ = line_;
  }

  void parse(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::size_t size = std::min(bytes.size(), kPiece);  // so that a long field is detected soon
      const std::size_t used = csv_parse(parser_.get(), bytes.data(), size, on_field, on_row, this);
      pass_on_error();
      if (parser_->entry_pos > kLongestField) refuse_long_field(parser_->quoted != 0);
      bytes.remove_prefix(used);
      if (used == size) continue;
      if (csv_error(parser_.get()) != CSV_EPARSE) throw std::bad_alloc();
      if (parser_->quoted != 0)
        refuse(
            line_, field_ + 1,
            "quote: expected a delimiter or a line end after a closing quote, found " + in_quotes(bytes.substr(0, 1)),
            "a quote inside a quoted field is written twice");
      // A quote in a field that did not begin with one: accept it literally.
      csv_set_opts(parser_.get(), kOptions & ~CSV_STRICT);
      csv_parse(parser_.get(), bytes.data(), 1, on_field, on_row, this);
      csv_set_opts(parser_.get(), kOptions);
      pass_on_error();
      bytes.remove_prefix(1);
    }
  }

  // libcsv is C: nothing may be thrown through it.
  static void on_field(void* text, std::size_t size, void* self) {
    auto& parser = *static_cast<CsvParser*>(self);
    if (parser.error_) return;
    try {
      parser.take_field({static_cast<const char*>(text), size});
    } catch (...) {
      parser.error_ = std::current_exception();
    }
  }

  static void on_row(int line_end, void* self) {
    auto& parser = *static_cast<CsvParser*>(self);
    if (parser.error_) return;
    try {
      parser.take_line_end(line_end);
    } catch (...) {
      parser.error_ = std::current_exception();
    }
  }

  void take_field(std::string_view text) {
    if (text.size() > kLongestField) refuse_long_field(false);
    after_carriage_ = false;
    if (!sink_.field(text, line_)) line_ += count_lines(text);
    ++field_;
  }

  void take_line_end(int line_end) {
    const bool second_half = line_end == '\n' && after_carriage_;
    if (!second_half) {
      if (field_ > 0)
        sink_.row(row_line_);
      else
        sink_.blank_line(line_);
      ++line_;
    }
    after_carriage_ = line_end == '\r';
    row_ended_ = true;
    field_ = 0;
    row_line_ = line_;
  }

  void pass_on_error() {
    if (error_) std::rethrow_exception(error_);
  }

  [[noreturn]] void refuse_long_field(bool quoted) const {
    refuse(line_, field_ + 1, "field: expected at most " + std::to_string(kLongestField) + " bytes, found more",
           quoted ? "is the quote that begins this field never closed?" : "");
  }

  [[noreturn]] void refuse(std::uint64_t line, std::uint64_t field, const std::string& what,
                           const std::string& hint) const {
    throw Error(ErrorCategory::input, location(name_, line, field) + ": " + what, hint);
  }

  std::string name_;
  bool squeezes_;  // runs of blanks to tabs
  char delimiter_;
  SkippedLines skipped_;
  bool reads_lines_;
  std::string pending_, squeezed_;  // a line that has not ended; the line without further blanks
  bool quoted_ = false;             // squeezed lines: whether a quoted field is open
  Sink& sink_;
  std::unique_ptr<csv_parser, CsvFreer> parser_;
  std::exception_ptr error_;
  std::uint64_t line_;       // where the current field begins
  std::uint64_t row_line_;   // where the current row begins
  std::uint64_t field_ = 0;  // fields of the current row that are complete
  bool row_ended_ = true;    // the last byte ended a row, or there was none yet
  bool after_carriage_ = false;
};

}  // namespace chainrule::formats
