// SPDX-License-Identifier: Apache-2.0
// The JSON documents of `--json`. Fields are only ever added; numbers that are not finite are null.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "chainrule/fit.h"
#include "cli/column_facts.h"
#include "cli/learning_rates.h"

namespace chainrule::cli {

/// What `train` knows beside the result.
struct TrainingFacts {
  std::string model;  ///< path
  std::size_t training_rows = 0, validation_rows = 0;
  double seconds = 0;
  FoundRates rates;  ///< before it
};
std::string training_document(const FitResult& result, const TrainingFacts& facts);

/// What is known of a table's columns, and what training would do with them.
struct TableFacts {
  std::vector<ColumnFacts> columns;
  std::vector<ColumnUse> uses;    ///< one per column
  const FitPlan* plan = nullptr;  ///< nullptr where it would be refused
  std::string refusal, hint;
};
std::string table_document(const Table& table, const TableFacts& facts);
std::string model_document(const Model& model, const std::string& path);

}  // namespace chainrule::cli
