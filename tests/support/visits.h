// SPDX-License-Identifier: Apache-2.0
// A synthetic table with all kinds of columns that can select rows, and a small training on it.
#pragma once

#include <string>

#include "chainrule/training/fit.h"
#include "tests/support/tables.h"

namespace chainrule::testing {

inline constexpr std::size_t kRows = 200;

// A number with missing values, a category, a patient with 1 to 8 rows, a day, weights; two classes of which "yes" is
// rare, and a number.
inline Table visits() {
  Texts size, color, patient, day, weight, ill, cost;
  for (std::size_t i = 0; i < kRows; ++i) {
    size.push_back(i % 9 == 4 ? "" : std::to_string(i * 37 % 101));
    color.push_back(i % 3 == 0 ? "red" : i % 3 == 1 ? "blue" : "green");
    patient.push_back("p" + std::to_string(i * i % 61));
    day.push_back(fmt::format("2024-{:02}-{:02}", 1 + i * 7 % 12, 1 + i * 5 % 28));
    weight.push_back(std::to_string(1 + i % 3));
    ill.push_back(i * 37 % 101 > 80 ? "yes" : "no");
    cost.push_back(std::to_string(100 + i * 37 % 101 * 3));
  }
  return table_of({column("size", size), column("color", color), column("patient", patient), column("day", day),
                   column("weight", weight), column("cost", cost), column("ill", ill, kKept)},
                  kRows);
}

inline Column& named(Table& table, const std::string& name) { return table.columns[find_column(table, name, "test")]; }

inline FitOptions small_fit(const std::string& target) {
  FitOptions options;
  options.data.target = target;
  options.data.ignore = {target == "ill" ? "cost" : "ill"};
  options.hidden = {4};
  options.train.epochs = 3;
  options.train.patience = 0;
  options.train.restore_best = false;
  return options;
}

}  // namespace chainrule::testing
