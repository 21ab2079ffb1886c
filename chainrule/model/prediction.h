// SPDX-License-Identifier: Apache-2.0
// Predictions of a model for a table and for encoded rows. All that predicts, measures or reports starts here or from
// Predictor.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "chainrule/base/matrix.h"
#include "chainrule/data/table.h"
#include "chainrule/engine/dataset.h"
#include "chainrule/model/model.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// Predictions for every row of a table, (table.rows x outputs), as Predictor::predict() makes them. `threads` as for
/// train(). Throws Error as encode() and Predictor do; it names the row as the table does ("new.csv:12").
MatrixOf<double> predict(const Model& model, const Table& table, std::size_t threads = 0);

/// The same for these rows of a table whose inputs encode() has made: row i of `answers` answers row rows[i].
void predict(Predictor& predictor, const Table& table, const Features& inputs, std::span<const std::size_t> rows,
             ViewOf<double> answers);

/// The same predictions as metrics read them.
struct Predictions {
  Matrix outputs;              ///< (rows x outputs), the link applied; numbers as data.targets scales them
  std::vector<double> losses;  ///< of each row, its weight left out; empty where the data set has no targets
};
/// Of rows that encode() made. Throws Error as Predictor does, but accepts outputs that are not finite.
Predictions predict(const Model& model, const Selection& rows, std::size_t threads = 0);

}  // namespace chainrule
#pragma GCC visibility pop
