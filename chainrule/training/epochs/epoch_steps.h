// SPDX-License-Identifier: Apache-2.0
// The steps of an epoch. Internal.
#pragma once

#include <cstddef>

#include "chainrule/engine/dataset.h"
#include "chainrule/training/train.h"

namespace chainrule {

/// A training that goes on from `progress`, whose network it changes. All arguments must outlive it.
class EpochSteps {
 public:
  /// Throws Error as train() does for these rows and options.
  EpochSteps(TrainingProgress& progress, const Selection& training, const TrainOptions& options, std::size_t threads);

  /// Takes the remaining steps of epoch `epoch`, from 1; false if the observer stopped it. Throws Error as
  /// train_step().
  bool run(std::size_t epoch, const Observer& observer);
  /// The record of the finished epoch; the next one can then begin.
  EpochRecord record();
  /// Copies the optimizer's state to progress().
  void save_optimizer();

  TrainState& state() { return state_; }
  const TrainState& state() const { return state_; }
  TrainingProgress& progress() { return progress_; }

 private:
  TrainingProgress& progress_;
  Batcher batches_;
  TrainState state_;
};

/// Throws Error (usage, input) unless the rows fit the network and their numbers are finite.
void require_rows(const Network& network, const Selection& selection);

}  // namespace chainrule
