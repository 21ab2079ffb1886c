// SPDX-License-Identifier: Apache-2.0
// Bounds of a model's loss: that of the baseline, which ignores the inputs, and that of perfect predictions; and
// whether a model is better than the baseline.
#pragma once

#include <optional>

#include "chainrule/base/matrix.h"
#include "chainrule/engine/dataset.h"
#include "chainrule/engine/formulas/loss.h"

namespace chainrule {

/// Loss of the baseline, with sample weights: it always predicts the mean of the targets or, if better, their median.
double baseline_loss(const Loss& loss, const Selection& rows);

/// Loss of perfect predictions: 0, except with label smoothing and for poisson.
double minimum_loss(const Loss& loss, const Selection& rows);

/// How much better the scores of a model's rows are than those of the baseline on the same rows: the weighted mean of
/// the differences, and its standard error; NaN for fewer than two rows.
struct GainOverBaseline {
  double mean = 0, error = 0;
  /// Whether the 95 % interval of the mean lies above 0.
  bool is_clear() const { return mean > 1.96 * error; }
};

/// Of the loss; outputs: a(L) of these rows, (rows x outputs), link not applied.
GainOverBaseline gain_of_loss(const Loss& loss, ConstMatrixView outputs, const Selection& rows);
/// Of the accuracy, over always predicting the most frequent class; or of the squared error of numbers, over the mean.
/// predictions: (rows x outputs), link applied; threshold: as for predicted_class().
GainOverBaseline gain_of_predictions(ConstMatrixView predictions, const Selection& rows,
                                     std::optional<double> threshold = {});

}  // namespace chainrule
