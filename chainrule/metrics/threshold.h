// SPDX-License-Identifier: Apache-2.0
// Chooses the probability from which the second of two classes is predicted, so that a metric is best.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/base/matrix.h"
#include "chainrule/engine/dataset.h"

namespace chainrule {

/// Metrics that depend on the predicted class: accuracy, balanced_accuracy, f1, f1_macro, mcc.
const std::vector<std::string>& threshold_metric_names();

struct ThresholdChoice {
  double threshold = 0.5;  ///< in (0, 1)
  double value = 0;        ///< of the metric, with it
  double before = 0;       ///< without it: the more probable class is predicted
};

/// The threshold with the best metric on these rows: halfway between two of their probabilities; of several, the one
/// nearest to 0.5. predictions: (rows.size() x 2), link applied. Nullopt if the metric is undefined for all thresholds,
/// e.g. for rows of one class. Throws Error (usage) for another name.
std::optional<ThresholdChoice> choose_threshold(ConstMatrixView predictions, const Selection& targets,
                                                std::string_view metric);

}  // namespace chainrule
