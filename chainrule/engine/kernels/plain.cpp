// SPDX-License-Identifier: Apache-2.0
#include "chainrule/engine/kernels/plain.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "chainrule/engine/kernels/kernels.h"

namespace chainrule::kernels::plain {
namespace {

/// Terms [begin, end) as one chain of fused multiply-adds; product(k, sum) adds term k.
template <class Product>
float chain(std::size_t begin, std::size_t end, const Product& product) {
  float sum = 0;
  for (std::size_t k = begin; k < end; ++k) sum = product(k, sum);
  return sum;
}

/// The tree of kernels.h over leaves [begin, end): left half, a power of two of them, plus right half.
template <class Product>
float tree(std::size_t begin, std::size_t end, std::size_t rows, const Product& product) {
  if (end - begin == 1) return chain(begin * kLeafRows, std::min((begin + 1) * kLeafRows, rows), product);
  std::size_t half = 1;
  while (2 * half < end - begin) half *= 2;
  return tree(begin, begin + half, rows, product) + tree(begin + half, end, rows, product);
}

template <class Product>
float sum_rows(std::size_t rows, const Product& product) {
  return rows == 0 ? 0.0f : tree(0, (rows + kLeafRows - 1) / kLeafRows, rows, product);
}

}  // namespace

void affine_forward(ConstMatrixView x, ConstWeightsView weights, std::span<const float> biases, MatrixView z) {
  assert(x.columns() == weights.inputs() && z.columns() == weights.outputs() && biases.size() == weights.outputs());
  const std::size_t n = x.columns();
  for (std::size_t row = 0; row < z.rows(); ++row)
    for (std::size_t i = 0; i < z.columns(); ++i) {
      const auto product = [&](std::size_t j, float sum) { return std::fma(weights(i, j), x(row, j), sum); };
      const auto quarter = [&](std::size_t q) { return chain(q * n / 4, (q + 1) * n / 4, product); };
      const float sum = n < kManyInputs ? chain(0, n, product) : (quarter(0) + quarter(1)) + (quarter(2) + quarter(3));
      z(row, i) = (0.0f + sum) + biases[i];
    }
}

void affine_backward_input(ConstMatrixView delta, ConstWeightsView weights, MatrixView d_x) {
  assert(delta.columns() == weights.outputs() && d_x.columns() == weights.inputs());
  for (std::size_t row = 0; row < d_x.rows(); ++row)
    for (std::size_t j = 0; j < d_x.columns(); ++j)
      d_x(row, j) = 0.0f + chain(0, weights.outputs(),
                                 [&](std::size_t i, float sum) { return std::fma(delta(row, i), weights(i, j), sum); });
}

void affine_backward_weights(ConstMatrixView delta, ConstMatrixView x, WeightsView d_weights,
                             std::span<float> d_biases) {
  assert(delta.rows() == x.rows() && d_weights.outputs() == delta.columns() && d_weights.inputs() == x.columns());
  for (std::size_t i = 0; i < delta.columns(); ++i) {
    d_biases[i] = 0.0f + sum_rows(delta.rows(), [&](std::size_t row, float sum) { return sum + delta(row, i); });
    for (std::size_t j = 0; j < x.columns(); ++j)
      d_weights(i, j) = 0.0f + sum_rows(delta.rows(), [&](std::size_t row, float sum) {
                          return std::fma(delta(row, i), x(row, j), sum);
                        });
  }
}

}  // namespace chainrule::kernels::plain
