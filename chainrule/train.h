// SPDX-License-Identifier: Apache-2.0
// Training a network on rows: one step, and the loop over steps. Read train.cpp first: train_step is the whole subject.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/dataset.h"
#include "chainrule/history.h"
#include "chainrule/loss.h"
#include "chainrule/network.h"
#include "chainrule/optimizer.h"
#include "chainrule/schedule.h"

namespace chainrule {

/// Everything here changes results.
struct TrainOptions {
  Loss loss;
  Optimizer optimizer = Adam{};
  double learning_rate = 0.001;  ///< alpha > 0
  Schedule schedule;
  double weight_decay = 0;      ///< lambda >= 0, on weights only
  double clip_norm = 0;         ///< gradients longer than this are scaled down to it; 0 = never
  std::size_t epochs = 100;     ///< >= 1
  std::size_t batch_size = 32;  ///< rows per step; 0 = all of them
  bool shuffle = true;          ///< a fresh order every epoch
  std::uint64_t seed = 1;
  std::string metric = "loss";       ///< watched on the validation rows; see metric_names()
  std::size_t patience = 0;          ///< epochs without a better metric before training stops; 0 = never. Without
                                     ///< validation rows the training loss is watched
  double min_delta = 0;              ///< what counts as better
  bool restore_best = true;          ///< end with the weights of the best epoch, where there are validation rows
  std::size_t plateau_patience = 0;  ///< epochs without a better metric before the learning rate is lowered; 0 = never
  double plateau_factor = 0.1;       ///< by what it is multiplied then, in (0, 1)
};

/// Throws Error (usage) that names the option, its value and its range.
void validate(const TrainOptions& options);

/// What a step reads and writes.
struct TrainState {
  TrainState(Network& n, const TrainOptions& o, std::size_t most_rows, std::size_t threads = 1);

  Network& network;
  const TrainOptions& options;
  Workspace work;
  Parameters gradients;  ///< of the mean loss, decay left out; the weights' may be missing where no norm is measured
  std::vector<Parameters> of_shares;  ///< the same of each further share of a batch, where a step adds them up
  Parameters first, second;           ///< the optimiser's memory; second is empty for optimisers that need one
  std::uint64_t step = 0;             ///< finished steps
  double learning_rate = 0;           ///< of the step at hand, schedule included
  bool measure_norm = true;  ///< whether a step keeps its gradients and measures their norm; clipping does so anyway
  double gradient_norm = 0;  ///< of the last step that measured it, before clipping
  std::size_t epoch = 0;     ///< from 1; 0 outside of train()
};

/// One update of the network from one batch; returns the mean loss of the batch before it. Throws Error (numerics) when
/// loss or gradient is not finite; the network then still holds the weights from before the step.
double train_step(TrainState& state, const Batch& batch);

/// Rows of a step, of so many.
std::size_t rows_per_batch(const TrainOptions& options, std::size_t rows);
/// Of the same.
std::size_t steps_per_epoch(const TrainOptions& options, std::size_t rows);
/// In which order an epoch (from 1) takes the rows.
std::vector<std::size_t> epoch_order(const TrainOptions& options, std::size_t rows, std::size_t epoch);

/// lambda / 2 * sum of squared weights, multipliers counted (M5; (6), (7)): what the objective has beside the mean
/// loss.
double decay_term(const Parameters& parameters, double weight_decay);

/// Trains until the epochs are done, patience ends, or the observer says stop; the network ends with the best weights
/// seen on the validation rows (options.restore_best) or with the last ones. Throws Error (numerics) when training
/// diverges; the network then holds the best (or last finite) weights of a finished epoch. `threads` compute together,
/// here and below: 0 = as many as this process may use. No bit of a result depends on how many they are.
History train(Network& network, const Selection& training, const Selection& validation, const TrainOptions& options,
              const Observer& observer = {}, std::size_t threads = 0);

/// Loss (mean over rows, weights of the loss counted) as metric "loss", then what compute_metrics() gives.
Metrics evaluate(const Network& network, const Loss& loss, const Selection& rows, std::size_t threads = 0,
                 std::string_view also = {}, std::optional<double> threshold = {});
/// The loss of each row, its weight left out; outputs: a(L), (rows.rows.size() x outputs), the link not applied.
std::vector<double> losses_of_rows(const Loss& loss, ConstMatrixView outputs, const Selection& rows);

/// a(L) of these rows, the link not applied: (rows.size() x outputs).
Matrix predict_outputs(const Network& network, const Selection& rows, std::size_t threads = 0);
/// Predictions (link applied) of these rows: (rows.size() x outputs).
Matrix predict(const Network& network, const Loss& loss, const Selection& rows, std::size_t threads = 0);

}  // namespace chainrule
