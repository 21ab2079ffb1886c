// SPDX-License-Identifier: Apache-2.0
// Columns that are the target in other words. Internal to data/.
#pragma once

#include <string>
#include <vector>

#include "chainrule/data/encoder.h"

namespace chainrule {

/// Adds a warning for the input columns that copy the target, all rows taken together: for classes, as many different
/// values as classes, each with one class of its own; for numbers, a correlation of 0.9999 or more in size. Nothing is
/// said of tables so small that it may be chance.
void note_copies(const Encoder& encoder, const Table& table, std::vector<Note>& notes);

}  // namespace chainrule
