// SPDX-License-Identifier: Apache-2.0
// The beginning of a training, step by step, with a learning rate of its own for each. Internal to rate_test*.cpp.
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "chainrule/fit.h"

namespace chainrule {

class Rehearsal {
 public:
  /// Throws Error: (usage) for rprop, which has no learning rate, else as plan_fit().
  Rehearsal(const Table& table, const FitOptions& options, std::size_t threads);
  Rehearsal(const Rehearsal&) = delete;
  Rehearsal& operator=(const Rehearsal&) = delete;

  /// Throws Error (numerics) where the step has no finite numbers.
  void step(double rate);
  /// Mean over up to 512 of the training rows, always the same; dropout left out.
  double loss() const;
  std::size_t steps_per_epoch() const { return batches_.batches(); }
  const Parameters& parameters() const { return network_.parameters; }
  const Architecture& architecture() const { return network_.architecture; }
  /// Root mean square of what layer l (from 0) was fed in the last step.
  double fed(std::size_t l);

 private:
  std::size_t batch_size() const;
  std::vector<std::size_t> epoch(std::size_t number) const;

  FitPlan plan_;
  Dataset data_;
  Selection training_, watched_;
  TrainOptions options_;
  Network network_;
  Batcher batches_;
  TrainState state_;
  ConstMatrixView inputs_;  // of the last step
  std::size_t threads_, steps_ = 0;
  std::vector<std::size_t> order_;
};

}  // namespace chainrule
