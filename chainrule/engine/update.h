// SPDX-License-Identifier: Apache-2.0
// The gradients of a batch, and the optimizer's step.
#pragma once

#include <atomic>

#include "chainrule/engine/train_step.h"
#include "chainrule/engine/work_rows.h"

namespace chainrule {

/// One update. It computes the gradients in one of three ways, which give the same bits: each thread sums those of its
/// own rows and the sums are added up; or they are computed for all rows and stored; or, if nothing else reads them,
/// each piece updates the weights while it is in a near cache and is never stored.
class Update {
 public:
  Update(TrainState& state, const Batch& batch);

  /// Call it once the deltas of these rows are ready. It sums their gradients if each thread has its own. Threads may
  /// call it at the same time, each for its own rows.
  void take(const WorkRows& rows);
  /// Completes the gradients, and steps the optimizer. loss: the mean loss of the batch. Throws Error (numerics) if the
  /// loss or a gradient is not finite; the network then still has the weights from before.
  void apply(double loss);

 private:
  TrainState& state_;
  const Batch& batch_;
  bool by_thread_, while_hot_;
  std::atomic<bool> stays_finite_ = true;  // whether bounds guarantee that all pieces will be finite
};

}  // namespace chainrule
