// SPDX-License-Identifier: Apache-2.0
#include "chainrule/model/prediction.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "chainrule/base/checks.h"
#include "chainrule/data/row_reader.h"
#include "chainrule/engine/formulas/loss_formulas.h"
#include "chainrule/model/encoded_predictions.h"
#include "chainrule/model/formats/safetensors.h"

namespace chainrule {
MatrixOf<double> predict(const Model& model, const Table& table, std::size_t threads) {
  Predictor predictor(model, rows_at_once(table.rows), threads);
  const Dataset data = encode(model.encoder, table, false);
  std::vector<std::size_t> rows(table.rows);
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  MatrixOf<double> predictions(table.rows, model.encoder.outputs());
  predict(predictor, table, data.inputs, rows, predictions.view());
  return predictions;
}

// One row, read as a file would be.

struct RowPredictor::Reading {
  RowReader reader;
  std::vector<std::string_view> fields;
  std::vector<bool> given;
  MatrixOf<double> row, scores;
};

namespace {

void refuse_moved_from(bool has_reader) {
  if (!has_reader)
    throw Error(ErrorCategory::usage, "row predictor: expected one with a model, found a moved-from one");
}

}  // namespace

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
  refuse_moved_from(reading_ != nullptr);
  reading_->reader.read(fields, reading_->row.row(0));
  return prediction();
}

Prediction RowPredictor::predict(std::span<const double> numbers) {
  refuse_moved_from(reading_ != nullptr);
  reading_->reader.read(numbers, reading_->row.row(0));
  return prediction();
}

Prediction RowPredictor::predict(std::span<const NamedField> fields) {
  refuse_moved_from(reading_ != nullptr);
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
