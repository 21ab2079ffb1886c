// SPDX-License-Identifier: Apache-2.0
// Divides the rows of a table into training, validation and test rows. Internal to training/.
#pragma once

#include <string>
#include <vector>

#include "chainrule/training/fit.h"

namespace chainrule {

/// Called before any statistic is computed. `other_table`: the validation rows come from another table. Adds its
/// decisions to `notes`. Throws Error (usage).
Split split_for(const Encoder& encoder, const Table& table, const FitOptions& options, bool other_table,
                std::vector<Note>& notes);

}  // namespace chainrule
