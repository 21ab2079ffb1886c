// SPDX-License-Identifier: Apache-2.0
// Rows that stand on both sides of a split: a model may have learned them by heart. Internal.
#pragma once

#include <cstddef>
#include <vector>

#include "chainrule/data/encoder.h"

namespace chainrule {

/// How many of the `held_out` rows have the inputs and the target of a training row; 0 where that is natural: few, or
/// no more than chance explains, as where all columns have few values. One pass over the rows, 8 bytes for each.
std::size_t rows_on_both_sides(const Encoder& encoder, const Selection& training, const Selection& held_out);

}  // namespace chainrule
