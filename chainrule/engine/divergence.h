// SPDX-License-Identifier: Apache-2.0
// The error of a training that produced NaN or infinity: where, in which quantity first, and what to try.
#pragma once

#include "chainrule/base/error.h"
#include "chainrule/engine/train_step.h"

namespace chainrule {

/// Names epoch, step, layer and the quantity that went non-finite first on the way inputs -> z -> a -> loss -> delta ->
/// gradients, the learning rate and the largest finite gradient. Category numerics.
Error divergence(TrainState& state, const Batch& batch, double loss);

/// Throws Error (numerics) when an update overflowed.
void require_finite_parameters(TrainState& state);

}  // namespace chainrule
