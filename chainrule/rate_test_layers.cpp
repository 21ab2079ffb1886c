// SPDX-License-Identifier: Apache-2.0
// Whether layers, and weights and biases, would do better with learning rates of their own.
#include <algorithm>
#include <cmath>
#include <limits>

#include "chainrule/elementary.h"
#include "chainrule/error.h"
#include "chainrule/rate_test.h"
#include "chainrule/rate_test_rehearsal.h"

namespace chainrule {
namespace {

constexpr double kMostFactor = 16;

// How far each layer moved in a rehearsal. A step's change of weights moves z by about its root mean square, times the
// root of the inputs and their magnitude, as if it were independent of them.
struct Movement {
  std::vector<double> weights;         // changes beside the norm that the weights have at the end
  std::vector<double> biases_of_them;  // what the biases' changes do to z beside what the weights' do
  double loss = std::numeric_limits<double>::infinity();  // at the end; no number: infinite
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

Movement measure(Rehearsal& trial, double rate, const Selection& rows, const std::function<bool()>& should_stop) {
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

// The nearest power of 2 within the bounds; 1 where a ratio says nothing.
double factor_for(double ratio) {
  if (!(ratio > 0) || !std::isfinite(ratio)) return 1;
  double factor = 1;
  while (factor * 1.4142135623730951 < ratio && factor < kMostFactor) factor *= 2;
  while (factor > 1.4142135623730951 * ratio && factor > 1 / kMostFactor) factor /= 2;
  return factor;
}

// Weights: so that all layers change by the same share of their norm, the geometric mean of all.
std::vector<double> weight_factors(const Movement& found) {
  double sum = 0, count = 0;
  for (const double share : found.weights)
    if (share > 0) sum += elementary::log(share), ++count;
  std::vector<double> factors;
  for (const double share : found.weights)
    factors.push_back(share > 0 && count > 0 ? factor_for(elementary::exp(sum / count) / share) : 1);
  return factors;
}

// Biases: so that they move z as much as the weights do.
std::vector<double> bias_factors(const Movement& found) {
  std::vector<double> factors;
  for (const double share : found.biases_of_them) factors.push_back(share > 0 ? factor_for(1 / share) : 1);
  return factors;
}

// An option with one value for all layers, or one for each, times these factors.
std::vector<double> times(const std::vector<double>& given, const std::vector<double>& factors) {
  std::vector<double> out;
  for (std::size_t l = 0; l < factors.size(); ++l)
    out.push_back(factors[l] * (given.empty() ? 1 : given.size() == 1 ? given[0] : given[l]));
  return out;
}

}  // namespace

LayerRates test_layer_rates(const Table& table, const FitOptions& options, const RateTestOptions& how) {
  const RehearsalRows rows(table, options, how.validation);
  const double rate = options.train.learning_rate;
  const Movement found = [&] {
    Rehearsal trial(rows, rows.plan().architecture, options, how.threads);
    return measure(trial, rate, rows.some(), how.should_stop);
  }();
  const std::vector<double> alike(found.weights.size(), 1);
  const std::vector<double> weights = weight_factors(found), biases = bias_factors(found);
  LayerRates out{options.weight_multiplier, options.bias_multiplier, found.steps, found.loss, found.loss, false};
  for (const auto& [of_weights, of_biases] : {std::pair(&weights, &alike), {&alike, &biases}, {&weights, &biases}}) {
    if (*of_weights == alike && *of_biases == alike) continue;
    Architecture architecture = rows.plan().architecture;
    for (std::size_t l = 0; l < architecture.depth(); ++l) {
      architecture.layers[l].weight_multiplier *= (*of_weights)[l];
      architecture.layers[l].bias_multiplier *= (*of_biases)[l];
    }
    Rehearsal with(rows, architecture, options, how.threads);
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
