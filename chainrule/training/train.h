// SPDX-License-Identifier: Apache-2.0
// The loop over training steps: its records, its callbacks, and its state, from which a training can continue.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "chainrule/engine/dataset.h"
#include "chainrule/engine/network.h"
#include "chainrule/engine/train_options.h"
#include "chainrule/engine/train_step.h"
#include "chainrule/metrics/metrics.h"

#pragma GCC visibility push(default)
namespace chainrule {

// Records, for progress lines, metrics files and reports.

struct StepRecord {
  std::size_t epoch = 0;          ///< from 1
  std::size_t step_in_epoch = 0;  ///< from 1
  std::size_t steps_per_epoch = 0;
  std::uint64_t step = 0;  ///< from 1, over all epochs
  double loss = 0;         ///< mean over the batch, without decay
  double learning_rate = 0;
  double gradient_norm = 0;  ///< of the mean loss, before clipping
};

/// Statistics of W(l) or b(l), NaN if undefined.
struct ParameterHealth {
  double norm = std::numeric_limits<double>::quiet_NaN();           ///< Euclidean (Frobenius), before the step
  double gradient_norm = std::numeric_limits<double>::quiet_NaN();  ///< of the mean loss, without decay, unclipped
  double update_ratio = std::numeric_limits<double>::quiet_NaN();   ///< norm(change) / norm; NaN if norm is 0
};

/// Statistics of one layer, counted as in the article: layer 1 is the inputs, layer L the outputs; W(l) and b(l) lead
/// from layer l to layer l + 1. NaN if undefined: the inputs have no activation, the outputs no W and b.
struct LayerHealth {
  double activation_mean = 0;       ///< of a(l), over rows and units
  double activation_deviation = 0;  ///< standard deviation of the same numbers (divided by their count)
  double saturated = std::numeric_limits<double>::quiet_NaN();  ///< fraction where |f'(z)| < 1 % of its maximum
  double dead = std::numeric_limits<double>::quiet_NaN();       ///< fraction of the units saturated on all rows
  ParameterHealth weights, biases;
};

struct HealthRecord {
  StepRecord step;
  std::vector<LayerHealth> layers;  ///< 1 ... L, a(l) before dropout
};

struct EpochRecord {
  std::size_t epoch = 0;     ///< from 1
  std::size_t epochs = 0;    ///< the requested number
  std::uint64_t step = 0;    ///< steps so far
  double learning_rate = 0;  ///< of the last step
  double training_loss = 0;  ///< mean over the epoch's rows, each computed with the weights of its step
  double decay_term = 0;     ///< lambda / 2 * sum of squared weights at the end of the epoch
  double gradient_norm = 0;  ///< of the last step, before clipping
  Metrics validation;        ///< "loss" first; empty without validation rows
  Metrics inner;      ///< the loss and the metric of the options on the inner folds, mean over their rows; or empty
  bool best = false;  ///< the best so far by the metric of early stopping
  bool lowers_rate = false;  ///< reduce-on-plateau lowers the learning rate after this epoch
};

enum class StopReason { epochs_done, early_stopping, interrupted };

struct History {
  std::vector<EpochRecord> epochs;  ///< finished epochs
  StopReason stop = StopReason::epochs_done;
  std::size_t best_epoch = 0;    ///< the epoch whose weights were kept, from 1; 0 = the last weights
  std::size_t inner_folds = 0;   ///< the folds of the training rows that chose it; 0 = the validation rows
  std::uint64_t steps = 0;       ///< finished steps
  std::string monitored_metric;  ///< the metric that decided which epoch is best; "" without validation rows
};

// Early stopping, callbacks and the state.

/// The state of early stopping after some epochs. With validation rows or inner folds, the metric of the options
/// decides. Without, the training loss decides on patience and the learning rate only, and the kept weights are always
/// the last ones.
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
  Network network;                      ///< current; at first the initial one
  Parameters first, second;             ///< the optimizer's state; empty before the first step or if it has none
  std::uint64_t step = 0;               ///< finished steps
  std::size_t epoch_step = 0;           ///< finished steps of the current epoch
  double epoch_loss = 0;                ///< sum of the losses of that epoch's rows so far
  double learning_rate = 0;             ///< of the last step
  double gradient_norm = 0;             ///< of the last step that computed it
  EarlyStopping early_stopping;         ///< after the last finished epoch
  History history;                      ///< of the finished epochs
  std::vector<TrainingProgress> folds;  ///< of the networks that are each trained without one inner fold
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
/// are best on the validation rows or inner folds (options.restore_best) or with the last ones.
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

/// Ends a training: restores the best weights to progress.network if options.restore_best is set and an epoch was
/// chosen, and records their epoch in the history.
void finish(TrainingProgress& progress, const TrainOptions& options);

}  // namespace chainrule
#pragma GCC visibility pop
