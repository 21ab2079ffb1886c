// SPDX-License-Identifier: Apache-2.0
// Tells counts and ratings from the codes of classes, when whole numbers are the target. Internal.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chainrule/data/encoder.h"

namespace chainrule {

/// Whether whole numbers look like counts (0, 1, 2 ...) or ratings (1 to 5) rather than codes of classes: there are at
/// least five, next to each other, and the means of the inputs rise or fall with them. `labels`: a class per row, in
/// the order of the numbers; the encoder's inputs need not be fitted.
bool looks_like_counts(const Encoder& encoder, const Table& table, std::span<const std::uint32_t> labels);

/// Warns if it does.
void note_counts(const Encoder& encoder, const Table& table, std::vector<Note>& notes);

}  // namespace chainrule
