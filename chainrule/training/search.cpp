// SPDX-License-Identifier: Apache-2.0
#include "chainrule/training/search.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <limits>

#include "chainrule/base/elementary.h"
#include "chainrule/base/random.h"
#include "chainrule/base/text.h"
#include "chainrule/training/options/option_table.h"

namespace chainrule {
namespace {

constexpr std::size_t kDecisions = 1'000'000;  // first index in the random stream that decides which options vary

// The position of a value between the ends, in [0, 1]; 0.5 if unknown.
double position_between(const SearchRange& range, const std::string& value) {
  double number = 0;
  if (!number_from_text(value, number) || !(number > 0)) return 0.5;
  return std::clamp(elementary::log(number / range.low) / elementary::log(range.high / range.low), 0.0, 1.0);
}

std::string drawn(const SearchRange& range, double uniform) {
  if (range.values.empty()) return value_between(range, uniform);
  const auto index = static_cast<std::size_t>(uniform * static_cast<double>(range.values.size()));
  return range.values[std::min(index, range.values.size() - 1)];
}

// A neighbor of `value`.
std::string varied(const SearchRange& range, const std::string& value, double uniform) {
  constexpr double kReach = 0.25;
  if (range.values.empty())
    return value_between(range, std::clamp(position_between(range, value) + kReach * (2 * uniform - 1), 0.0, 1.0));
  const auto at = std::ranges::find(range.values, value);
  if (at == range.values.end()) return drawn(range, uniform);
  const auto last = static_cast<std::ptrdiff_t>(range.values.size()) - 1;
  std::ptrdiff_t next = (at - range.values.begin()) + (uniform < 0.5 ? -1 : 1);
  if (next < 0 || next > last) next = std::clamp(2 * (at - range.values.begin()) - next, std::ptrdiff_t{0}, last);
  return range.values[static_cast<std::size_t>(next)];
}

}  // namespace

std::string range_text(const SearchRange& range) {
  if (range.values.empty()) return fmt::format("{}={}..{}", range.option, range.low, range.high);
  return fmt::format("{}={}", range.option, fmt::join(range.values, "|"));
}

std::string value_between(const SearchRange& range, double fraction) {
  const double width = elementary::log(range.high / range.low);
  return fmt::format("{:.3g}", range.low * elementary::exp(fraction * width));
}

std::vector<std::string> draw_values(const std::vector<SearchRange>& ranges, const std::vector<std::string>* parent,
                                     std::uint64_t seed, std::size_t trial, std::size_t attempt) {
  const Stream stream{seed, Purpose::search, static_cast<std::uint32_t>(attempt), static_cast<std::uint32_t>(trial)};
  std::vector<std::string> values;
  for (std::size_t r = 0; r < ranges.size(); ++r) {
    const double uniform = random_uniform(stream, r);
    const bool stays = parent != nullptr && random_uniform(stream, kDecisions + r) < 0.6;
    values.push_back(stays               ? (*parent)[r]
                     : parent == nullptr ? drawn(ranges[r], uniform)
                                         : varied(ranges[r], (*parent)[r], uniform));
  }
  return values;
}

std::vector<Rung> rungs(std::size_t trials, std::size_t folds) {
  const std::size_t some = (4 * trials + 9) / 10, few = (some + 1) / 2;
  return {{trials, (folds + 4) / 5}, {some, (3 * folds + 4) / 5}, {few, folds}};
}

double gain_over(const Trial& start, const Trial& trial, bool larger_is_better) {
  double sum = 0;
  std::size_t count = 0;
  for (std::size_t fold = 0; fold < std::min(trial.scores.size(), start.scores.size()); ++fold)
    if (trial.scores[fold] && start.scores[fold]) {
      sum += larger_is_better ? *trial.scores[fold] - *start.scores[fold] : *start.scores[fold] - *trial.scores[fold];
      ++count;
    }
  return count == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / static_cast<double>(count);
}

std::size_t max_trial_memory(const Table& table, const FitOptions& options, const TuneOptions& how) {
  std::size_t maximum = plan_fit(table, options).memory_bytes;
  for (const SearchRange& range : how.ranges) {
    std::vector<std::string> values = range.values;
    if (values.empty()) values = {fmt::format("{}", range.low), fmt::format("{}", range.high)};
    // Options without influence on the plan are checked by their own range, since planning a long table takes a while.
    const bool has_a_plan = find_option(range.option)->group == "network" || range.option == "batch_size";
    for (const std::string& value : values) {
      const FitOptions changed = with_settings(options, {{{range.option, value}}, {}, {}});
      if (has_a_plan) maximum = std::max(maximum, plan_fit(table, changed).memory_bytes);
    }
  }
  return maximum;
}

std::size_t planned_trainings(const TuneOptions& how) {
  std::size_t count = how.folds;
  for (std::size_t first = 0; first < how.trials; first += kRound) {
    std::size_t done = 0;
    for (const auto& [trials, folds] : rungs(std::min(kRound, how.trials - first), how.folds)) {
      count += trials * (folds - done);
      done = folds;
    }
  }
  return count;
}

}  // namespace chainrule
