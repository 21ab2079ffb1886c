// SPDX-License-Identifier: Apache-2.0
// The loop over training steps, and what it has come to: enough to go on from.
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

/// What a training has come to after some steps, as plain data. Shuffles and dropout masks are functions of the seed,
/// the epoch and the step, so a training that goes on from here ends in the bits of one that never stopped.
struct TrainingProgress {
  Network network;               ///< as it is now; at first the start
  Parameters first, second;      ///< the optimizer's memory; empty before the first step or where it needs none
  std::uint64_t step = 0;        ///< finished steps
  std::size_t epoch_step = 0;    ///< of them in the epoch that has begun
  double epoch_loss = 0;         ///< sum of the losses of that epoch's rows so far
  double learning_rate = 0;      ///< of the last step
  double gradient_norm = 0;      ///< of the last step that measured it
  EarlyStopping early_stopping;  ///< after the last finished epoch
  History history;               ///< of the finished epochs
};

/// Trains until the epochs are done, patience ends, or the observer says stop; the network ends with the best weights
/// seen on the validation rows (options.restore_best) or with the last ones. Throws Error (numerics) when training
/// diverges; the network then holds the best (or last finite) weights of a finished epoch. Before the first step it
/// checks once what it was given, and throws Error: (usage) for options out of range, and a network, inputs and targets
/// whose sizes do not belong together; (input) for rows with a NaN or an infinite number, naming row and input, and as
/// validate() of a selection. `threads` compute together,
/// here and below: 0 = as many as this process may use. No bit of a result depends on how many they are.
History train(Network& network, const Selection& training, const Selection& validation, const TrainOptions& options,
              const Observer& observer = {}, std::size_t threads = 0);

/// The same from where `progress` stands, which is left where the training ended: with its last weights, from which
/// another call goes on, e.g. after an interruption or with more epochs. Rows and options must be those it began with,
/// epochs and patience aside. finish() then gives the weights to use.
void train(TrainingProgress& progress, const Selection& training, const Selection& validation,
           const TrainOptions& options, const Observer& observer = {}, std::size_t threads = 0);

/// Ends a training: puts the best weights into progress.network where options.restore_best says so, and notes their
/// epoch in its history.
void finish(TrainingProgress& progress, const TrainOptions& options, bool has_validation);

}  // namespace chainrule
#pragma GCC visibility pop
