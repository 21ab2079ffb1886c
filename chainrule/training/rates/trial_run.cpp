// SPDX-License-Identifier: Apache-2.0
#include "chainrule/training/rates/trial_run.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <variant>

#include "chainrule/base/checks.h"
#include "chainrule/base/random.h"
#include "chainrule/engine/kernels/kernels.h"
#include "chainrule/engine/work_rows.h"
#include "chainrule/metrics/metrics.h"
#include "chainrule/training/planning.h"

namespace chainrule {
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
  const std::span<const float> values = state_.work.buffers().fed(l, inputs_).flat();
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

}  // namespace chainrule
