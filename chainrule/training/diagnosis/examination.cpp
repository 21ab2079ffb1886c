// SPDX-License-Identifier: Apache-2.0
#include "chainrule/training/diagnosis/examination.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "chainrule/base/error.h"
#include "chainrule/engine/formulas/activation_values.h"
#include "chainrule/engine/formulas/loss_formulas.h"
#include "chainrule/engine/train_step.h"
#include "chainrule/metrics/baseline_loss.h"
#include "chainrule/metrics/metrics.h"
#include "chainrule/model/encoded_predictions.h"
#include "chainrule/training/diagnosis/reach.h"
#include "chainrule/training/options/options.h"
#include "chainrule/training/planning.h"
#include "chainrule/training/train.h"

namespace chainrule {
namespace {

FitOptions options_of(const Model& model) {
  std::vector<Assignment> assignments;
  for (const auto& [key, value] : model.provenance.configuration)
    assignments.push_back({key, value, "configuration of the model: " + key, false});
  FitOptions options = options_from({assignments});
  options.train.loss = model.loss;
  return options;
}

Network without_dropout(const Network& network) {
  Network copy = network;
  copy.architecture.input_dropout = 0;
  for (Layer& layer : copy.architecture.layers) layer.dropout = 0;
  return copy;
}

// Mean and standard deviation of each column. Sums are of differences from the first row, to avoid cancellation.
std::vector<InputHealth> input_health(const Encoder& encoder, const Features& inputs) {
  const std::size_t width = inputs.columns();
  const double rows = static_cast<double>(inputs.rows());
  std::vector<double> sums(width), squares(width);
  Matrix first(1, width), row(1, width);
  std::size_t index = 0;
  inputs.gather(std::span(&index, 1), first.view());
  for (; index < inputs.rows(); ++index) {
    inputs.gather(std::span(&index, 1), row.view());
    for (std::size_t j = 0; j < width; ++j) {
      const double d = static_cast<double>(row(0, j)) - static_cast<double>(first(0, j));
      sums[j] += d;
      squares[j] += d * d;
    }
  }
  std::vector<std::string> names;  // of numbers only: inputs of rare categories vary little, which is fine
  for (const InputColumn& input : encoder.inputs) {
    names.insert(names.end(), input.width(), "");
    if (!input.categorical) names[names.size() - input.width()] = input.name;
  }
  std::vector<InputHealth> health(width);
  for (std::size_t j = 0; j < width; ++j) {
    const double shift = sums[j] / rows;
    if (!encoder.images()) health[j].name = names[j];
    health[j].mean = static_cast<double>(first(0, j)) + shift;
    health[j].deviation = std::sqrt(std::max(0.0, squares[j] / rows - shift * shift));
  }
  return health;
}

std::vector<ClassHealth> class_health(const Model& model, const Selection& rows, std::size_t threads) {
  std::vector<ClassHealth> classes;
  for (const std::string& label : model.encoder.labels) classes.push_back({label, 0, 0});
  if (classes.empty()) return classes;
  const Matrix predictions = predict(model, rows, threads).outputs;
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    ++classes[rows.data->targets.labels[rows.rows[i]]].rows;
    ++classes[predicted_class(predictions.row(i))].predicted;
  }
  return classes;
}

// One row of an output: its activation a, and its target y. Only a flat part of f counts as stuck; f' at the end of its
// range is computed from a alone, since z is not at hand.
void add_output(OutputHealth& output, const Activation& activation, double a, double y, bool is_of_class) {
  const OutputRange range = range_of(activation);
  constexpr double kRounding = 1e-6;
  if (y < range.low - kRounding || y > range.high + kRounding) ++output.out_of_reach;
  if (!is_of_class) return;
  ++output.rows;
  const double far = std::isfinite(range.high) ? (range.high - range.low) / 2 : 0;
  const double slope = std::abs(slope_at(activation, a));
  if (!(std::abs(a - y) > far) || !(slope < kSaturatedSlope * largest_slope(activation))) return;
  ++output.stuck;
  output.slope += slope;
}

std::vector<OutputHealth> output_health(const Model& model, const Selection& rows, std::size_t threads) {
  const std::size_t width = model.network.architecture.outputs();
  std::vector<OutputHealth> outputs(width);
  if (link_name(model.loss) != "identity") return {};
  Predictor predictor(model, rows.rows.size(), threads);
  Matrix a(rows.rows.size(), width), y(rows.rows.size(), width);
  predictor.outputs(rows.data->inputs, rows.rows, a.view());
  rows.data->targets.gather(rows.rows, y.view());
  const bool classes = rows.data->targets.classes > 0;
  const double count = static_cast<double>(rows.rows.size());
  for (std::size_t k = 0; k < width; ++k) {
    OutputHealth& output = outputs[k];
    if (classes) output.label = model.encoder.labels[k];
    output.target_minimum = output.target_maximum = static_cast<double>(y(0, k));
    double squares = 0;
    for (std::size_t i = 0; i < a.rows(); ++i) {
      const auto target = static_cast<double>(y(i, k));
      add_output(output, model.network.architecture.layers.back().activation, static_cast<double>(a(i, k)), target,
                 !classes || target > 0);
      output.target_minimum = std::min(output.target_minimum, target);
      output.target_maximum = std::max(output.target_maximum, target);
      output.target_mean += target / count;
    }
    for (std::size_t i = 0; i < a.rows(); ++i) {
      const double d = static_cast<double>(y(i, k)) - output.target_mean;
      squares += d * d / count;
    }
    output.target_deviation = std::sqrt(squares);
    if (output.stuck > 0) output.slope /= static_cast<double>(output.stuck);
  }
  return outputs;
}

std::vector<LayerHealth> epoch_of(const Network& start, const Selection& rows, const FitOptions& options,
                                  std::size_t threads) {
  Network network = without_dropout(start);
  const std::size_t batch_size = rows_per_batch(options.train, rows.rows.size());
  TrainState state(network, options.train, batch_size, threads);
  state.learning_rate = options.train.learning_rate;
  Batcher batches(rows, batch_size);
  const std::vector<std::size_t> order = epoch_order(options.train, rows.rows.size(), 1);
  HealthMeter meter(network.architecture);
  for (std::size_t b = 0; b < batches.batches(); ++b) {
    const Batch batch = batches.gather(b, order);
    train_step(state, batch);
    meter.add(batch.inputs, state.work, state.gradients, start.parameters, network.parameters);
    network.parameters = start.parameters;
  }
  return meter.layers();
}

double loss_of(const Network& network, const Loss& loss, const Selection& rows, std::size_t threads) {
  return find_metric(evaluate(network, loss, rows, threads), "loss")->value;
}

void examine_start(const Model& model, const Selection& rows, std::size_t threads, Examination& found) {
  try {
    const Network start = start_network(model.network.architecture, found.options);
    found.start_loss = loss_of(without_dropout(start), model.loss, rows, threads);
    found.start_layers = epoch_of(start, rows, found.options, threads);
  } catch (const Error& error) {
    if (error.category() != ErrorCategory::numerics) throw;
    found.start_loss = std::numeric_limits<double>::infinity();
  }
}

}  // namespace

double InputHealth::root_mean_square() const { return std::sqrt(mean * mean + deviation * deviation); }

double Examination::remaining(double its_loss) const {
  const double scale = baseline_loss - minimum_loss;
  return scale > 0 ? (its_loss - minimum_loss) / scale : 0;
}

Examination examine(const Model& model, Dataset data, std::size_t threads) {
  if (data.rows() == 0) throw Error(ErrorCategory::input, "rows: expected at least 1, found 0");
  const Selection rows = all_rows(data);
  scale_weights_to_mean_one(data.weights, rows.rows);
  scale_weights_to_mean_one(data.loss_weights, rows.rows);

  Examination found;
  found.options = options_of(model);
  found.is_configured = !model.provenance.configuration.empty();
  found.architecture = model.network.architecture;
  found.inputs = input_health(model.encoder, data.inputs);
  found.classes = class_health(model, rows, threads);
  found.outputs = output_health(model, rows, threads);
  found.rows = data.rows();
  found.batch_size = rows_per_batch(found.options.train, data.rows());
  found.steps = (data.rows() + found.batch_size - 1) / found.batch_size;
  found.loss = loss_of(model.network, model.loss, rows, threads);
  found.baseline_loss = baseline_loss(model.loss, rows);
  found.minimum_loss = minimum_loss(model.loss, rows);
  found.layers = epoch_of(model.network, rows, found.options, threads);
  if (found.is_configured && found.remaining() > kLearned) examine_start(model, rows, threads, found);
  return found;
}

}  // namespace chainrule
