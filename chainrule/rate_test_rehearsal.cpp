// SPDX-License-Identifier: Apache-2.0
#include "chainrule/rate_test_rehearsal.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "chainrule/error.h"
#include "chainrule/kernels/kernels.h"
#include "chainrule/random.h"

namespace chainrule {
namespace {

constexpr std::size_t kRowsWatched = 512, kMostRowsOfAStep = 4096;
constexpr std::size_t kLeastSteps = 50, kMostSteps = 300;

// Up to so many of these rows that have a weight, drawn.
Selection some_of(const Dataset& data, const std::vector<std::size_t>& rows, std::uint64_t seed) {
  Selection out{&data, {}};
  const std::vector<float>& weights = data.weights_of_loss();
  for (const std::size_t i : random_permutation({seed, Purpose::shuffle, 0, 0}, rows.size())) {
    if (out.rows.size() == kRowsWatched) break;
    if (weights.empty() || weights[rows[i]] > 0) out.rows.push_back(rows[i]);
  }
  return out;
}

// With the loss that the plan has found, and batches that a step can be made of in a moment.
TrainOptions options_of(const FitOptions& options, const RehearsalRows& rows) {
  TrainOptions train = options.train;
  train.loss = rows.plan().loss;
  train.batch_size = std::min(rows_per_batch(train, rows.training().rows.size()), kMostRowsOfAStep);
  return train;
}

}  // namespace

RehearsalRows::RehearsalRows(const Table& table, const FitOptions& options, const Table* validation)
    : plan_(plan_fit(table, options, validation)), data_(encode(plan_.encoder, table, true)) {
  if (std::holds_alternative<Rprop>(options.train.optimizer))
    throw Error(ErrorCategory::usage, "optimizer: expected one with a learning rate, found rprop");
  scale_weights_to_mean_one(data_.weights, plan_.split.rest);
  scale_weights_to_mean_one(data_.loss_weights, plan_.split.rest);
  training_ = {&data_, plan_.split.rest};
  some_ = some_of(data_, plan_.split.rest, options.train.seed);
  if (validation != nullptr) validation_ = encode(plan_.encoder, *validation, true);
  others_ = validation == nullptr ? some_of(data_, plan_.split.held_out, options.train.seed)
                                  : some_of(validation_, all_rows(validation_).rows, options.train.seed);
}

Rehearsal::Rehearsal(const RehearsalRows& rows, const Architecture& architecture, const FitOptions& options,
                     std::size_t threads)
    : options_(options_of(options, rows)),
      network_(start_network(architecture, options)),
      batches_(rows.training(), options_.batch_size),
      state_(network_, options_, options_.batch_size, threads) {}

void Rehearsal::step(double rate) {
  const std::size_t b = steps_ % batches_.batches();
  if (b == 0) order_ = epoch_order(options_, batches_.rows(), 1 + steps_ / batches_.batches());
  const Batch batch = batches_.gather(b, order_);
  inputs_ = batch.inputs;
  state_.learning_rate = rate;
  train_step(state_, batch);
  ++steps_;
}

double Rehearsal::loss(const Selection& rows) const {
  return evaluate(network_, options_.loss, rows, 1)[0].value;  // few rows: more threads would cost more than they do
}

std::size_t Rehearsal::steps_to_take() const { return std::clamp(2 * batches_.batches(), kLeastSteps, kMostSteps); }

double Rehearsal::fed(std::size_t l) {
  const std::span<const float> values = state_.work.fed(l, inputs_).flat();
  return std::sqrt(kernels::sum_of_squares(values) / static_cast<double>(values.size()));
}

double loss_after_steps(Rehearsal& trial, double rate, const Selection& rows,
                        const std::function<bool()>& should_stop) {
  try {
    for (std::size_t s = 0; s < trial.steps_to_take() && !(should_stop && should_stop()); ++s) trial.step(rate);
    const double loss = trial.loss(rows);
    return std::isfinite(loss) ? loss : std::numeric_limits<double>::infinity();
  } catch (const Error& error) {
    if (error.category() != ErrorCategory::numerics) throw;
    return std::numeric_limits<double>::infinity();
  }
}

}  // namespace chainrule
