// SPDX-License-Identifier: Apache-2.0
// From which probability on the second of two classes is predicted.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chainrule/training/fit.h"

namespace chainrule {

/// Throws Error (usage) where a threshold is wished for that cannot be.
void check_threshold(const Encoder& encoder, const FitOptions& options, std::size_t validation_rows);
/// The threshold that the options give or choose by the rows held out; `notes` say which it is and what it rests on.
std::optional<double> threshold_for(const Model& model, const Selection& held_out, const FitOptions& options,
                                    std::size_t threads, std::vector<Note>& notes);

}  // namespace chainrule
