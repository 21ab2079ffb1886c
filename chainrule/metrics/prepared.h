// SPDX-License-Identifier: Apache-2.0
// What metrics need to know of each row, prepared once and then weighed many times: with the sample weights for the
// value itself (one lane), with those of a resample for its interval (kLanes resamples at a time, side by side).
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

struct Answers {
  bool is_classes = true;
  std::size_t rows = 0;
  bool finite = true;  // every prediction is a number
  ClassAnswers classes;
  std::vector<NumberAnswers> numbers;  // one per output
};

/// predictions: (rows x outputs), link applied. Throws Error (internal) where they do not fit.
Answers prepare(ConstMatrixView predictions, const Selection& truth, Depth depth, std::optional<double> threshold = {});
/// The best answers that are the same for every row: class shares and the most frequent class, or a number.
Answers prepare_constant_class(const Selection& truth);
enum class Center { mean, median };
Answers prepare_constant_number(const Selection& truth, Center center);

/// The values, in the order of metric_names() less loss, for L sets of weights; weights: (rows x L). NaN where a value
/// is not defined or was not prepared. Made for L = 1 and kLanes.
template <std::size_t L>
std::vector<Lanes<L>> values_of(const Answers& answers, std::span<const float> weights);

}  // namespace chainrule
