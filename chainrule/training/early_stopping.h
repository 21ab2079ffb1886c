// SPDX-License-Identifier: Apache-2.0
// Early stopping: finds the best epoch, and decides when to stop or lower the learning rate.
#pragma once

#include <cstddef>

#include "chainrule/engine/network.h"
#include "chainrule/engine/train_options.h"
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

/// Throws Error (usage) if the metric is unknown, or needs validation rows and there are none.
void validate_metric(const TrainOptions& options, bool has_validation);

/// Adds a finished epoch, and marks its record if it is the best so far. Throws Error (usage) if the record lacks the
/// metric.
void add_epoch(EarlyStopping& stopping, const TrainOptions& options, bool has_validation, EpochRecord& record,
               const Network& network);

/// Whether patience has run out.
bool should_stop(const EarlyStopping& stopping, const TrainOptions& options);

/// The epoch whose weights the training returns, from 1; 0 = the last weights.
std::size_t restored_epoch(const EarlyStopping& stopping, const TrainOptions& options, bool has_validation);

}  // namespace chainrule
#pragma GCC visibility pop
