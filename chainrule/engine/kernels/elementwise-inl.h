// SPDX-License-Identifier: Apache-2.0
// Elementwise loops over arrays: activations and updates. The formulas are the scalar ones of activation_formulas.h and
// optimizer_rules.h, inlined here (flatten) and vectorized by the compiler, so that there is one formula and one result
// on every target. Included once per target.
#if defined(CHAINRULE_KERNELS_ELEMENTWISE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CHAINRULE_KERNELS_ELEMENTWISE_INL_H_
#undef CHAINRULE_KERNELS_ELEMENTWISE_INL_H_
#else
#define CHAINRULE_KERNELS_ELEMENTWISE_INL_H_
#endif

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <type_traits>

#include "chainrule/base/random.h"
#include "chainrule/engine/formulas/activation_formulas.h"
#include "chainrule/engine/formulas/optimizer_rules.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

// In blocks of fixed length, copied to and from local memory: the compiler then makes vector code, also if two spans
// are the same memory. An element's result does not depend on its index.
inline constexpr std::size_t kBlock = 64;
template <class Number>
using Block = std::array<Number, kBlock>;

template <class Number>
HWY_INLINE void load(std::span<const float> from, Block<Number>& block) {
  if (from.size() >= kBlock) {
    for (std::size_t i = 0; i < kBlock; ++i) block[i] = from[i];
    return;
  }
  block.fill(0);
  std::copy(from.begin(), from.end(), block.begin());
}

template <class Number>
HWY_INLINE void store(const Block<Number>& block, std::span<float> to) {
  if (to.size() >= kBlock) {
    for (std::size_t i = 0; i < kBlock; ++i) to[i] = static_cast<float>(block[i]);
    return;
  }
  for (std::size_t i = 0; i < to.size(); ++i) to[i] = static_cast<float>(block[i]);
}

/// The number type in which a formula is computed.
template <class Formula>
using NumberOf = std::conditional_t < requires {
  Formula::kInFloat;
}
, float, double > ;

template <class Formula>
[[gnu::flatten]] void forward_loop(Formula formula, std::span<const float> z, std::span<float> a) {
  Block<NumberOf<Formula>> block;
  for (std::size_t begin = 0; begin < z.size(); begin += kBlock) {
    load(z.subspan(begin), block);
    if constexpr (std::is_same_v<NumberOf<Formula>, float>) {
      for (float& number : block) number = formula.value(number);
    } else {
      for (double& number : block) number = formulas::finite_value<float>(formula, number);
    }
    store(block, a.subspan(begin));
  }
}

template <class Formula>
[[gnu::flatten]] void backward_loop(Formula formula, std::span<const float> z, std::span<const float> a,
                                    std::span<const float> d_a, std::span<float> delta) {
  Block<NumberOf<Formula>> block_z, block_a, block;
  for (std::size_t begin = 0; begin < z.size(); begin += kBlock) {
    load(z.subspan(begin), block_z);
    load(a.subspan(begin), block_a);
    load(d_a.subspan(begin), block);
    for (std::size_t i = 0; i < kBlock; ++i) block[i] *= formula.derivative(block_z[i], block_a[i]);
    store(block, delta.subspan(begin));
  }
}

void activate(ActivationKind kind, std::span<const float> z, std::span<float> a) {
  formulas::with_formula(kind, [&](auto formula) { forward_loop(formula, z, a); });
}

void activate_backward(ActivationKind kind, std::span<const float> z, std::span<const float> a,
                       std::span<const float> d_a, std::span<float> delta) {
  formulas::with_formula(kind, [&](auto formula) { backward_loop(formula, z, a, d_a, delta); });
}

[[gnu::flatten]] void update(const Optimizer& optimizer, const UpdateRates& rates, std::span<float> parameters,
                             std::span<const float> gradient, std::span<float> first, std::span<float> second) {
  rules::update<float>(optimizer, rates, parameters, gradient, first, second);
}

void scale(std::span<const std::uint8_t> bytes, float factor, std::span<float> numbers) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::ScalableTag<float> d;
  const hn::Rebind<std::int32_t, decltype(d)> di;
  const hn::Rebind<std::uint8_t, decltype(d)> db;
  constexpr std::size_t lanes = hn::MaxLanes(d);
  const std::uint8_t* HWY_RESTRICT from = bytes.data();
  float* HWY_RESTRICT to = numbers.data();
  std::size_t k = 0;
  for (; k + lanes <= bytes.size(); k += lanes)
    hn::StoreU(hn::Mul(hn::ConvertTo(d, hn::PromoteTo(di, hn::LoadU(db, from + k))), hn::Set(d, factor)), d, to + k);
  for (; k < bytes.size(); ++k) to[k] = static_cast<float>(from[k]) * factor;
}

/// Philox 4x32-10 (Salmon et al. 2011) for 16 consecutive indices: the ten rounds of random_bits(), lane by lane.
inline void philox(const RandomPosition& first, std::uint32_t offset, std::array<std::uint32_t, 64>& words) {
  constexpr std::size_t lanes = 16;
  std::uint32_t a[lanes], b[lanes], c[lanes], d[lanes];
  for (std::uint32_t j = 0; j < lanes; ++j) {
    a[j] = first.counter[0] + offset + j;
    b[j] = first.counter[1];
    c[j] = first.counter[2];
    d[j] = first.counter[3];
  }
  std::uint32_t key0 = first.key[0], key1 = first.key[1];
  for (int round = 0; round < 10; ++round, key0 += 0x9E3779B9u, key1 += 0xBB67AE85u)
#pragma GCC unroll 1  // g++ 12 would unroll all sixteen first, and make no vectors of them
    for (std::size_t j = 0; j < lanes; ++j) {
      const std::uint64_t p = std::uint64_t{0xD2511F53u} * a[j], q = std::uint64_t{0xCD9E8D57u} * c[j];
      a[j] = static_cast<std::uint32_t>(q >> 32) ^ b[j] ^ key0;
      c[j] = static_cast<std::uint32_t>(p >> 32) ^ d[j] ^ key1;
      b[j] = static_cast<std::uint32_t>(q);
      d[j] = static_cast<std::uint32_t>(p);
    }
  for (std::size_t j = 0; j < lanes; ++j) {
    words[4 * j] = a[j];
    words[4 * j + 1] = b[j];
    words[4 * j + 2] = c[j];
    words[4 * j + 3] = d[j];
  }
}

void mask_row(const RandomPosition& first, std::uint32_t bound, float kept, std::span<float> mask) {
  std::array<std::uint32_t, 64> words;
  for (std::size_t begin = 0; begin < mask.size(); begin += words.size()) {
    philox(first, static_cast<std::uint32_t>(begin / 4), words);
    const std::size_t count = std::min(words.size(), mask.size() - begin);
    for (std::size_t k = 0; k < count; ++k) mask[begin + k] = words[k] < bound ? 0.0f : kept;
  }
}

/// Compares bits: those of magnitudes have the same order as the magnitudes.
float largest(std::span<const float> values) {
  std::uint32_t maximum = 0;
  for (const float value : values) {
    const std::uint32_t magnitude = std::bit_cast<std::uint32_t>(value) & 0x7fffffffu;
    maximum = magnitude > maximum ? magnitude : maximum;
  }
  return std::bit_cast<float>(std::min(maximum, 0x7f800000u));
}

double squares(std::span<const float> values) {
  constexpr std::size_t lanes = 16;
  std::array<double, lanes> sums{};
  std::size_t k = 0;
  for (; k + lanes <= values.size(); k += lanes)
    for (std::size_t j = 0; j < lanes; ++j) {
      const double value = values[k + j];
      sums[j] += value * value;
    }
  for (std::size_t j = 0; k + j < values.size(); ++j) {
    const double value = values[k + j];
    sums[j] += value * value;
  }
  for (std::size_t width = lanes / 2; width > 0; width /= 2)
    for (std::size_t j = 0; j < width; ++j) sums[j] += sums[j + width];
  return sums[0];
}

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
