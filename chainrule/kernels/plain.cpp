// SPDX-License-Identifier: Apache-2.0
// The float kernels as portable loops whose order of summation is fixed by kernels.h; lanes are arrays of constant
// length that compilers turn into vectors.
#include <algorithm>
#include <array>
#include <cassert>

#include "chainrule/kernels/kernels.h"

namespace chainrule::kernels {
namespace {

constexpr std::size_t kLanes = 16;
constexpr std::size_t kTile = 256;   // columns of a weight gradient worked on at a time: one tile per level of the tree
constexpr std::size_t kLevels = 48;  // 64 * 2^48 rows are more than memory holds

template <class T>
T combined(std::array<T, kLanes>& lanes) {
  for (std::size_t width = kLanes / 2; width > 0; width /= 2)
    for (std::size_t j = 0; j < width; ++j) lanes[j] += lanes[j + width];
  return lanes[0];
}

float dot(const float* x, const float* y, std::size_t count) {
  std::array<float, kLanes> lanes{};
  std::size_t k = 0;
  for (; k + kLanes <= count; k += kLanes)
    for (std::size_t j = 0; j < kLanes; ++j) lanes[j] += x[k + j] * y[k + j];
  for (std::size_t j = 0; k + j < count; ++j) lanes[j] += x[k + j] * y[k + j];
  return combined(lanes);
}

void add_to(float* sums, const float* terms, std::size_t count) {
  for (std::size_t j = 0; j < count; ++j) sums[j] += terms[j];
}

// The sum over the rows of a batch for a tile of at most kTile columns, by the tree of kernels.h: nodes that wait for
// their sibling stand one per level, as the bits of a binary counter do.
class TreeSum {
 public:
  /// add(row, sums) adds one row's terms to the tile.
  template <class Add>
  void run(std::size_t rows, std::size_t width, float* out, const Add& add) {
    std::size_t leaves = 0;
    for (std::size_t first = 0; first < rows; first += kLeafRows, ++leaves) {
      std::fill_n(out, width, 0.0f);
      for (std::size_t row = first; row < std::min(first + kLeafRows, rows); ++row) add(row, out);
      if (rows <= kLeafRows) return;
      std::size_t level = 0;
      for (; (leaves >> level) & 1; ++level) add_to(out, waiting_[level].data(), width);
      std::copy_n(out, width, waiting_[level].data());
    }
    std::fill_n(out, width, 0.0f);
    bool first_node = true;
    for (std::size_t level = 0; (leaves >> level) > 0; ++level) {
      if (!((leaves >> level) & 1)) continue;
      if (first_node)
        std::copy_n(waiting_[level].data(), width, out);
      else
        add_to(out, waiting_[level].data(), width);
      first_node = false;
    }
  }

 private:
  std::array<std::array<float, kTile>, kLevels> waiting_;  // not cleared: a level is written before it is read
};

}  // namespace

void affine_forward(ConstMatrixView x, ConstMatrixView weights, std::span<const float> biases, MatrixView z) {
  assert(x.columns() == weights.columns() && z.columns() == weights.rows() && biases.size() == weights.rows());
  for (std::size_t i = 0; i < z.columns(); ++i)  // a row of weights stays in the cache for the whole batch
    for (std::size_t row = 0; row < z.rows(); ++row)
      z(row, i) = dot(x.row(row).data(), weights.row(i).data(), x.columns()) + biases[i];
}

void affine_backward_input(ConstMatrixView delta, ConstMatrixView weights, MatrixView d_x) {
  assert(delta.columns() == weights.rows() && d_x.columns() == weights.columns());
  std::ranges::fill(d_x.flat(), 0.0f);
  for (std::size_t i = 0; i < weights.rows(); ++i) {
    const float* w = weights.row(i).data();
    for (std::size_t row = 0; row < d_x.rows(); ++row) {
      const float factor = delta(row, i);
      float* sums = d_x.row(row).data();
      for (std::size_t j = 0; j < d_x.columns(); ++j) sums[j] += factor * w[j];
    }
  }
}

void affine_backward_weights(ConstMatrixView delta, ConstMatrixView x, MatrixView d_weights,
                             std::span<float> d_biases) {
  assert(delta.rows() == x.rows() && d_weights.rows() == delta.columns() && d_weights.columns() == x.columns());
  TreeSum tree;
  for (std::size_t first = 0; first < x.columns(); first += kTile) {
    const std::size_t width = std::min(kTile, x.columns() - first);
    for (std::size_t i = 0; i < delta.columns(); ++i)
      tree.run(x.rows(), width, d_weights.row(i).data() + first, [&](std::size_t row, float* sums) {
        const float factor = delta(row, i);
        const float* terms = x.row(row).data() + first;
        for (std::size_t j = 0; j < width; ++j) sums[j] += factor * terms[j];
      });
  }
  for (std::size_t first = 0; first < delta.columns(); first += kTile) {
    const std::size_t width = std::min(kTile, delta.columns() - first);
    tree.run(delta.rows(), width, d_biases.data() + first,
             [&](std::size_t row, float* sums) { add_to(sums, delta.row(row).data() + first, width); });
  }
}

double sum_of_squares(std::span<const float> values) {
  std::array<double, kLanes> lanes{};
  std::size_t k = 0;
  for (; k + kLanes <= values.size(); k += kLanes)
    for (std::size_t j = 0; j < kLanes; ++j) {
      const double value = values[k + j];
      lanes[j] += value * value;
    }
  for (std::size_t j = 0; k + j < values.size(); ++j) {
    const double value = values[k + j];
    lanes[j] += value * value;
  }
  return combined(lanes);
}

}  // namespace chainrule::kernels
