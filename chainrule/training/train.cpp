// SPDX-License-Identifier: Apache-2.0
#include "chainrule/training/train.h"

#include <utility>

#include "chainrule/engine/divergence.h"
#include "chainrule/metrics/metrics.h"
#include "chainrule/training/epochs/early_stopping.h"
#include "chainrule/training/epochs/epoch_steps.h"
#include "chainrule/training/epochs/inner_folds.h"

namespace chainrule {
namespace {

// From epoch to epoch.
void run(EpochSteps& steps, InnerFolds& folds, const Selection& validation, const Observer& observer,
         std::size_t threads) {
  TrainState& state = steps.state();
  const TrainOptions& options = state.options;
  TrainingProgress& progress = steps.progress();
  History& history = progress.history;
  history.stop = StopReason::epochs_done;
  history.monitored_metric = options.metric;
  history.inner_folds = folds.count();
  Observer its = observer;
  its.on_progress = [&](const TrainingProgress& current) {
    folds.save_optimizers();
    observer.on_progress(current);
  };
  while (history.epochs.size() < options.epochs && !should_stop(progress.early_stopping, options)) {
    const std::size_t epoch = history.epochs.size() + 1;
    const bool finished = steps.run(epoch, its);
    history.steps = state.step;
    if (!finished) {
      history.stop = StopReason::interrupted;
      return;
    }
    folds.run(epoch);
    EpochRecord record = steps.record();
    if (!validation.rows.empty())
      record.validation = evaluate(state.network, options.loss, validation, threads, options.metric);
    record.inner = folds.judge();
    require_finite_parameters(state);
    add_epoch(progress.early_stopping, options, record, state.network);
    history.epochs.push_back(record);
    if (observer.on_epoch) observer.on_epoch(record);
    if (observer.needs_progress && observer.needs_progress()) {
      steps.save_optimizer();
      its.on_progress(progress);
    }
  }
  if (should_stop(progress.early_stopping, options)) history.stop = StopReason::early_stopping;
}

}  // namespace

void train(TrainingProgress& progress, const Selection& training, const Selection& validation,
           const TrainOptions& options, const Observer& observer, std::size_t threads) {
  validate(options);
  validate(progress.network);
  if (!validation.rows.empty()) require_rows(progress.network, validation);
  validate_metric(options, inner_fold_count(options, training) > 0 || !validation.rows.empty());
  EpochSteps steps(progress, training, options, threads);
  InnerFolds folds(progress, training, options, threads);
  try {
    run(steps, folds, validation, observer, threads);
  } catch (const Error&) {
    progress.network.parameters = progress.early_stopping.kept;
    throw;
  }
  steps.save_optimizer();
  folds.save_optimizers();
}

void finish(TrainingProgress& progress, const TrainOptions& options) {
  progress.history.best_epoch = restored_epoch(progress, options);
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
  finish(progress, options);
  network = std::move(progress.network);
  return std::move(progress.history);
}

}  // namespace chainrule
