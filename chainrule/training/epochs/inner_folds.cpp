// SPDX-License-Identifier: Apache-2.0
#include "chainrule/training/epochs/inner_folds.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <exception>
#include <utility>
#include <vector>

#include "chainrule/base/parallel_jobs.h"
#include "chainrule/data/folds.h"
#include "chainrule/engine/kernels/processor.h"
#include "chainrule/metrics/metrics.h"

namespace chainrule {

std::size_t inner_fold_count(const TrainOptions& options, const Selection& training) {
  const std::size_t count = std::min(options.inner_folds, training.rows.size());
  return count < 2 ? 0 : count;
}

InnerFolds::InnerFolds(TrainingProgress& progress, const Selection& training, const TrainOptions& options,
                       std::size_t threads)
    : progress_(progress), options_(options), threads_(threads), rows_(training.rows.size()) {
  const std::size_t count = inner_fold_count(options, training);
  if (count == 0) return;
  if (progress.step == 0) {
    progress.folds.assign(count, {});
    for (TrainingProgress& fold : progress.folds) fold.network = progress.network;
  }
  const Targets& targets = training.data->targets;
  std::vector<std::uint32_t> strata;
  for (const std::size_t row : training.rows)
    if (targets.classes > 0) strata.push_back(targets.labels[row]);
  std::size_t f = 0;
  for (const std::vector<std::size_t>& fold : fold_rows(training.rows.size(), count, strata, options.seed)) {
    Selection others{training.data, {}}, rows{training.data, {}};
    for (std::size_t i = 0; i < training.rows.size(); ++i)
      (std::ranges::binary_search(fold, i) ? rows : others).rows.push_back(training.rows[i]);
    folds_.emplace_back(progress.folds[f++], std::move(others), std::move(rows), options, 1);
  }
}

void InnerFolds::run(std::size_t epoch) {
  const auto never = [] { return false; };
  constexpr std::size_t kSmall = std::size_t{1} << 25;  // products that one thread computes before another has begun
  const std::size_t products = progress_.network.parameters.flat().size() * progress_.folds.size() * rows_;
  const std::size_t workers = products < kSmall ? 1 : threads_ == 0 ? usable_threads() : threads_;
  for (const std::exception_ptr& error : run_in_parallel(folds_.size(), workers, never, [&](std::size_t f) {
         EpochSteps& steps = folds_[f].steps;
         steps.progress().early_stopping.rate_factor = progress_.early_stopping.rate_factor;
         steps.run(epoch, {});
         steps.record();
       }))
    if (error) std::rethrow_exception(error);
}

Metrics InnerFolds::judge() const {
  Metrics means;
  std::vector<double> rows;
  for (const Fold& fold : folds_)
    for (const Metric& metric :
         evaluate(fold.steps.state().network, options_.loss, fold.rows, threads_, options_.metric)) {
      if (metric.name != "loss" && metric.name != options_.metric) continue;
      std::size_t m = 0;
      while (m < means.size() && means[m].name != metric.name) ++m;
      if (m == means.size()) {
        means.push_back({metric.name, 0});
        rows.push_back(0);
      }
      if (!std::isfinite(metric.value)) continue;
      const double weight = static_cast<double>(fold.rows.rows.size());
      means[m].value += weight * metric.value;
      rows[m] += weight;
    }
  for (std::size_t m = 0; m < means.size(); ++m) means[m].value /= rows[m];  // NaN where it is never defined
  return means;
}

void InnerFolds::save_optimizers() {
  for (Fold& fold : folds_) fold.steps.save_optimizer();
}

}  // namespace chainrule
