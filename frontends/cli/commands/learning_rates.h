// SPDX-License-Identifier: Apache-2.0
// Help with learning rates around a training: found before it, blamed after it.
#pragma once

#include <optional>

#include "chainrule/base/error.h"
#include "chainrule/training/learning_rate_finder.h"
#include "cli/command_line/parse.h"
#include "cli/output/terminal.h"

namespace chainrule::cli {

/// Does what --find-learning-rate and --find-layer-rates ask for, says what it found, and sets the options to it.
FoundRates find_rates(const Arguments& arguments, const Terminal& terminal, const FitPlan& plan, const FitData& data,
                      FitOptions& options, const RateTestOptions& how);
/// The error of a training without finite numbers; its hint names the learning rate that a range test finds.
Error with_found_rate(const Error& error, const FitPlan& plan, const FitData& data, const FitOptions& options,
                      const RateTestOptions& how);
}  // namespace chainrule::cli
