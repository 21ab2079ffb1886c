// SPDX-License-Identifier: Apache-2.0
// Records of a training, for progress lines, metrics files and reports.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "chainrule/metrics/metrics.h"

#pragma GCC visibility push(default)
namespace chainrule {

struct StepRecord {
  std::size_t epoch = 0;          ///< from 1
  std::size_t step_in_epoch = 0;  ///< from 1
  std::size_t steps_per_epoch = 0;
  std::uint64_t step = 0;  ///< from 1, over all epochs
  double loss = 0;         ///< mean over the batch, without decay
  double learning_rate = 0;
  double gradient_norm = 0;  ///< of the mean loss, before clipping
};

/// Statistics of W(l) or b(l), NaN if undefined.
struct ParameterHealth {
  double norm = std::numeric_limits<double>::quiet_NaN();  ///< Euclidean (Frobenius), before the step
  double gradient_norm =
      std::numeric_limits<double>::quiet_NaN();                    ///< of the mean loss, without decay, before clipping
  double update_ratio = std::numeric_limits<double>::quiet_NaN();  ///< norm(change) / norm; NaN if norm is 0
};

/// Statistics of one layer, counted as in the article: layer 1 is the inputs, layer L the outputs; W(l) and b(l) lead
/// from layer l to layer l + 1. NaN if undefined: the inputs have no activation, the outputs no W and b.
struct LayerHealth {
  double activation_mean = 0;       ///< of a(l), over rows and units
  double activation_deviation = 0;  ///< standard deviation of the same numbers (divided by their count)
  double saturated = std::numeric_limits<double>::quiet_NaN();  ///< fraction of a(l), in [0, 1]; |f'(z)| below 1 % of
                                                                ///< its largest value
  double dead = std::numeric_limits<double>::quiet_NaN();  ///< fraction of the units that are saturated on all rows
  ParameterHealth weights, biases;
};

struct HealthRecord {
  StepRecord step;
  std::vector<LayerHealth> layers;  ///< 1 ... L, as health.h counts them; a(l) before dropout
};

struct EpochRecord {
  std::size_t epoch = 0;     ///< from 1
  std::size_t epochs = 0;    ///< the requested number
  std::uint64_t step = 0;    ///< steps so far
  double learning_rate = 0;  ///< of the last step
  double training_loss = 0;  ///< mean over the epoch's rows, each computed with the weights of its step
  double decay_term = 0;     ///< lambda / 2 * sum of squared weights at the end of the epoch
  double gradient_norm = 0;  ///< of the last step, before clipping
  Metrics validation;        ///< "loss" first; empty without validation rows
  bool best = false;         ///< the best so far by the metric of early stopping
  bool lowers_rate = false;  ///< reduce-on-plateau lowers the learning rate after this epoch
};

enum class StopReason { epochs_done, early_stopping, interrupted };

struct History {
  std::vector<EpochRecord> epochs;  ///< finished epochs
  StopReason stop = StopReason::epochs_done;
  std::size_t best_epoch = 0;    ///< the epoch whose weights were kept, from 1; 0 = the last weights
  std::uint64_t steps = 0;       ///< finished steps
  std::string monitored_metric;  ///< the metric that decided which epoch is best; "" without validation rows
};

}  // namespace chainrule
#pragma GCC visibility pop
