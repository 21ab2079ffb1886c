// SPDX-License-Identifier: Apache-2.0
// Predictions for rows that encode() made, as tables and metrics need them. Internal.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "chainrule/base/matrix.h"
#include "chainrule/data/table.h"
#include "chainrule/engine/dataset.h"
#include "chainrule/model/model.h"

namespace chainrule {

/// Rows that a Predictor should compute at a time for a table of so many rows.
std::size_t rows_at_once(std::size_t rows);

/// Predictions for these rows of a table whose inputs encode() has made: row i of `predictions` is for row rows[i].
/// Throws as predict(model, table).
void predict(Predictor& predictor, const Table& table, const Features& inputs, std::span<const std::size_t> rows,
             ViewOf<double> predictions);

/// Predictions as metrics read them.
struct Predictions {
  Matrix outputs;              ///< (rows x outputs), the link applied; numbers as data.targets scales them
  std::vector<double> losses;  ///< of each row, its weight left out; empty where the data set has no targets
};
/// Of rows that encode() made. Throws Error as Predictor does, but accepts outputs that are not finite.
Predictions predict(const Model& model, const Selection& rows, std::size_t threads = 0);

}  // namespace chainrule
