// SPDX-License-Identifier: Apache-2.0
// The kernels as plain loops over any number type (double, complex<double>): the reference for the fast kernels and the
// formulas. Sums run in their natural order.
#pragma once

#include <cstddef>
#include <span>

#include "chainrule/base/matrix.h"

namespace chainrule::kernels::reference {

/// z = x W^T + b: M2, (3), (16); x may be complex while the parameters are double.
template <class T, class Parameter>
void affine_forward(ViewOf<const T> x, ViewOf<const Parameter> weights, std::span<const Parameter> biases,
                    ViewOf<T> z) {
  for (std::size_t row = 0; row < z.rows(); ++row)
    for (std::size_t i = 0; i < z.columns(); ++i) {
      T sum{};
      for (std::size_t j = 0; j < x.columns(); ++j) sum += weights(i, j) * x(row, j);
      z(row, i) = sum + biases[i];
    }
}

/// d_x = delta W: M8, the sum in (14), over the paths of (15); W^T delta in (21).
template <class T>
void affine_backward_input(ViewOf<const T> delta, ViewOf<const T> weights, ViewOf<T> d_x) {
  for (std::size_t row = 0; row < d_x.rows(); ++row)
    for (std::size_t j = 0; j < d_x.columns(); ++j) {
      T sum{};
      for (std::size_t i = 0; i < delta.columns(); ++i) sum += delta(row, i) * weights(i, j);
      d_x(row, j) = sum;
    }
}

/// d_weights = delta^T x: M9, (18), (22), summed over the batch: M10, (11).
template <class T>
void affine_backward_weights(ViewOf<const T> delta, ViewOf<const T> x, ViewOf<T> d_weights) {
  for (std::size_t i = 0; i < delta.columns(); ++i)
    for (std::size_t j = 0; j < x.columns(); ++j) {
      T sum{};
      for (std::size_t row = 0; row < delta.rows(); ++row) sum += delta(row, i) * x(row, j);
      d_weights(i, j) = sum;
    }
}

/// d_biases = column sums of delta: M9, (19), (23), summed over the batch: M10, (12).
template <class T>
void affine_backward_biases(ViewOf<const T> delta, std::span<T> d_biases) {
  for (std::size_t i = 0; i < delta.columns(); ++i) {
    d_biases[i] = T{};
    for (std::size_t row = 0; row < delta.rows(); ++row) d_biases[i] += delta(row, i);
  }
}

}  // namespace chainrule::kernels::reference
