// SPDX-License-Identifier: Apache-2.0
// Evaluates a model on rows with known targets: metrics, a confusion matrix, and metrics per group of rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chainrule/data/encoder.h"
#include "chainrule/metrics/metrics.h"
#include "chainrule/model/model.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// Every metric of a model on rows with known targets, with intervals.
Estimates estimate(const Model& model, const Selection& rows, std::size_t threads = 0);

/// Metrics of the rows with one value in the grouping column.
struct Group {
  std::string value;
  Estimates estimates;
};

struct Evaluation {
  std::string model, data;  ///< paths
  Task task = Task::classes;
  Estimates estimates;
  bool trained_on_these_rows = false;
  std::size_t clamped = 0;               ///< numbers only: predictions that left the range of Encoder::min_prediction
  std::vector<std::string> labels;       ///< classes only
  std::optional<double> threshold;       ///< minimum probability for predicting the second of two classes
  std::vector<std::uint64_t> confusion;  ///< counts[true * classes + predicted]; empty for very many classes
  std::string weight;                    ///< the column of sample weights; "" = none
  bool loss_differs = false;             ///< from the formula on these predictions: class weights or smoothed labels
  std::string by;                        ///< the column that makes the groups; "" = none
  std::vector<Group> groups;
};

/// Measures a model on the rows of a table, and on those of each value in column `by`, if one is named; the caller
/// fills in `model` and `data` of the result. Groups are in ascending order, numbers by value; missing values form one,
/// too. Rows of weight 0 are left out. Throws Error as encode() does, and (usage) for a missing column and for more
/// than 100 groups.
Evaluation measure(const Model& model, const Table& table, const std::string& by = "", std::size_t threads = 0);

}  // namespace chainrule
#pragma GCC visibility pop
