// SPDX-License-Identifier: Apache-2.0
// Small tables as file readers produce them, and encoders made from them.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "chainrule/base/error.h"
#include "chainrule/data/encoder.h"
#include "chainrule/data/encoder_plan.h"
#include "chainrule/data/encoding.h"

namespace chainrule::testing {

using Texts = std::vector<std::string>;
using Notes = std::vector<Note>;
using Rows = std::vector<std::size_t>;

constexpr bool kKept = true;

// A column of a file whose line 1 is a header. Spellings are kept for targets, and for text.
inline Column column(const std::string& name, const Texts& fields, bool is_target = false) {
  Column out;
  out.name = name;
  for (std::size_t row = 0; row < fields.size(); ++row) {
    const std::string& text = fields[row];
    double number = 0;
    const auto [stop, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool missing = text.empty() || text == "NA" || text == "?";
    if (missing && out.missing++ == 0) out.first_missing = {row + 2, 0, text};
    const bool is_number = problem == std::errc() && stop == text.data() + text.size();
    if (!missing && !is_number && out.first_text.line == 0) out.first_text = {row + 2, 0, text};
    out.numbers.push_back(missing ? std::numeric_limits<double>::quiet_NaN() : number);
  }
  if (!out.is_number()) out.numbers.clear();
  if (out.is_number() && !is_target) return out;
  for (const std::string& field : fields) {
    const bool missing = field == "NA" || field == "?";
    const std::string text = missing ? "" : field;
    const auto at = std::find(out.spellings.begin(), out.spellings.end(), text);
    out.codes.push_back(static_cast<std::uint32_t>(at - out.spellings.begin()));
    if (at == out.spellings.end()) out.spellings.push_back(text);
  }
  return out;
}

inline Table table_of(std::vector<Column> columns, std::size_t rows) {
  Table table;
  table.source = "a.csv";
  table.rows = rows;
  table.has_header = table.names_from_header = true;
  table.columns = std::move(columns);
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    table.columns[c].first_text.field = table.columns[c].first_missing.field = c + 1;
    if (table.columns[c].name.empty()) table.columns[c].name = fmt::format("column {}", c + 1);
  }
  return table;
}

inline Table without_names(Table table) {
  table.has_header = table.names_from_header = false;
  for (std::size_t c = 0; c < table.columns.size(); ++c) table.columns[c].name = fmt::format("column {}", c + 1);
  return table;
}

// Two inputs, a target with three classes.
inline Table small() {
  return table_of({column("a", {"1", "2", "3", "4"}), column("b", {"10", "30", "20", "40"}),
                   column("y", {"dog", "cat", "ant", "cat"}, kKept)},
                  4);
}

inline Rows all(const Table& table) {
  Rows rows(table.rows);
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  return rows;
}

inline Table images(std::size_t rows, std::size_t height, std::size_t width, Texts labels) {
  Table table = table_of({}, rows);
  if (!labels.empty()) table.columns.push_back(column("label", labels, kKept));
  table.images.height = height;
  table.images.width = width;
  std::vector<std::uint8_t> bytes(rows * height * width);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  table.images.bytes = std::move(bytes);
  table.names_from_header = false;
  return table;
}

inline Encoder plan(const Table& table, const EncoderOptions& options = {}) {
  Notes notes;
  return plan_encoder(table, options, notes);
}

inline Encoder fitted(const Table& table, const EncoderOptions& options = {}) {
  Notes notes;
  Encoder encoder = plan_encoder(table, options, notes);
  fit_encoder(encoder, table, all(table), options, notes);
  return encoder;
}

// Without the prefix of a warning.
inline Texts texts_of(const Notes& notes) {
  Texts texts;
  for (const Note& note : notes) texts.push_back(note.text.text());
  return texts;
}

inline Texts notes_of(const Table& table, const EncoderOptions& options = {}) {
  Notes notes;
  Encoder encoder = plan_encoder(table, options, notes);
  fit_encoder(encoder, table, all(table), options, notes);
  return note_lines(notes);
}

inline std::vector<float> encoded_row(const Dataset& data, std::size_t row) {
  Matrix out(1, data.inputs.columns());
  data.inputs.gather(std::span(&row, 1), out.view());
  return {out.flat().begin(), out.flat().end()};
}

struct Refusal {
  ErrorCategory category;
  std::string what, hint;
};

inline Refusal refusal(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return {error.category(), error.what(), error.hint()};
  }
  ADD_FAILURE() << "no error";
  return {};
}

}  // namespace chainrule::testing
