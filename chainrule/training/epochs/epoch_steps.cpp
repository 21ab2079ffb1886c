// SPDX-License-Identifier: Apache-2.0
#include "chainrule/training/epochs/epoch_steps.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <string>
#include <variant>

#include "chainrule/base/checks.h"
#include "chainrule/engine/train_step.h"
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

std::size_t batch_size_for(const TrainOptions& options, std::size_t rows) {
  if (rows == 0) throw Error(ErrorCategory::input, "training rows: expected at least 1, found 0");
  const std::size_t batch_size = rows_per_batch(options, rows);
  if (std::holds_alternative<Rprop>(options.optimizer) && batch_size < rows)
    throw Error(ErrorCategory::usage,
                "batch_size: rprop expects all " + std::to_string(rows) + " rows, found " + std::to_string(batch_size));
  return batch_size;
}

}  // namespace

EpochSteps::EpochSteps(TrainingProgress& progress, const Selection& training, const TrainOptions& options,
                       std::size_t threads)
    : progress_(progress),
      batches_(training, batch_size_for(options, training.rows.size())),
      state_(progress.network, options, batches_.batch_size(), threads) {
  require_rows(progress.network, training);
  if (progress.step == 0) {
    flush(progress.network.parameters);
    progress.early_stopping.kept = progress.network.parameters;
  }
  state_.step = progress.step;
  state_.learning_rate = progress.learning_rate;
  state_.gradient_norm = progress.gradient_norm;
  if (!progress.first.flat().empty()) state_.first = std::move(progress.first);
  if (!progress.second.flat().empty()) state_.second = std::move(progress.second);
}

bool EpochSteps::run(std::size_t epoch, const Observer& observer) {
  state_.epoch = epoch;
  const std::vector<std::size_t> order = epoch_order(state_.options, batches_.rows(), epoch);
  Parameters before;  // of the steps whose health is reported
  while (progress_.epoch_step < batches_.batches()) {
    const bool last = progress_.epoch_step + 1 == batches_.batches();
    const Batch batch = batches_.gather(progress_.epoch_step, order, &state_.work);
    state_.learning_rate = rate_of(progress_, state_.options, batches_);
    if (observer.before_step) observer.before_step(state_);
    const bool tells =
        observer.on_health && observer.health_every > 0 && (state_.step + 1) % observer.health_every == 0;
    if (tells) before = state_.network.parameters;
    state_.measure_norm = observer.on_step || tells || last;
    const double loss = train_step(state_, batch);
    progress_.step = state_.step;
    progress_.learning_rate = state_.learning_rate;
    progress_.gradient_norm = state_.gradient_norm;
    ++progress_.epoch_step;
    progress_.epoch_loss += loss * static_cast<double>(batch.inputs.rows());
    const StepRecord step{epoch, progress_.epoch_step, batches_.batches(),  state_.step,
                          loss,  state_.learning_rate, state_.gradient_norm};
    if (observer.on_step) observer.on_step(step);
    if (tells) report_health(state_, batch, before, step, observer);
    if (observer.should_stop && observer.should_stop()) return false;
    if (!last && observer.needs_progress && observer.needs_progress()) {
      save_optimizer();
      observer.on_progress(progress_);
    }
  }
  return true;
}

EpochRecord EpochSteps::record() {
  EpochRecord record;
  record.epoch = state_.epoch;
  record.epochs = state_.options.epochs;
  record.step = state_.step;
  record.learning_rate = state_.learning_rate;
  record.training_loss = progress_.epoch_loss / static_cast<double>(batches_.rows());
  record.gradient_norm = state_.gradient_norm;
  record.decay_term = decay_term(state_.network.parameters, state_.options.weight_decay);
  progress_.epoch_step = 0;
  progress_.epoch_loss = 0;
  return record;
}

void EpochSteps::save_optimizer() {
  progress_.first = state_.first;
  progress_.second = state_.second;
}

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

}  // namespace chainrule
