// SPDX-License-Identifier: Apache-2.0
#include "chainrule/model/model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string_view>

#include "chainrule/base/checks.h"
#include "chainrule/data/columns/column_inputs.h"
#include "chainrule/data/scaling.h"
#include "chainrule/engine/formulas/loss_formulas.h"

namespace chainrule {
namespace {

[[noreturn]] void refuse(const std::string& what) { throw Error(ErrorCategory::input, what); }

void require(bool holds, const std::string& what, const std::string& expected, const std::string& found) {
  if (!holds) refuse(what + ": expected " + expected + ", found " + found);
}

// Makes a string only on failure, since prediction allocates nothing.
void require_equal(std::size_t expected, std::size_t found, const char* what) {
  if (expected != found) require(false, what, std::to_string(expected), std::to_string(found));
}

void require_scaling(double shift, double scale, const std::string& of) {
  require(std::isfinite(shift), "shift of " + of, "a finite number", std::to_string(shift));
  require(std::isfinite(scale) && scale > 0, "scale of " + of, "a finite number above 0", std::to_string(scale));
}

// Column numbers in the training data, from 1: rows without names are matched by them.
void check_column_numbers(const Encoder& encoder) {
  require_equal(encoder.inputs.size(), encoder.input_columns.size(), "column numbers of the inputs");
  std::set<std::size_t> taken;
  const auto take = [&](std::size_t column, const std::string& of) {
    require(column >= 1 && column <= encoder.training_columns, "column number of " + of,
            "1 to " + std::to_string(encoder.training_columns), std::to_string(column));
    if (!taken.insert(column).second)
      refuse("column number of " + of + ": column " + std::to_string(column) + " occurs twice");
  };
  take(encoder.target_column, "the target");
  if (encoder.weight_column > 0 || !encoder.weight.empty()) take(encoder.weight_column, "the sample weights");
  for (std::size_t j = 0; j < encoder.input_columns.size(); ++j)
    take(encoder.input_columns[j], "input " + std::to_string(j + 1));
}

void check_categories(const InputColumn& column, const std::string& of) {
  const std::vector<std::string>& categories = column.categories;
  if (!column.categorical && !categories.empty()) refuse("categories of " + of + ": expected none for a number");
  if (column.categorical && column.may_miss) refuse(of + ": a category cannot have an input for missing values");
  require(categories.size() <= kMaxCategories, "categories of " + of, "at most " + std::to_string(kMaxCategories),
          std::to_string(categories.size()));
  if (!std::is_sorted(categories.begin(), categories.end()) ||
      std::adjacent_find(categories.begin(), categories.end()) != categories.end())
    refuse("categories of " + of + ": expected each once, sorted");
}

void check_landmarks(const InputColumn& column, const std::string& of) {
  const std::vector<double>&values = column.landmarks, &scores = column.scores;
  require_equal(values.size(), scores.size(), ("scores of " + of).c_str());
  require(values.size() <= kMaxLandmarks, "landmarks of " + of, "at most " + std::to_string(kMaxLandmarks),
          std::to_string(values.size()));
  const auto finite = [](double x) { return std::isfinite(x); };
  if (!std::ranges::all_of(values, finite) || !std::ranges::all_of(scores, finite))
    refuse("landmarks and scores of " + of + ": expected finite numbers");
  if (std::ranges::adjacent_find(values, std::greater_equal()) != values.end())
    refuse("landmarks of " + of + ": expected ascending numbers");
  if (column.categorical && (column.clipped || !values.empty())) refuse(of + ": a category is not scaled");
}

void check_date(const InputColumn& column, const std::string& of) {
  if (column.categorical + column.boolean + column.date.has_value() > 1)
    refuse(of + ": expected a category, a boolean or a date, found more than one of them");
  if (!column.date && !column.cycles.empty()) refuse("cycles of " + of + ": expected none, since it is not a date");
  if (!std::is_sorted(column.cycles.begin(), column.cycles.end()) ||
      std::adjacent_find(column.cycles.begin(), column.cycles.end()) != column.cycles.end())
    refuse("cycles of " + of + ": expected each once, in order");
}

void check_inputs(const Encoder& encoder) {
  for (std::size_t j = 0; j < encoder.inputs.size(); ++j) {
    const InputColumn& column = encoder.inputs[j];
    const std::string of = "input " + std::to_string(j + 1) + ' ' + in_quotes(column.name);
    require_scaling(column.shift, column.scale, of);
    require(std::isfinite(column.fill), "fill of " + of, "a finite number", std::to_string(column.fill));
    check_categories(column, of);
    check_landmarks(column, of);
    check_date(column, of);
    require(column.minimum <= column.maximum, "range of " + of, "a smallest number up to the largest",
            std::to_string(column.minimum) + " to " + std::to_string(column.maximum));
  }
  if (!encoder.images()) return check_column_numbers(encoder);
  checked_product(encoder.image_height, encoder.image_width, "image height x width");
  if (!encoder.inputs.empty()) refuse("inputs: expected images or columns, found both");
}

void check_target(const Encoder& encoder) {
  if (encoder.task == Task::number) {
    require_equal(0, encoder.labels.size(), "labels of a numeric target");
    require_scaling(encoder.target_shift, encoder.target_scale, "the target");
    return require(encoder.min_prediction <= encoder.max_prediction, "range of predictions",
                   "a smallest number up to the largest",
                   std::to_string(encoder.min_prediction) + " to " + std::to_string(encoder.max_prediction));
  }
  std::set<std::string_view> seen;
  for (std::size_t k = 0; k < encoder.labels.size(); ++k) {
    const std::string of = "label " + std::to_string(k + 1);
    if (encoder.labels[k].empty()) refuse(of + ": expected a text, found an empty one");
    if (!seen.insert(encoder.labels[k]).second) refuse(of + ": " + in_quotes(encoder.labels[k]) + " occurs twice");
  }
}

void check_loss(const Loss& loss) {
  require(std::isfinite(loss.huber_delta) && loss.huber_delta > 0, "huber_delta", "a finite number above 0",
          std::to_string(loss.huber_delta));
  require(loss.label_smoothing >= 0 && loss.label_smoothing < 1, "label_smoothing", "a number in [0, 1)",
          std::to_string(loss.label_smoothing));
  require((loss.kind == LossKind::custom) == (loss.custom != nullptr), "loss",
          "functions for a custom loss and for no other", loss.custom == nullptr ? "none" : "some");
}

void check_class_weights(const Encoder& encoder) {
  if (encoder.class_weights.empty()) return;
  require_equal(encoder.labels.size(), encoder.class_weights.size(), "class weights");
  for (const double weight : encoder.class_weights)
    require(weight >= 0 && std::isfinite(weight), "class weight", "a finite number from 0 up", std::to_string(weight));
}

void check_threshold(const Model& model) {
  if (!model.threshold) return;
  require(*model.threshold > 0 && *model.threshold < 1, "threshold", "a number in (0, 1)",
          std::to_string(*model.threshold));
  require(model.encoder.labels.size() == 2, "threshold", "two classes", std::to_string(model.encoder.labels.size()));
}

void check_parameters(const Network& network) {
  validate(network);
  for (const Segment& segment : network.parameters.segments()) {
    const std::vector<float> values = in_rows(network.parameters, segment);
    const auto bad = std::find_if(values.begin(), values.end(), [](float value) { return !std::isfinite(value); });
    require(bad == values.end(), "tensor \"" + segment.name + "\": element " + std::to_string(bad - values.begin()),
            "a finite number", bad == values.end() ? "" : std::to_string(*bad));
  }
}

// For losses whose link does not give a distribution.
void normalize(std::span<double> scores) {
  double sum = 0;
  for (double& score : scores) sum += score = std::max(score, 0.0);
  for (double& score : scores) score = sum > 0 ? score / sum : 1 / static_cast<double>(scores.size());
}

}  // namespace

std::size_t decide(const Model& model, std::span<const double> prediction) {
  require_equal(model.encoder.outputs(), prediction.size(), "numbers of the prediction");
  if (!model.threshold) return static_cast<std::size_t>(std::ranges::max_element(prediction) - prediction.begin());
  // The floats of a softmax need not sum to 1 exactly; metrics divide by their sum as well.
  const double sum = model.loss.kind == LossKind::softmax_cross_entropy ? prediction[0] + prediction[1] : 1;
  return prediction[1] / sum >= *model.threshold ? 1 : 0;
}

void validate(const Model& model) {
  check_inputs(model.encoder);
  check_target(model.encoder);
  check_loss(model.loss);
  check_parameters(model.network);
  require_equal(model.encoder.width(), model.network.architecture.inputs, "inputs of the network");
  require_equal(model.encoder.outputs(), model.network.architecture.outputs(), "outputs of the network");
  check_class_weights(model.encoder);
  check_threshold(model);
}

namespace {

const Model& checked(const Model& model) {
  validate(model);
  return model;
}

void check_encoded(const Model& model, const Features& inputs, std::span<const std::size_t> rows, std::size_t columns,
                   std::size_t found_rows) {
  require_equal(model.network.architecture.inputs, inputs.columns(), "columns of the rows");
  require_equal(rows.size(), found_rows, "rows of the predictions");
  require_equal(model.network.architecture.outputs(), columns, "columns of the predictions");
  inputs.require_finite(rows);
}

void check_finite(const Encoder& encoder, ViewOf<const double> rows) {
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const std::span<const double> row = rows.row(i);
    for (std::size_t j = 0; j < row.size(); ++j) {
      if (std::isfinite(row[j]) || (std::isnan(row[j]) && !encoder.images())) continue;
      const std::string name = encoder.images() ? "" : " " + in_quotes(encoder.inputs[j].name);
      refuse("row " + std::to_string(i + 1) + ": input " + std::to_string(j + 1) + name +
             ": expected a finite number, found " + std::to_string(row[j]));
    }
  }
}

void encode_row(const Encoder& encoder, std::span<const double> row, std::span<float> inputs) {
  for (std::size_t j = 0; j < row.size(); ++j) {
    if (encoder.images()) {
      inputs[j] = static_cast<float>(row[j]) * (1.0f / 255);
      continue;
    }
    const std::size_t width = encoder.inputs[j].width();
    encode_input(encoder.inputs[j], row[j], inputs.first(width));
    inputs = inputs.subspan(width);
  }
}

void predict_row(const Model& model, std::span<const float> outputs, std::span<double> prediction) {
  const Encoder& encoder = model.encoder;
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    prediction[k] = outputs[k];
    if (!std::isfinite(outputs[k]))
      throw Error(ErrorCategory::numerics, "output " + std::to_string(k + 1) + " of the network is not finite",
                  "the inputs are very far from those of the training");
  }
  if (encoder.task == Task::number)
    prediction[0] = std::clamp(encoder.target_scale * prediction[0] + encoder.target_shift, encoder.min_prediction,
                               encoder.max_prediction);
  if (encoder.task == Task::classes && model.loss.kind != LossKind::softmax_cross_entropy) normalize(prediction);
}

// `outputs`: a(L) of each row; the link is applied to them.
void make_predictions(const Model& model, MatrixView outputs, ViewOf<double> predictions) {
  apply_link(model.loss, outputs);
  for (std::size_t i = 0; i < predictions.rows(); ++i) predict_row(model, outputs.row(i), predictions.row(i));
}

// The buffers of a predictor that was moved from are empty.
void refuse_moved_from(const Matrix& buffer) {
  if (buffer.rows() == 0)
    throw Error(ErrorCategory::usage, "predictor: expected one with a model, found a moved-from one");
}

}  // namespace

Predictor::Predictor(const Model& model, std::size_t max_rows, std::size_t threads)
    : model_(&checked(model)),
      network_(model.network, max_rows, threads),
      inputs_(network_.max_rows(), model.network.architecture.inputs),
      outputs_(network_.max_rows(), model.network.architecture.outputs()) {}

void Predictor::predict(ViewOf<const double> rows, ViewOf<double> predictions) {
  refuse_moved_from(inputs_);
  const Architecture& architecture = model_->network.architecture;
  require_equal(model_->encoder.columns(), rows.columns(), "columns of the rows");
  require_equal(rows.rows(), predictions.rows(), "rows of the predictions");
  require_equal(architecture.outputs(), predictions.columns(), "columns of the predictions");
  check_finite(model_->encoder, rows);
  for (std::size_t first = 0; first < rows.rows(); first += network_.max_rows()) {
    const std::size_t count = std::min(network_.max_rows(), rows.rows() - first);
    for (std::size_t i = 0; i < count; ++i) encode_row(model_->encoder, rows.row(first + i), inputs_.row(i));
    network_.predict(inputs_.top(count), outputs_.top(count));
    make_predictions(*model_, outputs_.top(count), predictions.rows(first, count));
  }
}

void Predictor::predict(const Features& inputs, std::span<const std::size_t> rows, ViewOf<double> predictions) {
  refuse_moved_from(inputs_);
  check_encoded(*model_, inputs, rows, predictions.columns(), predictions.rows());
  for (std::size_t first = 0; first < rows.size(); first += network_.max_rows()) {
    const std::size_t count = std::min(network_.max_rows(), rows.size() - first);
    inputs.gather(rows.subspan(first, count), inputs_.top(count));
    network_.predict(inputs_.top(count), outputs_.top(count));
    make_predictions(*model_, outputs_.top(count), predictions.rows(first, count));
  }
}

void Predictor::outputs(const Features& inputs, std::span<const std::size_t> rows, MatrixView outputs) {
  refuse_moved_from(inputs_);
  check_encoded(*model_, inputs, rows, outputs.columns(), outputs.rows());
  for (std::size_t first = 0; first < rows.size(); first += network_.max_rows()) {
    const std::size_t count = std::min(network_.max_rows(), rows.size() - first);
    inputs.gather(rows.subspan(first, count), inputs_.top(count));
    network_.predict(inputs_.top(count), outputs.rows(first, count));
  }
}

}  // namespace chainrule
