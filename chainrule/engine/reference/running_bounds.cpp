// SPDX-License-Identifier: Apache-2.0
#include "chainrule/engine/reference/running_bounds.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "chainrule/engine/formulas/activation_values.h"
#include "chainrule/engine/formulas/loss_formulas.h"
#include "chainrule/engine/kernels/kernels.h"

namespace chainrule {
namespace {

constexpr double kRound = 0x1p-24;
constexpr double kFlushed = 0x1p-126;  // smaller numbers become 0
constexpr double kFew = 8 * kRound;    // a formula in double, rounded once, or a handful of operations in float

// Half a unit in the last digit of a float of this size: the largest rounding error.
double half_unit(double size) {
  return kRound * std::bit_cast<double>(std::bit_cast<std::uint64_t>(size) & 0x7ff0'0000'0000'0000);
}

// A sum in double, and the rounding errors of its partial sums in float so far. The partial sums of the engine are as
// large as these and their errors, at most.
struct Sum {
  double value = 0, error = 0;

  void round() { error += half_unit(std::abs(value) + error); }
  void add(double term) {
    value += term;
    round();
  }
  // A product that is not fused into the sum is rounded itself.
  void add_product(double product, bool fused) {
    if (!fused) error += half_unit(std::abs(product)) + kFlushed;
    add(product);
  }
  void join(const Sum& right) {
    value += right.value;
    error += right.error;
    round();
  }
};

using Sums = std::vector<Sum>;

void put(const Sum& sum, std::size_t terms, Judged& out) {
  out.expected.push_back(sum.value);
  // 1.01: the double sums round, too.
  out.bound.push_back(1.01 * sum.error + static_cast<double>(terms) * kFlushed);
}

// Sums over the rows of a batch in the order of kernels.h: leaves, then a binary tree. add(row, sums) adds one row.
template <class Add>
Sums sum_rows(std::size_t rows, std::size_t width, const Add& add) {
  struct Node {
    std::size_t leaves = 1;
    Sums sums;
  };
  std::vector<Node> open;
  const auto join_last = [&] {
    Node right = std::move(open.back());
    open.pop_back();
    for (std::size_t k = 0; k < width; ++k) open.back().sums[k].join(right.sums[k]);
    open.back().leaves += right.leaves;
  };
  for (std::size_t first = 0; first < rows; first += kernels::kLeafRows) {
    open.push_back({1, Sums(width)});
    for (std::size_t row = first; row < std::min(rows, first + kernels::kLeafRows); ++row) add(row, open.back().sums);
    while (open.size() > 1 && open[open.size() - 2].leaves == open.back().leaves) join_last();
  }
  while (open.size() > 1) join_last();
  return open.empty() ? Sums(width) : std::move(open.front().sums);
}

}  // namespace

Judged running_forward(ConstMatrixView x, const MatrixOf<double>& weights, std::span<const double> biases) {
  const std::size_t n = weights.columns(), parts = n < kernels::kManyInputs ? 1 : 4;
  const bool fused = kernels::has_fused_multiply_add();
  Judged out;
  for (std::size_t row = 0; row < x.rows(); ++row) {
    const std::vector<double> inputs(x.row(row).begin(), x.row(row).end());
    for (std::size_t i = 0; i < weights.rows(); ++i) {
      const std::span<const double> w = weights.row(i);
      Sum part[4];
      for (std::size_t q = 0; q < parts; ++q)
        for (std::size_t j = q * n / parts; j < (q + 1) * n / parts; ++j) part[q].add_product(w[j] * inputs[j], fused);
      if (parts == 4) {
        part[0].join(part[1]);
        part[2].join(part[3]);
        part[0].join(part[2]);
      }
      part[0].add(biases[i]);
      put(part[0], n + 1, out);
    }
  }
  return out;
}

Judged running_activation(const Activation& activation, std::span<const float> z) {
  Judged out;
  for (const float at : z) {
    const double a = activation_value(activation, static_cast<double>(at));
    const bool copied = activation.kind == ActivationKind::identity;
    out.expected.push_back(a);
    out.bound.push_back(copied ? 0 : kFew * std::abs(a) + kFlushed);
  }
  return out;
}

Judged running_output(const Loss& loss, ConstMatrixView outputs, ConstMatrixView targets,
                      std::span<const float> scale) {
  Judged out;
  for (std::size_t row = 0; row < outputs.rows(); ++row) {
    const std::vector<double> a(outputs.row(row).begin(), outputs.row(row).end());
    const std::vector<double> y(targets.row(row).begin(), targets.row(row).end());
    std::vector<double> gradient(a.size());
    loss_gradient(loss, a, y, gradient);
    for (const double d : gradient) {
      out.expected.push_back(static_cast<double>(scale[row]) * d);
      out.bound.push_back(kFew * std::abs(out.expected.back()) + kFlushed);
    }
  }
  return out;
}

Judged running_backward(ConstMatrixView delta, const MatrixOf<double>& weights, ConstMatrixView mask) {
  const bool fused = kernels::has_fused_multiply_add();
  Judged out;
  for (std::size_t row = 0; row < delta.rows(); ++row) {
    Sums sums(weights.columns());
    for (std::size_t i = 0; i < weights.rows(); ++i) {
      const auto d = static_cast<double>(delta(row, i));
      const std::span<const double> w = weights.row(i);
      for (std::size_t j = 0; j < sums.size(); ++j) sums[j].add_product(d * w[j], fused);
    }
    for (std::size_t j = 0; j < sums.size(); ++j) {
      put(sums[j], weights.rows(), out);
      if (mask.rows() == 0) continue;
      const auto factor = static_cast<double>(mask(row, j));
      out.expected.back() *= factor;
      out.bound.back() = factor * out.bound.back() + 2 * kRound * std::abs(out.expected.back());
    }
  }
  return out;
}

Judged running_delta(const Activation& activation, std::span<const float> z, std::span<const float> a,
                     std::span<const float> d_a) {
  Judged out;
  for (std::size_t k = 0; k < z.size(); ++k) {
    const auto at = static_cast<double>(z[k]), d = static_cast<double>(d_a[k]);
    // Formulas of f' read z or a, which the engine has rounded, and some of them are sums of numbers near 1.
    const double slope = activation_derivative(activation, at, static_cast<double>(a[k]));
    const double unrounded = activation_derivative(activation, at, activation_value(activation, at));
    out.expected.push_back(d * slope);
    out.bound.push_back(std::abs(d) * (std::abs(slope - unrounded) + kFew * (1 + std::abs(slope))) + kFlushed);
  }
  return out;
}

Judged running_gradient(ConstMatrixView delta, ConstMatrixView x) {
  const bool fused = kernels::has_fused_multiply_add();
  const MatrixOf<double> inputs = [&] {
    MatrixOf<double> wide(x.rows(), x.columns());
    std::ranges::copy(x.flat(), wide.flat().begin());
    return wide;
  }();
  Judged out;
  for (std::size_t i = 0; i < delta.columns(); ++i) {
    const Sums sums = sum_rows(delta.rows(), x.columns(), [&](std::size_t row, Sums& into) {
      const auto d = static_cast<double>(delta(row, i));
      const std::span<const double> values = inputs.row(row);
      for (std::size_t j = 0; j < into.size(); ++j) into[j].add_product(d * values[j], fused);
    });
    for (const Sum& sum : sums) put(sum, delta.rows(), out);
  }
  return out;
}

Judged running_bias_gradient(ConstMatrixView delta) {
  const Sums sums = sum_rows(delta.rows(), delta.columns(), [&](std::size_t row, Sums& into) {
    for (std::size_t i = 0; i < into.size(); ++i) into[i].add(static_cast<double>(delta(row, i)));
  });
  Judged out;
  for (const Sum& sum : sums) put(sum, delta.rows(), out);
  return out;
}

}  // namespace chainrule
