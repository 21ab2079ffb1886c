// SPDX-License-Identifier: Apache-2.0
// Callbacks from a training.
#pragma once

#include <cstddef>
#include <functional>

#include "chainrule/engine/train_step.h"
#include "chainrule/training/history.h"

#pragma GCC visibility push(default)
namespace chainrule {

struct TrainingProgress;

/// Callbacks for progress, since the library prints nothing. Any member may be empty.
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

}  // namespace chainrule
#pragma GCC visibility pop
