// SPDX-License-Identifier: Apache-2.0
// Metrics of predicted numbers: their data for each row, and their values.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "chainrule/base/matrix.h"
#include "chainrule/engine/dataset.h"
#include "chainrule/metrics/ranking.h"

namespace chainrule {

/// The data of one output.
struct PreparedNumbers {
  double scale = 1;
  std::vector<double> targets;     // target minus its weighted mean
  std::vector<double> difference;  // prediction minus target
  // Only with Depth::all and if no prediction is NaN:
  std::vector<Ranking> by_error, by_target, by_prediction;  // one of each, or none
};

/// `constant`: if not null, a constant that replaces the predictions.
PreparedNumbers prepare_numbers(ConstMatrixView predictions, const double* constant, const Selection& targets,
                                std::size_t output, Depth depth);

template <std::size_t L>
std::vector<Lanes<L>> number_values(const PreparedNumbers& prepared, std::span<const float> weights);

/// The median of the values whose weight is above 0: the mean of the lower and the upper one if half of the weight is
/// reached exactly. NaN if all weights are 0.
double weighted_median(std::span<const double> values, std::span<const float> weights);

}  // namespace chainrule
