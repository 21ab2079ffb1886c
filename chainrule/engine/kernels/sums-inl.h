// SPDX-License-Identifier: Apache-2.0
// The orders of summation of kernels.h, for tiles in memory: quarters of the inputs, the tree over the batch. Included
// once per target.
#if defined(CHAINRULE_KERNELS_SUMS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CHAINRULE_KERNELS_SUMS_INL_H_
#undef CHAINRULE_KERNELS_SUMS_INL_H_
#else
#define CHAINRULE_KERNELS_SUMS_INL_H_
#endif

#include <algorithm>
#include <bit>
#include <cstddef>
#include <span>

#include "chainrule/engine/kernels/copy-inl.h"
#include "chainrule/engine/kernels/kernels.h"
#include "chainrule/engine/kernels/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

/// The sum over the inputs for a tile of `floats` numbers, in quarters from kManyInputs on. part(first, last, to) sums
/// quarters [first, last) of the inputs into `to`, as one chain. c holds three tiles.
template <class Part>
HWY_INLINE void sum_inputs(std::size_t inputs, std::size_t floats, float* c, const Part& part) {
  if (inputs < kManyInputs) {
    part(std::size_t{0}, std::size_t{4}, c);
    return;
  }
  float *second = c + floats, *third = second + floats;
  const auto quarter = [&](std::size_t q, float* to) { part(q, q + 1, to); };
  quarter(0, c);
  quarter(1, second);
  add(second, c, floats, c);
  quarter(2, second);
  quarter(3, third);
  add(third, second, floats, second);
  add(second, c, floats, c);
}

/// Number of levels on which a node may wait for its sibling.
inline std::size_t nodes(std::size_t rows) { return static_cast<std::size_t>(std::bit_width(rows / kLeafRows)) + 1; }

/// The sum over the rows of a batch for a tile of `floats` numbers, by the tree. leaf(first, count, sibling, to) sums
/// `count` rows from row `first` on into `to`, and adds it to its sibling if it has one: sibling + sum + 0. `waiting`
/// holds one waiting node per level, like the bits of a binary counter: nodes(rows) * floats numbers.
template <class Leaf>
HWY_INLINE void sum_rows(std::size_t rows, std::size_t floats, float* waiting, float* c, const Leaf& leaf) {
  const std::size_t leaves = std::max<std::size_t>((rows + kLeafRows - 1) / kLeafRows, 1);
  for (std::size_t at = 0; at < leaves; ++at) {
    const std::size_t first = at * kLeafRows, count = std::min(kLeafRows, rows - first);
    const bool last = at + 1 == leaves;
    if (!last && at % 2 == 0) {
      leaf(first, count, nullptr, waiting);
      continue;
    }
    // Add the waiting siblings, lowest level first; the resulting node then waits itself, or is the sum.
    const std::size_t top = static_cast<std::size_t>(last ? std::bit_width(at) : std::countr_one(at));
    const auto destination = [&](std::size_t level) { return !last && level == top ? waiting + top * floats : c; };
    leaf(first, count, at % 2 == 1 ? waiting : nullptr, destination(1));
    for (std::size_t level = 1; level < top; ++level)
      if ((at >> level) & 1) add(waiting + level * floats, c, floats, destination(level + 1));
  }
}

/// z = sums + biases, as many as there are biases.
inline void add_biases(const float* HWY_RESTRICT sums, std::span<const float> biases, std::span<float> z) {
  const FloatTag d;
  const std::size_t whole = biases.size() / kLanes * kLanes, rest = biases.size() % kLanes;
  for (std::size_t j = 0; j < whole; j += kLanes)
    hn::StoreU(hn::Add(hn::LoadU(d, sums + j), hn::LoadU(d, biases.data() + j)), d, z.data() + j);
  for (std::size_t j = whole; j < whole + rest; ++j) z[j] = sums[j] + biases[j];
}

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
