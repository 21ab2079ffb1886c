// SPDX-License-Identifier: Apache-2.0
// The three products of a step by role: which index the lanes run over, which is summed, what is copied first. Orders
// of summation stand in kernels.h. Included once per target.
#if defined(CHAINRULE_KERNELS_AFFINE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CHAINRULE_KERNELS_AFFINE_INL_H_
#undef CHAINRULE_KERNELS_AFFINE_INL_H_
#else
#define CHAINRULE_KERNELS_AFFINE_INL_H_
#endif

#include <bit>
#include <span>

#include "chainrule/kernels/kernels.h"
#include "chainrule/kernels/tile-inl.h"
#include "chainrule/matrix.h"

HWY_BEFORE_NAMESPACE();
namespace chainrule::kernels::HWY_NAMESPACE {

inline constexpr std::size_t kTileFloats = kStrip * kPanel;
inline constexpr std::size_t kFarApart = 1024;  // floats from row to row: each row is on a page of its own, so panels
                                                // are copied together before they are used many times

/// A last panel of one vector has no room for a second: small batches stay in the cache.
constexpr std::size_t panel_stride(std::size_t columns) { return std::min(whole_vectors(columns), kPanel); }

double multiplications(std::size_t a, std::size_t b, std::size_t c) {
  return static_cast<double>(a) * static_cast<double>(b) * static_cast<double>(c);
}

/// Tiles of one member: panels [first_panel, end_panel) of strips [first_strip, end_strip).
struct Share {
  std::size_t first_panel, end_panel, first_strip, end_strip;
};

/// Shares a grid of tiles out, by strips or by panels: whichever leaves with a member what it worked on before, since
/// numbers that move from core to core cost more than they take to compute.
template <class Work>
void share_out(Team& team, std::size_t panels, std::size_t strips, bool by_strips, double work, const Work& task) {
  team.split(by_strips ? strips : panels, work, [&](std::size_t member, std::size_t begin, std::size_t end) {
    task(member, by_strips ? Share{0, panels, begin, end} : Share{begin, end, 0, strips});
  });
}

/// Batches that are wide beside their layer are shared out by rows from end to end.
bool is_wide(std::size_t rows, std::size_t inputs, std::size_t outputs) {
  return outputs * inputs <= rows * (inputs + outputs);
}

// -- forward: z = x W^T + b ------------------------------------------------------------------------------------------

/// The sum over the inputs of kernels.h, in quarters where there are many, into c with stride kPanel.
template <class A>
void sum_inputs(TileFunction<A> tile, A a, const float* b, std::size_t b_stride, std::size_t inputs, float* c) {
  if (inputs < kManyInputs) {
    tile(a, b, b_stride, inputs, c, kPanel);
    return;
  }
  HWY_ALIGN float second[kTileFloats], third[kTileFloats];
  const auto quarter = [&](std::size_t q, float* to) {
    const std::size_t begin = q * inputs / 4, end = (q + 1) * inputs / 4;
    tile(a.from(begin), b + begin * b_stride, b_stride, end - begin, to, kPanel);
  };
  quarter(0, c);
  quarter(1, second);
  add(second, kTileFloats, c);
  quarter(2, second);
  quarter(3, third);
  add(third, kTileFloats, second);
  add(second, kTileFloats, c);
}

/// m^T in panels of kPanel rows of m, each (columns x kPanel): of the weights, so that the lanes run over the outputs;
/// or of x, so that they run over the rows of the batch.
void pack(ConstMatrixView m, std::size_t panel, float* packed) {
  const std::size_t first = panel * kPanel, count = std::min(kPanel, m.rows() - first);
  copy_transposed(m.row(first).data(), m.columns(), count, m.columns(), whole_vectors(count),
                  packed + panel * m.columns() * kPanel, panel_stride(count));
}

/// A share of z, panel after panel, from packed weights: strips are rows.
void forward_over_outputs(ConstMatrixView x, const float* packed, std::span<const float> biases, MatrixView z,
                          const Share& share) {
  HWY_ALIGN float c[kTileFloats] = {};
  const std::size_t inputs = x.columns();
  for (std::size_t panel = share.first_panel; panel < share.end_panel; ++panel)
    for (std::size_t strip = share.first_strip; strip < share.end_strip; ++strip) {
      const std::size_t row = strip * kStrip, first = panel * kPanel;
      const std::size_t rows = std::min(kStrip, z.rows() - row), columns = std::min(kPanel, z.columns() - first);
      sum_inputs(tile_for<InPlace>(rows, columns), InPlace{x.data() + row * inputs, inputs},
                 packed + panel * inputs * kPanel, panel_stride(columns), inputs, c);
      for (std::size_t m = 0; m < rows; ++m) {
        float* to = z.data() + (row + m) * z.columns() + first;
        for (std::size_t j = 0; j < columns; ++j) to[j] = c[m * kPanel + j] + biases[first + j];
      }
    }
}

/// A share of z from packed rows and the weights in place: strips are outputs, and each stays near for all rows.
void forward_over_rows(const float* packed, ConstMatrixView weights, std::span<const float> biases, MatrixView z,
                       const Share& share) {
  HWY_ALIGN float c[kTileFloats] = {};
  const std::size_t inputs = weights.columns();
  for (std::size_t strip = share.first_strip; strip < share.end_strip; ++strip)
    for (std::size_t panel = share.first_panel; panel < share.end_panel; ++panel) {
      const std::size_t output = strip * kStrip, first = panel * kPanel;
      const std::size_t outputs = std::min(kStrip, z.columns() - output), rows = std::min(kPanel, z.rows() - first);
      sum_inputs(tile_for<InPlace>(outputs, rows), InPlace{weights.data() + output * inputs, inputs},
                 packed + panel * inputs * kPanel, panel_stride(rows), inputs, c);
      for (std::size_t m = 0; m < outputs; ++m)
        for (std::size_t j = 0; j < kPanel; ++j) c[m * kPanel + j] += biases[output + m];
      copy_transposed(c, kPanel, outputs, rows, outputs, z.data() + first * z.columns() + output, z.columns());
    }
}

/// Few members pack for themselves what is small: a number that another core has just written takes longer to come.
bool packs_alone(const Team& team, std::size_t floats) { return team.size() <= 4 && floats <= (std::size_t{1} << 17); }

void forward(Team& team, ConstMatrixView x, ConstMatrixView weights, std::span<const float> biases, MatrixView z) {
  const std::size_t rows = x.rows(), inputs = x.columns(), outputs = weights.rows();
  const double work = multiplications(rows, inputs, outputs);
  const bool over_outputs = is_wide(rows, inputs, outputs);  // then the weights are less to be turned round than x
  const std::size_t packs = panels(over_outputs ? outputs : rows), floats = packs * inputs * kPanel;
  const ConstMatrixView turned = over_outputs ? weights : x;
  const auto pack_panels = [&](std::size_t begin, std::size_t end, float* packed) {
    for (std::size_t panel = begin; panel < end; ++panel) pack(turned, panel, packed);
  };
  const bool alone = packs_alone(team, floats);
  float* shared = alone ? nullptr : team.shared_memory(floats);
  if (alone) team.reserve(floats);
  if (!alone)
    team.split(packs, work / 8,
               [&](std::size_t, std::size_t begin, std::size_t end) { pack_panels(begin, end, shared); });
  share_out(team, packs, strips(over_outputs ? rows : outputs), true, work,
            [&](std::size_t member, const Share& share) {
              float* packed = alone ? team.memory(member) : shared;
              if (alone) pack_panels(0, packs, packed);
              if (over_outputs)
                forward_over_outputs(x, packed, biases, z, share);
              else
                forward_over_rows(packed, weights, biases, z, share);
            });
}

std::size_t packed_floats(std::size_t outputs, std::size_t inputs) { return panels(outputs) * inputs * kPanel; }

void pack_all_outputs(ConstMatrixView weights, std::span<float> packed) {
  for (std::size_t panel = 0; panel < panels(weights.rows()); ++panel) pack(weights, panel, packed.data());
}

void forward_packed(Team& team, ConstMatrixView x, std::span<const float> packed, std::span<const float> biases,
                    MatrixView z) {
  share_out(team, panels(z.columns()), strips(z.rows()), strips(z.rows()) > team.size(),
            multiplications(x.rows(), x.columns(), z.columns()),
            [&](std::size_t, const Share& share) { forward_over_outputs(x, packed.data(), biases, z, share); });
}

// -- backward: d_x = delta W -----------------------------------------------------------------------------------------

/// A share of d_x: strips are rows, panels are copied together where they are far apart or not whole.
void backward_input_share(ConstMatrixView delta, ConstMatrixView weights, MatrixView d_x, const Share& share,
                          float* packed) {
  HWY_ALIGN float c[kTileFloats];
  const std::size_t rows = delta.rows(), outputs = delta.columns(), inputs = weights.columns();
  for (std::size_t panel = share.first_panel; panel < share.end_panel; ++panel) {
    const std::size_t first = panel * kPanel, columns = std::min(kPanel, inputs - first);
    const bool whole = columns == kPanel;
    const float* b = weights.data() + first;
    std::size_t stride = inputs;
    if (!whole || inputs >= kFarApart) {
      copy(b, inputs, outputs, columns, packed, kPanel);
      clear_rest(packed, outputs, kPanel, columns);
      b = packed;
      stride = kPanel;
    }
    for (std::size_t strip = share.first_strip; strip < share.end_strip; ++strip) {
      const std::size_t row = strip * kStrip, m = std::min(kStrip, rows - row);
      float* to = d_x.data() + row * inputs + first;
      tile_for<InPlace>(m, columns)(InPlace{delta.data() + row * outputs, outputs}, b, stride, outputs, whole ? to : c,
                                    whole ? inputs : kPanel);
      if (!whole) copy(c, kPanel, m, columns, to, inputs);
    }
  }
}

void backward_input(Team& team, ConstMatrixView delta, ConstMatrixView weights, MatrixView d_x) {
  const std::size_t rows = delta.rows(), outputs = delta.columns(), inputs = weights.columns();
  team.reserve(outputs * kPanel);
  share_out(team, panels(inputs), strips(rows), is_wide(rows, inputs, outputs), multiplications(rows, inputs, outputs),
            [&](std::size_t member, const Share& share) {
              backward_input_share(delta, weights, d_x, share, team.memory(member));
            });
}

// -- gradients: d_W = delta^T x, d_b = column sums of delta ----------------------------------------------------------

/// A tile summed over the rows of the batch by the tree of kernels.h, into c with stride kPanel. Nodes that wait for
/// their sibling stand one per level in `waiting`, as the bits of a binary counter do.
void sum_rows(TileFunction<Packed> tile, Packed a, const float* b, std::size_t b_stride, std::size_t rows,
              float* waiting, float* c) {
  const std::size_t leaves = std::max<std::size_t>((rows + kLeafRows - 1) / kLeafRows, 1);
  for (std::size_t leaf = 0; leaf < leaves; ++leaf) {
    const std::size_t first = leaf * kLeafRows;
    const bool last = leaf + 1 == leaves, waits = !last && leaf % 2 == 0;
    tile(a.from(first), b + first * b_stride, b_stride, std::min(kLeafRows, rows - first), waits ? waiting : c, kPanel);
    if (waits) continue;
    std::size_t level = 0;
    for (; last ? (leaf >> level) != 0 : ((leaf >> level) & 1) != 0; ++level)
      if ((leaf >> level) & 1) add(waiting + level * kTileFloats, kTileFloats, c);
    if (!last) std::copy_n(c, kTileFloats, waiting + level * kTileFloats);
  }
}

/// What a member needs for sum_rows(), a panel of x, and one tile.
struct GradientMemory {
  float *waiting, *panel, *c;
  static std::size_t nodes(std::size_t rows) { return static_cast<std::size_t>(std::bit_width(rows / kLeafRows)) + 1; }
  static std::size_t floats(std::size_t rows) { return (nodes(rows) + 1) * kTileFloats + rows * kPanel; }
  GradientMemory(float* memory, std::size_t rows)
      : waiting(memory), panel(waiting + nodes(rows) * kTileFloats), c(panel + rows * kPanel) {
    std::fill_n(c, kTileFloats, 0.0f);  // narrow tiles leave the rest as it is
  }
};

/// A panel of x, in place where it is whole and near, copied together otherwise.
struct Panel {
  const float* data = nullptr;
  std::size_t stride = 0;
};
Panel gradient_panel(ConstMatrixView x, std::size_t first, std::size_t columns, float* memory) {
  if (columns == kPanel && x.size() < 64 * kFarApart) return {x.data() + first, x.columns()};
  copy(x.data() + first, x.columns(), x.rows(), columns, memory, kPanel);
  clear_rest(memory, x.rows(), kPanel, columns);
  return {memory, kPanel};
}

void backward_weights(Team& team, ConstMatrixView delta, ConstMatrixView x, MatrixView d_weights,
                      std::span<float> d_biases) {
  const std::size_t rows = delta.rows(), outputs = delta.columns(), inputs = x.columns(), down = strips(outputs);
  const double work = multiplications(rows, inputs, outputs);
  static const std::array<float, kLanes> ones = [] {
    std::array<float, kLanes> values;
    values.fill(1);
    return values;
  }();

  float* packed = team.shared_memory(down * rows * kStrip);
  team.reserve(GradientMemory::floats(rows));
  team.split(down, work / 8, [&](std::size_t member, std::size_t begin, std::size_t end) {
    const GradientMemory memory(team.memory(member), rows);
    for (std::size_t strip = begin; strip < end; ++strip) {
      const std::size_t output = strip * kStrip, m = std::min(kStrip, outputs - output);
      float* to = packed + strip * rows * kStrip;
      copy(delta.data() + output, outputs, rows, m, to, kStrip);
      sum_rows(tile_for<Packed>(m, 1), Packed{to}, ones.data(), 0, rows, memory.waiting, memory.c);
      for (std::size_t i = 0; i < m; ++i) d_biases[output + i] = memory.c[i * kPanel];
    }
  });

  share_out(team, panels(inputs), down, down >= 2 * team.size(), work, [&](std::size_t member, const Share& share) {
    const GradientMemory memory(team.memory(member), rows);
    for (std::size_t panel = share.first_panel; panel < share.end_panel; ++panel) {
      const std::size_t first = panel * kPanel, columns = std::min(kPanel, inputs - first);
      const Panel b = gradient_panel(x, first, columns, memory.panel);
      for (std::size_t strip = share.first_strip; strip < share.end_strip; ++strip) {
        const std::size_t output = strip * kStrip, m = std::min(kStrip, outputs - output);
        float* to = d_weights.data() + output * inputs + first;
        const TileFunction<Packed> tile = tile_for<Packed>(m, columns);
        const Packed a{packed + strip * rows * kStrip};
        if (rows <= kLeafRows && columns == kPanel) {
          tile(a, b.data, b.stride, rows, to, inputs);
          continue;
        }
        sum_rows(tile, a, b.data, b.stride, rows, memory.waiting, memory.c);
        copy(memory.c, kPanel, m, columns, to, inputs);
      }
    }
  });
}

}  // namespace chainrule::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
