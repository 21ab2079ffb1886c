// SPDX-License-Identifier: Apache-2.0
// The plan of an encoder: which columns are inputs, target and weights, classification or regression, and the labels.
// Internal.
#pragma once

#include <vector>

#include "chainrule/data/encoder.h"

namespace chainrule {

/// Decides task, target, inputs and labels, before any statistic is computed. read_column() gives the type of a column
/// unless the options name it. Free text, ids and running numbers are left out (running numbers stay if there is no
/// other input). Throws Error (input) for a text among numbers or dates. `notes` gets the decisions, with a warning if
/// a column duplicates the target.
Encoder plan_encoder(const Table& table, const EncoderOptions& options, std::vector<Note>& notes);

}  // namespace chainrule
