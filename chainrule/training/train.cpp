// SPDX-License-Identifier: Apache-2.0
#include "chainrule/training/train.h"

#include <algorithm>
#include <bit>

#include "chainrule/base/error.h"
#include "chainrule/engine/train_step.h"
#include "chainrule/metrics/evaluate.h"
#include "chainrule/training/early_stopping.h"
#include "chainrule/training/health.h"

namespace chainrule {
namespace {

// Statistics of the step just made with the weights `before`.
void tell_health(TrainState& s, const Batch& batch, const Parameters& before, const StepRecord& step,
                 const Observer& observer) {
  HealthMeter meter(s.network.architecture);
  meter.add(batch.inputs, s.work, s.gradients, before, s.network.parameters);
  observer.on_health({step, meter.layers()});
}

// Subnormal weights count as zero in every product. Left as they are, it would depend on how a step is shared out
// whether it writes that zero.
void flush(Parameters& parameters) {
  for (float& number : parameters.flat()) {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(number);
    if ((bits & 0x7f800000u) == 0) number = std::bit_cast<float>(bits & 0x80000000u);
  }
}

// One epoch; false when the observer stopped it on the way.
bool run_epoch(TrainState& state, Batcher& batches, double rate_factor, EpochRecord& record, const Observer& observer) {
  const TrainOptions& options = state.options;
  const std::vector<std::size_t> order = epoch_order(options, batches.rows(), record.epoch);
  const std::uint64_t total_steps = batches.batches() * options.epochs;
  double loss_sum = 0;
  Parameters before;  // of the steps whose health is told
  for (std::size_t b = 0; b < batches.batches(); ++b) {
    const Batch batch = batches.gather(b, order, &state.work.team());
    state.learning_rate = options.learning_rate * rate_factor *
                          schedule_factor(options.schedule, state.step, batches.batches(), total_steps);
    const bool tells = observer.on_health && observer.health_every > 0 && (state.step + 1) % observer.health_every == 0;
    if (tells) before = state.network.parameters;
    state.measure_norm = observer.on_step || tells || b + 1 == batches.batches();
    const double loss = train_step(state, batch);
    loss_sum += loss * static_cast<double>(batch.inputs.rows());
    const StepRecord step{record.epoch,       b + 1, batches.batches(), state.step, loss, state.learning_rate,
                          state.gradient_norm};
    if (observer.on_step) observer.on_step(step);
    if (tells) tell_health(state, batch, before, step, observer);
    if (observer.should_stop && observer.should_stop()) return false;
  }
  record.step = state.step;
  record.learning_rate = state.learning_rate;
  record.training_loss = loss_sum / static_cast<double>(batches.rows());
  record.gradient_norm = state.gradient_norm;
  record.decay_term = decay_term(state.network.parameters, options.weight_decay);
  return true;
}

}  // namespace

History train(Network& network, const Selection& training, const Selection& validation, const TrainOptions& options,
              const Observer& observer, std::size_t threads) {
  validate(options);
  const std::size_t rows = training.rows.size();
  if (rows == 0) throw Error(ErrorCategory::input, "training rows: expected at least 1, found 0");
  const std::size_t batch_size = rows_per_batch(options, rows);
  if (std::holds_alternative<Rprop>(options.optimizer) && batch_size < rows)
    throw Error(ErrorCategory::usage,
                "batch_size: rprop expects all " + std::to_string(rows) + " rows, found " + std::to_string(batch_size));
  flush(network.parameters);
  Batcher batches(training, batch_size);
  TrainState state(network, options, batch_size, threads);
  Watch watch(options, network, !validation.rows.empty());
  History history;
  try {
    for (std::size_t epoch = 1; epoch <= options.epochs; ++epoch) {
      EpochRecord record;
      record.epoch = epoch;
      record.epochs = options.epochs;
      state.epoch = epoch;
      const bool finished = run_epoch(state, batches, watch.rate_factor(), record, observer);
      history.steps = state.step;
      if (!finished) {
        history.stop = StopReason::interrupted;
        break;
      }
      if (!validation.rows.empty())
        record.validation = evaluate(network, options.loss, validation, threads, options.metric);
      require_finite_parameters(state);
      const bool go_on = watch.look(record, network);
      history.epochs.push_back(record);
      if (observer.on_epoch) observer.on_epoch(record);
      if (!go_on) {
        history.stop = StopReason::early_stopping;
        break;
      }
    }
  } catch (const Error&) {
    watch.restore(network);
    throw;
  }
  history.watched_metric = watch.metric();
  history.best_epoch = watch.finish(network);
  return history;
}

}  // namespace chainrule
