// SPDX-License-Identifier: Apache-2.0
#include "chainrule/rate_test_rehearsal.h"

#include <cmath>

#include "chainrule/error.h"
#include "chainrule/kernels/kernels.h"
#include "chainrule/random.h"

namespace chainrule {
namespace {

constexpr std::size_t kRowsWatched = 512;

// With the loss that the plan has found.
TrainOptions options_of(const FitOptions& options, const FitPlan& plan) {
  TrainOptions train = options.train;
  train.loss = plan.loss;
  return train;
}

}  // namespace

Rehearsal::Rehearsal(const Table& table, const FitOptions& options, std::size_t threads)
    : plan_(plan_fit(table, options)),
      data_(encode(plan_.encoder, table, true)),
      training_{&data_, plan_.split.rest},
      watched_{&data_, {}},
      options_(options_of(options, plan_)),
      network_(start_network(plan_.architecture, options)),
      batches_(training_, batch_size()),
      state_(network_, options_, batch_size(), threads),
      threads_(threads) {
  if (std::holds_alternative<Rprop>(options_.optimizer))
    throw Error(ErrorCategory::usage, "optimizer: expected one with a learning rate, found rprop");
  scale_weights_to_mean_one(data_.weights, plan_.split.rest);
  scale_weights_to_mean_one(data_.loss_weights, plan_.split.rest);
  const std::vector<std::size_t> order = epoch(0);
  for (std::size_t i = 0; i < std::min(kRowsWatched, order.size()); ++i)
    watched_.rows.push_back(training_.rows[order[i]]);
}

void Rehearsal::step(double rate) {
  const std::size_t b = steps_ % batches_.batches();
  if (b == 0) order_ = epoch(1 + steps_ / batches_.batches());
  const Batch batch = batches_.gather(b, order_);
  inputs_ = batch.inputs;
  state_.learning_rate = rate;
  train_step(state_, batch);
  ++steps_;
}

double Rehearsal::loss() const { return evaluate(network_, options_.loss, watched_, threads_)[0].value; }

double Rehearsal::fed(std::size_t l) {
  const std::span<const float> values = state_.work.fed(l, inputs_).flat();
  return std::sqrt(kernels::sum_of_squares(values) / static_cast<double>(values.size()));
}

std::size_t Rehearsal::batch_size() const {
  const std::size_t rows = training_.rows.size(), asked = options_.batch_size;
  return asked == 0 ? rows : std::min(asked, rows);
}

std::vector<std::size_t> Rehearsal::epoch(std::size_t number) const {
  return random_permutation({options_.seed, Purpose::shuffle, 0, static_cast<std::uint32_t>(number)},
                            training_.rows.size());
}

}  // namespace chainrule
