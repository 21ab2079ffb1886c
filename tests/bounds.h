// SPDX-License-Identifier: Apache-2.0
// How far the float engine may be from the double truth, from its roundings alone.
#pragma once

#include <algorithm>
#include <cmath>

#include "chainrule/truth.h"

namespace chainrule::testing {

/// Unit roundoff of float: one operation changes a number by at most this share.
inline const double kRoundoff = std::ldexp(1.0, -24);

inline double largest(std::span<const double> values) {
  double most = 0;
  for (const double x : values) most = std::max(most, std::abs(x));
  return most;
}

/// The bound is a running error analysis (Higham, Accuracy and Stability of Numerical Algorithms, 3.3), layer by layer,
/// in the norm "largest entry". A chain of n fused multiply-adds makes n roundings of its partial sums, each at most
/// the sum of the terms' magnitudes; quarters make n / 4 and two more, the bias one, activations the rest. Errors of
/// its operands pass through the same magnitudes.
struct FloatBounds {
  std::vector<double> z, a, delta;      ///< absolute, per layer
  std::vector<double> weights, biases;  ///< of the gradients, absolute, per layer
};

namespace detail {

inline double roundings(std::size_t terms) { return static_cast<double>(terms < 512 ? terms : terms / 4 + 3) + 2; }

/// Largest sum of |x| over a row, and over a column.
inline double row_sum(ViewOf<const double> m) {
  double most = 0;
  for (std::size_t i = 0; i < m.rows(); ++i) {
    double sum = 0;
    for (const double x : m.row(i)) sum += std::abs(x);
    most = std::max(most, sum);
  }
  return most;
}
inline double column_sum(ViewOf<const double> m) {
  double most = 0;
  for (std::size_t j = 0; j < m.columns(); ++j) {
    double sum = 0;
    for (std::size_t i = 0; i < m.rows(); ++i) sum += std::abs(m(i, j));
    most = std::max(most, sum);
  }
  return most;
}

}  // namespace detail

/// Bounds for one step whose true values are `truth`. `slope` bounds |f'| and |f''| of every activation, `loss_slope`
/// how much a change of an output changes d loss / d output.
inline FloatBounds float_bounds(const TruthParameters& parameters, const TruthBatch& batch, const TruthStep& truth,
                                double slope, double loss_slope) {
  const std::size_t depth = truth.z.size(), m = batch.inputs.rows();
  FloatBounds bound;
  double below = 0, below_size = largest(batch.inputs.flat());  // error and size of what feeds the layer
  for (std::size_t l = 0; l < depth; ++l) {
    const ViewOf<const double> w = parameters.weights[l].view();
    const double reach = detail::row_sum(w);  // |W x| <= reach * |x|
    const double terms = reach * below_size + largest(parameters.biases[l]);
    bound.z.push_back(detail::roundings(w.columns()) * kRoundoff * terms + reach * below);
    below_size = largest(truth.a[l].flat());
    below = slope * bound.z.back() + 2 * kRoundoff * below_size;
    bound.a.push_back(below);
  }
  bound.delta.assign(depth, 0);
  bound.weights.assign(depth, 0);
  bound.biases.assign(depth, 0);
  // d_a of the outputs, then every delta: d_a * f'(z), both with errors.
  double d_a = loss_slope * bound.a.back() + 2 * kRoundoff * largest(truth.delta.back().flat());
  double d_a_size = largest(truth.delta.back().flat());
  for (std::size_t l = depth; l-- > 0;) {
    const double delta_size = largest(truth.delta[l].flat());
    d_a_size = std::max(d_a_size, delta_size);
    bound.delta[l] = slope * d_a + slope * bound.z[l] * d_a_size + 4 * kRoundoff * std::max(delta_size, d_a_size);
    const MatrixOf<double>& fed = l == 0 ? batch.inputs : truth.a[l - 1];
    const double fed_size = largest(fed.flat()), fed_error = l == 0 ? 0 : bound.a[l - 1];
    const double adds =
        static_cast<double>(std::min<std::size_t>(m, 64)) + std::log2(static_cast<double>(m) / 64 + 1) + 3;
    // Means over the batch: sum of m products of at most delta_size * fed_size, divided by m.
    bound.weights[l] =
        adds * kRoundoff * delta_size * fed_size + bound.delta[l] * (fed_size + fed_error) + delta_size * fed_error;
    bound.biases[l] = adds * kRoundoff * delta_size + bound.delta[l];
    if (l == 0) break;
    const ViewOf<const double> w = parameters.weights[l].view();
    const double reach = detail::column_sum(w);
    d_a = reach * bound.delta[l] + static_cast<double>(w.rows() + 1) * kRoundoff * reach * delta_size;
    d_a_size = reach * delta_size;
  }
  return bound;
}

}  // namespace chainrule::testing
