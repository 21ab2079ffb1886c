// SPDX-License-Identifier: Apache-2.0
// How a product is split among the threads of a pool. Included once per target.
#if defined(CHAINRULE_KERNELS_CHUNK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CHAINRULE_KERNELS_CHUNK_INL_H_
#undef CHAINRULE_KERNELS_CHUNK_INL_H_
#else
#define CHAINRULE_KERNELS_CHUNK_INL_H_
#endif

#include <algorithm>
#include <cstddef>

#include "chainrule/engine/kernels/kernels.h"
#include "chainrule/engine/kernels/thread_pool.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

inline double multiplications(std::size_t a, std::size_t b, std::size_t c) {
  return static_cast<double>(a) * static_cast<double>(b) * static_cast<double>(c);
}

/// Items [begin, end) of one thread: rows of the batch, or parts of a layer.
struct Chunk {
  std::size_t begin, end;
};

inline bool is_wide(std::size_t rows, std::size_t inputs, std::size_t outputs) {
  return rows >= rows_of_wide_batch(inputs, outputs);
}

/// The operands packed before a product. If they are small, each thread packs its own copy, since reading a number that
/// another core has just written takes longer; otherwise all threads pack one copy together.
class Packed {
 public:
  /// pack(item, to) for each of `items`, `floats` in all.
  template <class Pack>
  Packed(ThreadPool& pool, std::size_t items, std::size_t floats, double work, const Pack& pack)
      : items_(items), alone_(pool.size() <= 4 && floats <= (std::size_t{1} << 17)) {
    if (alone_) return;
    shared_ = pool.shared_memory(floats);
    pool.split(items, work, [&](std::size_t, std::size_t begin, std::size_t end) {
      for (std::size_t item = begin; item < end; ++item) pack(item, shared_);
    });
  }
  std::size_t own_floats(std::size_t floats) const { return alone_ && items_ > 0 ? floats : 0; }
  /// All packed items; `memory` belongs to the thread.
  template <class Pack>
  float* of(float* memory, const Pack& pack) const {
    if (!alone_) return shared_;
    for (std::size_t item = 0; item < items_; ++item) pack(item, memory);
    return memory;
  }

 private:
  std::size_t items_;
  bool alone_;
  float* shared_ = nullptr;
};

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
