// SPDX-License-Identifier: Apache-2.0
// Options of training: every option of train() that changes results, with its range.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "chainrule/engine/formulas/loss.h"
#include "chainrule/engine/formulas/optimizer.h"
#include "chainrule/engine/formulas/schedule.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// Everything here changes results.
struct TrainOptions {
  Loss loss;
  Optimizer optimizer = Adam{};
  double learning_rate = 0.001;  ///< alpha > 0
  Schedule schedule;
  double weight_decay = 0;      ///< lambda >= 0, on weights only
  double clip_norm = 0;         ///< gradients with a larger norm are scaled down to this norm; 0 = never
  std::size_t epochs = 100;     ///< >= 1
  std::size_t batch_size = 32;  ///< rows per step; 0 = all rows
  bool shuffle = true;          ///< a new order every epoch
  std::uint64_t seed = 1;
  std::string metric = "loss";  ///< computed on the validation rows for early stopping; see metric_names()
  std::size_t patience = 0;     ///< epochs without a better metric before training stops; 0 = never. Without
                                ///< validation rows the training loss counts
  double min_delta = 0;         ///< minimum improvement that counts as better
  bool restore_best = true;     ///< end with the weights of the best epoch, if there are validation rows
  /// >= 2: metric, patience and plateau look at so many folds of the training rows, in place of the validation rows.
  /// Each fold is predicted by a network that is trained beside on the other folds; 0 = the validation rows
  std::size_t inner_folds = 0;
  std::size_t plateau_patience = 0;  ///< epochs without a better metric before the learning rate is lowered; 0 = never
  double plateau_factor = 0.1;       ///< then multiplies the learning rate, in (0, 1)
};

/// Throws Error (usage) that names the option, its value and its range.
void validate(const TrainOptions& options);

/// Rows of a step, for a training set of `rows` rows.
std::size_t rows_per_batch(const TrainOptions& options, std::size_t rows);
/// Steps of an epoch. Throws Error (usage) for no rows.
std::size_t steps_per_epoch(const TrainOptions& options, std::size_t rows);
/// The order of the rows in an epoch (from 1).
std::vector<std::size_t> epoch_order(const TrainOptions& options, std::size_t rows, std::size_t epoch);

}  // namespace chainrule
#pragma GCC visibility pop
