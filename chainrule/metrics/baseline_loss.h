// SPDX-License-Identifier: Apache-2.0
// Bounds of a model's loss: that of the baseline, which ignores the inputs, and that of perfect predictions.
#pragma once

#include "chainrule/engine/dataset.h"
#include "chainrule/engine/formulas/loss.h"

namespace chainrule {

/// Loss of the baseline, with sample weights: it always predicts the mean of the targets or, if better, their median.
double baseline_loss(const Loss& loss, const Selection& rows);

/// Loss of perfect predictions: 0, except with label smoothing and for poisson.
double minimum_loss(const Loss& loss, const Selection& rows);

}  // namespace chainrule
