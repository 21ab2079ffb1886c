// SPDX-License-Identifier: Apache-2.0
// Which rows of a table train, which are watched, and which are kept for the test at the end. Internal to training/.
#pragma once

#include <string>
#include <vector>

#include "chainrule/training/fit.h"

namespace chainrule {

/// Made before any statistic is taken. `other_table`: the rows that are watched are another table's. What was decided
/// goes to `notes`. Throws Error (usage).
Split split_for(const Encoder& encoder, const Table& table, const FitOptions& options, bool other_table,
                std::vector<Note>& notes);

}  // namespace chainrule
