// SPDX-License-Identifier: Apache-2.0
// Watches a training from epoch to epoch: which weights were best, whether patience is at its end, whether the learning
// rate should fall.
#pragma once

#include <cstddef>
#include <string>

#include "chainrule/engine/network.h"
#include "chainrule/training/history.h"
#include "chainrule/training/train.h"

namespace chainrule {

/// With validation rows the metric of the options decides. Without, the training loss does, and only for patience and
/// the learning rate: the weights kept are then always the last ones.
class Watch {
 public:
  /// Throws Error (usage) when the metric is unknown or needs validation rows that are not there.
  Watch(const TrainOptions& options, const Network& network, bool has_validation);

  const std::string& metric() const { return options_.metric; }
  /// What reduce-on-plateau multiplies the learning rate by, for the coming epoch.
  double rate_factor() const { return rate_factor_; }
  /// Takes in a finished epoch, marks the record when it is the best so far; false when training should stop.
  bool look(EpochRecord& record, const Network& network);
  /// Ends the training: puts the best weights back where that is wanted. Returns their epoch, or 0 for the last
  /// weights.
  std::size_t finish(Network& network);
  /// After a failure: the weights of the best, or last, finished epoch (the start when there was none).
  void restore(Network& network) const { network.parameters = kept_; }

 private:
  bool keeps_best() const { return has_validation_ && options_.restore_best; }

  const TrainOptions& options_;
  bool has_validation_;
  bool larger_is_better_;
  Parameters kept_;
  double best_ = 0;
  std::size_t best_epoch_ = 0, without_better_ = 0, on_plateau_ = 0;
  double rate_factor_ = 1;
};

}  // namespace chainrule
