// SPDX-License-Identifier: Apache-2.0
#include "chainrule/model/prediction.h"

#include <algorithm>
#include <numeric>

#include "chainrule/base/error.h"
#include "chainrule/metrics/evaluate.h"

namespace chainrule {
namespace {

constexpr std::size_t kRowsAtOnce = 256;

std::size_t rows_at_once(std::size_t rows) { return std::clamp<std::size_t>(rows, 1, kRowsAtOnce); }

}  // namespace

void predict(Predictor& predictor, const Table& table, const Features& inputs, std::span<const std::size_t> rows,
             ViewOf<double> answers) {
  try {
    return predictor.predict(inputs, rows, answers);
  } catch (const Error&) {
    if (answers.rows() != rows.size()) throw;
    for (std::size_t i = 0; i < rows.size(); ++i) try {  // which row was it?
        predictor.predict(inputs, rows.subspan(i, 1), answers.rows(i, 1));
      } catch (const Error& error) {
        if (rows[i] >= table.rows) throw;
        throw Error(error.category(), place_of_row(table, rows[i]) + ": " + error.what(), error.hint());
      }
    throw;
  }
}

MatrixOf<double> predict(const Model& model, const Table& table, std::size_t threads) {
  Predictor predictor(model, rows_at_once(table.rows), threads);
  const Dataset data = encode(model.encoder, table, false);
  std::vector<std::size_t> rows(table.rows);
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  MatrixOf<double> answers(table.rows, model.encoder.outputs());
  predict(predictor, table, data.inputs, rows, answers.view());
  return answers;
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
