// SPDX-License-Identifier: Apache-2.0
// Products with inputs that are mostly zeros: pixels, one-hot columns. A term whose input is 0 changes no sum (of
// finite weights), so lists of the nonzero inputs give the same bits as the dense loops. Included once per target.
#if defined(CHAINRULE_KERNELS_SPARSE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CHAINRULE_KERNELS_SPARSE_INL_H_
#undef CHAINRULE_KERNELS_SPARSE_INL_H_
#else
#define CHAINRULE_KERNELS_SPARSE_INL_H_
#endif

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>

#include "chainrule/base/matrix.h"
#include "chainrule/engine/forward_backward.h"
#include "chainrule/engine/kernels/chunk-inl.h"
#include "chainrule/engine/kernels/kernels.h"
#include "chainrule/engine/kernels/sums-inl.h"
#include "chainrule/engine/kernels/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

/// Maximum fraction of nonzero numbers for which lists are tried.
inline constexpr double kMaxFilled = 0.35;
/// Maximum fraction of a dense loop's terms for which lists pay: their terms cost more, since each reads an index.
inline constexpr double kMaxListed = 0.6;

inline constexpr std::size_t kFewInputs = 80;    // with fewer, lists gain less than the check costs
inline constexpr std::size_t kPieceInputs = 48;  // of a gradient piece: what a sink gets at a time from a panel

inline std::size_t count_filled(std::span<const float> values) {
  std::size_t filled = 0;
  for (const float value : values) filled += value != 0 ? 1 : 0;
  return filled;
}

/// Whether x is mostly zero, judged by up to 3 rows.
inline bool is_sparse(ConstMatrixView x) {
  const std::size_t looked = std::min<std::size_t>(x.rows(), 3);
  if (x.rows() == 0 || x.columns() < kFewInputs) return false;
  std::size_t filled = 0;
  for (std::size_t k = 0; k < looked; ++k) filled += count_filled(x.row(k * x.rows() / looked));
  return static_cast<double>(filled) <= kMaxFilled * static_cast<double>(looked * x.columns());
}

/// c = sum over listed k of x(row, k) W(k, lanes) for one row or two.
template <std::size_t kRows, std::size_t kVectors>
HWY_NOINLINE void sparse_tile(std::span<const std::uint32_t> list, const float* x, std::size_t x_stride,
                              const float* HWY_RESTRICT weights, std::size_t width, std::size_t panel_step,
                              float* HWY_RESTRICT c) {
  const FloatTag d;
  Floats sum[kRows][kVectors];
#pragma GCC unroll 16
  for (std::size_t m = 0; m < kRows; ++m) {
#pragma GCC unroll 16
    for (std::size_t v = 0; v < kVectors; ++v) sum[m][v] = hn::Zero(d);
  }
  for (const std::size_t k : list) {
    const float* HWY_RESTRICT b = weights + k * width;
    Floats row[kVectors];
#pragma GCC unroll 16
    for (std::size_t v = 0; v < kVectors; ++v)
      row[v] = hn::LoadU(d, b + v / kPerPanel * panel_step + v % kPerPanel * kLanes);
#pragma GCC unroll 16
    for (std::size_t m = 0; m < kRows; ++m) {
      const Floats factor = hn::Set(d, x[m * x_stride + k]);
#pragma GCC unroll 16
      for (std::size_t v = 0; v < kVectors; ++v) sum[m][v] = hn::MulAdd(factor, row[v], sum[m][v]);
    }
  }
#pragma GCC unroll 16
  for (std::size_t m = 0; m < kRows; ++m) {
#pragma GCC unroll 16
    for (std::size_t v = 0; v < kVectors; ++v)
      hn::StoreU(hn::Add(sum[m][v], hn::Zero(d)), d, c + (m * kVectors + v) * kLanes);
  }
}

/// Pairs of rows of x, each with the list of inputs that are nonzero in at least one of the two; for the forward
/// product.
class SparseRows {
 public:
  static std::size_t floats(std::size_t rows, std::size_t inputs) { return (rows + 1) / 2 * stride(inputs); }
  SparseRows(ConstMatrixView x, float* memory) : x_(x), memory_(reinterpret_cast<std::uint32_t*>(memory)) {
    for (std::size_t pair = 0; pair < pairs(); ++pair) listed_ += build(pair);
  }
  bool pays() const { return static_cast<double>(listed_) <= kMaxListed * static_cast<double>(pairs() * x_.columns()); }
  /// Panels [begin, end) of z = x W^T + b.
  void forward(ConstWeightsView weights, std::span<const float> biases, MatrixView z, std::size_t begin,
               std::size_t end) const {
    for (std::size_t panel = begin; panel < end; ++panel) {
      const std::size_t width = weights.panel_width(panel);
      if (2 * kPerPanel <= kVectors && panel + 1 < end && weights.panel_width(panel + 1) == kPanelOutputs) {
        columns<kVectors>(weights, panel, 0, biases, z);
        ++panel;
        continue;
      }
      for (std::size_t at = 0; at < width && panel * kPanelOutputs + at < z.columns(); at += kVectors * kLanes) {
        const std::size_t vectors = (width - at) / kLanes;
        if (vectors >= 4)
          columns<4>(weights, panel, at, biases, z);
        else if (vectors >= 2)
          columns<2>(weights, panel, at, biases, z);
        else
          columns<1>(weights, panel, at, biases, z);
      }
    }
  }

 private:
  static constexpr std::size_t kVectors = 4;  // of two rows: eight sums are enough to hide the latency
  static constexpr std::size_t kHead = 5;     // head of a list: the start of its quarters, and its end
  static std::size_t stride(std::size_t inputs) { return whole_lines(kHead + inputs); }
  std::size_t pairs() const { return (x_.rows() + 1) / 2; }
  std::size_t rows_of(std::size_t pair) const { return std::min<std::size_t>(2, x_.rows() - 2 * pair); }

  std::size_t build(std::size_t pair) {
    const FloatTag d;
    const hn::RebindToUnsigned<FloatTag> du;
    const std::size_t inputs = x_.columns();
    const float *first = x_.row(2 * pair).data(), *second = x_.row(2 * pair + rows_of(pair) - 1).data();
    std::uint32_t *head = memory_ + pair * stride(inputs), *list = head + kHead;
    std::size_t count = 0;
    for (std::size_t q = 0; q < 4; ++q) {
      head[q] = static_cast<std::uint32_t>(count);
      std::size_t k = q * inputs / 4;
      const std::size_t end = (q + 1) * inputs / 4;
      for (auto indices = hn::Iota(du, static_cast<std::uint32_t>(k)); k + kLanes <= end; k += kLanes) {
        const auto filled =
            hn::Or(hn::Ne(hn::LoadU(d, first + k), hn::Zero(d)), hn::Ne(hn::LoadU(d, second + k), hn::Zero(d)));
        hn::StoreU(hn::Compress(indices, hn::RebindMask(du, filled)), du, list + count);
        count += hn::CountTrue(d, filled);
        indices = hn::Add(indices, hn::Set(du, static_cast<std::uint32_t>(kLanes)));
      }
      for (; k < end; ++k) {
        list[count] = static_cast<std::uint32_t>(k);
        count += first[k] != 0 || second[k] != 0 ? 1 : 0;
      }
    }
    head[4] = static_cast<std::uint32_t>(count);
    return count;
  }

  template <std::size_t kWidth>
  void columns(ConstWeightsView weights, std::size_t panel, std::size_t at, std::span<const float> biases,
               MatrixView z) const {
    constexpr std::size_t floats = kWidth * kLanes;
    HWY_ALIGN float c[3 * 2 * floats];
    const std::size_t inputs = x_.columns(), output = panel * kPanelOutputs + at;
    const std::size_t count = std::min(floats, z.columns() - output);
    for (std::size_t pair = 0; pair < pairs(); ++pair) {
      const std::uint32_t *head = memory_ + pair * stride(inputs), *list = head + kHead;
      const std::size_t rows = rows_of(pair);
      const auto product = rows == 2 ? &sparse_tile<2, kWidth> : &sparse_tile<1, kWidth>;
      sum_inputs(inputs, rows * floats, c, [&](std::size_t first_quarter, std::size_t last_quarter, float* sum) {
        const std::uint32_t begin = head[first_quarter], end = head[last_quarter];
        product({list + begin, end - begin}, x_.row(2 * pair).data(), inputs, weights.panel(panel) + at,
                weights.panel_width(panel), kPanelOutputs * inputs, sum);
      });
      for (std::size_t m = 0; m < rows; ++m)
        add_biases(c + m * floats, biases.subspan(output, count), z.row(2 * pair + m).subspan(output, count));
    }
  }

  ConstMatrixView x_;
  std::uint32_t* memory_;
  std::size_t listed_ = 0;
};

/// c(m, lanes) = sum over listed rows of x(row, m) delta(row, lanes), for up to four consecutive inputs.
template <std::size_t kInputs, std::size_t kVectors>
HWY_NOINLINE void listed_rows_tile(std::uint64_t rows, const float* x, std::size_t x_stride,
                                   const float* HWY_RESTRICT delta, std::size_t width, const float* sibling,
                                   float* HWY_RESTRICT c) {
  const FloatTag d;
  Floats sum[kInputs][kVectors];
#pragma GCC unroll 16
  for (std::size_t m = 0; m < kInputs; ++m) {
#pragma GCC unroll 16
    for (std::size_t v = 0; v < kVectors; ++v) sum[m][v] = hn::Zero(d);
  }
  for (; rows != 0; rows &= rows - 1) {
    const std::size_t r = static_cast<std::size_t>(std::countr_zero(rows));
    Floats row[kVectors];
#pragma GCC unroll 16
    for (std::size_t v = 0; v < kVectors; ++v) row[v] = hn::LoadU(d, delta + r * width + v * kLanes);
#pragma GCC unroll 16
    for (std::size_t m = 0; m < kInputs; ++m) {
      const Floats factor = hn::Set(d, x[r * x_stride + m]);
#pragma GCC unroll 16
      for (std::size_t v = 0; v < kVectors; ++v) sum[m][v] = hn::MulAdd(factor, row[v], sum[m][v]);
    }
  }
#pragma GCC unroll 16
  for (std::size_t m = 0; m < kInputs; ++m) {
#pragma GCC unroll 16
    for (std::size_t v = 0; v < kVectors; ++v) {
      Floats all = hn::Add(sum[m][v], hn::Zero(d));
      if (sibling != nullptr) all = hn::Add(hn::Add(hn::LoadU(d, sibling + m * width + v * kLanes), all), hn::Zero(d));
      hn::StoreU(all, d, c + m * width + v * kLanes);
    }
  }
}

/// Groups of four inputs of x, each with one set per leaf of the batch: the rows in which at least one of the four is
/// nonzero. For the gradient. Neighbors among pixels and among the columns of a category are often zero together.
class SparseInputs {
 public:
  static std::size_t floats(std::size_t rows, std::size_t inputs) { return 2 * groups(inputs) * leaves(rows); }
  /// Covers inputs [begin, end); begin is a multiple of 4.
  SparseInputs(ConstMatrixView x, std::size_t begin, std::size_t end, float* memory)
      : x_(x), begin_(begin), end_(end), sets_(reinterpret_cast<std::uint64_t*>(memory)) {
    if (x.size() == 0) return;
    std::fill_n(sets_, groups(end - begin) * leaves(x.rows()), std::uint64_t{0});
    for (std::size_t row = 0; row < x.rows(); ++row) add_row(row);
    for (std::size_t k = 0; k < groups(end - begin) * leaves(x.rows()); ++k)
      listed_ += static_cast<std::size_t>(std::popcount(sets_[k]));
  }
  bool pays() const {
    return static_cast<double>(kGroup * listed_) <= kMaxListed * static_cast<double>(x_.rows() * (end_ - begin_));
  }
  /// The next inputs from `from` on that have rows, at most kPieceInputs; an empty range if there are none.
  Chunk next_run(std::size_t from) const {
    while (from < end_ && is_empty(from)) from = std::min(from + kGroup, end_);
    std::size_t end = from;
    while (end < std::min(from + kPieceInputs, end_) && !is_empty(end)) end = std::min(end + kGroup, end_);
    return {from, end};
  }
  /// The gradient of inputs [begin, end) for a panel of delta, (rows x width).
  void piece(const float* delta, std::size_t width, std::size_t begin, std::size_t end, float* waiting,
             float* to) const {
    for (std::size_t input = begin; input < end; input += kGroup) {
      const std::size_t m = std::min(kGroup, end - input);
      sum_rows(x_.rows(), m * width, waiting, to + (input - begin) * width,
               [&](std::size_t first, std::size_t, const float* sibling, float* c) {
                 const std::uint64_t set = sets_of_leaf(first / kLeafRows)[(input - begin_) / kGroup];
                 for (std::size_t at = 0; at < width; at += kPanel)
                   product(m, width - at)(set, x_.data() + first * x_.columns() + input, x_.columns(),
                                          delta + first * width + at, width,
                                          sibling == nullptr ? nullptr : sibling + at, c + at);
               });
    }
  }

 private:
  static constexpr std::size_t kGroup = 4;
  static std::size_t leaves(std::size_t rows) { return (rows + kLeafRows - 1) / kLeafRows; }
  static std::size_t groups(std::size_t inputs) { return (inputs + kGroup - 1) / kGroup; }
  bool is_empty(std::size_t input) const {
    std::uint64_t all = 0;
    for (std::size_t leaf = 0; leaf < leaves(x_.rows()); ++leaf) all |= sets_of_leaf(leaf)[(input - begin_) / kGroup];
    return all == 0;
  }
  std::uint64_t* sets_of_leaf(std::size_t leaf) const { return sets_ + leaf * groups(end_ - begin_); }

  void add_row(std::size_t row) {
    constexpr std::uint64_t unsigned_pair = 0x7fffffff7fffffffu;  // two numbers without their signs: 0 if both are 0
    std::uint64_t* HWY_RESTRICT sets = sets_of_leaf(row / kLeafRows);
    const float* from = x_.row(row).data() + begin_;
    const std::size_t whole = (end_ - begin_) / kGroup, rest = (end_ - begin_) % kGroup;
    for (std::size_t g = 0; g < whole; ++g) {
      std::uint64_t one, two;
      std::memcpy(&one, from + g * kGroup, sizeof one);
      std::memcpy(&two, from + g * kGroup + 2, sizeof two);
      sets[g] |= std::uint64_t{((one | two) & unsigned_pair) != 0} << row % kLeafRows;
    }
    bool filled = false;
    for (std::size_t k = 0; k < rest; ++k) filled |= from[whole * kGroup + k] != 0;
    if (rest > 0) sets[whole] |= std::uint64_t{filled} << row % kLeafRows;
  }

  using Product = void (*)(std::uint64_t, const float*, std::size_t, const float*, std::size_t, const float*, float*);
  static Product product(std::size_t inputs, std::size_t width) {
    static constexpr Product narrow[] = {&listed_rows_tile<1, 1>, &listed_rows_tile<2, 1>, &listed_rows_tile<3, 1>,
                                         &listed_rows_tile<4, 1>};
    static constexpr Product wide[] = {&listed_rows_tile<1, 2>, &listed_rows_tile<2, 2>, &listed_rows_tile<3, 2>,
                                       &listed_rows_tile<4, 2>};
    return (width > kLanes ? wide : narrow)[inputs - 1];
  }

  ConstMatrixView x_;
  std::size_t begin_, end_, listed_ = 0;
  std::uint64_t* sets_;
};

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
