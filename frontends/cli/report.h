// SPDX-License-Identifier: Apache-2.0
// What a training was, in one document: what `report.html` shows (docs/formats.md, "Report").
#pragma once

#include <string>
#include <vector>

#include "chainrule/fit.h"

namespace chainrule::cli {

/// What a report says of a training beside its result.
struct ReportFacts {
  const Table* table = nullptr;       ///< of the training
  const Table* validation = nullptr;  ///< another table that was watched, or none
  const FitPlan* plan = nullptr;
  const FitOptions* options = nullptr;
  std::string data, model;            ///< paths
  std::vector<std::string> commands;  ///< that train it again
  double seconds = 0;
};

std::string report_document(const FitResult& result, const ReportFacts& facts);

}  // namespace chainrule::cli
