// SPDX-License-Identifier: Apache-2.0
// Predictions of a model for a table and for a single row; model.h has those for rows of numbers, in a loop.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
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

/// A prediction for one row, which its predictor holds: valid until its next one.
struct Prediction {
  std::span<const double> probabilities;  ///< classes: of each label, in the order of encoder.labels; else empty
  std::size_t class_index = 0;            ///< classes: as decide() says
  std::string_view label;                 ///< classes: the predicted one
  double number = 0;                      ///< a number, in its own unit; 0 for classes
};

/// A field of a row, as it would stand in a file.
struct NamedField {
  std::string_view name, text;
};

/// Predicts one row at a time, to the bits of a file with this row. Each thread has one of its own; the model must
/// outlive it and stay as it is. A prediction is valid until the next one. predict() allocates nothing, except for
/// texts that no training row had.
class RowPredictor {
 public:
  /// Copies the weights. Throws as Predictor.
  explicit RowPredictor(const Model& model);
  explicit RowPredictor(const Model&& model) = delete;
  RowPredictor(RowPredictor&&) noexcept;
  ~RowPredictor();

  /// fields[j]: of column model.encoder.inputs[j], read as the training data were: "" = missing. Throws Error: (usage)
  /// for another number of fields and for a model of images; (input) that names the column for a field that does not
  /// fit it; as Predictor.
  Prediction predict(std::span<const std::string_view> fields);
  /// Fields in any order; others are ignored. Throws Error (input) for a column that is missing or given twice, too.
  Prediction predict(std::span<const NamedField> fields);
  /// Fields that are numbers, NaN = missing; or pixels, 0 to 255. A number in a column of categories is its text in the
  /// file ("7"), not an index as for Predictor.
  Prediction predict(std::span<const double> numbers);

 private:
  Prediction prediction();

  struct Reading;
  const Model* model_;
  Predictor predictor_;
  std::unique_ptr<Reading> reading_;
};

}  // namespace chainrule
#pragma GCC visibility pop
