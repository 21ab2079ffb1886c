// SPDX-License-Identifier: Apache-2.0
// Help with learning rates around a training: found before it, blamed after it.
#pragma once

#include <optional>

#include "chainrule/error.h"
#include "chainrule/rate_test.h"
#include "cli/flags.h"
#include "cli/json_text.h"
#include "cli/terminal.h"

namespace chainrule::cli {

/// What tests before the training found.
struct FoundRates {
  std::optional<RateTest> test;
  std::optional<LayerRates> layers;
};

/// Does what --find-learning-rate and --find-layer-rates ask for, says what it found, and sets the options to it.
FoundRates find_rates(const Arguments& arguments, const Terminal& terminal, const Table& table, FitOptions& options,
                      const RateTestOptions& how);
/// The error of a training without finite numbers; its hint names the learning rate that a range test finds.
Error with_found_rate(const Error& error, const Table& table, const FitOptions& options, const RateTestOptions& how);
/// {"learning_rate": {...}, "layers": {...}}, each null where it was not asked for; null where neither was.
Json rates_object(const FoundRates& found);

}  // namespace chainrule::cli
