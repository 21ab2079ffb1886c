// SPDX-License-Identifier: Apache-2.0
// The gradients of a layer: d_W = delta^T x, d_b = column sums of delta. Passed on in pieces while they are in a near
// cache, in the stored order of the weights. Included once per target.
#if defined(CHAINRULE_KERNELS_GRADIENT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CHAINRULE_KERNELS_GRADIENT_INL_H_
#undef CHAINRULE_KERNELS_GRADIENT_INL_H_
#else
#define CHAINRULE_KERNELS_GRADIENT_INL_H_
#endif

#include <algorithm>
#include <span>
#include <type_traits>

#include "chainrule/base/matrix.h"
#include "chainrule/engine/kernels/chunk-inl.h"
#include "chainrule/engine/kernels/kernels.h"
#include "chainrule/engine/kernels/sparse-inl.h"
#include "chainrule/engine/kernels/sums-inl.h"
#include "chainrule/engine/kernels/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

inline constexpr std::size_t kPart = 12;  // inputs: the unit of work when inputs are split among threads
inline std::size_t parts(std::size_t inputs) { return (inputs + kPart - 1) / kPart; }

/// The buffers of one thread.
struct GradientMemory {
  float *piece, *waiting, *delta, *x;
  static std::size_t tile_floats() { return kPart * kPanelOutputs; }
  static std::size_t floats(std::size_t rows) {
    return kPieceInputs * kPanelOutputs + nodes(rows) * tile_floats() + rows * kPanelOutputs;
  }
  GradientMemory(float* memory, std::size_t rows)
      : piece(memory),
        waiting(piece + kPieceInputs * kPanelOutputs),
        delta(waiting + nodes(rows) * tile_floats()),
        x(memory + floats(rows)) {}
};

/// Column sums of a panel of delta, (rows x width).
inline void bias_gradient(const GradientMemory& memory, std::size_t rows, std::size_t width,
                          std::span<float> d_biases) {
  sum_rows(rows, width, memory.waiting, memory.piece, [&](auto first, auto count, const float* sibling, float* to) {
    for (std::size_t at = 0; at < width; at += kLanes) {
      const FloatTag d;
      Floats sum = hn::Zero(d);
      const float* from = memory.delta + first * width + at;
      for (std::size_t row = 0; row < count; ++row, from += width) sum = hn::Add(sum, hn::LoadU(d, from));
      sum = hn::Add(sum, hn::Zero(d));
      if (sibling != nullptr) sum = hn::Add(hn::Add(hn::LoadU(d, sibling + at), sum), hn::Zero(d));
      hn::StoreU(sum, d, to + at);
    }
  });
  std::copy_n(memory.piece, d_biases.size(), d_biases.data());
}

/// A panel of delta, (rows x width), padded with zeros.
inline void pack_delta(const ConstMatrixView& delta, std::size_t first, std::size_t width, float* to) {
  const std::size_t columns = std::min(width, delta.columns() - first);
  copy(delta.data() + first, delta.columns(), delta.rows(), columns, to, width);
  for (std::size_t row = 0; columns < width && row < delta.rows(); ++row)
    std::fill_n(to + row * width + columns, width - columns, 0.0f);
}

/// The buffers that a piece will update, to be prefetched: all at once, or, if they are too large for the second cache,
/// step by step with the terms of its sums.
class Destination {
 public:
  Destination(const GradientSink& sink, const ConstWeightsView& layout, std::size_t rows, const float* near)
      : sink_(sink),
        near_(near),
        by_and_by_(layout.flat().size() > kMaxNear && rows >= kPart * kPanelOutputs / kLine) {}
  bool by_and_by() const { return by_and_by_; }
  void prefetch(std::size_t offset, std::size_t size) const {
    for (const float* numbers : sink_.into)
      for (std::size_t k = 0; numbers != nullptr && k < size; k += kLine)
        __builtin_prefetch(numbers + offset + k, 1, 2);
  }
  /// The prefetches for the terms from `row` on: `size` numbers from `offset` on, spread over `rows`.
  std::array<Ahead<2>, 3> ahead(std::size_t offset, std::size_t size, std::size_t row, std::size_t rows) const {
    const std::size_t step = (size + rows - 1) / rows, at = offset + row * step;
    std::array<Ahead<2>, 3> all;
    for (std::size_t k = 0; k < all.size(); ++k)
      all[k] = sink_.into[k] == nullptr ? Ahead<2>(near_, 0, 0) : Ahead<2>(sink_.into[k], at, step);
    return all;
  }

 private:
  static constexpr std::size_t kLine = kPanelStep, kMaxNear = std::size_t{1} << 18;
  const GradientSink& sink_;
  const float* near_;  // an address that is in the cache in any case
  bool by_and_by_;
};

/// The positions of strips of kStrip inputs of x: in contiguous copies, so that the distance between rows costs
/// nothing, or in x itself.
struct Strips {
  const float* data;
  std::size_t first, next, stride;  // first input; floats from strip to strip, and from row to row
  const float* of(std::size_t input, std::size_t row) const {
    return data + (input - first) / kStrip * next + row * stride;
  }
};
/// Maximum number of floats of x that is copied, by all threads together.
inline constexpr std::size_t kMaxCopied = std::size_t{1} << 22;
/// Copies pay if several panels read x and its rows are so far apart that the first cache holds few.
inline bool copies_pay(std::size_t inputs, const ConstWeightsView& layout) {
  return inputs > 128 && layout.panels() > 1;
}

/// Inputs from `first` on: a whole strip, or as many as are left.
inline void pack_strip(const ConstMatrixView& x, std::size_t first, float* to) {
  const std::size_t columns = std::min(kStrip, x.columns() - first);
  std::size_t row = 0;
  // Whole vectors, as long as x continues after them; the next row overwrites what they copy beyond the strip.
  if constexpr (kLanes > kStrip) {
    const FloatTag d;
    for (std::size_t at = first; row + 1 < x.rows() && at + kLanes <= x.size(); ++row, at += x.columns())
      hn::StoreU(hn::LoadU(d, x.data() + at), d, to + row * kStrip);
  }
  copy(x.data() + row * x.columns() + first, x.columns(), x.rows() - row, columns, to + row * kStrip, kStrip);
}

/// Inputs [begin, end) of a panel into `piece`: lanes run over outputs; 12 inputs give the factors. The sink will
/// update the numbers from `offset` on.
inline void dense_piece(const Strips& x, std::size_t rows, std::size_t width, std::size_t begin, std::size_t end,
                        const GradientMemory& memory, const Destination& destination, std::size_t offset) {
  for (std::size_t input = begin; input < end; input += kStrip) {
    const std::size_t m = std::min(kStrip, end - input), at_strip = (input - begin) * width;
    sum_rows(rows, m * width, memory.waiting, memory.piece + at_strip,
             [&](std::size_t first, std::size_t count, const float* sibling, float* to) {
               const auto product = [&](const auto& a) {
                 for (std::size_t at = 0; at < width; at += kPanel)
                   tile_for<std::decay_t<decltype(a)>>(m, std::min(kPanel, width - at))(
                       a, Rows{memory.delta + first * width + at, width}, count, false,
                       sibling == nullptr ? nullptr : sibling + at, to + at, width);
               };
               if (destination.by_and_by())
                 product(Columns<3>{x.of(input, first), x.stride,
                                    destination.ahead(offset + at_strip, m * width, first, rows)});
               else
                 product(Columns<0>{x.of(input, first), x.stride, {}});
             });
  }
}

void backward_weights(ThreadPool& pool, const ConstMatrixView& delta, const ConstMatrixView& x,
                      const GradientSink& sink, std::span<float> d_biases) {
  const std::size_t rows = delta.rows(), outputs = delta.columns(), inputs = x.columns();
  const ConstWeightsView layout(nullptr, outputs, inputs);
  const double work = multiplications(rows, inputs, outputs);
  const bool by_parts =
      layout.panels() < pool.size() || (is_wide(rows, inputs, outputs) && parts(inputs) >= pool.size());
  const std::size_t strip_floats = rows * kStrip, all_strips = strips(inputs) * strip_floats;
  const bool sparse = is_sparse(x);
  const bool copies = !sparse && copies_pay(inputs, layout) && all_strips <= kMaxCopied / (by_parts ? pool.size() : 1);
  const auto pack = [&](std::size_t strip, float* to) { pack_strip(x, strip * kStrip, to + strip * strip_floats); };
  const bool together = copies && !by_parts;
  const Packed packed(pool, together ? strips(inputs) : 0, together ? all_strips : 0, work / 8, pack);
  pool.reserve(GradientMemory::floats(rows) + (copies && by_parts ? all_strips : packed.own_floats(all_strips)) +
               (sparse ? SparseInputs::floats(rows, inputs) : 0));

  pool.split(
      by_parts ? parts(inputs) : layout.panels(), work, [&](std::size_t member, std::size_t begin, std::size_t end) {
        const GradientMemory memory(pool.memory(member), rows);
        const Chunk panels = by_parts ? Chunk{0, layout.panels()} : Chunk{begin, end};
        const Chunk mine = by_parts ? Chunk{begin * kPart, std::min(end * kPart, inputs)} : Chunk{0, inputs};
        const SparseInputs lists(sparse ? x : ConstMatrixView(), mine.begin, mine.end, memory.x);
        const bool pays = sparse && lists.pays();
        const Destination destination(sink, layout, rows, memory.piece);
        Strips strips_of_x{x.data() + mine.begin, mine.begin, kStrip, inputs};
        if (together) strips_of_x = {packed.of(memory.x, pack), 0, strip_floats, kStrip};
        if (copies && by_parts) {
          for (std::size_t input = mine.begin; input < mine.end; input += kStrip)
            pack_strip(x, input, memory.x + (input - mine.begin) / kStrip * strip_floats);
          strips_of_x = {memory.x, mine.begin, strip_floats, kStrip};
        }

        for (std::size_t panel = panels.begin; panel < panels.end; ++panel) {
          const std::size_t first = panel * kPanelOutputs, width = layout.panel_width(panel);
          pack_delta(delta, first, width, memory.delta);
          if (mine.begin == 0)
            bias_gradient(memory, rows, width, d_biases.subspan(first, std::min(kPanelOutputs, outputs - first)));
          if (pays && !sink.needs_zeros) {
            for (Chunk run = lists.next_run(mine.begin); run.begin < run.end; run = lists.next_run(run.end)) {
              lists.piece(memory.delta, width, run.begin, run.end, memory.waiting, memory.piece);
              sink.take(sink.sink, first * inputs + run.begin * width, {memory.piece, (run.end - run.begin) * width});
            }
            continue;
          }
          for (std::size_t input = mine.begin; input < mine.end; input += kPieceInputs) {
            const std::size_t stop = std::min(input + kPieceInputs, mine.end);
            const std::size_t offset = first * inputs + input * width, size = (stop - input) * width;
            if (pays || !destination.by_and_by()) destination.prefetch(offset, size);
            if (pays)
              lists.piece(memory.delta, width, input, stop, memory.waiting, memory.piece);
            else
              dense_piece(strips_of_x, rows, width, input, stop, memory, destination, offset);
            sink.take(sink.sink, offset, {memory.piece, size});
          }
        }
      });
}

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
