// SPDX-License-Identifier: Apache-2.0
// Target leakage: columns that duplicate the target, or tell it. Internal to data/.
#pragma once

#include <string>
#include <vector>

#include "chainrule/data/encoder.h"

namespace chainrule {

/// Adds a warning for the input columns that duplicate the target, judged by all rows: for classes, values that map one
/// to one to the classes; for numbers, a correlation of at least 0.9999 in magnitude. Another one for those that tell
/// it, which may be a legitimate input: for classes, limits or values that decide the class of every row; for numbers,
/// a correlation of the ranks of at least 0.9999 in magnitude. No warning for small tables, where this may be chance.
void note_copies(const Encoder& encoder, const Table& table, std::vector<Note>& notes);

}  // namespace chainrule
