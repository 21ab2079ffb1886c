// SPDX-License-Identifier: Apache-2.0
// Which learning rate suits a training: a range test before it, and whether the rate it had was far from that.
#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "chainrule/training/fit.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// How a test is made; no result depends on `threads`.
struct RateTestOptions {
  std::size_t threads = 0;            ///< as for train()
  std::function<bool()> should_stop;  ///< asked after each step: ends the test early
};

/// What a range test has seen.
struct RateTest {
  std::vector<double> rates;   ///< of its steps: from 1e-6 on, twenty to a decade
  std::vector<double> losses;  ///< after each step, of the same training rows, dropout left out
  double start_loss = 0;       ///< before the first step
  double least_loss = 0;       ///< the smallest of all
  bool diverged = false;       ///< ended because the loss had risen far above the first one
  /// A third of the rate at which nine tenths of the fall to the least loss were reached, of two digits. The fall
  /// counts from the loss at the start, or, where that is less, from that of the best constant answer. NaN where no
  /// rate lowers the loss by a fiftieth.
  double suggested = std::numeric_limits<double>::quiet_NaN();
  /// The least and the largest suggestion of three such tests, of which this one has the median.
  double lowest = std::numeric_limits<double>::quiet_NaN(), highest = std::numeric_limits<double>::quiet_NaN();
};

/// Trains the network of these options for a few hundred steps with a learning rate that rises from step to step
/// (Smith 2017, "Cyclical Learning Rates for Training Neural Networks"), each on a batch of at most 4,096 rows, and
/// looks at the loss of up to 512 training rows; so three times, with the seed and the two after it. Throws Error:
/// (usage) for rprop, which has no learning rate, else as plan_fit().
RateTest test_rates(const FitPlan& plan, const FitData& data, const FitOptions& options,
                    const RateTestOptions& how = {});

/// Multipliers of the learning rate of each layer's weights and biases, and what they are worth.
struct LayerRates {
  std::vector<double> weights, biases;  ///< for options.weight_multiplier and bias_multiplier, which are counted in
  std::size_t steps = 0;                ///< of each of the trainings compared
  double loss = 0, loss_with = 0;       ///< at their ends: as given, and with these multipliers; infinite: no number
  bool better = false;                  ///< else they are what the options gave
};

/// Trains up to two epochs, 50 to 300 steps, at options.train.learning_rate, and compares how far each layer moves:
/// weights beside their norm, which should be alike in all layers (You, Gitman and Ginsburg 2017), biases beside what
/// the weights' changes do to z. Multipliers that bring them together are tried in trainings of as many steps: of
/// weights, of biases, of both; each by a power of 2 up to 16. They are better where the loss of the same training rows
/// ends lower by more than a fiftieth. Throws as test_rates().
LayerRates test_layer_rates(const FitPlan& plan, const FitData& data, const FitOptions& options,
                            const RateTestOptions& how = {});

/// What tests before the training found.
struct FoundRates {
  std::optional<RateTest> test;
  std::optional<LayerRates> layers;
};

/// The warning where a training of 3 epochs and 20 steps or more went wrong by its learning rate. Its mean loss was, in
/// the first quarter of its epochs, above three times what it was at the start, or it began to fall too late to come
/// half the way from the best constant answer to the least that the loss can be; a range test finds a rate that is more
/// than 5 times smaller, or larger; and in rehearsals of equal length, that one takes the loss of other rows down at
/// least twice as far. None where all is well, none where the rate is not to blame, and none where asking would take
/// more multiplications than the training and more than 1e11.
std::optional<Note> warning_of_rate(const FitPlan& plan, const FitData& data, const FitOptions& options,
                                    const FitResult& result, const RateTestOptions& how = {});

}  // namespace chainrule
#pragma GCC visibility pop
