// SPDX-License-Identifier: Apache-2.0
// What ails a trained model: its statistics on some rows, and the judgements that follow from them, each with its
// number, the bound that it passes, and what would help. Bounds are rules of thumb, not theorems: each says whose.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/engine/dataset.h"
#include "chainrule/metrics/baseline_loss.h"
#include "chainrule/model/model.h"
#include "chainrule/training/health.h"

#pragma GCC visibility push(default)
namespace chainrule {

struct InputHealth {
  std::string name;                 ///< of the column; "" for a pixel
  double mean = 0, deviation = 0;   ///< after the encoder, over the rows
  double root_mean_square() const;  ///< its magnitude
};

struct ClassHealth {
  std::string label;
  std::size_t rows = 0, predicted = 0;  ///< how many have it, how many are taken for it
};

/// What a rehearsal of an epoch found. Nothing in it is changed by diagnose().
struct Examination {
  Architecture architecture;
  std::vector<LayerHealth> layers;   ///< 1 ... L, over all steps
  std::vector<InputHealth> inputs;   ///< S_1
  std::vector<ClassHealth> classes;  ///< empty for a number
  std::size_t rows = 0, batch_size = 0, steps = 0;
  std::string optimizer;
  bool zero_output = false;  ///< W(L-1) started at 0: its norm, and how a step compares with that, tell little
  double learning_rate = 0;
  double loss = 0;          ///< mean over the rows, as evaluate() takes it
  double trivial_loss = 0;  ///< of the best answer that is the same for every row
};

/// Takes the rows as an epoch of training with the model's configuration would, in shuffled batches, without dropout:
/// forward, backward and an update each, at the configured learning rate before any schedule, after which the weights
/// are put back and only the optimiser's memory stays. The model is not changed. `data`: what encode() made of the
/// rows, with target; sample weights count once they have mean 1. Throws Error: (input) for no rows, (numerics) where
/// loss or gradient is not finite, and as options_from() for a configuration that it does not know.
Examination examine(const Model& model, Dataset data, std::size_t threads = 0);

// The bounds. Ours, where no source stands beside them: chosen so that trainings that work stay clear of them.
inline constexpr double kLargeInput = 10;         ///< root mean square of an input; standardised, it is 1
inline constexpr double kSmallInput = 0.01;       ///< standard deviation of an input that is not constant
inline constexpr double kSmallInputs = 0.1;       ///< root mean square of all inputs
inline constexpr double kSaturatedTooMany = 0.9;  ///< share of a hidden layer's values; sigmoid and tanh
inline constexpr double kDeadTooMany = 0.2;       ///< share of a layer's units; the activations that are flat below 0
/// The rule of thumb is an update of 1e-3 of the weights' norm (Karpathy, CS231n, Neural Networks Part 3, 2015).
inline constexpr double kUpdateUsual = 1e-3, kUpdateTooHigh = 0.1, kUpdateTooLow = 1e-5;
inline constexpr double kVanishing = 1e-3;       ///< norm of a layer's gradient beside the largest one of a layer above
inline constexpr double kNoBetter = 0.98;        ///< loss beside the trivial one
inline constexpr double kNotLearned = 0.5;       ///< loss beside the trivial one above which small updates are a defect
inline constexpr std::size_t kRowsThatTell = 5;  ///< of a class, before it counts that it is never predicted

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

/// One judgement.
struct Finding {
  FindingKind kind = FindingKind::inputs_not_scaled;
  std::size_t layer = 0;        ///< from 1, as LayerHealth counts; 0 = of the whole network
  double value = 0, bound = 0;  ///< the number, and what it passes
  std::string problem, advice;  ///< a sentence each
};

/// The judgements, causes first; none when nothing is wrong. Where units are saturated or dead, vanishing gradients and
/// small updates follow from that and are not told again.
std::vector<Finding> diagnose(const Examination& examination);

}  // namespace chainrule
#pragma GCC visibility pop
