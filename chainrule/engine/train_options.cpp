// SPDX-License-Identifier: Apache-2.0
#include "chainrule/engine/train_options.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "chainrule/base/checks.h"
#include "chainrule/base/random.h"

namespace chainrule {
namespace {

void require_option(bool holds, std::string_view option, std::string_view expected, double found) {
  if (!holds) throw option_error(option, fmt::format("expected {}, found {}", expected, found));
}

void require_positive(std::string_view name, double value) {
  require_option(std::isfinite(value) && value > 0, name, "a finite number > 0", value);
}

// The engine flushes smaller numbers to zero, and a parameter whose gradients are all 0 would be divided by it.
void require_epsilon(double value) {
  require_option(std::isfinite(value) && value >= double(std::numeric_limits<float>::min()), "epsilon",
                 "a finite number >= 1.2e-38 (the smallest normal float)", value);
}

void require_not_negative(std::string_view name, double value) {
  require_option(std::isfinite(value) && value >= 0, name, "a finite number >= 0", value);
}

void require_fraction(std::string_view name, double value) {
  require_option(value >= 0 && value < 1, name, "a number in [0, 1)", value);
}

struct OptimizerRanges {
  void operator()(const Sgd&) const {}
  void operator()(const Momentum& o) const { require_fraction("momentum", o.momentum); }
  void operator()(const Nesterov& o) const { require_fraction("momentum", o.momentum); }
  void operator()(const Adagrad& o) const { require_epsilon(o.epsilon); }
  void operator()(const RmsProp& o) const {
    require_fraction("rho", o.rho);
    require_epsilon(o.epsilon);
  }
  void operator()(const Adam& o) const { betas(o.beta1, o.beta2, o.epsilon); }
  void operator()(const AdamW& o) const { betas(o.beta1, o.beta2, o.epsilon); }
  void operator()(const Rprop& o) const {
    require_option(o.increase > 1 && std::isfinite(o.increase), "increase", "a finite number > 1", o.increase);
    require_option(o.decrease > 0 && o.decrease < 1, "decrease", "a number in (0, 1)", o.decrease);
    require_positive("smallest", o.smallest);
    require_option(o.largest > o.smallest && std::isfinite(o.largest), "largest", "a finite number above smallest",
                   o.largest);
  }

 private:
  static void betas(double beta1, double beta2, double epsilon) {
    require_fraction("beta1", beta1);
    require_fraction("beta2", beta2);
    require_epsilon(epsilon);
  }
};

void validate(const Loss& loss) {
  require_option(loss.kind <= LossKind::custom, "loss", "a known kind", static_cast<double>(loss.kind));
  if ((loss.kind == LossKind::custom) != (loss.custom != nullptr))
    throw Error(ErrorCategory::usage,
                std::string("loss: expected functions if and only if the kind is custom, found ") +
                    (loss.custom ? "some for another kind" : "none"));
  require_positive("huber_delta", loss.huber_delta);
  require_fraction("label_smoothing", loss.label_smoothing);
  const bool smooths = loss.kind == LossKind::softmax_cross_entropy || loss.kind == LossKind::sigmoid_cross_entropy;
  require_option(smooths || loss.label_smoothing == 0, "label_smoothing", "0 for a loss that is not a cross-entropy",
                 loss.label_smoothing);
}

void validate(const Schedule& schedule) {
  expect_below(schedule_names().size(), static_cast<std::size_t>(schedule.kind), "schedule");
  const bool factor_is_fraction = schedule.kind == ScheduleKind::step || schedule.kind == ScheduleKind::exponential;
  require_option(std::isfinite(schedule.factor) && schedule.factor >= 0 &&
                     (!factor_is_fraction || (schedule.factor > 0 && schedule.factor <= 1)),
                 "schedule_factor", factor_is_fraction ? "a number in (0, 1]" : "a finite number >= 0",
                 schedule.factor);
  require_positive("schedule_every", schedule.every);
  require_positive("schedule_power", schedule.power);
  require_option(schedule.final >= 0 && schedule.final <= 1, "schedule_final", "a number in [0, 1]", schedule.final);
  require_not_negative("warmup_epochs", schedule.warmup_epochs);
}

}  // namespace

void validate(const TrainOptions& options) {
  validate(options.loss);
  std::visit(OptimizerRanges{}, options.optimizer);
  validate(options.schedule);
  require_positive("learning_rate", options.learning_rate);
  require_not_negative("weight_decay", options.weight_decay);
  require_not_negative("clip_norm", options.clip_norm);
  require_not_negative("min_delta", options.min_delta);
  constexpr std::size_t kMaxEpochs = 1000000000;
  require_option(options.epochs >= 1 && options.epochs <= kMaxEpochs, "epochs", "1 to 1000000000",
                 static_cast<double>(options.epochs));
  require_option(options.inner_folds != 1, "inner_folds", "0, or at least 2", static_cast<double>(options.inner_folds));
  require_option(options.plateau_factor > 0 && options.plateau_factor < 1, "plateau_factor", "a number in (0, 1)",
                 options.plateau_factor);
  if (std::holds_alternative<Rprop>(options.optimizer) && options.schedule.kind != ScheduleKind::constant)
    throw option_error("schedule", fmt::format("rprop finds its own step sizes and expects constant, found {}",
                                               schedule_name(options.schedule.kind)));
}

std::size_t rows_per_batch(const TrainOptions& options, std::size_t rows) {
  return options.batch_size == 0 ? rows : std::min(options.batch_size, rows);
}

std::size_t steps_per_epoch(const TrainOptions& options, std::size_t rows) {
  expect_at_least(1, rows, "rows");
  const std::size_t batch = rows_per_batch(options, rows);
  return (rows + batch - 1) / batch;
}

std::vector<std::size_t> epoch_order(const TrainOptions& options, std::size_t rows, std::size_t epoch) {
  if (options.shuffle)
    return random_permutation({options.seed, Purpose::shuffle, 0, static_cast<std::uint32_t>(epoch)}, rows);
  std::vector<std::size_t> order(rows);
  std::iota(order.begin(), order.end(), std::size_t{0});
  return order;
}

}  // namespace chainrule
