// SPDX-License-Identifier: Apache-2.0
// Trial runs: the first steps of a training, with a learning rate for each step. Internal to rates/.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "chainrule/engine/train_step.h"
#include "chainrule/training/fit.h"

namespace chainrule {

inline constexpr double kWorthwhile = 0.02;  ///< relative difference in loss; less may be chance

/// The rows of the training, used by several trial runs. Plan and data must outlive it.
class TrialRunRows {
 public:
  /// Throws Error (usage) for rprop, which has no learning rate.
  TrialRunRows(const FitPlan& plan, const FitData& data, const FitOptions& options);

  const FitPlan& plan() const { return plan_; }
  const Architecture& architecture() const { return architecture_; }
  /// The training rows, and up to 512 of them to measure the loss.
  const Selection& training() const { return training_; }
  const Selection& some() const { return some_; }
  /// Up to 512 rows that are not training rows; some() if there are none.
  const Selection& others() const { return others_.rows.empty() ? some_ : others_; }

 private:
  const FitPlan& plan_;
  Architecture architecture_;
  Selection training_, some_, others_;
};

class TrialRun {
 public:
  /// Starts with a new network of this architecture. `rows` must outlive it.
  TrialRun(const TrialRunRows& rows, const Architecture& architecture, const FitOptions& options, std::size_t threads);
  TrialRun(const TrialRun&) = delete;
  TrialRun& operator=(const TrialRun&) = delete;

  /// A step on a batch of the training, but at most 4,096 rows. Throws Error (numerics) if numbers of the step are not
  /// finite.
  void step(double rate);
  /// Mean over these rows, without dropout.
  double loss(const Selection& rows) const;
  /// Two epochs, but at least 50 and at most 300 steps.
  std::size_t steps_to_take() const;
  const Parameters& parameters() const { return network_.parameters; }
  const Architecture& architecture() const { return network_.architecture; }
  /// Root mean square of the inputs of layer l (from 0) in the last step.
  double fed(std::size_t l);

 private:
  TrainOptions options_;
  Network network_;
  Batcher batches_;
  TrainState state_;
  ConstMatrixView inputs_;  // of the last step
  std::size_t steps_ = 0;
  std::vector<std::size_t> order_;
};

/// Loss of these rows after steps_to_take() steps at one rate; infinite if numbers of a step are not finite.
double loss_after_steps(TrialRun& trial, double rate, const Selection& rows, const std::function<bool()>& should_stop);

}  // namespace chainrule
