// SPDX-License-Identifier: Apache-2.0
// Common parts of metrics of classes and of numbers: rows in an order, and sums for many sets of weights in parallel.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "chainrule/engine/dataset.h"

namespace chainrule {

inline constexpr std::size_t kLanes = 16;  // one cache line of weights per row
template <std::size_t L>
using Lanes = std::array<double, L>;
inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();  // of a metric: not defined for these rows

/// Which values are computed: ranks and medians need sorted rows, and most trainings do not use them.
enum class Depth { main, all };

/// Rows in an order; the last of each group of equals is marked.
class Ranking {
 public:
  /// By rising key, equal keys by rising row. No key may be NaN.
  explicit Ranking(std::span<const double> keys);
  /// visit(row, whether the group of equal keys ends here)
  template <class Visit>
  void each(const Visit& visit) const {
    for (const std::uint32_t entry : entries_) visit(entry & ~kEnd, (entry & kEnd) != 0);
  }

 private:
  static constexpr std::uint32_t kEnd = 0x8000'0000;
  std::vector<std::uint32_t> entries_;
};

template <std::size_t L>
void add(Lanes<L>& sum, const float* weights, double factor = 1) {
  for (std::size_t l = 0; l < L; ++l) sum[l] += static_cast<double>(weights[l]) * factor;
}

/// Sample weights of the rows: 1 if the data have none.
std::vector<float> weights_of(const Selection& targets);

}  // namespace chainrule
