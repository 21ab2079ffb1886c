// SPDX-License-Identifier: Apache-2.0
#include "chainrule/training/epochs/early_stopping.h"

#include "chainrule/base/checks.h"

namespace chainrule {
namespace {

// What judges an epoch; empty if nothing does.
const Metrics& judging(const EpochRecord& record) { return record.inner.empty() ? record.validation : record.inner; }

bool keeps_best(const TrainOptions& options, const EpochRecord& record) {
  return options.restore_best && !judging(record).empty();
}

double monitored_value(const TrainOptions& options, const EpochRecord& record) {
  const Metrics& metrics = judging(record);
  if (metrics.empty()) return record.training_loss;
  const Metric* metric = find_metric(metrics, options.metric);
  if (metric != nullptr) return metric->value;
  std::string known;
  for (const Metric& one : metrics) known += (known.empty() ? "" : ", ") + one.name;
  throw option_error("metric", "expected one of " + known + ", found " + in_quotes(options.metric));
}

}  // namespace

void validate_metric(const TrainOptions& options, bool is_judged) {
  larger_is_better(options.metric);  // throws for an unknown one
  if (!is_judged && options.metric != "loss")
    throw option_error("metric", in_quotes(options.metric) + " needs validation rows: expected some, found none",
                       message_of("set ", NamedOption{"validation_split"}, ", or use the training loss with ",
                                  NamedOption{"metric", "loss"}));
}

void add_epoch(EarlyStopping& stopping, const TrainOptions& options, EpochRecord& record, const Network& network) {
  const double value = monitored_value(options, record);
  const double gain = larger_is_better(options.metric) ? value - stopping.best : stopping.best - value;
  record.best = stopping.best_epoch == 0 || gain > options.min_delta;
  if (record.best) {
    stopping.best = value;
    stopping.best_epoch = record.epoch;
  }
  if (record.best || !keeps_best(options, record)) stopping.kept = network.parameters;
  stopping.epochs_without_better = record.best ? 0 : stopping.epochs_without_better + 1;
  stopping.epochs_on_plateau = record.best ? 0 : stopping.epochs_on_plateau + 1;
  if (options.plateau_patience > 0 && stopping.epochs_on_plateau >= options.plateau_patience) {
    stopping.rate_factor *= options.plateau_factor;
    record.lowers_rate = true;
    stopping.epochs_on_plateau = 0;
  }
}

bool should_stop(const EarlyStopping& stopping, const TrainOptions& options) {
  return options.patience > 0 && stopping.epochs_without_better >= options.patience;
}

std::size_t restored_epoch(const TrainingProgress& progress, const TrainOptions& options) {
  const std::vector<EpochRecord>& epochs = progress.history.epochs;
  return !epochs.empty() && keeps_best(options, epochs.back()) ? progress.early_stopping.best_epoch : 0;
}

}  // namespace chainrule
