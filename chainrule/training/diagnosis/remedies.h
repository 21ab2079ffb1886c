// SPDX-License-Identifier: Apache-2.0
// Diagnoses a model by training again: a problem whose remedy makes a training succeed is the cause, and its advice has
// been tried.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "chainrule/data/table.h"
#include "chainrule/training/diagnosis/findings.h"

namespace chainrule {

struct DiagnosisOptions {
  std::size_t threads = 0;            ///< as for train()
  std::function<bool()> should_stop;  ///< called after each step; true ends the trials
};

struct Diagnosis {
  Examination examination;
  std::vector<Finding> findings;  ///< the cause first; empty if there is no problem
  std::size_t trainings = 0;      ///< how often a network was trained to find the cause
};

/// Examines the model on these rows, and judges it. If problems have remedies, or more than a quarter of the baseline's
/// loss remains, it trains again on the table: as the model was trained, then with one remedy after the other, until
/// the loss of validation rows falls: at first those of diagnose(), then the usual values of options that can stop
/// learning, then a longer training, then the preset of the table. That finding becomes the first. Findings whose
/// remedy did not help are dropped if another one's did. Each training has the options and the number of epochs of the
/// model, but fewer epochs where it would take more than some 2e10 multiplications. None without a configuration in the
/// model, and none where a single epoch takes more than 1e11. Throws as encode() and examine().
Diagnosis diagnose(const Model& model, const Table& table, const DiagnosisOptions& how = {});

/// The options of the model with a remedy. Throws Error (usage) as options_from().
FitOptions options_with(const Model& model, const Remedy& remedy);

}  // namespace chainrule
