// SPDX-License-Identifier: Apache-2.0
// Finds problems of a trained model: statistics on some rows, and findings, each with its value, the bound that it
// exceeds, and advice. Bounds are rules of thumb with their source, not theorems.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/engine/dataset.h"
#include "chainrule/metrics/baseline_loss.h"
#include "chainrule/model/model.h"
#include "chainrule/training/health.h"

namespace chainrule {

struct InputHealth {
  std::string name;                 ///< of the column; "" for a pixel
  double mean = 0, deviation = 0;   ///< after the encoder, over the rows
  double root_mean_square() const;  ///< magnitude of the input
};

struct ClassHealth {
  std::string label;
  std::size_t rows = 0, predicted = 0;  ///< rows of this class, rows predicted as this class
};

/// The statistics of one epoch as a trial run: the input of diagnose().
struct Examination {
  Architecture architecture;
  std::vector<LayerHealth> layers;   ///< 1 ... L, over all steps
  std::vector<InputHealth> inputs;   ///< one per input, S_1 in all
  std::vector<ClassHealth> classes;  ///< empty for a number
  std::size_t rows = 0, batch_size = 0, steps = 0;
  std::string optimizer;
  bool zero_output = false;  ///< W(L-1) started at 0, so its norm and its update ratio are not judged
  double learning_rate = 0;
  double loss = 0;           ///< mean over the rows, as evaluate() takes it
  double baseline_loss = 0;  ///< of the baseline: the best prediction that is the same for every row
};

/// Runs an epoch as the model's configuration would train it, in shuffled batches, without dropout. Each step is
/// forward, backward and an update at the configured learning rate without the schedule. After each step the weights
/// are restored; only the optimizer state stays. The model does not change. `data`: the rows as encode() returns them,
/// with targets; sample weights are scaled to mean 1. Throws Error: (input) for no rows, (numerics) if loss or gradient
/// is not finite, and as options_from() for an unknown configuration.
Examination examine(const Model& model, Dataset data, std::size_t threads = 0);

// The bounds. Those without a source are ours, chosen so that trainings that work stay clear of them.
inline constexpr double kLargeInput = 10;         ///< root mean square of an input; 1 after standard scaling
inline constexpr double kSmallInput = 0.01;       ///< standard deviation of an input that is not constant
inline constexpr double kSmallInputs = 0.1;       ///< root mean square of all inputs
inline constexpr double kSaturatedTooMany = 0.9;  ///< fraction of a hidden layer's values; sigmoid and tanh
inline constexpr double kDeadTooMany = 0.2;       ///< fraction of a layer's units; activations that are flat below 0
/// Rule of thumb: an update of 1e-3 of the weights' norm (Karpathy, CS231n, Neural Networks Part 3, 2015).
inline constexpr double kUpdateUsual = 1e-3, kUpdateTooHigh = 0.1, kUpdateTooLow = 1e-5;
inline constexpr double kVanishing = 1e-3;       ///< norm of a layer's gradient / the largest one of a layer above
inline constexpr double kNoBetter = 0.98;        ///< loss / baseline loss
inline constexpr double kNotLearned = 0.5;       ///< loss / baseline loss above which small updates are a problem
inline constexpr std::size_t kRowsThatTell = 5;  ///< minimum rows of a class for the finding "never predicted"

enum class FindingKind {
  inputs_not_scaled,
  saturated,
  dead,
  gradient_vanishing,
  update_too_high,
  update_too_low,
  class_never_predicted,
  loss_not_better
};

/// "inputs_not_scaled" ...
std::string_view finding_name(FindingKind kind);

/// One problem.
struct Finding {
  FindingKind kind = FindingKind::inputs_not_scaled;
  std::size_t layer = 0;        ///< from 1, as LayerHealth counts; 0 = the whole network
  double value = 0, bound = 0;  ///< the number, and the bound that it exceeds
  std::string problem, advice;  ///< a sentence each
};

/// The findings, causes first; empty if there is no problem. Saturated or dead units cause vanishing gradients and
/// small updates, which are then not reported.
std::vector<Finding> diagnose(const Examination& examination);

}  // namespace chainrule
