// SPDX-License-Identifier: Apache-2.0
// From a table to a trained model in one call: split, encoder, network, training, metrics.
#pragma once

#include <string>
#include <vector>

#include "chainrule/data/encoder.h"
#include "chainrule/data/split.h"
#include "chainrule/metrics/intervals.h"
#include "chainrule/model/model.h"
#include "chainrule/training/options/fit_options.h"
#include "chainrule/training/train.h"

#pragma GCC visibility push(default)
namespace chainrule {

struct FitResult {
  Model model;
  History history;
  Split split;                   ///< the rows of the table that trained, were watched, and tested
  Metrics training, validation;  ///< of the model as it is returned
  Metrics trivial;               ///< the same as in `validation`, but loss, of the best constant answers to its rows
  double trivial_loss = 0;       ///< of the best constant answer, on up to 10,000 of the training rows
  double least_loss = 0;         ///< of answers that are all right, there
  Estimates test;                ///< the same for rows that nothing has looked at; none: no rows
  std::vector<Note> notes;       ///< decisions and warnings
};

/// The loss that these options mean for a task. Throws Error (usage) for one that suits neither the task nor the
/// activation of the output layer.
Loss loss_for(Task task, const FitOptions& options);

/// What can be said before training: used by callers that want to show it.
struct FitPlan {
  Encoder encoder;
  Architecture architecture;
  Loss loss;
  Split split;                   ///< rows of the table
  std::size_t memory_bytes = 0;  ///< estimate of what training needs
  std::vector<Note> notes;
};
/// What these options mean for the encoder of a table. Throws Error (usage).
EncoderOptions encoder_options(const Table& table, const FitOptions& options);
FitPlan plan_fit(const Table& table, const FitOptions& options, const Table* validation = nullptr);
/// The network that these options mean for an encoder. Throws Error (usage).
Architecture architecture_for(const Encoder& encoder, const FitOptions& options);

/// The rows of a plan as its network reads them, encoded once for the training and all that looks at the same rows.
/// Selections point into it, so it must stay where it is while they are used.
struct FitData {
  Dataset rows;        ///< of the table; the weights of those that train have the mean 1
  Dataset validation;  ///< another table that is watched instead of held-out rows; else no rows
  bool has_validation_table = false;
  Split split;              ///< of the table
  std::string fingerprint;  ///< of the table

  Selection training() const { return {&rows, split.rest}; }
  Selection held_out() const;  ///< rows that are watched; may be none
  Selection test() const { return {&rows, split.test}; }
};
/// Separate from the plan so that a caller can refuse plan.memory_bytes before they are taken. `validation` as for
/// plan_fit(). Throws as encode() does, and Error (usage) when no row that is watched has a weight.
FitData encode_fit(const FitPlan& plan, const Table& table, const Table* validation = nullptr);
/// The network that training begins with.
Network start_network(const Architecture& architecture, const FitOptions& options);

/// Trains a model on a table; `validation` replaces the split. An interrupted training (observer.should_stop) still
/// returns a model. `threads` as for train(). Throws Error as its parts do.
FitResult fit(const Table& table, const FitOptions& options, const Observer& observer = {},
              const Table* validation = nullptr, std::size_t threads = 0);
/// The same on rows that are encoded. What options say of the network and its training counts as it is now, e.g. with a
/// learning rate found since; what they say of columns and rows is the plan's.
FitResult fit(const FitPlan& plan, const FitData& data, const FitOptions& options, const Observer& observer = {},
              std::size_t threads = 0);

}  // namespace chainrule
#pragma GCC visibility pop
