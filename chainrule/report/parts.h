// SPDX-License-Identifier: Apache-2.0
// What the documents of several reports have in common (docs/formats.md, "Report").
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "chainrule/report/json.h"
#include "chainrule/training/fit.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// Of the digits that are worth drawing.
Json short_number(double value);
Json json_numbers(const std::vector<double>& values);

/// Epochs, losses, learning rates, and the metrics of validation rows; of more than a thousand epochs some, evenly.
Json history_object(const History& history);
/// Each column of the table: what it holds and what training does with it.
Json columns_array(const Table& table, const FitPlan& plan, const FitOptions& options);
/// Each note as data: severity, topic, column and option ("" where there is none) and text.
Json notes_array(const std::vector<Note>& notes);
/// [key, value] of each option.
Json options_array(const FitOptions& options);

/// ShownPredictions to rows that did not train.
struct ShownPredictions {
  const Encoder* encoder = nullptr;
  const Targets* targets = nullptr;
  std::vector<std::size_t> rows;  ///< of the targets
  /// Given becomes the answers to rows[place] for each of the places, kRowsAtOnce at most: probabilities of the
  /// classes, or the number.
  std::function<void(std::span<const std::size_t> places, ViewOf<double> given)> answer;
  /// The class that is predicted for rows[place], of which this is the answer.
  std::function<std::size_t(std::size_t place, std::span<const double> answer)> decided;
};
constexpr std::size_t kRowsAtOnce = 256;
/// What is drawn of them: truth and prediction, or who was taken for whom and how probable the second of two classes
/// was. Adds to `document`.
void add_answers(const ShownPredictions& answers, Json& document);

}  // namespace chainrule
#pragma GCC visibility pop
