// SPDX-License-Identifier: Apache-2.0
// What `evaluate` found, as a JSON document and as text for people.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chainrule/encoder.h"
#include "chainrule/estimates.h"

namespace chainrule::cli {

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

/// Fields are only ever added; numbers that are not finite are null (docs/formats.md).
std::string evaluation_document(const Evaluation& evaluation);
/// Metrics one per line, for classes who is taken for whom, and a line for each group.
std::string evaluation_text(const Evaluation& evaluation);

}  // namespace chainrule::cli
