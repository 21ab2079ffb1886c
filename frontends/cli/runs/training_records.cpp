// SPDX-License-Identifier: Apache-2.0
#include "cli/runs/training_records.h"

#include <utility>

namespace chainrule::cli {
namespace {

constexpr std::size_t kMaxKept = 200;

// The numbers of an epoch, with their names in the log.
std::vector<std::pair<std::string, double>> numbers_of(const EpochRecord& record) {
  std::vector<std::pair<std::string, double>> numbers{{"train/loss", record.training_loss},
                                                      {"train/decay_term", record.decay_term},
                                                      {"learning_rate", record.learning_rate},
                                                      {"gradient_norm/total", record.gradient_norm}};
  for (const Metric& metric : record.validation) numbers.emplace_back("validation/" + metric.name, metric.value);
  for (const Metric& metric : record.inner) numbers.emplace_back("inner/" + metric.name, metric.value);
  return numbers;
}

}  // namespace

TrainingRecords::TrainingRecords(const Requests& requests) : requests_(requests) {
  if (!requests.log.empty()) log_.emplace(requests.log, requests.overwrite, requests.log_shown);
  if (!requests.events.empty()) board_.emplace(requests.events, requests.events_shown);
}

Observer TrainingRecords::listen(Observer observer) {
  observer.on_epoch = [this, then = std::move(observer.on_epoch)](const EpochRecord& record) {
    if (log_) log_->write(record);
    if (board_) board_->write(record.epoch, numbers_of(record));
    if (then) then(record);
  };
  observer.health_every = requests_.health_every > 0 ? requests_.health_every
                          : requests_.report         ? requests_.steps_per_epoch
                                                     : 0;
  if (observer.health_every > 0)
    observer.on_health = [this](const HealthRecord& record) {
      if (log_ && requests_.health_every > 0) log_->write(record);
      if (requests_.report) keep(record);
    };
  return observer;
}

void TrainingRecords::keep(const HealthRecord& record) {
  if (seen_++ % every_ != 0) return;
  health_.push_back(record);
  if (health_.size() < 2 * kMaxKept) return;
  for (std::size_t k = 1; 2 * k < health_.size(); ++k) health_[k] = std::move(health_[2 * k]);
  health_.resize(health_.size() / 2);
  every_ *= 2;
}

void TrainingRecords::finish() {
  if (log_) log_->finish();
  if (board_) board_->finish();
}

}  // namespace chainrule::cli
