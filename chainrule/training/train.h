// SPDX-License-Identifier: Apache-2.0
// The loop over training steps, and its state, from which a training can continue.
#pragma once

#include <cstddef>
#include <cstdint>

#include "chainrule/engine/dataset.h"
#include "chainrule/engine/network.h"
#include "chainrule/engine/train_options.h"
#include "chainrule/training/early_stopping.h"
#include "chainrule/training/history.h"
#include "chainrule/training/observer.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// The state of a training after some steps. Shuffles and dropout masks are functions of the seed, the epoch and the
/// step, so a training that continues from here ends with the same bits as one that never stopped.
struct TrainingProgress {
  Network network;               ///< current; at first the initial one
  Parameters first, second;      ///< the optimizer's state; empty before the first step or if it has none
  std::uint64_t step = 0;        ///< finished steps
  std::size_t epoch_step = 0;    ///< finished steps of the current epoch
  double epoch_loss = 0;         ///< sum of the losses of that epoch's rows so far
  double learning_rate = 0;      ///< of the last step
  double gradient_norm = 0;      ///< of the last step that computed it
  EarlyStopping early_stopping;  ///< after the last finished epoch
  History history;               ///< of the finished epochs
};

/// Trains until the epochs are done, patience ends, or the observer stops it. The network ends with the weights that
/// are best on the validation rows (options.restore_best) or with the last ones.
///
/// Throws Error (numerics) if training diverges; the network then has the best (or last finite) weights of a finished
/// epoch. Before the first step it throws Error: (usage) for options out of range, and for sizes of network, inputs and
/// targets that do not match; (input) for infinities and NaN, with row and input, and as validate() of a selection.
///
/// `threads`, here and below: 0 = as many as this process may use. No bit of a result depends on their number.
History train(Network& network, const Selection& training, const Selection& validation, const TrainOptions& options,
              const Observer& observer = {}, std::size_t threads = 0);

/// Continues from `progress` and leaves it at the end of the training, with the last weights. Another call can continue
/// from there, e.g. after an interruption or with more epochs. Rows and options must be the same as at the start,
/// except epochs and patience. finish() then sets the weights to use.
void train(TrainingProgress& progress, const Selection& training, const Selection& validation,
           const TrainOptions& options, const Observer& observer = {}, std::size_t threads = 0);

/// Ends a training: restores the best weights to progress.network if options.restore_best is set, and records their
/// epoch in the history.
void finish(TrainingProgress& progress, const TrainOptions& options, bool has_validation);

}  // namespace chainrule
#pragma GCC visibility pop
