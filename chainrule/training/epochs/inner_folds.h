// SPDX-License-Identifier: Apache-2.0
// Judges each epoch by folds of the training rows, where the validation rows are too few to do so. Internal.
#pragma once

#include <cstddef>
#include <deque>

#include "chainrule/training/epochs/epoch_steps.h"

namespace chainrule {

/// The folds that judge a training; 0 without folds in the options, or with fewer than two rows.
std::size_t inner_fold_count(const TrainOptions& options, const Selection& training);

/// Networks beside a training, each of which is trained on all training rows but one fold, and judged by that fold.
class InnerFolds {
 public:
  /// At the first epoch, all networks start as the one in `progress`, which keeps their state. The
  /// arguments must outlive it. Throws Error as train() does.
  InnerFolds(TrainingProgress& progress, const Selection& training, const TrainOptions& options, std::size_t threads);

  std::size_t count() const { return folds_.size(); }
  /// Trains each network for the epoch, from 1, with the learning rate of the training. Throws Error as train_step().
  void run(std::size_t epoch);
  /// The loss and the metric of the options, each the mean over the rows of all folds where it is defined.
  Metrics judge() const;
  /// Copies the state of the optimizers to the progress of the training.
  void save_optimizers();

 private:
  struct Fold {
    Fold(TrainingProgress& progress, Selection training, Selection rest, const TrainOptions& options,
         std::size_t threads)
        : others(std::move(training)), rows(std::move(rest)), steps(progress, others, options, threads) {}
    Selection others, rows;
    EpochSteps steps;
  };

  TrainingProgress& progress_;
  const TrainOptions& options_;
  std::size_t threads_, rows_;
  std::deque<Fold> folds_;
};

}  // namespace chainrule
