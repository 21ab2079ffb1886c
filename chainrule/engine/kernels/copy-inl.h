// SPDX-License-Identifier: Apache-2.0
// Copies that make the operands of a product contiguous, or transpose them. Included once per target.
#if defined(CHAINRULE_KERNELS_COPY_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CHAINRULE_KERNELS_COPY_INL_H_
#undef CHAINRULE_KERNELS_COPY_INL_H_
#else
#define CHAINRULE_KERNELS_COPY_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "chainrule/engine/kernels/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

// Vector functions are found here by argument-dependent lookup: one-lane targets have none of them and need none.

/// Transposes 4 x 4 blocks: four rows, each a vector of four numbers; the same in every block of wider vectors.
template <class D, class V>
HWY_INLINE void turn_fours(D d, V& r0, V& r1, V& r2, V& r3) {
  const hn::Repartition<std::uint64_t, D> pairs;
  const auto a = BitCast(pairs, InterleaveLower(d, r0, r1)), b = BitCast(pairs, InterleaveLower(d, r2, r3));
  const auto c = BitCast(pairs, InterleaveUpper(d, r0, r1)), e = BitCast(pairs, InterleaveUpper(d, r2, r3));
  r0 = BitCast(d, InterleaveLower(pairs, a, b));
  r1 = BitCast(d, InterleaveUpper(pairs, a, b));
  r2 = BitCast(d, InterleaveLower(pairs, c, e));
  r3 = BitCast(d, InterleaveUpper(pairs, c, e));
}

/// Transposes a square of as many rows as a vector has lanes.
template <class D, class V>
HWY_INLINE void turn_square(D d, V (&v)[kLanes]) {
  if constexpr (kLanes >= 4) {
#pragma GCC unroll 16
    for (std::size_t g = 0; g < kLanes; g += 4) turn_fours(d, v[g], v[g + 1], v[g + 2], v[g + 3]);
      // Block q of v[4 g + j] is now column 4 q + j of rows 4 g ... 4 g + 3: a square of blocks, still to be
      // transposed.
#pragma GCC unroll 4
    for (std::size_t j = 0; j < 4; ++j) {
      if constexpr (kLanes == 8) {
        const V low = v[j], high = v[4 + j];
        v[j] = ConcatLowerLower(d, high, low);
        v[4 + j] = ConcatUpperUpper(d, high, low);
      }
      if constexpr (kLanes == 16) {
        const V even0 = OddEvenBlocks(SwapAdjacentBlocks(v[4 + j]), v[j]);
        const V odd0 = OddEvenBlocks(v[4 + j], SwapAdjacentBlocks(v[j]));
        const V even1 = OddEvenBlocks(SwapAdjacentBlocks(v[12 + j]), v[8 + j]);
        const V odd1 = OddEvenBlocks(v[12 + j], SwapAdjacentBlocks(v[8 + j]));
        v[j] = ConcatLowerLower(d, even1, even0);
        v[4 + j] = ConcatLowerLower(d, odd1, odd0);
        v[8 + j] = ConcatUpperUpper(d, even1, even0);
        v[12 + j] = ConcatUpperUpper(d, odd1, odd0);
      }
    }
  }
}

/// The first `count` numbers, then zeros. Narrow vectors have no masked loads and stores.
HWY_INLINE Floats load_first(const float* from, std::size_t count) {
  const FloatTag d;
  if constexpr (kLanes >= 8) return hn::MaskedLoad(hn::FirstN(d, count), d, from);
  HWY_ALIGN float part[kLanes] = {};
  std::copy_n(from, std::min(count, kLanes), part);
  return hn::Load(d, part);
}
HWY_INLINE void store_first(Floats v, float* to, std::size_t count) {
  const FloatTag d;
  if constexpr (kLanes >= 8) return hn::BlendedStore(v, hn::FirstN(d, count), d, to);
  HWY_ALIGN float part[kLanes];
  hn::Store(v, d, part);
  std::copy_n(part, std::min(count, kLanes), to);
}

/// to(j, i) = from(i, j) for a (rows x columns) part of a matrix, padded with rows of zeros to `padded` rows.
inline void copy_transposed(const float* from, std::size_t from_stride, std::size_t rows, std::size_t columns,
                            std::size_t padded, float* HWY_RESTRICT to, std::size_t to_stride) {
  static_assert(kLanes == 1 || kLanes == 4 || kLanes == 8 || kLanes == 16);
  const FloatTag d;
  for (std::size_t i = 0; i < padded; i += kLanes)
    for (std::size_t j = 0; j < columns; j += kLanes) {
      const std::size_t height = std::min(kLanes, padded - i), width = std::min(kLanes, columns - j);
      const float* source = from + i * from_stride + j;
      Floats v[kLanes];
      if (HWY_LIKELY(i + kLanes <= rows && width == kLanes)) {
#pragma GCC unroll 16
        for (std::size_t k = 0; k < kLanes; ++k) v[k] = hn::LoadU(d, source + k * from_stride);
      } else {
        for (std::size_t k = 0; k < kLanes; ++k)
          v[k] = i + k < rows ? load_first(source + k * from_stride, width) : hn::Zero(d);
      }
      turn_square(d, v);
      float* target = to + j * to_stride + i;
      if (HWY_LIKELY(height == kLanes && width == kLanes)) {
#pragma GCC unroll 16
        for (std::size_t k = 0; k < kLanes; ++k) hn::StoreU(v[k], d, target + k * to_stride);
      } else {
        for (std::size_t k = 0; k < width; ++k) store_first(v[k], target + k * to_stride, height);
      }
    }
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
inline void add_up(std::span<float> left, std::span<const float> right) {
  add(right.data(), left.data(), left.size(), left.data());
}

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
