// SPDX-License-Identifier: Apache-2.0
#include "chainrule/data/folds.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <string>
#include <utility>

#include "chainrule/base/error.h"

namespace chainrule {
namespace {

// Random streams of Purpose::split.
constexpr std::uint32_t kValidationStream = 0;
constexpr std::uint32_t kFoldStream = 1;
constexpr std::uint32_t kTestStream = 2;

void require_strata(std::span<const std::uint32_t> strata, std::size_t rows) {
  if (!strata.empty() && strata.size() != rows)
    throw Error(ErrorCategory::usage,
                "strata: expected " + std::to_string(rows) + " numbers, found " + std::to_string(strata.size()));
}

// Rows of each stratum in one group: pairs of stratum and count.
using StratumCounts = std::vector<std::pair<std::uint32_t, std::size_t>>;
std::vector<StratumCounts> counts_by_group(std::span<const std::uint32_t> groups,
                                           std::span<const std::uint32_t> strata) {
  std::vector<std::map<std::uint32_t, std::size_t>> counts;
  for (std::size_t row = 0; row < groups.size(); ++row) {
    if (groups[row] >= counts.size()) counts.resize(groups[row] + std::size_t{1});
    ++counts[groups[row]][strata.empty() ? 0 : strata[row]];
  }
  std::vector<StratumCounts> out;
  out.reserve(counts.size());
  for (const auto& count : counts) out.emplace_back(count.begin(), count.end());
  return out;
}

// Rows of each stratum in all groups.
std::vector<std::size_t> totals_of(const std::vector<StratumCounts>& counts) {
  std::vector<std::size_t> totals;
  for (const StratumCounts& group : counts)
    for (const auto& [stratum, rows] : group) {
      if (stratum >= totals.size()) totals.resize(stratum + std::size_t{1});
      totals[stratum] += rows;
    }
  return totals;
}

std::size_t rows_of(const StratumCounts& group) {
  std::size_t rows = 0;
  for (const auto& [stratum, some] : group) rows += some;
  return rows;
}

// How far the chosen rows are from the required fraction of each stratum, and how a group would change that.
class GroupChoice {
 public:
  GroupChoice(std::span<const std::uint32_t> groups, std::span<const std::uint32_t> strata, double fraction)
      : counts_(counts_by_group(groups, strata)),
        all_(totals_of(counts_)),
        gone_(all_.size(), 0),
        fraction_(fraction),
        guards_strata_(!strata.empty()) {}

  std::size_t groups() const { return counts_.size(); }
  std::size_t chosen() const { return chosen_; }

  /// Whether a group and rows of each stratum remain without this group.
  bool may_go(std::size_t group) const {
    if (chosen_ + 1 >= groups()) return false;
    for (const auto& [stratum, rows] : counts_[group])
      if (guards_strata_ && gone_[stratum] + rows >= all_[stratum]) return false;
    return true;
  }
  /// The change of the sum over the strata of (chosen rows - required rows)^2 / rows.
  double change(std::size_t group) const {
    double sum = 0;
    for (const auto& [stratum, rows] : counts_[group]) {
      const auto all = static_cast<double>(all_[stratum]), more = static_cast<double>(rows);
      sum += more * (2 * (static_cast<double>(gone_[stratum]) - fraction_ * all) + more) / all;
    }
    return sum;
  }
  void choose(std::size_t group) {
    for (const auto& [stratum, rows] : counts_[group]) gone_[stratum] += rows;
    ++chosen_;
  }

 private:
  std::vector<StratumCounts> counts_;    // of each group
  std::vector<std::size_t> all_, gone_;  // rows of each stratum
  std::size_t chosen_ = 0;               // groups
  double fraction_;
  bool guards_strata_;
};

}  // namespace

Stream stream_of(std::uint64_t seed, SplitPurpose purpose) {
  return {seed, Purpose::split, purpose == SplitPurpose::test ? kTestStream : kValidationStream, 0};
}

void require_fraction(double fraction) {
  if (!(fraction >= 0 && fraction < 1))
    throw Error(ErrorCategory::usage,
                "fraction of rows to split off: expected a number in [0, 1), found " + fmt::format("{}", fraction));
}

std::vector<std::vector<std::size_t>> shuffled_strata(std::size_t rows, std::span<const std::uint32_t> strata,
                                                      const Stream& stream) {
  require_strata(strata, rows);
  std::map<std::uint32_t, std::vector<std::size_t>> groups;
  for (const std::size_t row : random_permutation(stream, rows))
    groups[strata.empty() ? 0 : strata[row]].push_back(row);
  std::vector<std::vector<std::size_t>> out;
  out.reserve(groups.size());
  for (auto& group : groups) out.push_back(std::move(group.second));
  return out;
}

Split split_groups(std::span<const std::uint32_t> groups, double fraction, std::span<const std::uint32_t> strata,
                   std::uint64_t seed, SplitPurpose purpose) {
  require_fraction(fraction);
  require_strata(strata, groups.size());
  GroupChoice choice(groups, strata, fraction);
  std::vector<bool> is_chosen(choice.groups(), false);
  if (fraction > 0) {
    if (choice.groups() < 2)
      throw Error(ErrorCategory::usage, "groups: expected at least 2, found " + std::to_string(choice.groups()));
    const std::vector<std::size_t> order = random_permutation(stream_of(seed, purpose), choice.groups());
    for (const std::size_t group : order) {
      if (!choice.may_go(group) || !(choice.change(group) < 0)) continue;
      choice.choose(group);
      is_chosen[group] = true;
    }
    // If every group is too large, choose the one that fits best.
    std::size_t best = choice.groups();
    for (const std::size_t group : order)
      if (choice.chosen() == 0 && choice.may_go(group) &&
          (best == choice.groups() || choice.change(group) < choice.change(best)))
        best = group;
    if (best < choice.groups()) is_chosen[best] = true;
  }
  Split split;
  for (std::size_t row = 0; row < groups.size(); ++row)
    (is_chosen[groups[row]] ? split.validation : split.training).push_back(row);
  return split;
}

Split split_latest(std::span<const std::uint32_t> ranks, double fraction) {
  require_fraction(fraction);
  Split split;
  std::map<std::uint32_t, std::size_t> rows_of;  // by rank
  for (const std::uint32_t rank : ranks)
    if (rank != kNoTime) ++rows_of[rank];
  if (fraction > 0 && rows_of.size() < 2)
    throw Error(ErrorCategory::usage,
                "times: expected at least 2 different times, found " + std::to_string(rows_of.size()));
  std::uint32_t first = kNoTime;
  const double requested = fraction * static_cast<double>(ranks.size());
  double so_far = 0, nearest = HUGE_VAL;
  for (auto at = rows_of.rbegin(); fraction > 0 && std::next(at) != rows_of.rend(); ++at) {
    so_far += static_cast<double>(at->second);
    if (std::fabs(so_far - requested) >= nearest) break;
    nearest = std::fabs(so_far - requested);
    first = at->first;
  }
  for (std::size_t row = 0; row < ranks.size(); ++row)
    (ranks[row] != kNoTime && ranks[row] >= first ? split.validation : split.training).push_back(row);
  return split;
}

std::vector<std::vector<std::size_t>> fold_rows(std::size_t rows, std::size_t folds,
                                                std::span<const std::uint32_t> strata, std::uint64_t seed) {
  if (folds < 2 || folds > rows)
    throw Error(ErrorCategory::usage,
                "folds: expected 2 to " + std::to_string(rows) + " (one row each), found " + std::to_string(folds));
  std::vector<std::vector<std::size_t>> out(folds);
  // Each stratum continues at the fold where the previous one ended, so that the folds' sizes also differ by at most
  // one.
  std::size_t next = 0;
  for (const auto& group : shuffled_strata(rows, strata, {seed, Purpose::split, kFoldStream, 0}))
    for (const std::size_t row : group) out[next++ % folds].push_back(row);
  for (auto& fold : out) std::sort(fold.begin(), fold.end());
  return out;
}

std::vector<std::vector<std::size_t>> fold_groups(std::span<const std::uint32_t> groups, std::size_t folds,
                                                  std::span<const std::uint32_t> strata, std::uint64_t seed) {
  require_strata(strata, groups.size());
  const std::vector<StratumCounts> counts = counts_by_group(groups, strata);
  if (folds < 2 || folds > counts.size())
    throw Error(ErrorCategory::usage, "folds: expected 2 to " + std::to_string(counts.size()) +
                                          " (one group each), found " + std::to_string(folds));
  const std::vector<std::size_t> totals = totals_of(counts);
  std::vector<std::size_t> order = random_permutation({seed, Purpose::split, kFoldStream, 0}, counts.size());
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return rows_of(counts[a]) > rows_of(counts[b]); });
  std::vector<std::vector<std::size_t>> of_stratum(folds, std::vector<std::size_t>(totals.size(), 0));
  std::vector<std::size_t> rows(folds, 0), fold_of(counts.size(), 0);
  for (const std::size_t group : order) {
    // What the group adds to the sum over folds and strata of (rows in the fold)^2 / rows; it is minimal for an empty
    // fold.
    const auto cost = [&](std::size_t fold) {
      double sum = 0;
      for (const auto& [stratum, more] : counts[group])
        sum += static_cast<double>(more) * static_cast<double>(2 * of_stratum[fold][stratum] + more) /
               static_cast<double>(totals[stratum]);
      return std::pair(sum, rows[fold]);
    };
    std::size_t best = 0;
    for (std::size_t fold = 1; fold < folds; ++fold)
      if (cost(fold) < cost(best)) best = fold;
    fold_of[group] = best;
    rows[best] += rows_of(counts[group]);
    for (const auto& [stratum, more] : counts[group]) of_stratum[best][stratum] += more;
  }
  std::vector<std::vector<std::size_t>> out(folds);
  for (std::size_t row = 0; row < groups.size(); ++row) out[fold_of[groups[row]]].push_back(row);
  return out;
}

std::vector<std::vector<std::size_t>> parts_by_time(std::span<const std::uint32_t> ranks, std::size_t parts) {
  std::map<std::uint32_t, std::size_t> rows_of_rank;
  for (const std::uint32_t rank : ranks)
    if (rank != kNoTime) ++rows_of_rank[rank];
  if (parts < 2 || parts > rows_of_rank.size())
    throw Error(ErrorCategory::usage, "parts by time: expected 2 to " + std::to_string(rows_of_rank.size()) +
                                          " (one time each), found " + std::to_string(parts));
  double all = 0, so_far = 0;
  for (const auto& [rank, rows] : rows_of_rank) all += static_cast<double>(rows);
  std::size_t part = 0, ranks_left = rows_of_rank.size();
  bool is_empty = true;
  for (auto& [rank, rows] : rows_of_rank) {
    const auto more = static_cast<double>(rows);
    const double end = all * static_cast<double>(part + 1) / static_cast<double>(parts);
    const bool fits_worse = so_far + more - end > end - so_far;
    if (!is_empty && part + 1 < parts && (fits_worse || ranks_left == parts - part - 1)) {
      ++part;
      is_empty = true;
    }
    so_far += more;
    rows = part;  // from here on, of the part that contains the rank
    is_empty = false;
    --ranks_left;
  }
  std::vector<std::vector<std::size_t>> out(parts);
  for (std::size_t row = 0; row < ranks.size(); ++row)
    if (ranks[row] != kNoTime) out[rows_of_rank.at(ranks[row])].push_back(row);
  return out;
}

}  // namespace chainrule
