// SPDX-License-Identifier: Apache-2.0
// What `predict` writes of each row: which columns, and their text as CSV (RFC 4180) or as JSON lines.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "chainrule/data/encoder.h"
#include "cli/command_line/parse.h"

namespace chainrule::cli {

/// One column of the answers.
struct AnswerColumn {
  enum class Kind {
    prediction,
    probabilities,  ///< of all classes: a column each in CSV, one object in JSON
    probability,    ///< of class `place`
    warnings,
    row,     ///< its number in the data, from 1
    repeat,  ///< of a cross-validation
    fold,
    field  ///< of column `place` of the data, as it is written there
  };
  Kind kind = Kind::prediction;
  std::string name;  ///< heading in CSV, key in JSON
  std::size_t place = 0;
};

/// Columns of the data that --id and --output-columns may mean, for LoadOptions::texts. Throws Error (usage).
std::vector<std::string> wanted_texts(const Arguments& arguments);
/// What --id, --output-columns, --warnings and --json ask for, in this order. Throws Error (usage) for what is not
/// there, with all that is, and for a name that would be there twice.
std::vector<AnswerColumn> answer_columns(const Arguments& arguments, const Encoder& encoder, const Table& table);
/// Whether one of them is of this kind.
bool has(const std::vector<AnswerColumn>& columns, AnswerColumn::Kind kind);

/// One row and its answer.
struct AnsweredRow {
  std::size_t row = 0;    ///< from 0
  std::size_t label = 0;  ///< the class predicted
  std::span<const double> answer;
  std::string warnings;              ///< as row_warnings() has them
  std::size_t repeat = 0, fold = 0;  ///< from 1, of a cross-validation
};

std::string csv_heading(const std::vector<AnswerColumn>& columns, const Encoder& encoder);
std::string csv_line(const std::vector<AnswerColumn>& columns, const Encoder& encoder, const Table& table,
                     const AnsweredRow& row);
std::string json_line(const std::vector<AnswerColumn>& columns, const Encoder& encoder, const Table& table,
                      const AnsweredRow& row);

}  // namespace chainrule::cli
