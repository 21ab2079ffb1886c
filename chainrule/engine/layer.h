// SPDX-License-Identifier: Apache-2.0
// The elementwise steps of a layer, split among threads: activation and dropout.
#pragma once

#include <cstddef>

#include "chainrule/base/matrix.h"
#include "chainrule/engine/formulas/activation.h"
#include "chainrule/engine/kernels/kernels.h"
#include "chainrule/engine/work_rows.h"

namespace chainrule {

/// A thread gets a multiple of this number of rows: the lanes of the widest vectors.
inline constexpr std::size_t kRowsAlone = 16;

/// Cost of one number of an activation, in multiplications.
inline double activation_work(const Activation& activation) {
  const bool only_moves = activation.kind == ActivationKind::identity || activation.kind == ActivationKind::relu;
  return only_moves ? 8 : 48;
}

// Both are inline: a small layer computes for 50 ns, of which calls are a part.

/// a = f(z); a may be z.
inline void activate(kernels::ThreadPool& pool, const Activation& activation, const ConstMatrixView& z,
                     const MatrixView& a) {
  pool.split(z.size(), activation_work(activation) * static_cast<double>(z.size()),
             [&](std::size_t, std::size_t begin, std::size_t end) {
               const std::size_t count = end - begin;
               activation_forward(activation, z.flat().subspan(begin, count), a.flat().subspan(begin, count));
             });
}

/// delta = d_a f'(z), where delta holds d_a.
inline void activate_backward(kernels::ThreadPool& pool, const Activation& activation, const ConstMatrixView& z,
                              const ConstMatrixView& a, const MatrixView& delta) {
  pool.split(z.size(), activation_work(activation) * static_cast<double>(z.size()),
             [&](std::size_t, std::size_t begin, std::size_t end) {
               const std::size_t count = end - begin;
               const std::span<float> d = delta.flat().subspan(begin, count);
               activation_backward(activation, z.flat().subspan(begin, count), a.flat().subspan(begin, count), d, d);
             });
}

/// The inputs of layer l + 1: `values` themselves, or with dropout `values` * mask. Inverted dropout: mask = 0 for a
/// fraction of the units, 1 / (1 - fraction) for the others. One call of the generator serves four units; the index of
/// a unit in the random stream depends on its row in the global batch, never on the thread.
ConstMatrixView drop_out(double fraction, std::size_t layer, ConstMatrixView values, const Pass& pass,
                         const WorkRows& work);
/// d_a(layer) *= mask(layer).
void drop_out_backward(std::size_t layer, const WorkRows& work);

}  // namespace chainrule
