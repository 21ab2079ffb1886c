// SPDX-License-Identifier: Apache-2.0
// One training step.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "chainrule/engine/dataset.h"
#include "chainrule/engine/network.h"
#include "chainrule/engine/train_options.h"
#include "chainrule/engine/workspace.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// The state that a step reads and writes. Network and options must outlive it.
struct TrainState {
  /// For batches of up to max_rows rows; threads as for Workspace. The parameters get the multipliers of the
  /// architecture. Throws Error (usage) as validate() of network and options do.
  TrainState(Network& n, const TrainOptions& o, std::size_t max_rows, std::size_t threads = 1);
  TrainState(Network& n, const TrainOptions&& o, std::size_t max_rows, std::size_t threads = 1) = delete;

  Network& network;
  const TrainOptions& options;
  Workspace work;
  Parameters
      gradients;  ///< of the mean loss, without decay; those of the weights may be missing if no norm is measured
  std::vector<Parameters> chunk_gradients;  ///< the same for each further chunk of a batch, if a step adds them up
  Parameters first, second;  ///< the optimizer's memory; second is empty for optimizers that need only one
  std::uint64_t step = 0;    ///< finished steps
  double learning_rate = 0;  ///< of the current step, schedule included; initially that of the options
  bool measure_norm =
      true;  ///< whether a step keeps its gradients and measures their norm; clipping does so in any case
  double gradient_norm = 0;  ///< of the last step that measured it, before clipping
  std::size_t epoch = 0;     ///< from 1; 0 outside of train()
};

/// One update of the network from one batch; returns the mean loss of the batch before the update. Throws Error:
/// (numerics) if loss or gradient is not finite; the network then still has the weights from before the step; (usage)
/// for a batch whose sizes do not match the network or the state, and if the options now have an optimizer that needs
/// other memory.
double train_step(TrainState& state, const Batch& batch);

/// lambda / 2 * sum of squared weights, with multipliers, without padding (M5; (6), (7)): the term that the objective
/// adds to the mean loss.
double decay_term(const Parameters& parameters, double weight_decay);

/// dJ/dx of a batch, (m x S_1): the derivative of its mean loss with respect to each input, without dropout and decay.
/// Explanations use it, and programs that compute the inputs by another model. Throws Error (usage) for a batch that
/// does not fit the network. `threads` as for TrainState.
Matrix input_gradients(const Network& network, const Loss& loss, const Batch& batch, std::size_t threads = 1);

}  // namespace chainrule
#pragma GCC visibility pop
