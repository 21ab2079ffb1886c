// SPDX-License-Identifier: Apache-2.0
#include "chainrule/model/prediction.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <string>

#include "chainrule/base/error.h"
#include "chainrule/data/row_reader.h"
#include "chainrule/data/table_rows.h"
#include "chainrule/metrics/evaluate.h"
#include "chainrule/model/formats/safetensors.h"

namespace chainrule {
namespace {

constexpr std::size_t kRowsAtOnce = 256;

std::size_t rows_at_once(std::size_t rows) { return std::clamp<std::size_t>(rows, 1, kRowsAtOnce); }

}  // namespace

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

MatrixOf<double> predict(const Model& model, const Table& table, std::size_t threads) {
  Predictor predictor(model, rows_at_once(table.rows), threads);
  const Dataset data = encode(model.encoder, table, false);
  std::vector<std::size_t> rows(table.rows);
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  MatrixOf<double> predictions(table.rows, model.encoder.outputs());
  predict(predictor, table, data.inputs, rows, predictions.view());
  return predictions;
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

// One row, read as a file would be.

struct RowPredictor::Reading {
  RowReader reader;
  std::vector<std::string_view> fields;
  std::vector<bool> given;
  MatrixOf<double> row, scores;
};

RowPredictor::RowPredictor(const Model& model) : model_(&model), predictor_(model, 1) {
  const Encoder& encoder = model.encoder;
  reading_ = std::make_unique<Reading>(
      Reading{RowReader(encoder, formats::load_options_for(model)),
              std::vector<std::string_view>(encoder.inputs.size()), std::vector<bool>(encoder.inputs.size()),
              MatrixOf<double>(1, encoder.columns()), MatrixOf<double>(1, encoder.outputs())});
}

RowPredictor::RowPredictor(RowPredictor&&) noexcept = default;
RowPredictor::~RowPredictor() = default;

Prediction RowPredictor::prediction() {
  predictor_.predict(reading_->row.view(), reading_->scores.view());
  const std::span<const double> scores = reading_->scores.row(0);
  Prediction prediction;
  if (model_->encoder.task == Task::number) {
    prediction.number = scores[0];
    return prediction;
  }
  prediction.probabilities = scores;
  prediction.class_index = decide(*model_, scores);
  prediction.label = model_->encoder.labels[prediction.class_index];
  return prediction;
}

Prediction RowPredictor::predict(std::span<const std::string_view> fields) {
  reading_->reader.read(fields, reading_->row.row(0));
  return prediction();
}

Prediction RowPredictor::predict(std::span<const double> numbers) {
  reading_->reader.read(numbers, reading_->row.row(0));
  return prediction();
}

Prediction RowPredictor::predict(std::span<const NamedField> fields) {
  const auto refuse = [](std::string_view name, const char* expected) {
    throw Error(ErrorCategory::input, "column " + in_quotes(name) + ": expected " + expected);
  };
  std::fill(reading_->given.begin(), reading_->given.end(), false);
  for (const NamedField& field : fields) {
    const std::optional<std::size_t> input = reading_->reader.find(field.name);
    if (!input) continue;
    if (reading_->given[*input]) refuse(field.name, "one field, found two");
    reading_->given[*input] = true;
    reading_->fields[*input] = field.text;
  }
  for (std::size_t j = 0; j < reading_->given.size(); ++j)
    if (!reading_->given[j]) refuse(model_->encoder.inputs[j].name, "a field, found none");
  return predict(reading_->fields);
}

}  // namespace chainrule
