// SPDX-License-Identifier: Apache-2.0
// Metrics of predicted numbers: what they need to know of each row, and their values.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "chainrule/base/matrix.h"
#include "chainrule/engine/dataset.h"
#include "chainrule/metrics/ranking.h"

namespace chainrule {

/// Of one output.
struct NumberAnswers {
  double scale = 1;
  std::vector<double> truth;       // less its weighted mean
  std::vector<double> difference;  // prediction less truth
  // Depth::all, every prediction being a number:
  std::vector<Ranking> by_error, by_truth, by_prediction;  // one of each, or none
};

/// `constant`: where not null, the same answer for every row instead of predictions.
NumberAnswers prepare_numbers(ConstMatrixView predictions, const double* constant, const Selection& truth,
                              std::size_t output, Depth depth);

template <std::size_t L>
std::vector<Lanes<L>> number_values(const NumberAnswers& answers, std::span<const float> weights);

/// Of the values whose weight is above 0: the mean of the lower and the upper one where half of the weight is reached
/// exactly. NaN where nothing weighs.
double weighted_median(std::span<const double> values, std::span<const float> weights);

}  // namespace chainrule
