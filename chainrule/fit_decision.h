// SPDX-License-Identifier: Apache-2.0
// What classes count in the loss, and from which probability on the second of two is predicted. Internal to fit*.cpp.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "chainrule/fit.h"

namespace chainrule {

/// A weight per label, as options.class_weight says: "balanced" is rows / (classes * rows of the class), of these rows;
/// none for "none". Throws Error (usage) for a task of numbers and for a class that is not there.
std::vector<double> class_weights_for(const Encoder& encoder, const Table& table, std::span<const std::size_t> rows,
                                      const FitOptions& options);
/// Throws Error (usage) where a threshold is wished for that cannot be.
void check_threshold(const Encoder& encoder, const FitOptions& options, std::size_t validation_rows);
/// The threshold that the options give or choose by the rows held out; `notes` say which it is and what it rests on.
std::optional<double> threshold_for(const Model& model, const Selection& held_out, const FitOptions& options,
                                    std::size_t threads, std::vector<std::string>& notes);

}  // namespace chainrule
