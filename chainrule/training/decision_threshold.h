// SPDX-License-Identifier: Apache-2.0
// The decision threshold: the minimum probability for predicting the second of two classes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chainrule/training/fit.h"

namespace chainrule {

/// Throws Error (usage) if the options request a threshold that is impossible.
void check_threshold(const Encoder& encoder, const FitOptions& options, std::size_t validation_rows);
/// The threshold of the options, or the best one on the validation rows `validation_rows`; `notes` report how it was
/// chosen.
std::optional<double> threshold_for(const Model& model, const Selection& validation_rows, const FitOptions& options,
                                    std::size_t threads, std::vector<Note>& notes);

}  // namespace chainrule
