// SPDX-License-Identifier: Apache-2.0
// The gradients of a layer: d_W = delta^T x, d_b = column sums of delta. Handed on in pieces while they are hot, in the
// order in which weights lie. Included once per target.
#if defined(CHAINRULE_KERNELS_GRADIENT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CHAINRULE_KERNELS_GRADIENT_INL_H_
#undef CHAINRULE_KERNELS_GRADIENT_INL_H_
#else
#define CHAINRULE_KERNELS_GRADIENT_INL_H_
#endif

#include <algorithm>
#include <span>

#include "chainrule/kernels/kernels.h"
#include "chainrule/kernels/share-inl.h"
#include "chainrule/kernels/sparse-inl.h"
#include "chainrule/kernels/sums-inl.h"
#include "chainrule/kernels/tile-inl.h"
#include "chainrule/matrix.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

inline constexpr std::size_t kPart = 12;  // inputs: what is shared out
inline std::size_t parts(std::size_t inputs) { return (inputs + kPart - 1) / kPart; }

/// What a member works in.
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
  sum_rows(rows, width, memory.waiting, memory.piece, [&](std::size_t first, std::size_t count, float* to) {
    for (std::size_t at = 0; at < width; at += kLanes) {
      const FloatTag d;
      Floats sum = hn::Zero(d);
      const float* from = memory.delta + first * width + at;
      for (std::size_t row = 0; row < count; ++row, from += width) sum = hn::Add(sum, hn::LoadU(d, from));
      hn::StoreU(hn::Add(sum, hn::Zero(d)), d, to + at);
    }
  });
  std::copy_n(memory.piece, d_biases.size(), d_biases.data());
}

/// A panel of delta, (rows x width), zeros where there is no output.
inline void pack_delta(ConstMatrixView delta, std::size_t first, std::size_t width, float* to) {
  const std::size_t columns = std::min(width, delta.columns() - first);
  copy(delta.data() + first, delta.columns(), delta.rows(), columns, to, width);
  for (std::size_t row = 0; columns < width && row < delta.rows(); ++row)
    std::fill_n(to + row * width + columns, width - columns, 0.0f);
}

/// Where strips of kStrip inputs of x stand: copied together, which no distance between rows can slow down, or in
/// place.
struct Strips {
  const float* data;
  std::size_t first, next, stride;  // an input; floats from strip to strip, and from row to row
  Columns of(std::size_t input, std::size_t row) const {
    return {data + (input - first) / kStrip * next + row * stride, stride};
  }
};
/// Floats of x up to which it is copied, by all members together.
inline constexpr std::size_t kMostCopied = std::size_t{1} << 22;

inline void pack_strip(ConstMatrixView x, std::size_t strip, float* to) {
  const std::size_t first = strip * kStrip, m = std::min(kStrip, x.columns() - first);
  copy(x.data() + first, x.columns(), x.rows(), m, to, kStrip);
}

/// Inputs [begin, end) of a panel into `piece`: lanes run over outputs, 12 inputs give the factors.
inline void dense_piece(const Strips& x, std::size_t rows, std::size_t width, std::size_t begin, std::size_t end,
                        const GradientMemory& memory) {
  for (std::size_t input = begin; input < end; input += kStrip) {
    const std::size_t m = std::min(kStrip, end - input);
    sum_rows(rows, m * width, memory.waiting, memory.piece + (input - begin) * width,
             [&](std::size_t first, std::size_t count, float* to) {
               for (std::size_t at = 0; at < width; at += kPanel)
                 tile_for<Columns>(m, std::min(kPanel, width - at))(
                     x.of(input, first), Rows{memory.delta + first * width + at, width}, count, false, to + at, width);
             });
  }
}

void backward_weights(Team& team, ConstMatrixView delta, ConstMatrixView x, const GradientSink& sink,
                      std::span<float> d_biases) {
  const std::size_t rows = delta.rows(), outputs = delta.columns(), inputs = x.columns();
  const ConstWeightsView layout(nullptr, outputs, inputs);
  const double work = multiplications(rows, inputs, outputs);
  const bool by_parts =
      layout.panels() < team.size() || (is_wide(rows, inputs, outputs) && parts(inputs) >= team.size());
  const std::size_t strip_floats = rows * kStrip, all_strips = strips(inputs) * strip_floats;
  const bool sparse = is_sparse(x), copies = !sparse && all_strips <= kMostCopied / (by_parts ? team.size() : 1);
  const auto pack = [&](std::size_t strip, float* to) { pack_strip(x, strip, to + strip * strip_floats); };
  const bool together = copies && !by_parts;
  const Packed packed(team, together ? strips(inputs) : 0, together ? all_strips : 0, work / 8, pack);
  team.reserve(GradientMemory::floats(rows) + (copies && by_parts ? all_strips : packed.own_floats(all_strips)) +
               (sparse ? SparseInputs::floats(rows, inputs) : 0));

  team.split(
      by_parts ? parts(inputs) : layout.panels(), work, [&](std::size_t member, std::size_t begin, std::size_t end) {
        const GradientMemory memory(team.memory(member), rows);
        const Share panels = by_parts ? Share{0, layout.panels()} : Share{begin, end};
        const Share mine = by_parts ? Share{begin * kPart, std::min(end * kPart, inputs)} : Share{0, inputs};
        const SparseInputs lists(sparse ? x : ConstMatrixView(), mine.begin, mine.end, memory.x);
        const bool pays = sparse && lists.pays();
        Strips strips_of_x{x.data() + mine.begin, mine.begin, kStrip, inputs};
        if (together) strips_of_x = {packed.of(memory.x, pack), 0, strip_floats, kStrip};
        if (copies && by_parts) {
          for (std::size_t input = mine.begin; input < mine.end; input += kStrip)
            pack_strip(x, input / kStrip, memory.x + (input - mine.begin) / kStrip * strip_floats);
          strips_of_x = {memory.x, mine.begin, strip_floats, kStrip};
        }

        for (std::size_t panel = panels.begin; panel < panels.end; ++panel) {
          const std::size_t first = panel * kPanelOutputs, width = layout.panel_width(panel);
          pack_delta(delta, first, width, memory.delta);
          if (mine.begin == 0)
            bias_gradient(memory, rows, width, d_biases.subspan(first, std::min(kPanelOutputs, outputs - first)));
          if (pays && !sink.needs_zeros) {
            for (Share run = lists.next_run(mine.begin); run.begin < run.end; run = lists.next_run(run.end)) {
              lists.piece(memory.delta, width, run.begin, run.end, memory.waiting, memory.piece);
              sink.take(sink.sink, first * inputs + run.begin * width, {memory.piece, (run.end - run.begin) * width});
            }
            continue;
          }
          for (std::size_t input = mine.begin; input < mine.end; input += kPieceInputs) {
            const std::size_t stop = std::min(input + kPieceInputs, mine.end);
            sink.announce(sink.sink, first * inputs + input * width, (stop - input) * width);
            if (pays)
              lists.piece(memory.delta, width, input, stop, memory.waiting, memory.piece);
            else
              dense_piece(strips_of_x, rows, width, input, stop, memory);
            sink.take(sink.sink, first * inputs + input * width, {memory.piece, (stop - input) * width});
          }
        }
      });
}

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
