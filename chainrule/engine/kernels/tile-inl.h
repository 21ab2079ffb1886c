// SPDX-License-Identifier: Apache-2.0
// The inner loop of all products, c = a b with c a small tile that stays in registers. Included once per target.
//
// The sum runs along k, one fused multiply-add after the other; lanes run along the columns of c, so the result depends
// neither on the width of a vector nor on the shape of a tile.
#if defined(CHAINRULE_KERNELS_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CHAINRULE_KERNELS_TILE_INL_H_
#undef CHAINRULE_KERNELS_TILE_INL_H_
#else
#define CHAINRULE_KERNELS_TILE_INL_H_
#endif

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "chainrule/engine/kernels/weights.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::ScalableTag<float>;
using Floats = hn::Vec<FloatTag>;
inline constexpr std::size_t kLanes = hn::MaxLanes(FloatTag());
// A tile is kStrip x kPanel: its 12 or 24 vectors, one row of b and a factor fill the registers.
inline constexpr bool kManyRegisters = HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON;
inline constexpr std::size_t kStrip = kManyRegisters ? 12 : 6;
inline constexpr std::size_t kPanel = 2 * kLanes;

inline constexpr std::size_t strips(std::size_t rows) { return (rows + kStrip - 1) / kStrip; }
inline constexpr std::size_t panels(std::size_t columns) { return (columns + kPanel - 1) / kPanel; }
inline constexpr std::size_t kTileFloats = kStrip * kPanel;
// Vectors of a full panel of weights. With narrow vectors, a panel of weights is several panels of a tile.
inline constexpr std::size_t kPerPanel = kPanelOutputs / kLanes;

/// Prefetches numbers that will be read after this tile, some with each term. kCache: 3 is the first cache, 2 the
/// second. The address is a number: it may lie before the array or behind it, where a pointer must not be.
template <int kCache>
class Ahead {
 public:
  Ahead() = default;
  /// From data + offset on, `step` numbers further with each term.
  Ahead(const float* data, std::size_t offset, std::size_t step)
      : address_(reinterpret_cast<std::uintptr_t>(data) + offset * sizeof(float)), step_(step * sizeof(float)) {}
  HWY_INLINE void next() {
    __builtin_prefetch(reinterpret_cast<const float*>(address_), 0, kCache);
    address_ += step_;
  }
  /// By so many numbers, modulo the size of the address space.
  HWY_INLINE void move(std::size_t numbers) { address_ += numbers * sizeof(float); }

 private:
  std::uintptr_t address_ = 0;
  std::size_t step_ = 0;
};

// Factors a(m) of a term of a tile; next() moves to the next term, next_run() to the next run after kRun terms.
/// Rows of a matrix, without a copy. Three pointers to four rows each: twelve would not fit into the registers of x86.
class InPlace {
 public:
  static constexpr std::size_t kRun = ~std::size_t{0};
  InPlace(const float* data, std::size_t stride, Ahead<2> ahead) : stride_(stride), ahead_(ahead) {
    for (std::size_t four = 0; four < kStrip; four += 4) rows_[four / 4] = data + four * stride;
  }
  HWY_INLINE float operator()(std::size_t m) const { return rows_[m / 4][m % 4 * stride_]; }
  HWY_INLINE void next() {
    for (const float*& row : rows_) asm("" : "+r"(++row));  // otherwise the compiler makes twelve pointers
    ahead_.next();
  }
  HWY_INLINE void next_run() {}

 private:
  const float* rows_[(kStrip + 3) / 4];
  std::size_t stride_;
  Ahead<2> ahead_;
};
/// One row alone.
struct OneRow {
  const float* data;
  static constexpr std::size_t kRun = ~std::size_t{0};
  HWY_INLINE float operator()(std::size_t) const { return *data; }
  HWY_INLINE void next() { ++data; }
  HWY_INLINE void next_run() {}
};
/// Consecutive columns of a matrix, one row after the other. The buffers that the sums will update may be prefetched
/// meanwhile.
template <std::size_t kInto>
struct Columns {
  const float* data;
  std::size_t stride;
  std::array<Ahead<2>, kInto> into;
  static constexpr std::size_t kRun = ~std::size_t{0};
  HWY_INLINE float operator()(std::size_t m) const { return data[m]; }
  HWY_INLINE void next() {
    data += stride;
    for (Ahead<2>& numbers : into) numbers.next();
  }
  HWY_INLINE void next_run() {}
};
/// Row m is input m of full panels of weights; the terms are their outputs. Prefetches the next panel, which is so far
/// away that the processor does not recognize a stream.
class WeightRows {
 public:
  WeightRows(const float* data, std::size_t panel_step)
      : data_(data), panel_step_(panel_step), ahead_(data, panel_step, kStrip) {}
  static constexpr std::size_t kRun = kPanelOutputs;
  HWY_INLINE float operator()(std::size_t m) const { return data_[m * kPanelOutputs]; }
  HWY_INLINE void next() {
    ++data_;
    ahead_.next();
  }
  HWY_INLINE void next_run() {
    data_ += panel_step_ - kRun;
    ahead_.move(panel_step_ - kRun * kStrip);
  }

 private:
  const float* data_;
  std::size_t panel_step_;
  Ahead<3> ahead_;
};

// Vectors b(k, v) of a tile.
/// Rows of lanes that lie `stride` apart.
struct Rows {
  const float* data;
  std::size_t stride;
  HWY_INLINE Floats operator()(std::size_t v) const { return hn::LoadU(FloatTag(), data + v * kLanes); }
  HWY_INLINE void next() { data += stride; }
  Rows from(std::size_t k) const { return {data + k * stride, stride}; }
};
/// The rows of several full panels of weights at once.
struct FullPanels {
  const float* data;
  std::size_t panel_step;
  HWY_INLINE Floats operator()(std::size_t v) const {
    return hn::LoadU(FloatTag(), data + v / kPerPanel * panel_step + v % kPerPanel * kLanes);
  }
  HWY_INLINE void next() { data += kPanelOutputs; }
  FullPanels from(std::size_t k) const { return {data + k * kPanelOutputs, panel_step}; }
};

/// One term of all sums of a tile.
template <std::size_t kRows, std::size_t kVectors, class A, class B>
HWY_INLINE void add_term(const A& a, const B& b, Floats (&sum)[kRows][kVectors]) {
  const FloatTag d;
  Floats row[kVectors];
#pragma GCC unroll 16
  for (std::size_t v = 0; v < kVectors; ++v) row[v] = b(v);
#pragma GCC unroll 16
  for (std::size_t m = 0; m < kRows; ++m) {
    const Floats factor = hn::Set(d, a(m));
#pragma GCC unroll 16
    for (std::size_t v = 0; v < kVectors; ++v) sum[m][v] = hn::MulAdd(factor, row[v], sum[m][v]);
  }
}

/// c(m, lanes) = sum over k < count of a(m, k) b(k, lanes), from +0 or from the value in c; + 0 at the end. A sibling
/// with the layout of c is added: sibling + c + 0.
template <std::size_t kRows, std::size_t kVectors, class A, class B>
HWY_NOINLINE void tile(A a, B b, std::size_t count, bool goes_on, const float* sibling, float* HWY_RESTRICT c,
                       std::size_t c_stride) {
  const FloatTag d;
  Floats sum[kRows][kVectors];  // unrolled below, so that each element is a register
#pragma GCC unroll 16
  for (std::size_t m = 0; m < kRows; ++m) {
#pragma GCC unroll 16
    for (std::size_t v = 0; v < kVectors; ++v) sum[m][v] = hn::Zero(d);
  }
  if (HWY_UNLIKELY(goes_on)) {
#pragma GCC unroll 16
    for (std::size_t m = 0; m < kRows; ++m) {
#pragma GCC unroll 16
      for (std::size_t v = 0; v < kVectors; ++v) sum[m][v] = hn::LoadU(d, c + m * c_stride + v * kLanes);
    }
  }
  for (std::size_t left = count; left > 0;) {
    const std::size_t run = std::min(left, A::kRun);
    std::size_t k = 0;
    if constexpr (kRows == 1) {  // short chains: the processor predicts the end of the loop and continues after it
      for (; k + 8 <= run; k += 8) {
#pragma GCC unroll 8
        for (std::size_t j = 0; j < 8; ++j, a.next(), b.next()) add_term<kRows, kVectors>(a, b, sum);
      }
    }
    for (; k < run; ++k, a.next(), b.next()) add_term<kRows, kVectors>(a, b, sum);
    left -= run;
    a.next_run();
  }
#pragma GCC unroll 16
  for (std::size_t m = 0; m < kRows; ++m) {
#pragma GCC unroll 16
    for (std::size_t v = 0; v < kVectors; ++v) sum[m][v] = hn::Add(sum[m][v], hn::Zero(d));
  }
  if (sibling != nullptr) {
#pragma GCC unroll 16
    for (std::size_t m = 0; m < kRows; ++m) {
#pragma GCC unroll 16
      for (std::size_t v = 0; v < kVectors; ++v)
        sum[m][v] = hn::Add(hn::Add(hn::LoadU(d, sibling + m * c_stride + v * kLanes), sum[m][v]), hn::Zero(d));
    }
  }
#pragma GCC unroll 16
  for (std::size_t m = 0; m < kRows; ++m) {
#pragma GCC unroll 16
    for (std::size_t v = 0; v < kVectors; ++v) hn::StoreU(sum[m][v], d, c + m * c_stride + v * kLanes);
  }
}

/// The peak speed of a core: chains of fused multiply-adds that depend only on themselves. Adds the number of
/// operations (two for each lane) to `done`.
HWY_NOINLINE float multiply_add_chains(std::uint64_t rounds, double& done) {
  constexpr std::size_t chains = 10;  // enough to hide the latency, few enough for 16 registers
  const FloatTag d;
  Floats sum[chains];
#pragma GCC unroll 16
  for (std::size_t c = 0; c < chains; ++c) sum[c] = hn::Set(d, static_cast<float>(c));
  const Floats factor = hn::Set(d, 0.5f), term = hn::Set(d, static_cast<float>(rounds % 3));
  for (std::uint64_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 16
    for (std::size_t c = 0; c < chains; ++c) sum[c] = hn::MulAdd(sum[c], factor, term);
  }
#pragma GCC unroll 16
  for (std::size_t c = 1; c < chains; ++c) sum[0] = hn::Add(sum[0], sum[c]);
  done += 2.0 * static_cast<double>(rounds) * static_cast<double>(chains * kLanes);
  return hn::GetLane(sum[0]);
}

template <class A>
using TileFunction = void (*)(A, Rows, std::size_t, bool, const float*, float*, std::size_t);

/// tile<rows, ceil(columns / lanes)>: columns are rounded up to whole vectors, in b and in c.
template <class A>
HWY_INLINE TileFunction<A> tile_for(std::size_t rows, std::size_t columns) {
  static constexpr auto of_width = []<std::size_t... m>(std::index_sequence<m...>) {
    return std::array<std::array<TileFunction<A>, kStrip>, 2>{
        {{&tile<m + 1, 1, A, Rows>...}, {&tile<m + 1, 2, A, Rows>...}}};
  };
  static constexpr auto functions = of_width(std::make_index_sequence<kStrip>());
  return functions[columns > kLanes][rows - 1];
}

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
