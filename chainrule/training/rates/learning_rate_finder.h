// SPDX-License-Identifier: Apache-2.0
// Finds a learning rate by tests before a training.
#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <vector>

#include "chainrule/training/fit.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// Options of a range test; no result depends on `threads`.
struct LearningRateFinderOptions {
  std::size_t threads = 0;            ///< as for train()
  std::function<bool()> should_stop;  ///< called after each step; true ends the test early
};

/// The results of a range test.
struct LearningRateFinderResult {
  std::vector<double> rates;   ///< of its steps: from 1e-6 upwards, twenty per decade
  std::vector<double> losses;  ///< after each step, of the same training rows, without dropout
  double start_loss = 0;       ///< before the first step
  double minimum_loss = 0;     ///< the smallest loss
  bool diverged = false;       ///< the test ended because the loss rose far above start_loss
  /// A third of the rate that reaches nine tenths of the fall to the smallest loss, rounded to two digits. The fall
  /// counts from the loss at the start or from that of the baseline, whichever is less. NaN if no rate lowers the loss
  /// by 2 %.
  double suggested = std::numeric_limits<double>::quiet_NaN();
  /// The smallest and the largest suggestion of three such tests; this one has the median.
  double lowest = std::numeric_limits<double>::quiet_NaN(), highest = std::numeric_limits<double>::quiet_NaN();
};

/// Trains the network of these options for a few hundred steps with a learning rate that rises from step to step
/// (Smith 2017, "Cyclical Learning Rates for Training Neural Networks"). Each step uses a batch of up to 4,096 rows
/// and measures the loss of up to 512 training rows. Runs three times, with the seed and the next two seeds. Throws
/// Error: (usage) for rprop, which has no learning rate, else as plan_fit().
LearningRateFinderResult find_learning_rate(const FitPlan& plan, const FitData& data, const FitOptions& options,
                                            const LearningRateFinderOptions& how = {});

/// Multipliers of the learning rate of each layer's weights and biases, and their effect on the loss.
struct LayerRates {
  std::vector<double> weights, biases;  ///< new options.weight_multiplier and bias_multiplier; include the old ones
  std::size_t steps = 0;                ///< of each training compared
  double loss = 0, loss_with = 0;       ///< at their ends, with the given and with these multipliers; infinite if NaN
  bool better = false;                  ///< false: the multipliers are those of the options
};

/// Trains up to two epochs, 50 to 300 steps, at options.train.learning_rate, and compares how far each layer moves:
/// weights relative to their norm, which should be similar in all layers (You, Gitman and Ginsburg 2017); biases
/// relative to the effect of the weights' changes on z. Multipliers that equalize them, powers of 2 up to 16, are tried
/// in trainings of the same length: for weights, for biases, for both. They are better if the loss of the same training
/// rows ends more than 2 % lower. Throws as find_learning_rate().
LayerRates find_layer_rates(const FitPlan& plan, const FitData& data, const FitOptions& options,
                            const LearningRateFinderOptions& how = {});

}  // namespace chainrule
#pragma GCC visibility pop
