// SPDX-License-Identifier: Apache-2.0
#include "chainrule/training/early_stopping.h"

#include "chainrule/base/error.h"

namespace chainrule {

Watch::Watch(const TrainOptions& options, const Network& network, bool has_validation)
    : options_(options),
      has_validation_(has_validation),
      larger_is_better_(larger_is_better(options.metric)),
      kept_(network.parameters) {
  if (!has_validation && options.metric != "loss")
    throw Error(ErrorCategory::usage,
                "metric: " + in_quotes(options.metric) + " needs validation rows: expected some, found none",
                "hold rows out with validation_split, or watch the training loss with metric \"loss\"");
}

bool Watch::look(EpochRecord& record, const Network& network) {
  double value = record.training_loss;
  if (has_validation_) {
    const Metric* metric = find_metric(record.validation, options_.metric);
    if (metric == nullptr) {
      std::string known;
      for (const Metric& one : record.validation) known += (known.empty() ? "" : ", ") + one.name;
      throw Error(ErrorCategory::usage, "metric: expected one of " + known + ", found " + in_quotes(options_.metric));
    }
    value = metric->value;
  }
  const double gain = larger_is_better_ ? value - best_ : best_ - value;
  record.best = best_epoch_ == 0 || gain > options_.min_delta;
  if (record.best) {
    best_ = value;
    best_epoch_ = record.epoch;
  }
  if (record.best || !keeps_best()) kept_ = network.parameters;
  without_better_ = record.best ? 0 : without_better_ + 1;
  on_plateau_ = record.best ? 0 : on_plateau_ + 1;
  if (options_.plateau_patience > 0 && on_plateau_ >= options_.plateau_patience) {
    rate_factor_ *= options_.plateau_factor;
    record.lowers_rate = true;
    on_plateau_ = 0;
  }
  return options_.patience == 0 || without_better_ < options_.patience;
}

std::size_t Watch::finish(Network& network) {
  if (!keeps_best() || best_epoch_ == 0) return 0;
  restore(network);
  return best_epoch_;
}

}  // namespace chainrule
