// SPDX-License-Identifier: Apache-2.0
#include "chainrule/training/train.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include "chainrule/base/checks.h"
#include "chainrule/engine/divergence.h"
#include "chainrule/engine/train_step.h"
#include "chainrule/metrics/metrics.h"
#include "chainrule/training/early_stopping.h"
#include "chainrule/training/health.h"

namespace chainrule {
namespace {

// Reports the statistics of the step that started from the weights `before`.
void report_health(TrainState& s, const Batch& batch, const Parameters& before, const StepRecord& step,
                   const Observer& observer) {
  HealthMeter meter(s.network.architecture);
  meter.add(batch.inputs, s.work, s.gradients, before, s.network.parameters);
  observer.on_health({step, meter.layers()});
}

// Subnormal weights count as zero in every product. Without the flush, the division of work among threads would decide
// whether a step writes that zero.
void flush(Parameters& parameters) {
  for (float& number : parameters.flat()) {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(number);
    if ((bits & 0x7f800000u) == 0) number = std::bit_cast<float>(bits & 0x80000000u);
  }
}

// The learning rate of the coming step.
double rate_of(const TrainingProgress& progress, const TrainOptions& options, const Batcher& batches) {
  return options.learning_rate * progress.early_stopping.rate_factor *
         schedule_factor(options.schedule, progress.step, batches.batches(), batches.batches() * options.epochs);
}

void report_progress(const TrainState& state, TrainingProgress& progress, const Observer& observer) {
  progress.first = state.first;
  progress.second = state.second;
  observer.on_progress(progress);
}

// Runs the remaining steps of an epoch; false if the observer stopped it.
bool run_epoch(TrainState& state, TrainingProgress& progress, Batcher& batches, const Observer& observer) {
  const std::size_t epoch = state.epoch;
  const std::vector<std::size_t> order = epoch_order(state.options, batches.rows(), epoch);
  Parameters before;  // of the steps whose health is reported
  while (progress.epoch_step < batches.batches()) {
    const bool last = progress.epoch_step + 1 == batches.batches();
    const Batch batch = batches.gather(progress.epoch_step, order, &state.work);
    state.learning_rate = rate_of(progress, state.options, batches);
    if (observer.before_step) observer.before_step(state);
    const bool tells = observer.on_health && observer.health_every > 0 && (state.step + 1) % observer.health_every == 0;
    if (tells) before = state.network.parameters;
    state.measure_norm = observer.on_step || tells || last;
    const double loss = train_step(state, batch);
    progress.step = state.step;
    progress.learning_rate = state.learning_rate;
    progress.gradient_norm = state.gradient_norm;
    ++progress.epoch_step;
    progress.epoch_loss += loss * static_cast<double>(batch.inputs.rows());
    const StepRecord step{epoch, progress.epoch_step, batches.batches(),  state.step,
                          loss,  state.learning_rate, state.gradient_norm};
    if (observer.on_step) observer.on_step(step);
    if (tells) report_health(state, batch, before, step, observer);
    if (observer.should_stop && observer.should_stop()) return false;
    if (!last && observer.needs_progress && observer.needs_progress()) report_progress(state, progress, observer);
  }
  return true;
}

// Records a finished epoch and begins the next.
EpochRecord record_epoch(const TrainState& state, TrainingProgress& progress, std::size_t rows) {
  EpochRecord record;
  record.epoch = state.epoch;
  record.epochs = state.options.epochs;
  record.step = state.step;
  record.learning_rate = state.learning_rate;
  record.training_loss = progress.epoch_loss / static_cast<double>(rows);
  record.gradient_norm = state.gradient_norm;
  record.decay_term = decay_term(state.network.parameters, state.options.weight_decay);
  progress.epoch_step = 0;
  progress.epoch_loss = 0;
  return record;
}

// Checks that the rows fit the network.
void require_rows(const Network& network, const Selection& selection) {
  validate(selection);
  const Dataset& data = *selection.data;
  expect_equal(network.architecture.inputs, data.inputs.columns(), "columns of the inputs");
  expect_equal(data.rows(), data.targets.rows(), "rows of the targets");
  expect_equal(network.architecture.outputs(), data.targets.columns(), "columns of the targets");
  data.inputs.require_finite(selection.rows);
  if (data.targets.classes > 0) return;
  for (const std::size_t row : selection.rows)
    for (const float target : data.targets.numbers().row(row))
      if (!std::isfinite(target))
        throw Error(ErrorCategory::input, "row " + std::to_string(row + 1) +
                                              ": target: expected a finite number, found " + std::to_string(target));
}

void require_batch(const TrainOptions& options, std::size_t rows) {
  if (rows == 0) throw Error(ErrorCategory::input, "training rows: expected at least 1, found 0");
  const std::size_t batch_size = rows_per_batch(options, rows);
  if (std::holds_alternative<Rprop>(options.optimizer) && batch_size < rows)
    throw Error(ErrorCategory::usage,
                "batch_size: rprop expects all " + std::to_string(rows) + " rows, found " + std::to_string(batch_size));
}

// From epoch to epoch.
void run(TrainState& state, TrainingProgress& progress, Batcher& batches, const Selection& validation,
         const Observer& observer, std::size_t threads) {
  const TrainOptions& options = state.options;
  const bool has_validation = !validation.rows.empty();
  History& history = progress.history;
  history.stop = StopReason::epochs_done;
  history.monitored_metric = options.metric;
  while (history.epochs.size() < options.epochs && !should_stop(progress.early_stopping, options)) {
    state.epoch = history.epochs.size() + 1;
    const bool finished = run_epoch(state, progress, batches, observer);
    history.steps = state.step;
    if (!finished) {
      history.stop = StopReason::interrupted;
      return;
    }
    EpochRecord record = record_epoch(state, progress, batches.rows());
    if (has_validation) record.validation = evaluate(state.network, options.loss, validation, threads, options.metric);
    require_finite_parameters(state);
    add_epoch(progress.early_stopping, options, has_validation, record, state.network);
    history.epochs.push_back(record);
    if (observer.on_epoch) observer.on_epoch(record);
    if (observer.needs_progress && observer.needs_progress()) report_progress(state, progress, observer);
  }
  if (should_stop(progress.early_stopping, options)) history.stop = StopReason::early_stopping;
}

}  // namespace

void train(TrainingProgress& progress, const Selection& training, const Selection& validation,
           const TrainOptions& options, const Observer& observer, std::size_t threads) {
  validate(options);
  validate(progress.network);
  require_batch(options, training.rows.size());
  require_rows(progress.network, training);
  if (!validation.rows.empty()) require_rows(progress.network, validation);
  validate_metric(options, !validation.rows.empty());
  Network& network = progress.network;
  if (progress.step == 0) {
    flush(network.parameters);
    progress.early_stopping.kept = network.parameters;
  }
  const std::size_t batch_size = rows_per_batch(options, training.rows.size());
  Batcher batches(training, batch_size);
  TrainState state(network, options, batch_size, threads);
  state.step = progress.step;
  state.learning_rate = progress.learning_rate;
  state.gradient_norm = progress.gradient_norm;
  if (!progress.first.flat().empty()) state.first = std::move(progress.first);
  if (!progress.second.flat().empty()) state.second = std::move(progress.second);
  try {
    run(state, progress, batches, validation, observer, threads);
  } catch (const Error&) {
    network.parameters = progress.early_stopping.kept;
    throw;
  }
  progress.first = std::move(state.first);
  progress.second = std::move(state.second);
}

void finish(TrainingProgress& progress, const TrainOptions& options, bool has_validation) {
  progress.history.best_epoch = restored_epoch(progress.early_stopping, options, has_validation);
  if (progress.history.best_epoch > 0) progress.network.parameters = progress.early_stopping.kept;
}

History train(Network& network, const Selection& training, const Selection& validation, const TrainOptions& options,
              const Observer& observer, std::size_t threads) {
  TrainingProgress progress;
  progress.network = std::move(network);
  try {
    train(progress, training, validation, options, observer, threads);
  } catch (...) {
    network = std::move(progress.network);
    throw;
  }
  finish(progress, options, !validation.rows.empty());
  network = std::move(progress.network);
  return std::move(progress.history);
}

}  // namespace chainrule
