// SPDX-License-Identifier: Apache-2.0
// What a training was, in one document: what `report.html` shows (docs/formats.md, "Report").
#pragma once

#include <string>
#include <vector>

#include "chainrule/fit.h"
#include "cli/json_text.h"
#include "cli/learning_rates.h"

namespace chainrule::cli {

/// What a report says of a training beside its result.
struct ReportFacts {
  const Table* table = nullptr;       ///< of the training
  const Table* validation = nullptr;  ///< another table that was watched, or none
  const FitPlan* plan = nullptr;
  const FitOptions* options = nullptr;
  const std::vector<HealthRecord>* health = nullptr;  ///< of some of its steps
  const FoundRates* rates = nullptr;                  ///< before it; nullptr: nothing was asked for
  std::string data, model;                            ///< paths
  std::vector<std::string> commands;                  ///< that train it again
  double seconds = 0;
  std::size_t threads = 0;
};

Json training_report(const FitResult& result, const ReportFacts& facts);

}  // namespace chainrule::cli
