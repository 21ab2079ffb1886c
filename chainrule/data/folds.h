// SPDX-License-Identifier: Apache-2.0
// Splits rows by groups or by time, and into folds; and parts of split_rows(). Internal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "chainrule/base/random.h"
#include "chainrule/data/split.h"

namespace chainrule {

/// Splits off whole groups (a number per row), in random order as long as each brings the strata nearer to their
/// fraction; at least one group, and never the last one or all rows of a stratum, even if no row is then split off.
/// Throws Error (usage) unless there are 2 groups and the fraction is in [0, 1).
Split split_groups(std::span<const std::uint32_t> groups, double fraction, std::span<const std::uint32_t> strata,
                   std::uint64_t seed, SplitPurpose purpose = SplitPurpose::validation);

/// The rank of a row whose time is unknown: it is a training row.
constexpr std::uint32_t kNoTime = std::numeric_limits<std::uint32_t>::max();
/// Splits off the rows of the highest ranks (a number per row), equal ranks together: as near as possible to fraction *
/// rows, at least one rank, never all. Throws Error (usage) unless there are 2 ranks and the fraction is in [0, 1).
Split split_latest(std::span<const std::uint32_t> ranks, double fraction);

/// Row indices, rising, of `folds` disjoint folds that together are all rows. Sizes of folds, and rows of a stratum in
/// them, differ by at most one. Throws Error (usage) unless folds is in [2, rows].
std::vector<std::vector<std::size_t>> fold_rows(std::size_t rows, std::size_t folds,
                                                std::span<const std::uint32_t> strata, std::uint64_t seed);

/// The same with whole groups (a number per row): assigned by size, the largest first and equally large ones in random
/// order, each to the fold where it keeps the strata nearest to an equal distribution. Throws Error (usage) unless
/// folds is in [2, groups].
std::vector<std::vector<std::size_t>> fold_groups(std::span<const std::uint32_t> groups, std::size_t folds,
                                                  std::span<const std::uint32_t> strata, std::uint64_t seed);

/// Row indices, rising, of parts by rising rank (a number per row), equal ranks together: as nearly equal in size as
/// that allows, none empty. Rows of kNoTime are in none. Throws Error (usage) unless parts is in [2, ranks].
std::vector<std::vector<std::size_t>> parts_by_time(std::span<const std::uint32_t> ranks, std::size_t parts);

/// The random stream of a split.
Stream stream_of(std::uint64_t seed, SplitPurpose purpose);
/// Throws Error (usage) unless it is in [0, 1).
void require_fraction(double fraction);
/// The rows of each stratum in a random order, strata in rising order; without strata, all rows are one stratum. Throws
/// Error (usage) unless there are no strata or as many as rows.
std::vector<std::vector<std::size_t>> shuffled_strata(std::size_t rows, std::span<const std::uint32_t> strata,
                                                      const Stream& stream);

}  // namespace chainrule
