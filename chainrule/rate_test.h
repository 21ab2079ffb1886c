// SPDX-License-Identifier: Apache-2.0
// Which learning rate suits a training: a range test before it, and whether the rate it had was far from that.
#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "chainrule/fit.h"

namespace chainrule {

/// What a range test has seen.
struct RateTest {
  std::vector<double> rates;   ///< of its steps: from 1e-6 on, twenty to a decade
  std::vector<double> losses;  ///< after each step, of the same training rows, dropout left out
  double start_loss = 0;       ///< before the first step
  double least_loss = 0;       ///< the smallest of all
  bool diverged = false;       ///< ended because the loss had risen far above the first one
  /// A third of the rate at which nine tenths of the fall to the least loss were reached, of two digits; NaN where no
  /// rate lowers the loss by a fiftieth.
  double suggested = std::numeric_limits<double>::quiet_NaN();
};

/// Trains the network of these options for a few hundred steps with a learning rate that rises from step to step
/// (Smith 2017, "Cyclical Learning Rates for Training Neural Networks"), and looks at the loss of up to 512 training
/// rows. Depends on the seed, not on the threads. Throws Error: (usage) for rprop, which has no learning rate, else as
/// plan_fit(). Ends early where `should_stop` says so.
RateTest test_rates(const Table& table, const FitOptions& options, std::size_t threads = 0,
                    const std::function<bool()>& should_stop = {});

/// Multipliers of the learning rate of each layer's weights and biases, and what they are worth.
struct LayerRates {
  std::vector<double> weights, biases;  ///< for options.weight_multiplier and bias_multiplier, which are counted in
  std::size_t steps = 0;                ///< of each of the trainings compared
  double loss = 0, loss_with = 0;       ///< at their ends: as given, and with these multipliers
  bool better = false;                  ///< else they are what the options gave
};

/// Trains up to two epochs, 50 to 300 steps, at options.train.learning_rate, and compares how far each layer moves:
/// weights beside their norm, which should be alike in all layers (You, Gitman and Ginsburg 2017), biases beside what
/// the weights' changes do to z. Multipliers that bring them together are tried in trainings of as many steps: of
/// weights, of biases, of both; each by a power of 2 up to 16. They are better where the loss of the same training rows
/// ends lower by more than a fiftieth. Throws as test_rates().
LayerRates test_layer_rates(const Table& table, const FitOptions& options, std::size_t threads = 0,
                            const std::function<bool()>& should_stop = {});

/// The warning where a training went wrong by its learning rate: the loss rose above three times that of the start, or
/// it began to fall too late to get below half of that of the best constant answer, and a range test finds a rate that
/// is more than 5 times smaller, or larger. None where all is well, or where the rate is not to blame.
std::optional<std::string> warning_of_rate(const Table& table, const FitOptions& options, const FitResult& result,
                                           std::size_t threads = 0);

}  // namespace chainrule
