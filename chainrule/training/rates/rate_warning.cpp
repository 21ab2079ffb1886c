// SPDX-License-Identifier: Apache-2.0
#include "chainrule/training/rates/rate_warning.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <variant>
#include <vector>

#include "chainrule/training/rates/trial_run.h"

namespace chainrule {
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

  const LearningRateFinderResult test = find_learning_rate(plan, data, options, how);
  if (!is_late && !(losses.early > kRise * (test.start_loss - result.minimum_loss))) return std::nullopt;
  const bool too_high = rate > kFar * test.suggested;
  if (!too_high && !(rate < test.suggested / kFar)) return std::nullopt;
  const TrialRunRows rows(plan, data, options);
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
