// SPDX-License-Identifier: Apache-2.0
// What a training was, in one document: what `report.html` shows (docs/formats.md, "Report").
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chainrule/report/json.h"
#include "chainrule/training/fit.h"
#include "chainrule/training/learning_rate_finder.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// What a report says of a training beside its result.
struct ReportFacts {
  const Table* table = nullptr;       ///< of the training
  const Table* validation = nullptr;  ///< another table that was watched, or none
  const FitPlan* plan = nullptr;
  const FitData* rows = nullptr;  ///< encoded by the plan
  const FitOptions* options = nullptr;
  const std::vector<HealthRecord>* health = nullptr;  ///< of some of its steps
  const FoundRates* rates = nullptr;                  ///< before it; nullptr: nothing was asked for
  std::string data, model;                            ///< paths
  std::vector<std::string> commands;                  ///< that train it again
  double seconds = 0;
  std::size_t threads = 0;
};

Json training_report(const FitResult& result, const ReportFacts& facts);

/// A report (docs/formats.md, "Report") as one self-contained page with curves. It asks for nothing from anywhere.
std::string report_html(std::string_view document);

}  // namespace chainrule
#pragma GCC visibility pop
