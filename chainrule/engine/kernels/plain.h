// SPDX-License-Identifier: Apache-2.0
// The kernels as plain loops in the order of summation that kernels.h defines: every vector kernel gives these bits.
#pragma once

#include <span>

#include "chainrule/base/matrix.h"
#include "chainrule/engine/kernels/weights.h"

namespace chainrule::kernels::plain {

/// z = x W^T + b.
void affine_forward(ConstMatrixView x, ConstWeightsView weights, std::span<const float> biases, MatrixView z);
/// d_x = delta W.
void affine_backward_input(ConstMatrixView delta, ConstWeightsView weights, MatrixView d_x);
/// d_weights = delta^T x, d_biases = column sums of delta.
void affine_backward_weights(ConstMatrixView delta, ConstMatrixView x, WeightsView d_weights,
                             std::span<float> d_biases);

}  // namespace chainrule::kernels::plain
