// SPDX-License-Identifier: Apache-2.0
// What a model's loss lies between: that of an answer that looks at no input, and that of answers that are all right.
#pragma once

#include "chainrule/engine/dataset.h"
#include "chainrule/engine/formulas/loss.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// Loss of the best answer that is the same for every row, sample weights counted: what the link makes of the mean of
/// the targets, or, where that is better, of their median.
double trivial_loss(const Loss& loss, const Selection& rows);

/// Loss of answers that are all right: 0, but where labels are smoothed and for poisson.
double least_loss(const Loss& loss, const Selection& rows);

}  // namespace chainrule
#pragma GCC visibility pop
