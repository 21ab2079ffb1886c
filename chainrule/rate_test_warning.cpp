// SPDX-License-Identifier: Apache-2.0
// Whether a training went wrong by its learning rate.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "chainrule/rate_test.h"
#include "chainrule/rate_test_range.h"

namespace chainrule {
namespace {

constexpr double kLate = 0.95, kEnough = 0.5;  // of the way from the trivial loss to the least: what is left of it
constexpr double kRise = 3;                    // beside the loss at the start
constexpr double kFar = 5;                     // a rate beside the one that a test finds
constexpr std::size_t kFewestEpochs = 3, kFewestSteps = 20;
constexpr double kFreeWork = 1e11;  // multiplications: a second or two of one core

// Mean training losses, those that answers which are always right have being 0: of the first epoch, the first quarter
// of the epochs, and the last one.
struct Losses {
  double first = 0, early = 0, late = 0;
};

Losses losses_of(const FitResult& result) {
  const std::vector<EpochRecord>& epochs = result.history.epochs;
  const std::size_t quarter = std::max<std::size_t>(epochs.size() / 4, 1);
  const auto mean = [&](std::size_t begin) {
    double sum = 0;
    for (std::size_t e = begin; e < begin + quarter; ++e) sum += epochs[e].training_loss - result.least_loss;
    return sum / static_cast<double>(quarter);
  };
  return {epochs[0].training_loss - result.least_loss, mean(0), mean(epochs.size() - quarter)};
}

// Whether the tests would take longer than the training, and longer than a moment.
bool is_too_much(const FitResult& result, const TrainOptions& options) {
  constexpr double kStepsOfTests = 400, kRowsLookedAt = 512, kRowsOfAStep = 4096;
  const auto rows = static_cast<double>(result.split.rest.size());
  const auto batch = static_cast<double>(rows_per_batch(options, result.split.rest.size()));
  const auto parameters = static_cast<double>(parameter_count(result.model.network.architecture));
  const double step = 3 * std::min(batch, kRowsOfAStep) + std::min(rows, kRowsLookedAt);
  const double own = 3 * rows * static_cast<double>(result.history.epochs.size());
  return parameters * kStepsOfTests * step > std::max(parameters * own, kFreeWork);
}

}  // namespace

std::optional<std::string> warning_of_rate(const Table& table, const FitOptions& options, const FitResult& result,
                                           const RateTestOptions& how) {
  if (result.history.epochs.size() < kFewestEpochs || result.history.steps < kFewestSteps ||
      std::holds_alternative<Rprop>(options.train.optimizer))
    return std::nullopt;
  const Losses losses = losses_of(result);
  const double trivial = result.trivial_loss - result.least_loss, rate = options.train.learning_rate;
  const bool is_late =
      (losses.early > kLate * trivial || losses.late > kLate * losses.first) && losses.late > kEnough * trivial;
  if (!(trivial > 0) || !(is_late || losses.early > kRise * trivial)) return std::nullopt;
  if (is_too_much(result, options.train)) return std::nullopt;

  const RehearsalRows rows(table, options, how.validation);
  const RateTest test = range_test(rows, options, how);
  if (!is_late && !(losses.early > kRise * (test.start_loss - result.least_loss))) return std::nullopt;
  const bool too_high = rate > kFar * test.suggested;
  if (!too_high && !(rate < test.suggested / kFar)) return std::nullopt;
  double start = 0;  // the same for both
  const auto fall_at = [&](double its_rate) {
    Rehearsal trial(rows, rows.plan().architecture, options, how.threads);
    start = trial.loss(rows.others());
    return start - loss_after_steps(trial, its_rate, rows.others(), how.should_stop);
  };
  const double fall = fall_at(rate), its_fall = fall_at(test.suggested);
  if (!(its_fall > kWorthwhile * std::abs(start)) || fall > its_fall / 2) return std::nullopt;
  if (how.should_stop && how.should_stop()) return std::nullopt;
  return fmt::format(
      "warning: the learning rate {:.3g} is too {}: the training loss was {:.4g} in the first quarter of the epochs "
      "and "
      "{:.4g} in the last one, from {:.4g} at the start (the best constant answer has {:.4g}); a range test finds "
      "{:.2g} "
      "(--find-learning-rate takes it)",
      rate, too_high ? "high" : "low", losses.early + result.least_loss, losses.late + result.least_loss,
      test.start_loss, result.trivial_loss, test.suggested);
}

}  // namespace chainrule
