// SPDX-License-Identifier: Apache-2.0
#include "chainrule/metrics/ranking.h"

#include <algorithm>
#include <string>
#include <utility>

#include "chainrule/base/error.h"

namespace chainrule {

Ranking::Ranking(std::span<const double> keys) : entries_(keys.size()) {
  if (keys.size() >= kEnd)
    throw Error(ErrorCategory::input, "metrics: expected fewer than 2^31 rows, found " + std::to_string(keys.size()));
  std::vector<std::pair<double, std::uint32_t>> sorted(keys.size());  // pairs: faster than an indirect sort
  for (std::size_t i = 0; i < keys.size(); ++i) sorted[i] = {keys[i], static_cast<std::uint32_t>(i)};
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < keys.size(); ++i)
    entries_[i] = sorted[i].second | (i + 1 == keys.size() || sorted[i].first != sorted[i + 1].first ? kEnd : 0);
}

std::vector<float> weights_of(const Selection& targets) {
  std::vector<float> weights(targets.rows.size(), 1);
  for (std::size_t i = 0; i < weights.size() && !targets.data->weights.empty(); ++i)
    weights[i] = targets.data->weights[targets.rows[i]];
  return weights;
}

}  // namespace chainrule
