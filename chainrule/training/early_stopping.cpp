// SPDX-License-Identifier: Apache-2.0
#include "chainrule/training/early_stopping.h"

#include "chainrule/base/checks.h"

namespace chainrule {
namespace {

bool keeps_best(const TrainOptions& options, bool has_validation) { return has_validation && options.restore_best; }

double monitored_value(const TrainOptions& options, bool has_validation, const EpochRecord& record) {
  if (!has_validation) return record.training_loss;
  const Metric* metric = find_metric(record.validation, options.metric);
  if (metric != nullptr) return metric->value;
  std::string known;
  for (const Metric& one : record.validation) known += (known.empty() ? "" : ", ") + one.name;
  throw option_error("metric", "expected one of " + known + ", found " + in_quotes(options.metric));
}

}  // namespace

void validate_metric(const TrainOptions& options, bool has_validation) {
  larger_is_better(options.metric);  // throws for an unknown one
  if (!has_validation && options.metric != "loss")
    throw option_error("metric", in_quotes(options.metric) + " needs validation rows: expected some, found none",
                       message_of("set ", NamedOption{"validation_split"}, ", or use the training loss with ",
                                  NamedOption{"metric", "loss"}));
}

void add_epoch(EarlyStopping& stopping, const TrainOptions& options, bool has_validation, EpochRecord& record,
               const Network& network) {
  const double value = monitored_value(options, has_validation, record);
  const double gain = larger_is_better(options.metric) ? value - stopping.best : stopping.best - value;
  record.best = stopping.best_epoch == 0 || gain > options.min_delta;
  if (record.best) {
    stopping.best = value;
    stopping.best_epoch = record.epoch;
  }
  if (record.best || !keeps_best(options, has_validation)) stopping.kept = network.parameters;
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

std::size_t restored_epoch(const EarlyStopping& stopping, const TrainOptions& options, bool has_validation) {
  return keeps_best(options, has_validation) ? stopping.best_epoch : 0;
}

}  // namespace chainrule
