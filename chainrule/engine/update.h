// SPDX-License-Identifier: Apache-2.0
// From deltas to new weights: the gradients of a batch, and the optimizer's step.
#pragma once

#include <atomic>

#include "chainrule/engine/train_step.h"

namespace chainrule {

/// One update. Its gradients take one of three routes, which give the same bits: each thread sums those of its own
/// rows and the sums are joined; or they are computed for all rows and kept; or, where nobody looks at them, each piece
/// updates the weights while it is in a near cache and is never stored.
class Update {
 public:
  Update(TrainState& state, const Batch& batch);

  /// Tells that the deltas of these rows are ready, and sums their gradients where each thread has its own. Threads may
  /// call it at the same time, each for its own rows.
  void take(const WorkRows& rows);
  /// Completes the gradients, and steps the optimizer. loss: the mean loss of the batch. Throws Error (numerics) when
  /// it or a gradient is not finite; the network then still holds the weights from before.
  void apply(double loss);

 private:
  TrainState& state_;
  const Batch& batch_;
  bool by_thread_, while_hot_;
  std::atomic<bool> stays_finite_ = true;  // what the pieces will be, as far as bounds can tell
};

}  // namespace chainrule
