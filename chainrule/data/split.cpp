// SPDX-License-Identifier: Apache-2.0
#include "chainrule/data/split.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "chainrule/data/folds.h"

namespace chainrule {
namespace {

// Whole numbers near fraction * sizes[i] whose sum is `total` if possible: all are rounded down, then those with the
// largest remainders get one more. Each stays below its size.
std::vector<std::size_t> largest_remainders(const std::vector<std::size_t>& sizes, double fraction, std::size_t total) {
  std::vector<std::size_t> quota(sizes.size()), by_remainder(sizes.size());
  std::vector<double> remainder(sizes.size());
  std::size_t given = 0, available = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const double exact = fraction * static_cast<double>(sizes[i]);
    quota[i] = static_cast<std::size_t>(exact);  // below the size, since the fraction is below 1
    remainder[i] = exact - static_cast<double>(quota[i]);
    given += quota[i];
    available += sizes[i] - 1;
  }
  std::iota(by_remainder.begin(), by_remainder.end(), std::size_t{0});
  std::stable_sort(by_remainder.begin(), by_remainder.end(),
                   [&](std::size_t a, std::size_t b) { return remainder[a] > remainder[b]; });
  while (given < std::min(total, available)) {
    for (const std::size_t i : by_remainder) {
      if (given == total || quota[i] + 1 >= sizes[i]) continue;
      ++quota[i];
      ++given;
    }
  }
  return quota;
}

}  // namespace

Split split_rows(std::size_t rows, double fraction, std::span<const std::uint32_t> strata, std::uint64_t seed,
                 SplitPurpose purpose) {
  require_fraction(fraction);
  const auto groups = shuffled_strata(rows, strata, stream_of(seed, purpose));
  std::vector<std::size_t> sizes;
  for (const auto& group : groups) sizes.push_back(group.size());
  auto total = static_cast<std::size_t>(std::floor(fraction * static_cast<double>(rows) + 0.5));
  if (fraction > 0) total = std::max<std::size_t>(total, 1);
  const std::vector<std::size_t> quota = largest_remainders(sizes, fraction, total);

  Split split;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const auto middle = groups[i].begin() + static_cast<std::ptrdiff_t>(quota[i]);
    split.validation.insert(split.validation.end(), groups[i].begin(), middle);
    split.training.insert(split.training.end(), middle, groups[i].end());
  }
  std::sort(split.training.begin(), split.training.end());
  std::sort(split.validation.begin(), split.validation.end());
  return split;
}

}  // namespace chainrule
