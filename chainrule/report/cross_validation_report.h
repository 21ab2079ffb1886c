// SPDX-License-Identifier: Apache-2.0
// What a cross-validation found: as a JSON document, and as what its page shows.
#pragma once

#include <cstddef>
#include <string>

#include "chainrule/report/json.h"
#include "chainrule/training/cross_validation.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// What a report says beside the results.
struct CrossFacts {
  std::string data;  ///< path
  CrossValidationOptions how;
  double seconds = 0;
  const Table* table = nullptr;
  const FitPlan* plan = nullptr;  ///< of the first fold
  const FitOptions* options = nullptr;
  std::string command;  ///< that does it again
};

/// "fold 3 of 5" or "repeat 2, fold 3 of 5".
std::string name_of(const FoldResult& fold, const CrossValidationOptions& how);

/// Answers to all rows that were tested, of all folds.
std::size_t answers_in(const CrossValidation& found);
/// Fields are only ever added; numbers that are not finite are null (docs/formats.md).
std::string cross_document(const CrossValidation& found, const CrossFacts& facts);
/// What its page shows (docs/formats.md, "Report").
Json cross_report(const CrossValidation& found, const CrossFacts& facts);

}  // namespace chainrule
#pragma GCC visibility pop
