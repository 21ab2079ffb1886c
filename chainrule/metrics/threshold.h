// SPDX-License-Identifier: Apache-2.0
// From which probability of the second of two classes on it should be predicted, so that a metric is best.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/base/matrix.h"
#include "chainrule/engine/dataset.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// Metrics that depend on the class predicted: accuracy, balanced_accuracy, f1, f1_macro, mcc.
const std::vector<std::string>& threshold_metric_names();

struct ThresholdChoice {
  double threshold = 0.5;  ///< in (0, 1)
  double value = 0;        ///< of the metric, with it
  double before = 0;       ///< without it: the likelier class is predicted
};

/// The threshold by which the metric is best on these rows: halfway between two probabilities that they have, the one
/// nearest to 0.5 of several. predictions: (rows.size() x 2), link applied. None where the metric is not defined for
/// any, e.g. rows of one class. Throws Error (usage) for another name.
std::optional<ThresholdChoice> choose_threshold(ConstMatrixView predictions, const Selection& truth,
                                                std::string_view metric);

}  // namespace chainrule
#pragma GCC visibility pop
