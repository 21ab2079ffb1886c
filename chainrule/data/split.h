// SPDX-License-Identifier: Apache-2.0
// Choosing rows: parts held out, at random with the classes in proportion, by groups or by time; and folds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#pragma GCC visibility push(default)
namespace chainrule {

/// Rows that train, and rows held out: some that the training watches, and some that nothing looks at before the end;
/// all in rising order.
struct Split {
  std::vector<std::size_t> rest, held_out, test = {};
};

/// What rows are held out for: other random choices for each.
enum class HeldOutFor { validation, test };

/// Holds out the nearest whole number to share * rows, at least 1 where the share is above 0. `strata` (a class per
/// row, or empty: all rows are one stratum) give in proportion, by largest remainders; one row of each stratum always
/// stays, even when fewer rows than asked for are held out then. Throws Error (usage) unless the share is in [0, 1).
Split split_rows(std::size_t rows, double held_out_share, std::span<const std::uint32_t> strata, std::uint64_t seed,
                 HeldOutFor purpose = HeldOutFor::validation);

/// Holds out whole groups (a number per row), in random order as long as each brings the strata nearer to their share;
/// at least one group, and never the last one or all rows of a stratum, even when no row is held out then. Throws Error
/// (usage) unless there are 2 groups and the share is in [0, 1).
Split split_groups(std::span<const std::uint32_t> groups, double held_out_share, std::span<const std::uint32_t> strata,
                   std::uint64_t seed, HeldOutFor purpose = HeldOutFor::validation);

/// The rank of a row whose time is not known: it stays.
constexpr std::uint32_t kNoTime = std::numeric_limits<std::uint32_t>::max();
/// Holds out the rows of the highest ranks (a number per row), equal ones together: the number of rows nearest to
/// share * rows, at least one rank, never all. Throws Error (usage) unless there are 2 ranks and the share is in [0,
/// 1).
Split split_latest(std::span<const std::uint32_t> ranks, double held_out_share);

/// Row numbers, rising, of k disjoint folds that together are all rows. Sizes of folds, and rows of a stratum in them,
/// differ by one at most. Throws Error (usage) unless folds is in [2, rows].
std::vector<std::vector<std::size_t>> fold_rows(std::size_t rows, std::size_t folds,
                                                std::span<const std::uint32_t> strata, std::uint64_t seed);

/// The same of whole groups (a number per row): dealt out by size, the largest first and equally large ones in random
/// order, each into the fold where it keeps the strata nearest to equal shares. Throws Error (usage) unless folds is in
/// [2, groups].
std::vector<std::vector<std::size_t>> fold_groups(std::span<const std::uint32_t> groups, std::size_t folds,
                                                  std::span<const std::uint32_t> strata, std::uint64_t seed);

/// Row numbers, rising, of parts by rising rank (a number per row), equal ones together: as nearly equal in size as
/// that allows, none empty. Rows of kNoTime are in none. Throws Error (usage) unless parts is in [2, ranks].
std::vector<std::vector<std::size_t>> parts_by_time(std::span<const std::uint32_t> ranks, std::size_t parts);

}  // namespace chainrule
#pragma GCC visibility pop
