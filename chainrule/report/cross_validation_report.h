// SPDX-License-Identifier: Apache-2.0
// The results of a cross-validation as a JSON document, and as the data of its page.
#pragma once

#include <cstddef>
#include <string>

#include "chainrule/report/json.h"
#include "chainrule/training/cross_validation.h"

namespace chainrule {

/// Facts that a report contains besides the results.
struct CrossFacts {
  std::string data;  ///< path
  CrossValidationOptions how;
  double seconds = 0;
  const Table* table = nullptr;
  const FitPlan* plan = nullptr;  ///< of the first fold
  const FitOptions* options = nullptr;
  std::string command;  ///< repeats the cross-validation
};

/// "fold 3 of 5" or "repeat 2, fold 3 of 5".
std::string name_of(const FoldResult& fold, const CrossValidationOptions& how);

/// The number of predictions for tested rows, over all folds.
std::size_t prediction_count(const CrossValidation& found);
/// The JSON document (docs/formats.md). Fields may be added but are never removed; infinities and NaN are null.
std::string cross_document(const CrossValidation& found, const CrossFacts& facts);
/// The data of its page (docs/formats.md, "Report").
Json cross_report(const CrossValidation& found, const CrossFacts& facts);

}  // namespace chainrule
