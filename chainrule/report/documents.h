// SPDX-License-Identifier: Apache-2.0
// The JSON documents of `--json`. Fields may be added but are never removed; infinities and NaN are null.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "chainrule/data/columns/column_summary.h"
#include "chainrule/explain/reference_check.h"
#include "chainrule/model/evaluation.h"
#include "chainrule/report/json.h"
#include "chainrule/training/fit.h"
#include "chainrule/training/rates/learning_rate_finder.h"

namespace chainrule {

/// The results of tests before the training.
struct FoundLearningRates {
  std::optional<LearningRateFinderResult> test;
  std::optional<LayerRates> layers;
};

/// Facts that `train` adds to the result.
struct TrainingFacts {
  std::string model;  ///< path
  std::size_t training_rows = 0, validation_rows = 0;
  double seconds = 0;
  FoundLearningRates rates;  ///< found before the training
};
std::string training_document(const FitResult& result, const TrainingFacts& facts);

/// {"learning_rate": {...}, "layers": {...}}, each null if not requested; null if neither was.
Json rates_object(const FoundLearningRates& found);

/// The columns of a table, and how training would use them.
struct TableFacts {
  std::vector<ColumnFacts> columns;
  std::vector<ColumnUse> uses;    ///< one per column
  const FitPlan* plan = nullptr;  ///< nullptr if training would refuse the table
  std::string refusal, hint;
};
std::string table_document(const Table& table, const TableFacts& facts);
std::string model_document(const Model& model, const std::string& path);

std::string check_document(const CheckReport& report, const CheckFacts& facts);
inline constexpr std::size_t kFewRows = 30;  ///< smaller groups are marked "few rows"
/// See docs/formats.md.
std::string evaluation_document(const Evaluation& evaluation);

}  // namespace chainrule
