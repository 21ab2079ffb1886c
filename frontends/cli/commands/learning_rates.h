// SPDX-License-Identifier: Apache-2.0
// Range tests of the learning rate before a training, and after a failed one.
#pragma once

#include <optional>

#include "chainrule/base/error.h"
#include "chainrule/report/documents.h"
#include "chainrule/training/rates/learning_rate_finder.h"
#include "cli/command_line/parse.h"
#include "cli/output/terminal.h"

namespace chainrule::cli {

/// Runs --find-learning-rate and --find-layer-rates, prints the rates and sets the options to them.
FoundLearningRates find_rates(const Arguments& arguments, const Terminal& terminal, const FitPlan& plan,
                              const FitData& data, FitOptions& options, const LearningRateFinderOptions& how);
/// The error of a training that overflowed; its hint names the learning rate that a range test finds.
Error with_found_rate(const Error& error, const FitPlan& plan, const FitData& data, const FitOptions& options,
                      const LearningRateFinderOptions& how);
}  // namespace chainrule::cli
