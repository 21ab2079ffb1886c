// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/learning_rates.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

namespace chainrule::cli {
namespace {

void take_rate(const Terminal& terminal, const LearningRateFinderResult& test, FitOptions& options) {
  double& rate = options.train.learning_rate;
  if (std::isnan(test.suggested)) {
    say(terminal, fmt::format("warning: a range test of {} steps found no learning rate that lowers the training "
                              "loss: keeping {}",
                              test.rates.size(), rate));
    return;
  }
  say(terminal, fmt::format("learning rate {} instead of {}: the median of three range tests ({} to {}); in the {} "
                            "steps of that test the "
                            "loss fell from {:.4g} to {:.4g}, mostly at rates up to {:.2g}",
                            test.suggested, rate, test.lowest, test.highest, test.rates.size(), test.start_loss,
                            test.minimum_loss, 3 * test.suggested));
  rate = test.suggested;
}

void take_layers(const Terminal& terminal, const LayerRates& layers, FitOptions& options) {
  if (!layers.better) {
    say(terminal, fmt::format("layer rates: unchanged; no multipliers that were tried gave a lower loss after {} steps",
                              layers.steps));
    return;
  }
  say(terminal, fmt::format("layer rates: --weight-multiplier {} --bias-multiplier {}; after {} steps the loss is "
                            "{:.4g} instead of {:.4g}",
                            fmt::join(layers.weights, ","), fmt::join(layers.biases, ","), layers.steps,
                            layers.loss_with, layers.loss));
  options.weight_multiplier = layers.weights;
  options.bias_multiplier = layers.biases;
}

}  // namespace

FoundLearningRates find_rates(const Arguments& arguments, const Terminal& terminal, const FitPlan& plan,
                              const FitData& data, FitOptions& options, const LearningRateFinderOptions& how) {
  FoundLearningRates found;
  if (arguments.is_true("find-learning-rate")) {
    say_more(terminal, "range test of the learning rate");
    found.test = find_learning_rate(plan, data, options, how);
    if (!how.should_stop()) take_rate(terminal, *found.test, options);
  }
  if (arguments.is_true("find-layer-rates") && !how.should_stop()) {
    say_more(terminal, "trial runs with multipliers of the learning rate");
    found.layers = find_layer_rates(plan, data, options, how);
    if (!how.should_stop()) take_layers(terminal, *found.layers, options);
  }
  return found;
}

Error with_found_rate(const Error& error, const FitPlan& plan, const FitData& data, const FitOptions& options,
                      const LearningRateFinderOptions& how) {
  if (std::holds_alternative<Rprop>(options.train.optimizer)) return error;
  try {
    const LearningRateFinderResult test = find_learning_rate(plan, data, options, how);
    if (!(test.suggested < options.train.learning_rate)) return error;
    return Error(error.category(), error.message(),
                 fmt::format("a range test suggests the learning rate {} (--find-learning-rate uses it); or clip the "
                             "gradient (--clip-norm 1)",
                             test.suggested));
  } catch (const Error&) {
    return error;  // report the first error
  }
}

}  // namespace chainrule::cli
