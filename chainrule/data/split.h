// SPDX-License-Identifier: Apache-2.0
// Splits rows into training, validation and test rows, at random with the classes in proportion.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#pragma GCC visibility push(default)
namespace chainrule {

/// Training rows, validation rows (for early stopping) and test rows, which nothing reads before
/// the end; all in rising order.
struct Split {
  std::vector<std::size_t> training, validation, test = {};
};

/// The use of the rows that are split off; each has its own random choice.
enum class SplitPurpose { validation, test };

/// Splits off fraction * rows, rounded, at least 1 if the fraction is above 0. Each of the `strata` (a class per row,
/// or empty: all rows are one stratum) contributes in proportion, by largest remainders. One row of each stratum always
/// remains, even if fewer rows are then split off. Throws Error (usage) unless the fraction is in [0, 1).
Split split_rows(std::size_t rows, double fraction, std::span<const std::uint32_t> strata, std::uint64_t seed,
                 SplitPurpose purpose = SplitPurpose::validation);

}  // namespace chainrule
#pragma GCC visibility pop
