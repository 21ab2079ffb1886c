// SPDX-License-Identifier: Apache-2.0
// Who listens to a training.
#pragma once

#include <cstddef>
#include <functional>

#include "chainrule/engine/train_step.h"
#include "chainrule/training/history.h"

#pragma GCC visibility push(default)
namespace chainrule {

struct TrainingProgress;

/// News from a training. The library prints nothing: whoever wants to see, listens. Any member may be empty.
struct Observer {
  /// Before each step, with its learning rate: may look at the network and set state.learning_rate for this step.
  std::function<void(TrainState& state)> before_step;
  std::function<void(const StepRecord&)> on_step;
  std::function<void(const EpochRecord&)> on_epoch;
  std::function<bool()> should_stop;  ///< asked after each step; true ends the training as if it were done
  /// After every `health_every`-th step, which keeps its gradients; no bit of the training depends on it. 0 = never.
  std::function<void(const HealthRecord&)> on_health;
  std::size_t health_every = 0;
  /// Asked after each step; where it says true, on_progress gets what the training has come to.
  std::function<bool()> wants_progress;
  std::function<void(const TrainingProgress&)> on_progress;
};

}  // namespace chainrule
#pragma GCC visibility pop
