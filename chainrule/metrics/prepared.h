// SPDX-License-Identifier: Apache-2.0
// The data of each row for all metrics, prepared once and then weighted many times: with the sample weights for the
// value itself (one lane), with those of resamples for its interval (kLanes resamples at a time).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "chainrule/base/matrix.h"
#include "chainrule/engine/dataset.h"
#include "chainrule/metrics/classification.h"
#include "chainrule/metrics/ranking.h"
#include "chainrule/metrics/regression.h"

namespace chainrule {

struct PreparedRows {
  bool is_classes = true;
  std::size_t rows = 0;
  bool finite = true;  // no prediction is NaN
  PreparedClasses classes;
  std::vector<PreparedNumbers> numbers;  // one per output
};

/// predictions: (rows x outputs), link applied. Throws Error (usage) if they do not fit.
PreparedRows prepare(ConstMatrixView predictions, const Selection& targets, Depth depth,
                     std::optional<double> threshold = {});
/// The baseline's predictions, the same for every row: class frequencies and the most frequent class, or a number.
PreparedRows prepare_constant_class(const Selection& targets);
enum class Center { mean, median };
PreparedRows prepare_constant_number(const Selection& targets, Center center);

/// The values, in the order of metric_names() without loss, for L sets of weights; weights: (rows x L). NaN where a
/// value is undefined or was not prepared. Instantiated for L = 1 and kLanes.
template <std::size_t L>
std::vector<Lanes<L>> values_of(const PreparedRows& prepared, std::span<const float> weights);

}  // namespace chainrule
