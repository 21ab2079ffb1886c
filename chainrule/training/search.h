// SPDX-License-Identifier: Apache-2.0
// How tune() draws trials from ranges, on how many folds it measures them, and what that needs. Internal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "chainrule/training/tune.h"

namespace chainrule {

/// "learning_rate=0.001..0.1", which range_from_text() reads.
std::string range_text(const SearchRange& range);
/// The number at this fraction of the range, log-uniform.
std::string value_between(const SearchRange& range, double fraction);
/// A value of each range: drawn from it; with a parent, the parent's value or a neighbor of it.
std::vector<std::string> draw_values(const std::vector<SearchRange>& ranges, const std::vector<std::string>* parent,
                                     std::uint64_t seed, std::size_t trial, std::size_t attempt);

constexpr std::size_t kRound = 10;  ///< trials that are halved together
/// How many trials of a round are measured on how many folds: all on a fifth of them, ...
struct Rung {
  std::size_t trials, folds;
};
std::vector<Rung> rungs(std::size_t trials, std::size_t folds);

/// The gain of a trial over `start`: the mean over the folds that both were measured on; NaN if there are none, or one
/// failed.
double gain_over(const Trial& start, const Trial& trial, bool larger_is_better);

/// Estimated maximum memory of one training of the search, in bytes. Throws Error (usage) for a value of a range that
/// does not fit the other options.
std::size_t max_trial_memory(const Table& table, const FitOptions& options, const TuneOptions& how);

/// How many trainings a search runs.
std::size_t planned_trainings(const TuneOptions& how);

}  // namespace chainrule
