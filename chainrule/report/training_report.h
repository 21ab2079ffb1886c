// SPDX-License-Identifier: Apache-2.0
// A training in one document: the data of `report.html` (docs/formats.md, "Report").
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chainrule/report/json.h"
#include "chainrule/training/fit.h"

namespace chainrule {

struct FoundLearningRates;

/// Facts that a report contains besides the result of the training.
struct ReportFacts {
  const Table* table = nullptr;       ///< of the training
  const Table* validation = nullptr;  ///< the validation table, or none
  const FitPlan* plan = nullptr;
  const FitData* rows = nullptr;  ///< encoded by the plan
  const FitOptions* options = nullptr;
  const std::vector<HealthRecord>* health = nullptr;  ///< of some of its steps
  const FoundLearningRates* rates = nullptr;          ///< found before the training; nullptr: not requested
  std::string data, model;                            ///< paths
  std::vector<std::string> commands;                  ///< repeat the training
  double seconds = 0;
  std::size_t threads = 0;
};

Json training_report(const FitResult& result, const ReportFacts& facts);

/// A report (docs/formats.md, "Report") as one self-contained page with curves. The page makes no network requests.
std::string report_html(std::string_view document);

/// The epoch whose weights a model has, and what chose it: "12 (best validation loss)".
std::string best_epoch_text(const History& history, bool has_validation);

}  // namespace chainrule
