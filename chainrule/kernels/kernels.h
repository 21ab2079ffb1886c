// SPDX-License-Identifier: Apache-2.0
// The contract of the kernels: what each computes, on which shapes, in which order. They know views and sizes, not
// networks; they allocate nothing. reference.h has the same functions as plain loops.
//
// Orders of summation (docs/determinism.md). None depends on the rows present, on threads or on vector width.
//  along inputs or outputs of a row: 16 partial sums, term k into sum k mod 16, from +0; then sum j += sum j + 8, + 4,
//                                    + 2, + 1; the bias is added last.
//  over the rows of a batch:         leaves of 64 consecutive rows, each summed from its first row on; then a binary
//  tree
//                                    in which node (j, i) covers leaves [i 2^j, (i + 1) 2^j) and a missing sibling
//                                    passes through.
#pragma once

#include <cstddef>
#include <span>

#include "chainrule/matrix.h"

namespace chainrule::kernels {

inline constexpr std::size_t kLeafRows = 64;

/// z = x W^T + b. x: (m x inputs), weights: (outputs x inputs), biases: outputs, z: (m x outputs).
void affine_forward(ConstMatrixView x, ConstMatrixView weights, std::span<const float> biases, MatrixView z);

/// d_x = delta W. delta: (m x outputs), weights: (outputs x inputs), d_x: (m x inputs). Sum over the outputs in their
/// order, from +0.
void affine_backward_input(ConstMatrixView delta, ConstMatrixView weights, MatrixView d_x);

/// d_weights = delta^T x, d_biases = column sums of delta. delta: (m x outputs), x: (m x inputs).
void affine_backward_weights(ConstMatrixView delta, ConstMatrixView x, MatrixView d_weights, std::span<float> d_biases);

/// Sum of squares in double: 16 partial sums, term k into sum k mod 16, combined as above.
double sum_of_squares(std::span<const float> values);

}  // namespace chainrule::kernels
