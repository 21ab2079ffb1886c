// SPDX-License-Identifier: Apache-2.0
// Early stopping: finds the best epoch, and decides when to stop or lower the learning rate. Internal.
#pragma once

#include <cstddef>

#include "chainrule/training/train.h"

namespace chainrule {

/// Throws Error (usage) if the metric is unknown, or needs rows to judge by and there are none.
void validate_metric(const TrainOptions& options, bool is_judged);

/// Adds a finished epoch, and marks its record if it is the best so far. Throws Error (usage) if the record lacks the
/// metric.
void add_epoch(EarlyStopping& stopping, const TrainOptions& options, EpochRecord& record, const Network& network);

/// Whether patience has run out.
bool should_stop(const EarlyStopping& stopping, const TrainOptions& options);

/// The epoch whose weights the training returns, from 1; 0 = the last weights.
std::size_t restored_epoch(const TrainingProgress& progress, const TrainOptions& options);

}  // namespace chainrule
