// SPDX-License-Identifier: Apache-2.0
// Problems of a trained model: findings, each with its value, the bound that it exceeds, why it hurts, and options that
// help. Bounds are rules of thumb with their source, not theorems. remedies.h trains again to see which finding is the
// cause.
#pragma once

#include <cstddef>
#include <limits>
#include <string_view>
#include <vector>

#include "chainrule/base/message.h"
#include "chainrule/training/diagnosis/examination.h"

namespace chainrule {

// The bounds. Those without a source are ours, chosen so that trainings that work stay clear of them. Those of the
// network's inside count only while more than kLearned of the baseline's loss remains.
inline constexpr double kLargeInput = 10;         ///< root mean square of an input; 1 after standard scaling
inline constexpr double kSmallInput = 0.01;       ///< standard deviation of an input that is not constant
inline constexpr double kSmallInputs = 0.1;       ///< root mean square of all inputs
inline constexpr double kOutOfReach = 0.05;       ///< fraction of rows with a target that the output cannot produce
inline constexpr double kLargeTarget = 10;        ///< root mean square of the targets; 1 after standard scaling
inline constexpr double kSmallTarget = 0.01;      ///< standard deviation of the targets
inline constexpr double kFarStart = 3;            ///< loss at the start, in baseline losses
inline constexpr double kStuckTooMany = 0.5;      ///< fraction of an output's rows
inline constexpr double kSaturatedTooMany = 0.8;  ///< fraction of a hidden layer's values; sigmoid and tanh
inline constexpr double kDeadTooMany = 0.4;       ///< fraction of a layer's units; activations that are flat below 0
/// Rule of thumb: an update of 1e-3 of the weights' norm (Karpathy, CS231n, Neural Networks Part 3, 2015).
inline constexpr double kUpdateUsual = 1e-3, kUpdateTooHigh = 0.1, kUpdateTooLow = 1e-4;
inline constexpr double kVanishing = 5e-3;          ///< norm of a layer's gradient / the largest one of a layer above
inline constexpr double kNoBetter = 0.98;           ///< what remains of the baseline's loss
inline constexpr double kNotLearned = 0.5;          ///< the same, above which small updates are a problem
inline constexpr std::size_t kRowsThatTell = 20;    ///< minimum rows of a class for the finding "never predicted"
inline constexpr double kFractionThatTells = 0.01;  ///< and their minimum fraction of all rows

enum class FindingKind {
  inputs_constant,
  training_differs,
  inputs_not_scaled,
  targets_out_of_reach,
  targets_not_scaled,
  start_too_large,
  output_stuck,
  saturated,
  dead,
  gradient_vanishing,
  update_too_high,
  option_harmful,
  update_too_low,
  class_never_predicted,
  loss_not_better
};

/// "inputs_constant" ...
std::string_view finding_name(FindingKind kind);

/// Options to train again with. "preset" among them: with this preset and no other option of the network or training.
using Remedy = std::vector<NamedOption>;

/// One problem.
struct Finding {
  FindingKind kind = FindingKind::inputs_not_scaled;
  std::size_t layer = 0;        ///< from 1, as LayerHealth counts; 0 = the whole network
  double value = 0, bound = 0;  ///< the number, and the bound that it exceeds
  Message problem;              ///< what was measured, and why it hurts
  Message advice;               ///< what to do
  /// What to try, the most promising first; empty if no option helps. A remedy that was tried and helped is the only
  /// one.
  std::vector<Remedy> remedies = {};
  /// What remained of the baseline's loss, on validation rows, after a training with the remedy; NaN = not tried.
  double after_remedy = std::numeric_limits<double>::quiet_NaN();
};

/// The findings, causes first; empty if there is no problem. They may blame the inside of a network that learned what
/// there is to learn: the diagnose() of remedies.h tells by training again.
std::vector<Finding> diagnose(const Examination& examination);
/// The same without that, for reports, which train nothing again: in a network that is better than the baseline only
/// its outputs are judged.
std::vector<Finding> certain_findings(const Examination& examination);

/// "train again with A and B".
Message advice_of(const Remedy& remedy);

}  // namespace chainrule
