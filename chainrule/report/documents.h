// SPDX-License-Identifier: Apache-2.0
// The JSON documents of `--json`. Fields are only ever added; numbers that are not finite are null.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "chainrule/data/columns/column_summary.h"
#include "chainrule/explain/gradient_check.h"
#include "chainrule/model/evaluation.h"
#include "chainrule/report/json.h"
#include "chainrule/training/fit.h"
#include "chainrule/training/learning_rate_finder.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// What `train` knows beside the result.
struct TrainingFacts {
  std::string model;  ///< path
  std::size_t training_rows = 0, validation_rows = 0;
  double seconds = 0;
  FoundRates rates;  ///< before it
};
std::string training_document(const FitResult& result, const TrainingFacts& facts);

/// {"learning_rate": {...}, "layers": {...}}, each null where it was not asked for; null where neither was.
Json rates_object(const FoundRates& found);

/// What is known of a table's columns, and what training would do with them.
struct TableFacts {
  std::vector<ColumnFacts> columns;
  std::vector<ColumnUse> uses;    ///< one per column
  const FitPlan* plan = nullptr;  ///< nullptr where it would be refused
  std::string refusal, hint;
};
std::string table_document(const Table& table, const TableFacts& facts);
std::string model_document(const Model& model, const std::string& path);

std::string check_document(const CheckReport& report, const CheckFacts& facts);
/// Fields are only ever added; numbers that are not finite are null (docs/formats.md).
std::string evaluation_document(const Evaluation& evaluation);

}  // namespace chainrule
#pragma GCC visibility pop
