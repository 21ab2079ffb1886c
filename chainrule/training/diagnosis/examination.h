// SPDX-License-Identifier: Apache-2.0
// Examines a trained model: statistics of its layers, inputs and outputs on some rows, now and at the start of its
// training. findings.h judges them.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

#include "chainrule/engine/dataset.h"
#include "chainrule/model/model.h"
#include "chainrule/training/health.h"
#include "chainrule/training/options/fit_options.h"

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

/// One output of the network and its targets, as the loss sees them. Only for losses that compare them directly, as
/// half_squared_error does; a cross-entropy has its own link.
struct OutputHealth {
  std::string label;                              ///< of the class; "" for a number
  double target_minimum = 0, target_maximum = 0;  ///< over the rows
  double target_mean = 0, target_deviation = 0;   ///< over the rows
  std::size_t out_of_reach = 0;                   ///< rows whose target the output's activation cannot produce
  std::size_t rows = 0;                           ///< rows of this class; all rows for a number
  std::size_t stuck = 0;                          ///< of these, rows where the output is wrong and f'(z) is near 0
  double slope = 0;                               ///< mean |f'(z)| of the stuck rows
};

/// Statistics of one epoch as a trial run, and of the start: the input of diagnose().
struct Examination {
  Architecture architecture;
  std::vector<LayerHealth> layers;    ///< 1 ... L, over all steps
  std::vector<InputHealth> inputs;    ///< one per input, S_1 in all
  std::vector<ClassHealth> classes;   ///< empty for a number
  std::vector<OutputHealth> outputs;  ///< one per output; empty if the loss has a link
  std::size_t rows = 0, batch_size = 0, steps = 0;
  FitOptions options;         ///< of the training; the defaults for a model without a configuration
  bool is_configured = true;  ///< false: the model has no configuration
  double loss = 0;            ///< mean over the rows, as evaluate() takes it
  double baseline_loss = 0;   ///< of the baseline: the best prediction that is the same for every row
  double minimum_loss = 0;    ///< of perfect predictions
  /// The same at the start, with the initial weights of the configuration: statistics (empty if its numbers overflow)
  /// and loss (infinite then; NaN if the start was not examined, because the network has learned or is not configured).
  std::vector<LayerHealth> start_layers;
  double start_loss = std::numeric_limits<double>::quiet_NaN();

  /// What is left of the baseline's loss, both above the minimum: 1 is no better than the baseline, 0 is perfect.
  double remaining(double its_loss) const;
  double remaining() const { return remaining(loss); }
};

/// Runs an epoch as the model's configuration would train it, in shuffled batches, without dropout. Each step is
/// forward, backward and an update at the configured learning rate without the schedule. After each step the weights
/// are restored; only the optimizer state stays. The model does not change. A network whose loss is above a tenth of
/// the baseline's is also examined with its initial weights. `data`: the rows as encode() returns them, with targets;
/// sample weights are scaled to mean 1. Throws Error: (input) for no rows, (numerics) if loss or gradient is not
/// finite, and as options_from() for an unknown configuration.
Examination examine(const Model& model, Dataset data, std::size_t threads = 0);

/// What remains of the baseline's loss below which the network has learned, so that odd numbers inside do no harm.
inline constexpr double kLearned = 0.1;

}  // namespace chainrule
