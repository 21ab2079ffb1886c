// SPDX-License-Identifier: Apache-2.0
#include "chainrule/training/learning_rate_finder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "chainrule/base/elementary.h"
#include "chainrule/base/error.h"
#include "chainrule/base/random.h"
#include "chainrule/base/text.h"
#include "chainrule/engine/kernels/kernels.h"
#include "chainrule/metrics/baseline_loss.h"
#include "chainrule/metrics/evaluate.h"
#include "chainrule/training/fit.h"
#include "chainrule/training/options/option_table.h"

namespace chainrule {
namespace {

// Trial runs: the first steps of a training, with a learning rate for each step.

constexpr double kWorthwhile = 0.02;  // relative difference in loss; less may be chance

/// The rows of the training, used by several trial runs. Plan and data must outlive it.
class TrialRunRows {
 public:
  /// Throws Error (usage) for rprop, which has no learning rate.
  TrialRunRows(const FitPlan& plan, const FitData& data, const FitOptions& options);

  const FitPlan& plan() const { return plan_; }
  const Architecture& architecture() const { return architecture_; }
  /// The training rows, and up to 512 of them to measure the loss.
  const Selection& training() const { return training_; }
  const Selection& some() const { return some_; }
  /// Up to 512 rows that are not training rows; some() if there are none.
  const Selection& others() const { return others_.rows.empty() ? some_ : others_; }

 private:
  const FitPlan& plan_;
  Architecture architecture_;
  Selection training_, some_, others_;
};

class TrialRun {
 public:
  /// Starts with a new network of this architecture. `rows` must outlive it.
  TrialRun(const TrialRunRows& rows, const Architecture& architecture, const FitOptions& options, std::size_t threads);
  TrialRun(const TrialRun&) = delete;
  TrialRun& operator=(const TrialRun&) = delete;

  /// A step on a batch of the training, but at most 4,096 rows. Throws Error (numerics) if numbers of the step are not
  /// finite.
  void step(double rate);
  /// Mean over these rows, without dropout.
  double loss(const Selection& rows) const;
  /// Two epochs, but at least 50 and at most 300 steps.
  std::size_t steps_to_take() const;
  const Parameters& parameters() const { return network_.parameters; }
  const Architecture& architecture() const { return network_.architecture; }
  /// Root mean square of the inputs of layer l (from 0) in the last step.
  double fed(std::size_t l);

 private:
  TrainOptions options_;
  Network network_;
  Batcher batches_;
  TrainState state_;
  ConstMatrixView inputs_;  // of the last step
  std::size_t steps_ = 0;
  std::vector<std::size_t> order_;
};

}  // namespace

/// Loss of these rows after steps_to_take() steps at one rate; infinite if numbers of a step are not finite.
double loss_after_steps(TrialRun& trial, double rate, const Selection& rows, const std::function<bool()>& should_stop);

// The range test on prepared rows.

LearningRateFinderResult range_test(const TrialRunRows& rows, const FitOptions& options,
                                    const LearningRateFinderOptions& how);
namespace {

constexpr std::size_t kRowsMeasured = 512, kMaxRowsOfAStep = 4096;
constexpr std::size_t kMinSteps = 50, kMaxSteps = 300;

// Draws up to kRowsMeasured of these rows with weight above 0.
Selection some_of(const Selection& rows, std::uint64_t seed) {
  Selection out{rows.data, {}};
  const std::vector<float>& weights = rows.data->weights_of_loss();
  for (const std::size_t i : random_permutation({seed, Purpose::shuffle, 0, 0}, rows.rows.size())) {
    if (out.rows.size() == kRowsMeasured) break;
    if (weights.empty() || weights[rows.rows[i]] > 0) out.rows.push_back(rows.rows[i]);
  }
  return out;
}

// The options with the loss of the plan, and batches small enough for fast steps.
TrainOptions options_of(const FitOptions& options, const TrialRunRows& rows) {
  TrainOptions train = options.train;
  train.loss = rows.plan().loss;
  train.batch_size = std::min(rows_per_batch(train, rows.training().rows.size()), kMaxRowsOfAStep);
  return train;
}

}  // namespace

TrialRunRows::TrialRunRows(const FitPlan& plan, const FitData& data, const FitOptions& options)
    : plan_(plan), architecture_(architecture_for(plan.encoder, options)), training_(data.training()) {
  if (std::holds_alternative<Rprop>(options.train.optimizer))
    throw option_error("optimizer", "expected one with a learning rate, found rprop");
  some_ = some_of(training_, options.train.seed);
  others_ = some_of(data.validation_rows(), options.train.seed);
}

TrialRun::TrialRun(const TrialRunRows& rows, const Architecture& architecture, const FitOptions& options,
                   std::size_t threads)
    : options_(options_of(options, rows)),
      network_(start_network(architecture, options)),
      batches_(rows.training(), options_.batch_size),
      state_(network_, options_, options_.batch_size, threads) {}

void TrialRun::step(double rate) {
  const std::size_t b = steps_ % batches_.batches();
  if (b == 0) order_ = epoch_order(options_, batches_.rows(), 1 + steps_ / batches_.batches());
  const Batch batch = batches_.gather(b, order_);
  inputs_ = batch.inputs;
  state_.learning_rate = rate;
  train_step(state_, batch);
  ++steps_;
}

double TrialRun::loss(const Selection& rows) const {
  return evaluate(network_, options_.loss, rows, 1)[0].value;  // few rows: more threads would not pay off
}

std::size_t TrialRun::steps_to_take() const { return std::clamp(2 * batches_.batches(), kMinSteps, kMaxSteps); }

double TrialRun::fed(std::size_t l) {
  const std::span<const float> values = state_.work.fed(l, inputs_).flat();
  return std::sqrt(kernels::sum_of_squares(values) / static_cast<double>(values.size()));
}

double loss_after_steps(TrialRun& trial, double rate, const Selection& rows, const std::function<bool()>& should_stop) {
  try {
    for (std::size_t s = 0; s < trial.steps_to_take() && !(should_stop && should_stop()); ++s) trial.step(rate);
    const double loss = trial.loss(rows);
    return std::isfinite(loss) ? loss : std::numeric_limits<double>::infinity();
  } catch (const Error& error) {
    if (error.category() != ErrorCategory::numerics) throw;
    return std::numeric_limits<double>::infinity();
  }
}

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

LearningRateFinderResult range_test(const TrialRunRows& rows, const FitOptions& options,
                                    const LearningRateFinderOptions& how) {
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

LearningRateFinderResult find_learning_rate(const FitPlan& plan, const FitData& data, const FitOptions& options,
                                            const LearningRateFinderOptions& how) {
  return range_test(TrialRunRows(plan, data, options), options, how);
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

// Checks whether a training failed because of its learning rate.

namespace {

constexpr double kLate = 0.95, kEnough = 0.5;  // fractions left of the way from the baseline loss to the minimum
constexpr double kRise = 3;                    // loss / loss at the start
constexpr double kFar = 5;                     // ratio between the rate and the one that a test finds
constexpr std::size_t kFewestEpochs = 3, kFewestSteps = 20;
constexpr double kFreeWork = 1e11;  // multiplications: a second or two on one core

// Mean training losses above that of perfect predictions: of the first epoch, the first quarter of the epochs, and the
// last epoch.
struct Losses {
  double first = 0, early = 0, late = 0;
};

Losses losses_of(const FitResult& result) {
  const std::vector<EpochRecord>& epochs = result.history.epochs;
  const std::size_t quarter = std::max<std::size_t>(epochs.size() / 4, 1);
  const auto mean = [&](std::size_t begin) {
    double sum = 0;
    for (std::size_t e = begin; e < begin + quarter; ++e) sum += epochs[e].training_loss - result.minimum_loss;
    return sum / static_cast<double>(quarter);
  };
  return {epochs[0].training_loss - result.minimum_loss, mean(0), mean(epochs.size() - quarter)};
}

// Whether the tests would take longer than the training, and more than kFreeWork.
bool is_too_much(const FitResult& result, const TrainOptions& options) {
  constexpr double kStepsOfTests = 400, kRowsLookedAt = 512, kRowsOfAStep = 4096;
  const auto rows = static_cast<double>(result.split.training.size());
  const auto batch = static_cast<double>(rows_per_batch(options, result.split.training.size()));
  const auto parameters = static_cast<double>(parameter_count(result.model.network.architecture));
  const double step = 3 * std::min(batch, kRowsOfAStep) + std::min(rows, kRowsLookedAt);
  const double own = 3 * rows * static_cast<double>(result.history.epochs.size());
  return parameters * kStepsOfTests * step > std::max(parameters * own, kFreeWork);
}

}  // namespace

std::optional<Note> warning_of_rate(const FitPlan& plan, const FitData& data, const FitOptions& options,
                                    const FitResult& result, const LearningRateFinderOptions& how) {
  if (result.history.epochs.size() < kFewestEpochs || result.history.steps < kFewestSteps ||
      std::holds_alternative<Rprop>(options.train.optimizer))
    return std::nullopt;
  const Losses losses = losses_of(result);
  const double baseline = result.baseline_loss - result.minimum_loss, rate = options.train.learning_rate;
  const bool is_late =
      (losses.early > kLate * baseline || losses.late > kLate * losses.first) && losses.late > kEnough * baseline;
  if (!(baseline > 0) || !(is_late || losses.early > kRise * baseline)) return std::nullopt;
  if (is_too_much(result, options.train)) return std::nullopt;

  const TrialRunRows rows(plan, data, options);
  const LearningRateFinderResult test = range_test(rows, options, how);
  if (!is_late && !(losses.early > kRise * (test.start_loss - result.minimum_loss))) return std::nullopt;
  const bool too_high = rate > kFar * test.suggested;
  if (!too_high && !(rate < test.suggested / kFar)) return std::nullopt;
  double start = 0;  // the same for both
  const auto fall_at = [&](double its_rate) {
    TrialRun trial(rows, rows.architecture(), options, how.threads);
    start = trial.loss(rows.others());
    return start - loss_after_steps(trial, its_rate, rows.others(), how.should_stop);
  };
  const double fall = fall_at(rate), its_fall = fall_at(test.suggested);
  if (!(its_fall > kWorthwhile * std::abs(start)) || fall > its_fall / 2) return std::nullopt;
  if (how.should_stop && how.should_stop()) return std::nullopt;
  return warning_note(
      NoteTopic::learning_rate,
      message_of(
          fmt::format(
              "the learning rate {:.3g} is too {}: the training loss was {:.4g} in the first quarter of the epochs and "
              "{:.4g} in the last one, from {:.4g} at the start (the baseline has {:.4g}); a range test finds {:.2g} (",
              rate, too_high ? "high" : "low", losses.early + result.minimum_loss, losses.late + result.minimum_loss,
              test.start_loss, result.baseline_loss, test.suggested),
          NamedOption{"find_learning_rate"}, " uses it)"),
      "", "learning_rate");
}

}  // namespace chainrule
