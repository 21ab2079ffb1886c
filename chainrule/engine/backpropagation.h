// SPDX-License-Identifier: Apache-2.0
// The two passes of the article: forward, and its mirror, backward.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "chainrule/base/matrix.h"
#include "chainrule/engine/network.h"
#include "chainrule/engine/workspace.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// Forward (M2; (3), (4)): per layer z = x W^T + b, a = f(z), with dropout's masks of this pass. inputs: (rows x S_1),
/// those of all rows of the workspace. All functions here throw Error (usage) for a network, a workspace, inputs or
/// gradients whose sizes do not belong together.
void forward(const Network& network, ConstMatrixView inputs, const Pass& pass, const WorkRows& work);
/// The same for a batch: its rows are those of the workspace from now on.
void forward(const Network& network, ConstMatrixView inputs, const Pass& pass, Workspace& work);
/// Deltas downwards (M7, M8; (13), (14), (20), (21)): work.delta(last) holds d_a of the outputs on entry; on return
/// every work.delta(layer) holds delta, made with the weights as they are now.
void backward_deltas(const Network& network, const WorkRows& work);
/// dJ/dx of these rows after backward_deltas(): d_inputs, (rows x S_1), with input dropout counted in. Shows what moves
/// a prediction, and joins a network to what computes its inputs. Throws Error (usage) for other sizes.
void input_gradients(const Network& network, const WorkRows& work, MatrixView d_inputs);
/// dJ/dW and dJ/db of these rows (M9; (18), (19), (22), (23)), summed, decay left out: (11), (12).
void weight_gradients(ConstMatrixView inputs, const WorkRows& work, Parameters& gradients);

/// Takes the gradient of a layer's weights while it is in a near cache, in pieces, several threads at the same time:
/// numbers [offset, offset + size) in the order of its segment, each once.
class GradientTaker {
 public:
  virtual ~GradientTaker() = default;
  /// What pieces go into, in the order of the segment, null where it is less: may be fetched while they are computed.
  virtual std::array<const float*, 3> goes_into() const = 0;
  virtual void take(std::size_t offset, std::span<const float> piece) const = 0;
  /// Whether weights whose input is 0 in all rows are wanted, too: their gradient is 0.
  virtual bool needs_zeros() const = 0;
};
/// The same gradient of one layer: of its weights to the taker, of its biases to d_biases.
void weight_gradients(ConstMatrixView inputs, Workspace& work, std::size_t layer, const GradientTaker& taker,
                      std::span<float> d_biases);

}  // namespace chainrule
#pragma GCC visibility pop
