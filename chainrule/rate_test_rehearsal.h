// SPDX-License-Identifier: Apache-2.0
// Beginnings of a training, step by step, with a learning rate of its own for each. Internal to rate_test*.cpp.
#pragma once

#include <functional>
#include <vector>

#include "chainrule/fit.h"

namespace chainrule {

inline constexpr double kWorthwhile = 0.02;  ///< a difference in loss, beside the loss: less may be chance

/// What several rehearsals share: the rows as the training has them. It must not move.
class RehearsalRows {
 public:
  /// `validation`: the table that is watched instead of held-out rows, or nullptr. Throws Error: (usage) for rprop,
  /// which has no learning rate, else as plan_fit().
  RehearsalRows(const Table& table, const FitOptions& options, const Table* validation);
  RehearsalRows(const RehearsalRows&) = delete;
  RehearsalRows& operator=(const RehearsalRows&) = delete;

  const FitPlan& plan() const { return plan_; }
  /// Those that train, and up to 512 of them whose loss is looked at.
  const Selection& training() const { return training_; }
  const Selection& some() const { return some_; }
  /// Up to 512 rows that do not train; where there are none, some().
  const Selection& others() const { return others_.rows.empty() ? some_ : others_; }

 private:
  FitPlan plan_;
  Dataset data_, validation_;
  Selection training_, some_, others_;
};

class Rehearsal {
 public:
  /// A fresh network of this architecture. `rows` must outlive it.
  Rehearsal(const RehearsalRows& rows, const Architecture& architecture, const FitOptions& options,
            std::size_t threads);
  Rehearsal(const Rehearsal&) = delete;
  Rehearsal& operator=(const Rehearsal&) = delete;

  /// With a batch as the training has it, but of 4,096 rows at most. Throws Error (numerics) where the step has no
  /// finite numbers.
  void step(double rate);
  /// Mean over these rows, dropout left out.
  double loss(const Selection& rows) const;
  /// Two epochs, but 50 to 300 steps.
  std::size_t steps_to_take() const;
  const Parameters& parameters() const { return network_.parameters; }
  const Architecture& architecture() const { return network_.architecture; }
  /// Root mean square of what layer l (from 0) was fed in the last step.
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

/// Loss of these rows after steps_to_take() steps at one rate; infinite where a step has no finite numbers.
double loss_after_steps(Rehearsal& trial, double rate, const Selection& rows, const std::function<bool()>& should_stop);

}  // namespace chainrule
