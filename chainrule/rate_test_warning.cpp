// SPDX-License-Identifier: Apache-2.0
// Whether a training went wrong by its learning rate.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "chainrule/diagnosis.h"
#include "chainrule/rate_test.h"
#include "chainrule/rate_test_rehearsal.h"

namespace chainrule {
namespace {

constexpr double kLate = 0.95, kEnough = 0.5;  // of the trivial loss: after a quarter of the epochs, and at the end
constexpr double kRise = 3;                    // beside the loss at the start
constexpr double kFar = 5;                     // a rate beside the one that a test finds
constexpr std::size_t kFewestEpochs = 3;

// Mean training loss over the epochs [begin, end).
double mean_loss(const std::vector<EpochRecord>& epochs, std::size_t begin, std::size_t end) {
  double sum = 0;
  for (std::size_t e = begin; e < end; ++e) sum += epochs[e].training_loss;
  return sum / static_cast<double>(end - begin);
}

}  // namespace

std::optional<std::string> warning_of_rate(const Table& table, const FitOptions& options, const FitResult& result,
                                           std::size_t threads) {
  const std::vector<EpochRecord>& epochs = result.history.epochs;
  if (epochs.size() < kFewestEpochs || std::holds_alternative<Rprop>(options.train.optimizer)) return std::nullopt;
  const std::size_t quarter = std::max<std::size_t>(epochs.size() / 4, 1);
  const double early = mean_loss(epochs, 0, quarter), late = mean_loss(epochs, epochs.size() - quarter, epochs.size());
  const Dataset data = encode(result.model.encoder, table, true);
  const double trivial = trivial_loss(result.model.loss, {&data, result.split.rest});
  const bool falls_late = early > kLate * trivial || late > kLate * epochs[0].training_loss;
  if (!(trivial > 0) || !((falls_late && late > kEnough * trivial) || early > kRise * trivial)) return std::nullopt;
  const double start = Rehearsal(table, options, threads).loss();
  const bool rose = early > kRise * std::max(start, trivial);
  if (!rose && late <= kEnough * trivial) return std::nullopt;
  const RateTest test = test_rates(table, options, threads);
  const double rate = options.train.learning_rate;
  const char* const advice = "--find-learning-rate takes it";
  if (rate > kFar * test.suggested)
    return fmt::format(
        "warning: the learning rate {:.3g} is too high: the training loss was {:.4g} in the first quarter of the "
        "epochs and {:.4g} in the last one, from {:.4g} at the start; a range test finds {:.2g} ({})",
        rate, early, late, start, test.suggested, advice);
  if (rate < test.suggested / kFar)
    return fmt::format(
        "warning: the learning rate {:.3g} is too low: the training loss went from {:.4g} to {:.4g} only (the best "
        "constant answer has {:.4g}); a range test finds {:.2g} ({})",
        rate, start, late, trivial, test.suggested, advice);
  return std::nullopt;
}

}  // namespace chainrule
