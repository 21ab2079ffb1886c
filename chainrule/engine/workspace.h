// SPDX-License-Identifier: Apache-2.0
// Every intermediate of a training step, and the passes that compute them, for a loop of your own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "chainrule/base/matrix.h"
#include "chainrule/engine/dataset.h"
#include "chainrule/engine/formulas/loss.h"
#include "chainrule/engine/network.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// The inputs of dropout masks, besides layer, row and unit.
struct Pass {
  std::uint64_t seed = 0;
  std::uint64_t step = 0;
  std::size_t first_row = 0;  ///< index of the first row in the global batch
};

/// Every intermediate of a training step, allocated once for the largest batch. Layers are the affine layers, from 0;
/// views have as many rows as the current batch. Here and below, Error (usage) is thrown if sizes of network,
/// workspace, inputs or gradients do not match, for a missing layer, and for a moved-from workspace.
class Workspace {
 public:
  /// `threads`: size of the thread pool, at most 1024; 0 = as many as this process may use. The results do not depend
  /// on it. Throws Error as validate() does, and for sizes that do not fit in memory.
  Workspace(const Architecture& architecture, std::size_t max_rows, std::size_t threads = 1);
  Workspace(Workspace&&) noexcept;
  ~Workspace();
  std::size_t max_rows() const;
  /// The rows of the current batch; at most max_rows().
  void set_rows(std::size_t rows);
  std::size_t rows() const;

  MatrixView z(std::size_t layer);
  MatrixView a(std::size_t layer);
  MatrixView delta(std::size_t layer);  ///< dJ/dz; before f' it is d_a
  MatrixView d_outputs();               ///< where backward_deltas() expects dJ/da(L)
  ConstMatrixView outputs() const;      ///< a(L)
  std::span<double> losses();           ///< of each row, as a part of the batch's loss

  struct Buffers;  // internal, in work_rows.h
  Buffers& buffers() const {
    if (buffers_ == nullptr) refuse_moved_from();
    return *buffers_;
  }

 private:
  [[noreturn]] static void refuse_moved_from();
  std::unique_ptr<Buffers> buffers_;
};

/// Forward (M2; (3), (4)): per layer z = x W^T + b, a = f(z), with dropout's masks of this pass. inputs: (rows x S_1);
/// sets the rows of the workspace.
void forward(const Network& network, ConstMatrixView inputs, const Pass& pass, Workspace& work);
/// After forward(): work.losses(), work.d_outputs() (M4, M10), and the mean loss of the batch.
double loss_and_gradient(const Loss& loss, const Batch& batch, Workspace& work);
/// Deltas downwards (M7, M8; (13), (14), (20), (21)): work.delta(last) holds d_a of the outputs on entry; on return
/// every work.delta(layer) holds delta, computed with the current weights.
void backward_deltas(const Network& network, Workspace& work);
/// dJ/dx after backward_deltas(), (rows x S_1), for callers that compute the inputs by another model.
void input_gradients(const Network& network, Workspace& work, MatrixView d_inputs);
/// dJ/dW and dJ/db (M9; (18), (19), (22), (23)), summed over the rows, decay left out: (11), (12).
void weight_gradients(ConstMatrixView inputs, Workspace& work, Parameters& gradients);

}  // namespace chainrule
#pragma GCC visibility pop
