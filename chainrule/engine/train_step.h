// SPDX-License-Identifier: Apache-2.0
// One training step: train_step() is the whole subject.
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

/// What a step reads and writes. Network and options must outlive it.
struct TrainState {
  /// For batches of up to most_rows rows; threads as for Workspace. The parameters take over the multipliers of the
  /// architecture. Throws Error (usage) as validate() of network and options do.
  TrainState(Network& n, const TrainOptions& o, std::size_t most_rows, std::size_t threads = 1);
  TrainState(Network& n, const TrainOptions&& o, std::size_t most_rows, std::size_t threads = 1) = delete;

  Network& network;
  const TrainOptions& options;
  Workspace work;
  Parameters gradients;  ///< of the mean loss, decay left out; the weights' may be missing where no norm is measured
  std::vector<Parameters> of_shares;  ///< the same of each further share of a batch, where a step adds them up
  Parameters first, second;           ///< the optimiser's memory; second is empty for optimisers that need one
  std::uint64_t step = 0;             ///< finished steps
  double learning_rate = 0;           ///< of the step at hand, schedule included; at first that of the options
  bool measure_norm = true;  ///< whether a step keeps its gradients and measures their norm; clipping does so anyway
  double gradient_norm = 0;  ///< of the last step that measured it, before clipping
  std::size_t epoch = 0;     ///< from 1; 0 outside of train()
};

/// One update of the network from one batch; returns the mean loss of the batch before it. Throws Error: (numerics)
/// when loss or gradient is not finite; the network then still holds the weights from before the step; (usage) for a
/// batch whose sizes do not belong to the network or the state, and when the options have an optimizer now that needs
/// other memory than the state has.
double train_step(TrainState& state, const Batch& batch);

/// lambda / 2 * sum of squared weights, multipliers counted, what fills up their lines left out (M5; (6), (7)): what
/// the objective has beside the mean loss.
double decay_term(const Parameters& parameters, double weight_decay);

}  // namespace chainrule
#pragma GCC visibility pop
