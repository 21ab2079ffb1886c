// SPDX-License-Identifier: Apache-2.0
// Running error bounds: each operation of a step is judged on the engine's own inputs to it, so that errors of earlier
// operations do not widen the bound. The rounding error of a partial sum is at most half a unit in the last digit of a
// float, and the engine's order of summation is known (kernels.h). The bound adds up these errors of this very step
// (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed. 2002, 3.3). It is smaller than the worst case of 3.1
// by the root of the number of terms or more. Internal.
#pragma once

#include <span>
#include <vector>

#include "chainrule/base/matrix.h"
#include "chainrule/engine/formulas/activation.h"
#include "chainrule/engine/formulas/loss.h"

namespace chainrule {

/// What the engine's numbers should be, given the engine's inputs of this operation, and how far they may be from it.
struct Judged {
  std::vector<double> expected, bound;
};

/// z = x W^T + b, (m x outputs).
Judged running_forward(ConstMatrixView x, const MatrixOf<double>& weights, std::span<const double> biases);
/// a = f(z).
Judged running_activation(const Activation& activation, std::span<const float> z);
/// d loss / d output, with the factor of each row.
Judged running_output(const Loss& loss, ConstMatrixView outputs, ConstMatrixView targets, std::span<const float> scale);
/// d_a below = delta W, times the mask if it has rows.
Judged running_backward(ConstMatrixView delta, const MatrixOf<double>& weights, ConstMatrixView mask);
/// delta = d_a f'(z).
Judged running_delta(const Activation& activation, std::span<const float> z, std::span<const float> a,
                     std::span<const float> d_a);
/// dW = delta^T x, (outputs x inputs).
Judged running_gradient(ConstMatrixView delta, ConstMatrixView x);
/// db: the column sums of delta.
Judged running_bias_gradient(ConstMatrixView delta);

}  // namespace chainrule
