// SPDX-License-Identifier: Apache-2.0
// The forward and backward products: over which index the lanes run, which index is summed, what is copied first.
// Weights are read in their stored order (weights.h); only matrices as small as the batch are transposed. kernels.h
// defines the orders of summation. Included once per target.
#if defined(CHAINRULE_KERNELS_AFFINE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CHAINRULE_KERNELS_AFFINE_INL_H_
#undef CHAINRULE_KERNELS_AFFINE_INL_H_
#else
#define CHAINRULE_KERNELS_AFFINE_INL_H_
#endif

#include <algorithm>
#include <span>

#include "chainrule/base/matrix.h"
#include "chainrule/engine/forward_backward.h"
#include "chainrule/engine/kernels/chunk-inl.h"
#include "chainrule/engine/kernels/copy-inl.h"
#include "chainrule/engine/kernels/kernels.h"
#include "chainrule/engine/kernels/sparse-inl.h"
#include "chainrule/engine/kernels/sums-inl.h"
#include "chainrule/engine/kernels/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

// -- forward: z = x W^T + b ------------------------------------------------------------------------------------------

// Rows whose sums stay in a near cache while they all read a quarter of a panel of weights.
inline constexpr std::size_t kRowsTogether = 132;
inline constexpr std::size_t kForwardFloats = 3 * kRowsTogether * kPanel;

/// Lanes run over outputs; 12 rows of x give the factors. The next weights are prefetched meanwhile, since they are in
/// a far cache at best. sums: kForwardFloats.
inline void forward_panel(const ConstMatrixView& x, const ConstWeightsView& weights, std::size_t panel,
                          std::span<const float> biases, const MatrixView& z, const Chunk& rows, float* sums) {
  const std::size_t inputs = x.columns(), width = weights.panel_width(panel);
  const std::size_t together = inputs < kManyInputs ? kStrip : kRowsTogether;
  const std::size_t all_strips = strips(rows.end - rows.begin), step = width / std::max<std::size_t>(all_strips, 1) + 1;
  for (std::size_t at = 0; at < width; at += kPanel) {
    const std::size_t first = panel * kPanelOutputs + at;
    if (first >= z.columns()) break;
    const std::size_t columns = std::min(kPanel, z.columns() - first), lanes = (columns + kLanes - 1) / kLanes * kLanes;
    const Rows b{weights.panel(panel) + at, width};
    for (std::size_t row = rows.begin; row < rows.end; row += together) {
      const std::size_t end = std::min(row + together, rows.end);
      sum_inputs(inputs, (end - row) * lanes, sums,
                 [&](std::size_t first_quarter, std::size_t last_quarter, float* to) {
                   const std::size_t begin = first_quarter * inputs / 4, stop = last_quarter * inputs / 4;
                   for (std::size_t i = row; i < end; i += kStrip, to += kStrip * lanes) {
                     const std::size_t ahead = stop * width + (i - rows.begin) / kStrip * step * (stop - begin);
                     const InPlace a(x.data() + i * inputs + begin, inputs, {weights.panel(panel), ahead, step});
                     tile_for<InPlace>(std::min(kStrip, end - i), columns)(a, b.from(begin), stop - begin, false,
                                                                           nullptr, to, lanes);
                   }
                 });
      for (std::size_t i = row; i < end; ++i)
        add_biases(sums + (i - row) * lanes, biases.subspan(first, columns), z.row(i).subspan(first, columns));
    }
  }
}

/// One row alone: several panels at once, so that enough sums are in flight. Returns the number of panels computed.
template <std::size_t kVectors>
std::size_t forward_row(const ConstMatrixView& x, const ConstWeightsView& weights, std::size_t panel, std::size_t end,
                        std::span<const float> biases, const MatrixView& z) {
  if constexpr (kVectors % kPerPanel == 0) {
    constexpr std::size_t together = kVectors / kPerPanel, columns = together * kPanelOutputs;
    HWY_ALIGN float c[3 * columns];
    const std::size_t inputs = x.columns(), first = panel;
    for (; panel + together <= end && (panel + together) * kPanelOutputs <= z.columns(); panel += together) {
      const FullPanels b{weights.panel(panel), kPanelOutputs * inputs};
      sum_inputs(inputs, columns, c, [&](std::size_t first_quarter, std::size_t last_quarter, float* to) {
        const std::size_t begin = first_quarter * inputs / 4, stop = last_quarter * inputs / 4;
        tile<1, kVectors, OneRow, FullPanels>({x.data() + begin}, b.from(begin), stop - begin, false, nullptr, to,
                                              columns);
      });
      const std::size_t output = panel * kPanelOutputs;
      add_biases(c, biases.subspan(output, columns), z.row(0).subspan(output, columns));
    }
    return panel - first;
  }
  return 0;
}

inline void forward_dense(const ConstMatrixView& x, const ConstWeightsView& weights, std::span<const float> biases,
                          const MatrixView& z, const Chunk& rows, const Chunk& panels, float* sums) {
  std::size_t panel = panels.begin;
  if (x.rows() == 1) panel += forward_row<8>(x, weights, panel, panels.end, biases, z);
  if (x.rows() == 1) panel += forward_row<4>(x, weights, panel, panels.end, biases, z);
  for (; panel < panels.end; ++panel) forward_panel(x, weights, panel, biases, z, rows, sums);
}

inline constexpr std::size_t kListedRows = 128;  // their lists fit into a near cache

void forward(ThreadPool& pool, const ConstMatrixView& x, const ConstWeightsView& weights, std::span<const float> biases,
             const MatrixView& z) {
  const std::size_t rows = x.rows(), inputs = x.columns(), outputs = weights.outputs(), panels = weights.panels();
  const bool sparse = is_sparse(x);
  const bool by_rows = pool.size() > 1 && (panels < pool.size() || is_wide(rows, inputs, outputs));
  pool.reserve(kForwardFloats + (sparse ? SparseRows::floats(std::min(rows, kListedRows), inputs) : 0));
  pool.split(by_rows ? strips(rows) : panels, multiplications(rows, inputs, outputs),
             [&](std::size_t member, std::size_t begin, std::size_t end) {
               const Chunk all_rows{0, rows}, all_panels{0, panels}, part{begin, end};
               const Chunk of_rows = by_rows ? Chunk{begin * kStrip, std::min(end * kStrip, rows)} : all_rows;
               const Chunk of_panels = by_rows ? all_panels : part;
               float *sums = pool.memory(member), *memory = sums + kForwardFloats;
               if (!sparse) return forward_dense(x, weights, biases, z, of_rows, of_panels, sums);
               for (std::size_t row = of_rows.begin; row < of_rows.end; row += kListedRows) {
                 const Chunk block{row, std::min(row + kListedRows, of_rows.end)};
                 const SparseRows lists(x.rows(row, block.end - row), memory);
                 if (lists.pays())
                   lists.forward(weights, biases, z.rows(row, block.end - row), of_panels.begin, of_panels.end);
                 else
                   forward_dense(x, weights, biases, z, block, of_panels, sums);
               }
             });
}

// -- backward: d_x = delta W -----------------------------------------------------------------------------------------

// Blocks that stay in a near cache: outputs of delta^T, rows of the batch, and inputs whose sums are incomplete.
inline constexpr std::size_t kPanelsTogether = 16, kRowPanelsTogether = 4, kStripsTogether = 48 / kStrip;
inline constexpr std::size_t kWaitingFloats = kStripsTogether * kRowPanelsTogether * kTileFloats;

/// Continues the sums in c over panels [begin, end) of outputs; only the last panel of all may be narrower.
inline void backward_input_tile(const float* turned, const ConstWeightsView& weights, std::size_t begin,
                                std::size_t end, std::size_t input, std::size_t m, std::size_t lanes, float* c) {
  const std::size_t inputs = weights.inputs(), whole = std::min(end, weights.outputs() / kPanelOutputs);
  const Rows b{turned + begin * kPanelOutputs * kPanel, kPanel};
  if (whole > begin)
    tile_for<WeightRows>(m, lanes)(WeightRows(weights.panel(begin) + input * kPanelOutputs, kPanelOutputs * inputs), b,
                                   (whole - begin) * kPanelOutputs, begin > 0, nullptr, c, kPanel);
  if (end > whole) {
    const std::size_t width = weights.panel_width(whole);
    const float* data = weights.panel(whole) + input * width;
    tile_for<InPlace>(m, lanes)(InPlace(data, width, {data, 0, 0}), b.from((whole - begin) * kPanelOutputs),
                                weights.outputs() - whole * kPanelOutputs, whole > 0, nullptr, c, kPanel);
  }
}

/// Lanes run over rows of the batch; 12 inputs of W give the factors. turned: delta^T in panels of kPanel rows;
/// waiting: kWaitingFloats.
inline void backward_input_chunk(const float* turned, std::size_t rows, const ConstWeightsView& weights,
                                 const MatrixView& d_x, const Chunk& row_panels, const Chunk& input_strips,
                                 float* waiting) {
  const std::size_t outputs = weights.outputs(), inputs = weights.inputs();
  for (std::size_t row = row_panels.begin; row < row_panels.end; row += kRowPanelsTogether)
    for (std::size_t first = input_strips.begin; first < input_strips.end; first += kStripsTogether) {
      const Chunk rows_of{row, std::min(row + kRowPanelsTogether, row_panels.end)};
      const Chunk strips_of{first, std::min(first + kStripsTogether, input_strips.end)};
      const std::size_t input = first * kStrip, columns = std::min(strips_of.end * kStrip, inputs) - input;
      const auto sums = [&](std::size_t panel) { return waiting + (panel - row) * kStripsTogether * kTileFloats; };
      const auto lanes = [&](std::size_t panel) { return std::min(kPanel, rows - panel * kPanel); };
      for (std::size_t p = 0; p < weights.panels(); p += kPanelsTogether)
        for (std::size_t at = 0; at < columns; at += kStrip)
          for (std::size_t panel = rows_of.begin; panel < rows_of.end; ++panel)
            backward_input_tile(turned + panel * outputs * kPanel, weights, p,
                                std::min(p + kPanelsTogether, weights.panels()), input + at,
                                std::min(kStrip, columns - at), lanes(panel), sums(panel) + at * kPanel);
      for (std::size_t panel = rows_of.begin; panel < rows_of.end; ++panel)
        copy_transposed(sums(panel), kPanel, columns, lanes(panel), columns,
                        d_x.data() + panel * kPanel * inputs + input, inputs);
    }
}

void backward_input(ThreadPool& pool, const ConstMatrixView& delta, const ConstWeightsView& weights,
                    const MatrixView& d_x) {
  const std::size_t rows = delta.rows(), outputs = delta.columns(), inputs = weights.inputs();
  const double work = multiplications(rows, inputs, outputs);
  const std::size_t row_panels = panels(rows), floats = row_panels * outputs * kPanel;
  const bool by_rows = is_wide(rows, inputs, outputs) && row_panels >= 2 * pool.size();
  const auto pack = [&](std::size_t panel, float* to) {
    const std::size_t row = panel * kPanel, count = std::min(kPanel, rows - row);
    copy_transposed(delta.data() + row * outputs, outputs, count, outputs, kPanel, to, kPanel);
  };
  const auto pack_all = [&](std::size_t panel, float* to) { pack(panel, to + panel * outputs * kPanel); };
  if (by_rows) {
    pool.reserve(kWaitingFloats + kRowPanelsTogether * outputs * kPanel);
    pool.split(row_panels, work, [&](std::size_t member, std::size_t begin, std::size_t end) {
      float *waiting = pool.memory(member), *turned = waiting + kWaitingFloats;
      for (std::size_t panel = begin; panel < end; panel += kRowPanelsTogether) {
        const std::size_t count = std::min(kRowPanelsTogether, end - panel), row = panel * kPanel;
        const std::size_t rows_here = std::min(count * kPanel, rows - row);
        for (std::size_t k = 0; k < count; ++k) pack(panel + k, turned + k * outputs * kPanel);
        backward_input_chunk(turned, rows_here, weights, d_x.rows(row, rows_here), {0, count}, {0, strips(inputs)},
                             waiting);
      }
    });
    return;
  }
  const Packed packed(pool, row_panels, floats, work / 8, pack_all);
  pool.reserve(kWaitingFloats + packed.own_floats(floats));
  pool.split(strips(inputs), work, [&](std::size_t member, std::size_t begin, std::size_t end) {
    float* waiting = pool.memory(member);
    backward_input_chunk(packed.of(waiting + kWaitingFloats, pack_all), rows, weights, d_x, {0, row_panels},
                         {begin, end}, waiting);
  });
}

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
