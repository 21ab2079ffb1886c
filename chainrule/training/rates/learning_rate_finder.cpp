// SPDX-License-Identifier: Apache-2.0
#include "chainrule/training/rates/learning_rate_finder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "chainrule/base/elementary.h"
#include "chainrule/base/error.h"
#include "chainrule/base/text.h"
#include "chainrule/metrics/baseline_loss.h"
#include "chainrule/training/rates/trial_run.h"

namespace chainrule {
namespace {

constexpr double kFirstRate = 1e-6, kLastRate = 1e5;
constexpr double kFactor = 1.1220184543019633;          // 10^(1/20)
constexpr double kFallFraction = 0.9, kBack = 1.0 / 3;  // fraction of the fall; of the rate that reaches it
constexpr std::uint64_t kTests = 3;

double two_digits(double value) {
  double few = value;
  number_from_text(fmt::format("{:.2g}", value), few);
  return few;
}

// `trivial`: the loss of the baseline. Above it, the network has only learned how frequent classes are.
void suggest(LearningRateFinderResult& test, double baseline) {
  const double start = test.start_loss, minimum = test.minimum_loss;
  if (!(start - minimum > kWorthwhile * std::abs(start))) return;
  const double from = baseline - minimum > kWorthwhile * std::abs(baseline) ? std::min(start, baseline) : start;
  for (std::size_t i = 0; i < test.rates.size(); ++i)
    if (test.losses[i] <= from - kFallFraction * (from - minimum)) {
      test.suggested = two_digits(kBack * test.rates[i]);
      return;
    }
}

LearningRateFinderResult one_test(const TrialRunRows& rows, const FitOptions& options,
                                  const LearningRateFinderOptions& how) {
  TrialRun trial(rows, rows.architecture(), options, how.threads);
  LearningRateFinderResult test;
  test.start_loss = test.minimum_loss = trial.loss(rows.some());
  try {
    for (double rate = kFirstRate; rate < kLastRate && !(how.should_stop && how.should_stop()); rate *= kFactor) {
      trial.step(rate);
      const double loss = trial.loss(rows.some());
      if (!std::isfinite(loss)) throw Error(ErrorCategory::numerics, "loss");
      test.rates.push_back(rate);
      test.losses.push_back(loss);
      test.minimum_loss = std::min(test.minimum_loss, loss);
      const double fall = test.start_loss - test.minimum_loss;
      test.diverged = loss > test.start_loss + 2 * fall + 0.5 * std::abs(test.start_loss);
      if (test.diverged) break;
    }
  } catch (const Error& error) {
    if (error.category() != ErrorCategory::numerics) throw;
    test.diverged = true;
  }
  suggest(test, baseline_loss(rows.plan().loss, rows.some()));
  return test;
}

}  // namespace

LearningRateFinderResult find_learning_rate(const FitPlan& plan, const FitData& data, const FitOptions& options,
                                            const LearningRateFinderOptions& how) {
  const TrialRunRows rows(plan, data, options);
  std::vector<LearningRateFinderResult> tests;
  for (std::uint64_t k = 0; k < kTests; ++k) {
    FitOptions its = options;
    its.train.seed += k;
    tests.push_back(one_test(rows, its, how));
    if (how.should_stop && how.should_stop()) return tests[0];
  }
  std::ranges::stable_sort(tests, [](const LearningRateFinderResult& a,
                                     const LearningRateFinderResult& b) {  // tests without a suggestion come last
    return std::isnan(b.suggested) ? !std::isnan(a.suggested) : a.suggested < b.suggested;
  });
  LearningRateFinderResult& median = tests[kTests / 2];
  median.lowest = tests.front().suggested;
  median.highest = tests.back().suggested;
  return median;
}

// Finds learning rates for each layer's weights and biases.

namespace {

constexpr double kMaxFactor = 16;

// How far each layer moved in a trial run. A change of weights moves z by about its root mean square, times the root of
// the number of inputs, times the inputs' magnitude, if change and inputs were independent.
struct Movement {
  std::vector<double> weights;         // changes / norm of the weights at the end
  std::vector<double> biases_of_them;  // effect of the biases' changes on z / effect of the weights' changes
  double loss = std::numeric_limits<double>::infinity();  // at the end; infinite instead of NaN
  std::size_t steps = 0;
};

double root_mean_square(std::span<const float> values, std::span<const float> less = {}) {
  double sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double x = static_cast<double>(values[i]) - (less.empty() ? 0 : static_cast<double>(less[i]));
    sum += x * x;
  }
  return std::sqrt(sum / static_cast<double>(values.size()));
}

Movement measure(TrialRun& trial, double rate, const Selection& rows, const std::function<bool()>& should_stop) {
  const std::size_t depth = trial.architecture().depth();
  Movement out;
  std::vector<double> weights(depth, 0), biases(depth, 0), fed(depth, 0);
  try {
    for (; out.steps < trial.steps_to_take() && !(should_stop && should_stop()); ++out.steps) {
      const Parameters before = trial.parameters();
      trial.step(rate);
      for (const Segment& segment : before.segments()) {
        const double change = root_mean_square(trial.parameters().of(segment), before.of(segment));
        (segment.kind == Segment::Kind::weights ? weights : biases)[segment.layer] += change;
      }
      for (std::size_t l = 0; l < depth; ++l) fed[l] += trial.fed(l);
    }
    out.loss = trial.loss(rows);
  } catch (const Error& error) {
    if (error.category() != ErrorCategory::numerics) throw;
  }
  const auto steps = static_cast<double>(std::max<std::size_t>(out.steps, 1));
  for (std::size_t l = 0; l < depth; ++l) {
    const double norm = root_mean_square(trial.parameters().weights(l).flat());
    const double moved =
        weights[l] * std::sqrt(static_cast<double>(trial.architecture().layer_inputs(l))) * fed[l] / steps;
    out.weights.push_back(norm > 0 ? weights[l] / norm : 0);
    out.biases_of_them.push_back(moved > 0 ? biases[l] / moved : 0);
  }
  return out;
}

// The nearest power of 2 within the bounds; 1 if the ratio is useless.
double factor_for(double ratio) {
  if (!(ratio > 0) || !std::isfinite(ratio)) return 1;
  double factor = 1;
  while (factor * 1.4142135623730951 < ratio && factor < kMaxFactor) factor *= 2;
  while (factor > 1.4142135623730951 * ratio && factor > 1 / kMaxFactor) factor /= 2;
  return factor;
}

// Factors for weights, so that all layers change by the same fraction of their norm: the geometric mean of all.
std::vector<double> weight_factors(const Movement& found) {
  double sum = 0, count = 0;
  for (const double change : found.weights)
    if (change > 0) sum += elementary::log(change), ++count;
  std::vector<double> factors;
  for (const double change : found.weights)
    factors.push_back(change > 0 && count > 0 ? factor_for(elementary::exp(sum / count) / change) : 1);
  return factors;
}

// Factors for biases, so that they move z as much as the weights do.
std::vector<double> bias_factors(const Movement& found) {
  std::vector<double> factors;
  for (const double change : found.biases_of_them) factors.push_back(change > 0 ? factor_for(1 / change) : 1);
  return factors;
}

// Multiplies an option with one value for all layers or one per layer by these factors.
std::vector<double> times(const std::vector<double>& given, const std::vector<double>& factors) {
  std::vector<double> out;
  for (std::size_t l = 0; l < factors.size(); ++l)
    out.push_back(factors[l] * (given.empty() ? 1 : given.size() == 1 ? given[0] : given[l]));
  return out;
}

}  // namespace

LayerRates find_layer_rates(const FitPlan& plan, const FitData& data, const FitOptions& options,
                            const LearningRateFinderOptions& how) {
  const TrialRunRows rows(plan, data, options);
  const double rate = options.train.learning_rate;
  const Movement found = [&] {
    TrialRun trial(rows, rows.architecture(), options, how.threads);
    return measure(trial, rate, rows.some(), how.should_stop);
  }();
  const std::vector<double> alike(found.weights.size(), 1);
  const std::vector<double> weights = weight_factors(found), biases = bias_factors(found);
  LayerRates out{options.weight_multiplier, options.bias_multiplier, found.steps, found.loss, found.loss, false};
  for (const auto& [of_weights, of_biases] : {std::pair(&weights, &alike), {&alike, &biases}, {&weights, &biases}}) {
    if (*of_weights == alike && *of_biases == alike) continue;
    Architecture architecture = rows.architecture();
    for (std::size_t l = 0; l < architecture.depth(); ++l) {
      architecture.layers[l].weight_multiplier *= (*of_weights)[l];
      architecture.layers[l].bias_multiplier *= (*of_biases)[l];
    }
    TrialRun with(rows, architecture, options, how.threads);
    const double loss = loss_after_steps(with, rate, rows.some(), how.should_stop);
    if (!(loss < out.loss_with) || found.loss - loss <= kWorthwhile * std::abs(found.loss)) continue;
    out.weights = times(options.weight_multiplier, *of_weights);
    out.biases = times(options.bias_multiplier, *of_biases);
    out.loss_with = loss;
    out.better = true;
  }
  return out;
}

}  // namespace chainrule
