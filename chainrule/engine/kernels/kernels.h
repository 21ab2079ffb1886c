// SPDX-License-Identifier: Apache-2.0
// The contract of the kernels: what each computes, on which shapes, in which order. They work on views and sizes, not
// on networks. plain.h has the same functions as plain loops that give the same bits; reference.h has the formulas.
// Views are passed by reference: copies of new views took a fifth of the time of one row through a small layer.
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
#include "chainrule/engine/formulas/activation.h"
#include "chainrule/engine/kernels/thread_pool.h"
#include "chainrule/engine/kernels/weights.h"

namespace chainrule::kernels {

inline constexpr std::size_t kLeafRows = 64;
inline constexpr std::size_t kManyInputs = 512;

/// From so many rows on a batch is wide compared with its layer. It is then split by rows, and the weights move from
/// core to core. Smaller batches are split by parts of the layer, and each part of the weights stays near the core that
/// updates it.
constexpr std::size_t rows_of_wide_batch(std::size_t inputs, std::size_t outputs) {
  return (inputs * outputs + inputs + outputs - 1) / (inputs + outputs);
}

/// z = x W^T + b. x: (m x inputs), weights: (outputs x inputs), biases: outputs, z: (m x outputs).
void affine_forward(ThreadPool& pool, const ConstMatrixView& x, const ConstWeightsView& weights,
                    std::span<const float> biases, const MatrixView& z);

/// d_x = delta W. delta: (m x outputs), weights: (outputs x inputs), d_x: (m x inputs).
void affine_backward_input(ThreadPool& pool, const ConstMatrixView& delta, const ConstWeightsView& weights,
                           const MatrixView& d_x);

/// Receives the gradient of the weights in pieces as soon as they are computed: take(sink, offset, piece) with numbers
/// [offset, offset + piece.size()) of d_weights in the order of WeightsView, each number once, from several threads at
/// the same time. A piece is valid only during the call.
struct GradientSink {
  const void* sink = nullptr;
  void (*take)(const void* sink, std::size_t offset, std::span<const float> piece) = nullptr;
  /// Buffers that take() will write, each as long as d_weights, so that the kernel can prefetch them; null where
  /// unused.
  std::array<const float*, 3> into{};
  bool needs_zeros = true;  ///< false: numbers that are all 0 because their inputs are 0 may be skipped
};

/// d_weights = delta^T x, to the sink, and d_biases = column sums of delta. delta: (m x outputs), x: (m x inputs).
void affine_backward_weights(ThreadPool& pool, const ConstMatrixView& delta, const ConstMatrixView& x,
                             const GradientSink& sink, std::span<float> d_biases);
/// The same, with the gradient stored in d_weights.
void affine_backward_weights(ThreadPool& pool, const ConstMatrixView& delta, const ConstMatrixView& x,
                             const WeightsView& d_weights, std::span<float> d_biases);

/// left = left + right + 0, the sum of two siblings of the batch tree.
void add_up(std::span<float> left, std::span<const float> right);

/// Sum of squares in double: 16 partial sums, term k into sum k mod 16; then sum j += sum j + 8, + 4, + 2, + 1.
double sum_of_squares(std::span<const float> values);

/// The largest magnitude; infinity if a number is infinite or NaN.
float largest_magnitude(std::span<const float> values);

/// numbers = factor * bytes, of equal length.
void scale_bytes(std::span<const std::uint8_t> bytes, float factor, std::span<float> numbers);

/// mask[k] = 0 where word k mod 4 of the random bits at index `first` + k / 4 is below `bound`, `kept` elsewhere. The
/// first word of the counter must not overflow meanwhile.
void dropout_mask(const RandomPosition& first, std::uint32_t bound, float kept, std::span<float> mask);

/// Computes for `rounds` rounds as fast as one core can, adds the number of floating-point operations to `done`, and
/// returns a result so that the compiler cannot remove the work.
float multiply_add_chains(std::uint64_t rounds, double& done);

// -- the vector units --------------------------------------------------------------------------------------------

/// The vector unit in use: "avx512", "avx2", "sse4", "neon" or "scalar".
std::string_view target();
/// All that this processor has and the library was built for, best first.
std::vector<std::string_view> targets();
/// Uses this vector unit from now on, in all threads. The environment variable CHAINRULE_TARGET does the same at the
/// start. Throws Error (usage) for a name that is not among targets().
void use_target(std::string_view name);
/// Whether the vector unit in use has fused multiply-add: all that have it give the same bits.
bool has_fused_multiply_add();

}  // namespace chainrule::kernels

namespace chainrule {

/// a = f(z), element by element; sizes are equal, z and a may be the same memory. The float result is the double
/// value, rounded once.
void activation_forward(const Activation& activation, std::span<const float> z, std::span<float> a);
/// delta = d_a * f'(z), element by element (M7, M8; the last factor in (13), (14), (17), (20), (21)); d_a and
/// delta may be the same memory.
void activation_backward(const Activation& activation, std::span<const float> z, std::span<const float> a,
                         std::span<const float> d_a, std::span<float> delta);

}  // namespace chainrule
