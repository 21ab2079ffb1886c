// SPDX-License-Identifier: Apache-2.0
// Early stopping: which epoch was best, whether patience has run out, whether the learning rate should fall.
#pragma once

#include <cstddef>

#include "chainrule/engine/network.h"
#include "chainrule/engine/train_options.h"
#include "chainrule/training/history.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// Where early stopping stands after some epochs, as plain data. With validation rows the metric of the options
/// decides. Without, the training loss does, and only for patience and the learning rate: the weights kept are then
/// always the last ones.
struct EarlyStopping {
  double best = 0;                        ///< value of the metric in the best epoch
  std::size_t best_epoch = 0;             ///< from 1; 0 = no epoch has finished
  std::size_t epochs_without_better = 0;  ///< what patience counts
  std::size_t epochs_on_plateau = 0;      ///< the same since the learning rate was last lowered
  double rate_factor = 1;                 ///< what reduce-on-plateau multiplies the learning rate by
  Parameters kept;                        ///< to go back to: of the best epoch or of the last one; at first the start
};

/// Throws Error (usage) when the metric needs validation rows and there are none, or is unknown.
void validate_metric(const TrainOptions& options, bool has_validation);

/// Takes in a finished epoch and marks its record when it is the best so far. Throws Error (usage) when the record does
/// not have the metric.
void add_epoch(EarlyStopping& stopping, const TrainOptions& options, bool has_validation, EpochRecord& record,
               const Network& network);

/// Whether patience has run out.
bool should_stop(const EarlyStopping& stopping, const TrainOptions& options);

/// The epoch whose weights a training ends with, from 1; 0 = the last weights.
std::size_t restored_epoch(const EarlyStopping& stopping, const TrainOptions& options, bool has_validation);

}  // namespace chainrule
#pragma GCC visibility pop
