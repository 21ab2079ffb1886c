// SPDX-License-Identifier: Apache-2.0
// The two passes of the article: forward, and its mirror, backward.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "chainrule/base/matrix.h"
#include "chainrule/engine/network.h"
#include "chainrule/engine/work_rows.h"

namespace chainrule {

/// Forward (M2; (3), (4)): per layer z = x W^T + b, a = f(z), with dropout's masks of this pass. inputs: (rows x S_1),
/// for all rows of the workspace. All functions here throw Error (usage) if the sizes of network, workspace, inputs or
/// gradients do not match.
void forward(const Network& network, ConstMatrixView inputs, const Pass& pass, const WorkRows& work);
/// Deltas downwards (M7, M8; (13), (14), (20), (21)): work.delta(last) holds d_a of the outputs on entry; on return
/// every work.delta(layer) holds delta, computed with the current weights.
void backward_deltas(const Network& network, const WorkRows& work);
/// dJ/dx of these rows after backward_deltas(): d_inputs, (rows x S_1), with input dropout counted in. Explanations use
/// it, and callers that compute the inputs by another model. Throws Error (usage) for other sizes.
void input_gradients(const Network& network, const WorkRows& work, MatrixView d_inputs);
/// dJ/dW and dJ/db of these rows (M9; (18), (19), (22), (23)), summed, decay left out: (11), (12).
void weight_gradients(ConstMatrixView inputs, const WorkRows& work, Parameters& gradients);

/// Receives the gradient of a layer's weights in pieces while they are in a near cache, from several threads at the
/// same time: numbers [offset, offset + size) in the order of its segment, each once.
class GradientTaker {
 public:
  virtual ~GradientTaker() = default;
  /// Buffers that take() will write, in the order of the segment, so that the kernel can prefetch them; null where
  /// unused.
  virtual std::array<const float*, 3> goes_into() const = 0;
  virtual void take(std::size_t offset, std::span<const float> piece) const = 0;
  /// Whether take() also needs weights whose input is 0 in all rows; their gradient is 0.
  virtual bool needs_zeros() const = 0;
};
/// The same for one layer: the gradient of its weights goes to the taker, that of its biases to d_biases.
void weight_gradients(ConstMatrixView inputs, const WorkRows& work, std::size_t layer, const GradientTaker& taker,
                      std::span<float> d_biases);

}  // namespace chainrule
