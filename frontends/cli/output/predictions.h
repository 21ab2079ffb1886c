// SPDX-License-Identifier: Apache-2.0
// The output columns of `predict`, and their text as CSV (RFC 4180) or JSON lines.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "chainrule/data/encoder.h"
#include "cli/command_line/parse.h"
#include "cli/output/terminal.h"

namespace chainrule::cli {

/// One output column.
struct PredictionColumn {
  enum class Kind {
    prediction,
    probabilities,  ///< of all classes: a column for each in CSV, one object in JSON
    probability,    ///< of one class
    warnings,
    row,     ///< row number in the data, from 1
    repeat,  ///< of a cross-validation
    fold,
    field  ///< a column of the data, copied unchanged
  };
  Kind kind = Kind::prediction;
  std::string name;       ///< heading in CSV, key in JSON
  std::size_t index = 0;  ///< index of that class or column
};

/// Columns of the data that --id and --output-columns may name, for LoadOptions::texts. Throws Error (usage).
std::vector<std::string> requested_texts(const Arguments& arguments);
/// The columns that --id, --output-columns, --warnings and --json request, in this order. Throws Error (usage) for an
/// unknown name, listing the known ones, and for a repeated name.
std::vector<PredictionColumn> prediction_columns(const Arguments& arguments, const Encoder& encoder,
                                                 const Table& table);
/// Whether one of them is of this kind.
bool has(const std::vector<PredictionColumn>& columns, PredictionColumn::Kind kind);

/// One row and its prediction.
struct PredictedRow {
  std::size_t row = 0;    ///< from 0
  std::size_t label = 0;  ///< the predicted class
  std::span<const double> prediction;
  std::string warnings;              ///< from row_warnings()
  std::size_t repeat = 0, fold = 0;  ///< from 1, of a cross-validation
};

/// A warning that so many predictions were clamped to the range of the training targets; silent for none.
void say_clamped(const Terminal& terminal, const Encoder& encoder, std::size_t clamped, std::size_t rows);

std::string csv_heading(const std::vector<PredictionColumn>& columns, const Encoder& encoder);
std::string csv_line(const std::vector<PredictionColumn>& columns, const Encoder& encoder, const Table& table,
                     const PredictedRow& row);
std::string json_line(const std::vector<PredictionColumn>& columns, const Encoder& encoder, const Table& table,
                      const PredictedRow& row);

}  // namespace chainrule::cli
