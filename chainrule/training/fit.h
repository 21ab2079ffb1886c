// SPDX-License-Identifier: Apache-2.0
// Trains a model on a table in one call: split, encoder, network, training, metrics.
#pragma once

#include <string>
#include <vector>

#include "chainrule/data/encoder.h"
#include "chainrule/data/split.h"
#include "chainrule/metrics/metrics.h"
#include "chainrule/model/model.h"
#include "chainrule/training/options/fit_options.h"
#include "chainrule/training/train.h"

#pragma GCC visibility push(default)
namespace chainrule {

struct FitResult {
  Model model;
  History history;
  Split split;                   ///< training, validation and test rows of the table
  Metrics training, validation;  ///< of the returned model
  Metrics baseline;              ///< of the baseline on the validation rows, without loss
  double baseline_loss = 0;      ///< loss of the baseline on up to 10,000 training rows
  double minimum_loss = 0;       ///< loss of perfect predictions on the same rows
  Estimates test;                ///< of the test rows, which no decision used; empty if there are none
  std::vector<Note> notes;       ///< decisions and warnings
};

/// Everything that is known before training, so that callers can print it.
struct FitPlan {
  Encoder encoder;
  Architecture architecture;
  Loss loss;
  Split split;                   ///< rows of the table
  std::size_t inner_folds = 0;   ///< of the training rows, which choose the epoch; 0 = the validation rows do
  std::size_t memory_bytes = 0;  ///< estimate of what training needs
  std::vector<Note> notes;
};
/// Makes all decisions; `validation` replaces the split. Rows of weight 0 are left out, as if they were not there; the
/// numbers of rows in the split are those of the whole table. Throws Error (usage, input) as fit().
FitPlan plan_fit(const Table& table, const FitOptions& options, const Table* validation = nullptr);

/// The rows of a plan, encoded once for the training and every other reader of the same rows. Selections point into it,
/// so it must outlive them and must not move.
struct FitData {
  Dataset rows;        ///< of the table; the weights of the training rows have mean 1
  Dataset validation;  ///< of a separate validation table; else no rows
  bool has_validation_table = false;
  Split split;              ///< of the table
  std::string fingerprint;  ///< SHA-256, in hex, of the data that the encoder reads from the table

  Selection training() const { return {&rows, split.training}; }
  Selection validation_rows() const;  ///< the validation rows; may be empty
  Selection test() const { return {&rows, split.test}; }
};
/// Separate from plan_fit() so that a caller can check plan.memory_bytes before this allocates them. `validation` as
/// for plan_fit(). Throws as encode() does, and Error (usage) if all validation rows have weight 0.
FitData encode_fit(const FitPlan& plan, const Table& table, const Table* validation = nullptr);

/// Trains a model on a table; `validation` replaces the split. An interrupted training (observer.should_stop) still
/// returns a model. `threads` as for train(). Throws Error as the functions it calls.
FitResult fit(const Table& table, const FitOptions& options, const Observer& observer = {},
              const Table* validation = nullptr, std::size_t threads = 0);
/// The same on encoded rows. Options of the network and the training are taken from `options`, e.g. with a learning
/// rate found after planning; options of columns and rows are those of the plan.
FitResult fit(const FitPlan& plan, const FitData& data, const FitOptions& options, const Observer& observer = {},
              std::size_t threads = 0);

}  // namespace chainrule
#pragma GCC visibility pop
