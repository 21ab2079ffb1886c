// SPDX-License-Identifier: Apache-2.0
// What a model is worth on rows with known answers: metrics, who was taken for whom, and the same of groups of rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chainrule/data/encoder.h"
#include "chainrule/metrics/intervals.h"
#include "chainrule/model/model.h"

#pragma GCC visibility push(default)
namespace chainrule {

inline constexpr std::size_t kFewRows = 30;  ///< groups of fewer say so

/// The rows that say the same in one column.
struct Group {
  std::string value;
  Estimates estimates;
};

struct Evaluation {
  std::string model, data;  ///< paths
  Task task = Task::classes;
  Estimates estimates;
  bool trained_on_these_rows = false;
  std::vector<std::string> labels;       ///< classes only
  std::optional<double> threshold;       ///< from this probability on the second of two classes is predicted
  std::vector<std::uint64_t> confusion;  ///< counts[true * classes + predicted]; empty for very many classes
  std::string weight;                    ///< the column of sample weights; "" = none
  bool loss_differs = false;             ///< from what its formula says of the answers: class weights, smoothed labels
  std::string by;                        ///< the column that makes the groups; "" = none
  std::vector<Group> groups;
};

/// Rows of a table that say the same in one column.
struct RowGroup {
  std::string value;
  std::vector<std::size_t> rows;
};

/// In rising order, numbers by value; missing values are a group of their own. Throws Error (usage) for more than 100.
std::vector<RowGroup> groups_by(const std::string& by, const Table& table);

/// Model, data and by of the result are left to the caller.
Evaluation measure(const Model& model, const Table& table, const std::vector<RowGroup>& groups, std::size_t threads);

}  // namespace chainrule
#pragma GCC visibility pop
