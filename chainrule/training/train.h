// SPDX-License-Identifier: Apache-2.0
// The loop over training steps, its callbacks, and its state, from which a training can continue.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "chainrule/engine/dataset.h"
#include "chainrule/engine/network.h"
#include "chainrule/engine/train_options.h"
#include "chainrule/engine/train_step.h"
#include "chainrule/training/history.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// The state of early stopping after some epochs. With validation rows, the metric of the options decides. Without,
/// the training loss decides on patience and the learning rate only, and the kept weights are always the last ones.
struct EarlyStopping {
  double best = 0;                        ///< value of the metric in the best epoch
  std::size_t best_epoch = 0;             ///< from 1; 0 = no epoch has finished
  std::size_t epochs_without_better = 0;  ///< since the best epoch, for patience
  std::size_t epochs_on_plateau = 0;      ///< the same since the learning rate was last lowered
  double rate_factor = 1;                 ///< factor of the learning rate from reduce-on-plateau
  Parameters kept;                        ///< to restore: of the best or last epoch; at first the initial ones
};

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

/// Callbacks of a training, since the library prints nothing. Any member may be empty.
struct Observer {
  /// Before each step, with its learning rate: may read the network and set state.learning_rate for this step.
  std::function<void(TrainState& state)> before_step;
  std::function<void(const StepRecord&)> on_step;
  std::function<void(const EpochRecord&)> on_epoch;
  std::function<bool()> should_stop;  ///< called after each step; true ends the training as if it were done
  /// After every `health_every`-th step, 0 = never. No bit of the training depends on it.
  std::function<void(const HealthRecord&)> on_health;
  std::size_t health_every = 0;
  /// Called after each step; if true, on_progress receives the state of the training.
  std::function<bool()> needs_progress;
  std::function<void(const TrainingProgress&)> on_progress;
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
