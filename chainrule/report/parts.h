// SPDX-License-Identifier: Apache-2.0
// Shared by the documents of several reports (docs/formats.md, "Report").
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "chainrule/report/json.h"
#include "chainrule/training/fit.h"

namespace chainrule {

/// Rounded to 6 digits, enough for a chart.
Json short_number(double value);
Json json_numbers(const std::vector<double>& values);

/// Epochs, losses, learning rates, and validation metrics; of more than a thousand epochs an evenly spaced subset.
Json history_object(const History& history);
/// Each column of the table: its contents and how training uses it.
Json columns_array(const Table& table, const FitPlan& plan, const FitOptions& options);
/// Each note as data: severity, topic, column and option ("" if none) and text.
Json notes_array(const std::vector<Note>& notes);
/// [key, value] of each option.
Json options_array(const FitOptions& options);

/// Predictions for rows that the training did not use.
struct ShownPredictions {
  const Encoder* encoder = nullptr;
  const Targets* targets = nullptr;
  std::vector<std::size_t> rows;  ///< of the targets
  /// Writes to `given` the predictions for rows[i] for each index i of the first argument, up to kRowsAtOnce: the
  /// probabilities of the classes, or the number.
  std::function<void(std::span<const std::size_t> indices, ViewOf<double> given)> predict;
  /// The class predicted for the row with this index, whose outputs are the second argument.
  std::function<std::size_t(std::size_t index, std::span<const double> prediction)> decided;
};
constexpr std::size_t kRowsAtOnce = 256;
/// Adds the data of their charts to `document`: targets and predictions; or the confusion matrix and the probability of
/// the second of two classes.
void add_predictions(const ShownPredictions& predictions, Json& document);

}  // namespace chainrule
