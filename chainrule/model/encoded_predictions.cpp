// SPDX-License-Identifier: Apache-2.0
#include "chainrule/model/encoded_predictions.h"

#include <algorithm>

#include "chainrule/base/error.h"
#include "chainrule/data/table_rows.h"
#include "chainrule/engine/formulas/loss_formulas.h"
#include "chainrule/metrics/row_losses.h"

namespace chainrule {

std::size_t rows_at_once(std::size_t rows) {
  constexpr std::size_t kRowsAtOnce = 256;
  return std::clamp<std::size_t>(rows, 1, kRowsAtOnce);
}

void predict(Predictor& predictor, const Table& table, const Features& inputs, std::span<const std::size_t> rows,
             ViewOf<double> predictions) {
  try {
    return predictor.predict(inputs, rows, predictions);
  } catch (const Error&) {
    if (predictions.rows() != rows.size()) throw;
    for (std::size_t i = 0; i < rows.size(); ++i) try {  // which row was it?
        predictor.predict(inputs, rows.subspan(i, 1), predictions.rows(i, 1));
      } catch (const Error& error) {
        if (rows[i] >= table.rows) throw;
        throw Error(error.category(), location_of_row(table, rows[i]) + ": " + error.what(), error.hint());
      }
    throw;
  }
}

Predictions predict(const Model& model, const Selection& rows, std::size_t threads) {
  validate(rows);
  Predictions out;
  out.outputs = Matrix(rows.rows.size(), model.network.architecture.outputs());
  Predictor(model, rows_at_once(rows.rows.size()), threads).outputs(rows.data->inputs, rows.rows, out.outputs.view());
  if (rows.data->targets.rows() > 0) out.losses = losses_of_rows(model.loss, out.outputs.view(), rows);
  apply_link(model.loss, out.outputs.view());
  return out;
}

}  // namespace chainrule
