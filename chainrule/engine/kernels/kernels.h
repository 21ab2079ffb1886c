// SPDX-License-Identifier: Apache-2.0
// The contract of the kernels: what each computes, on which shapes, in which order. They know views and sizes, not
// networks. plain.h has the same functions as plain loops that give the same bits; reference.h has the formulas. Views
// come by reference: copies of views that were just made cost one row through a small layer a fifth of its time.
//
// Orders of summation (docs/determinism.md). None depends on the rows present, on threads, or on the vector unit; each
// term enters by one fused multiply-add, and the rows of z and d_x have the same bits alone and in any batch.
//  over the inputs of a unit:   a chain from +0, in order. From kManyInputs on four chains, one for each quarter q,
//                               terms [q n / 4, (q + 1) n / 4), and (q0 + q1) + (q2 + q3). The bias is added last.
//  over the outputs of a layer: a chain from +0, in order.
//  over the rows of a batch:    leaves of 64 consecutive rows, each a chain from +0; then a binary tree in which node
//                               (j, i) covers leaves [i 2^j, (i + 1) 2^j) and a missing sibling passes through.
// Every sum ends with + 0, before a bias. So a sum that is zero is +0, and a term whose input is 0 can be left out
// without changing a bit, as long as its weight is finite.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/base/matrix.h"
#include "chainrule/base/random.h"
#include "chainrule/engine/kernels/team.h"
#include "chainrule/engine/kernels/weights.h"

namespace chainrule::kernels {

inline constexpr std::size_t kLeafRows = 64;
inline constexpr std::size_t kManyInputs = 512;

/// From so many rows on a batch is wide beside its layer. It is shared out by rows, and the weights travel from core to
/// core; others by parts of the layer, and each part of the weights stays with the core that updates it.
constexpr std::size_t rows_of_wide_batch(std::size_t inputs, std::size_t outputs) {
  return (inputs * outputs + inputs + outputs - 1) / (inputs + outputs);
}

/// z = x W^T + b. x: (m x inputs), weights: (outputs x inputs), biases: outputs, z: (m x outputs).
void affine_forward(Team& team, const ConstMatrixView& x, const ConstWeightsView& weights,
                    std::span<const float> biases, const MatrixView& z);

/// d_x = delta W. delta: (m x outputs), weights: (outputs x inputs), d_x: (m x inputs).
void affine_backward_input(Team& team, const ConstMatrixView& delta, const ConstWeightsView& weights,
                           const MatrixView& d_x);

/// Who takes the gradient of the weights, in pieces as soon as they are there: take(sink, offset, piece) with
/// numbers [offset, offset + piece.size()) of d_weights in the order of WeightsView, each number once, pieces at the
/// same time by several members of the team. A piece is gone when the call returns.
struct GradientSink {
  const void* sink = nullptr;
  void (*take)(const void* sink, std::size_t offset, std::span<const float> piece) = nullptr;
  /// What pieces will go into, as many numbers as d_weights has, and is asked for in good time; null where it is less.
  std::array<const float*, 3> into{};
  bool needs_zeros = true;  ///< false: numbers that are all 0 for want of inputs may be left out
};

/// d_weights = delta^T x, to the sink, and d_biases = column sums of delta. delta: (m x outputs), x: (m x inputs).
void affine_backward_weights(Team& team, const ConstMatrixView& delta, const ConstMatrixView& x,
                             const GradientSink& sink, std::span<float> d_biases);
/// The same, kept whole.
void affine_backward_weights(Team& team, const ConstMatrixView& delta, const ConstMatrixView& x,
                             const WeightsView& d_weights, std::span<float> d_biases);

/// left = left + right + 0, as siblings of the batch tree are joined.
void add_up(std::span<float> left, std::span<const float> right);

/// Sum of squares in double: 16 partial sums, term k into sum k mod 16; then sum j += sum j + 8, + 4, + 2, + 1.
double sum_of_squares(std::span<const float> values);

/// The largest magnitude; infinity where a number is infinite or NaN.
float largest_magnitude(std::span<const float> values);

/// numbers = factor * bytes, as long as each other.
void scale_bytes(std::span<const std::uint8_t> bytes, float factor, std::span<float> numbers);

/// mask[k] = 0 where word k mod 4 of the random bits of place `first` + k / 4 is below `bound`, `kept` elsewhere. The
/// first word of the counter must not overflow on the way.
void dropout_mask(const RandomPlace& first, std::uint32_t bound, float kept, std::span<float> mask);

/// Computes for `rounds` rounds as fast as one core can, adds the number of floating-point operations to `done`, and
/// returns a number that makes sure of it.
float multiply_add_chains(std::uint64_t rounds, double& done);

// -- the vector units --------------------------------------------------------------------------------------------

/// The one in use: "avx512", "avx2", "sse4", "neon" or "scalar".
std::string_view target();
/// All that this processor has and we were built for, best first.
std::vector<std::string_view> targets();
/// Uses this one from now on, in all threads. The environment variable CHAINRULE_TARGET does the same at the start.
/// Throws Error (usage) for one that is not among targets().
void use_target(std::string_view name);
/// Whether the target in use has fused multiply-add: all those that do give the same bits.
bool has_fused_multiply_add();

}  // namespace chainrule::kernels
