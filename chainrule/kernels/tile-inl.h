// SPDX-License-Identifier: Apache-2.0
// The one inner loop of all products, c = a b with c a small tile that stays in registers, and the copies that put its
// operands side by side. Included once per target.
//
// The sum runs along k, one fused multiply-add after the other; lanes run along the columns of c, so neither the width
// of a vector nor the shape of a tile enters a bit of the result.
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

#include "hwy/cache_control.h"
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
// Vectors of a full panel of weights. Where vectors are narrow, a panel of weights is several of ours.
inline constexpr std::size_t kPerPanel = kPanelOutputs / kLanes;

// Factors a(m, k) of a tile, by run(k) of as many k as lie alike in memory.
/// Rows of a matrix in place.
struct InPlace {
  const float* data;
  std::size_t stride;
  static constexpr std::size_t kRun = ~std::size_t{0};
  HWY_INLINE float operator()(std::size_t m, std::size_t k) const { return data[m * stride + k]; }
  HWY_INLINE void look_ahead(std::size_t) const {}
  HWY_INLINE void next_run() {}
  InPlace from(std::size_t k) const { return {data + k, stride}; }
};
/// Neighbouring columns of a matrix, one row after the other.
struct Columns {
  const float* data;
  std::size_t stride;
  static constexpr std::size_t kRun = ~std::size_t{0};
  HWY_INLINE float operator()(std::size_t m, std::size_t k) const { return data[k * stride + m]; }
  HWY_INLINE void look_ahead(std::size_t) const {}
  HWY_INLINE void next_run() {}
};
/// Row m is input m of full panels of weights, k runs over their outputs.
struct WeightRows {
  const float* data;
  std::size_t panel_step;
  static constexpr std::size_t kRun = kPanelOutputs;
  HWY_INLINE float operator()(std::size_t m, std::size_t k) const { return data[m * kPanelOutputs + k]; }
  /// The next panel is far behind this one: no stream that the processor sees for itself.
  HWY_INLINE void look_ahead(std::size_t k) const {
    hwy::Prefetch(data + panel_step + k * (kStrip * kPanelOutputs / kRun));
  }
  HWY_INLINE void next_run() { data += panel_step; }
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

/// c(m, lanes) = sum over k < count of a(m, k) b(k, lanes), from +0 or from what is in c; + 0 at the end.
template <std::size_t kRows, std::size_t kVectors, class A, class B>
HWY_NOINLINE void tile(A a, B b, std::size_t count, bool goes_on, float* HWY_RESTRICT c, std::size_t c_stride) {
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
    for (std::size_t k = 0; k < run; ++k, b.next()) {
      a.look_ahead(k);
      Floats row[kVectors];
#pragma GCC unroll 16
      for (std::size_t v = 0; v < kVectors; ++v) row[v] = b(v);
#pragma GCC unroll 16
      for (std::size_t m = 0; m < kRows; ++m) {
        const Floats factor = hn::Set(d, a(m, k));
#pragma GCC unroll 16
        for (std::size_t v = 0; v < kVectors; ++v) sum[m][v] = hn::MulAdd(factor, row[v], sum[m][v]);
      }
    }
    left -= run;
    a.next_run();
  }
#pragma GCC unroll 16
  for (std::size_t m = 0; m < kRows; ++m) {
#pragma GCC unroll 16
    for (std::size_t v = 0; v < kVectors; ++v)
      hn::StoreU(hn::Add(sum[m][v], hn::Zero(d)), d, c + m * c_stride + v * kLanes);
  }
}

/// The most that a core can do: chains of fused multiply-adds that wait for nothing but themselves. Adds the number of
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
using TileFunction = void (*)(A, Rows, std::size_t, bool, float*, std::size_t);

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

// -- copies ----------------------------------------------------------------------------------------------------------

/// Turns a 4 x 4 block in four vectors of four. Found by their arguments, since one-lane targets have no such
/// functions.
template <class Quad, class V = hn::Vec<Quad>>
HWY_INLINE void transpose(Quad q, V& a, V& b, V& c, V& d) {
  const V ab = InterleaveLower(q, a, b), cd = InterleaveLower(q, c, d);
  const V ab_up = InterleaveUpper(q, a, b), cd_up = InterleaveUpper(q, c, d);
  a = ConcatLowerLower(q, cd, ab);
  b = ConcatUpperUpper(q, cd, ab);
  c = ConcatLowerLower(q, cd_up, ab_up);
  d = ConcatUpperUpper(q, cd_up, ab_up);
}

/// to(j, i) = from(i, j) for a (rows x columns) part of a matrix; rows are taken to be `padded` in number, those that
/// are not there hold zeros.
template <class Quad = hn::CappedTag<float, 4>>
void copy_transposed(const float* from, std::size_t from_stride, std::size_t rows, std::size_t columns,
                     std::size_t padded, float* HWY_RESTRICT to, std::size_t to_stride) {
  const Quad q;
  const auto row_or_zero = [&](std::size_t i, std::size_t j) {
    return i < rows ? hn::LoadU(q, from + i * from_stride + j) : hn::Zero(q);
  };
  std::size_t i = 0;
  for (; hn::MaxLanes(q) == 4 && i + 4 <= padded; i += 4) {
    std::size_t j = 0;
    for (; j + 4 <= columns; j += 4) {
      if constexpr (hn::MaxLanes(Quad()) == 4) {
        auto a = row_or_zero(i, j), b = row_or_zero(i + 1, j), c = row_or_zero(i + 2, j), d = row_or_zero(i + 3, j);
        transpose(q, a, b, c, d);
        float* target = to + j * to_stride + i;
        hn::StoreU(a, q, target);
        hn::StoreU(b, q, target + to_stride);
        hn::StoreU(c, q, target + 2 * to_stride);
        hn::StoreU(d, q, target + 3 * to_stride);
      }
    }
    for (; j < columns; ++j)
      for (std::size_t r = i; r < i + 4; ++r) to[j * to_stride + r] = r < rows ? from[r * from_stride + j] : 0.0f;
  }
  for (; i < padded; ++i)
    for (std::size_t j = 0; j < columns; ++j) to[j * to_stride + i] = i < rows ? from[i * from_stride + j] : 0.0f;
}

inline void copy(const float* from, std::size_t from_stride, std::size_t rows, std::size_t columns,
                 float* HWY_RESTRICT to, std::size_t to_stride) {
  const FloatTag d;
  const hn::CappedTag<float, 4> q;
  constexpr std::size_t four = hn::MaxLanes(q);
  for (std::size_t i = 0; i < rows; ++i, from += from_stride, to += to_stride) {
    std::size_t j = 0;
    for (; j + kLanes <= columns; j += kLanes) hn::StoreU(hn::LoadU(d, from + j), d, to + j);
    for (; j + four <= columns; j += four) hn::StoreU(hn::LoadU(q, from + j), q, to + j);
    for (; j < columns; ++j) to[j] = from[j];
  }
}

/// to = a + b + 0, for whole tiles in memory; `to` may be b.
inline void add(const float* HWY_RESTRICT a, const float* b, std::size_t count, float* to) {
  const FloatTag d;
  std::size_t k = 0;
  for (; k + kLanes <= count; k += kLanes)
    hn::StoreU(hn::Add(hn::Add(hn::LoadU(d, a + k), hn::LoadU(d, b + k)), hn::Zero(d)), d, to + k);
  for (; k < count; ++k) to[k] = (a[k] + b[k]) + 0.0f;
}

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
