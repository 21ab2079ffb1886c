// SPDX-License-Identifier: Apache-2.0
// The rehearsal of an epoch that gathers what diagnose() judges.
#include <algorithm>
#include <cmath>

#include "chainrule/diagnosis.h"
#include "chainrule/error.h"
#include "chainrule/options.h"
#include "chainrule/train.h"
#include "chainrule/trivial_loss.h"

namespace chainrule {
namespace {

FitOptions options_of(const Model& model) {
  std::vector<Assignment> wishes;
  for (const auto& [key, value] : model.provenance.configuration)
    wishes.push_back({key, value, "configuration of the model: " + key});
  FitOptions options = options_from({wishes});
  options.train.loss = model.loss;
  return options;
}

Network without_dropout(const Network& network) {
  Network copy = network;
  copy.architecture.input_dropout = 0;
  for (Layer& layer : copy.architecture.layers) layer.dropout = 0;
  return copy;
}

// Mean and standard deviation of each column; sums are of differences from the first row, which keeps their digits.
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
  std::vector<std::string> names;  // of numbers; a category that is rare varies little, and rightly so
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
  const Matrix predictions = predict(model.network, model.loss, rows, threads);
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    ++classes[rows.data->targets.labels[rows.rows[i]]].rows;
    ++classes[predicted_class(predictions.row(i))].predicted;
  }
  return classes;
}

}  // namespace

double InputHealth::root_mean_square() const { return std::sqrt(mean * mean + deviation * deviation); }

Examination examine(const Model& model, Dataset data, std::size_t threads) {
  if (data.rows() == 0) throw Error(ErrorCategory::input, "rows: expected at least 1, found 0");
  const FitOptions options = options_of(model);
  const Selection rows = all_rows(data);
  scale_weights_to_mean_one(data.weights, rows.rows);
  scale_weights_to_mean_one(data.loss_weights, rows.rows);

  Examination found;
  found.architecture = model.network.architecture;
  found.inputs = input_health(model.encoder, data.inputs);
  found.classes = class_health(model, rows, threads);
  found.rows = data.rows();
  found.batch_size = rows_per_batch(options.train, data.rows());
  found.optimizer = optimizer_name(options.train.optimizer);
  found.zero_output = options.zero_output;
  found.learning_rate = options.train.learning_rate;
  found.loss = find_metric(evaluate(model.network, model.loss, rows, threads), "loss")->value;
  found.trivial_loss = trivial_loss(model.loss, rows);

  Network network = without_dropout(model.network);
  TrainState state(network, options.train, found.batch_size, threads);
  state.learning_rate = found.learning_rate;
  Batcher batches(rows, found.batch_size);
  const std::vector<std::size_t> order = epoch_order(options.train, data.rows(), 1);
  HealthMeter meter(network.architecture);
  for (std::size_t b = 0; b < batches.batches(); ++b) {
    const Batch batch = batches.gather(b, order);
    train_step(state, batch);
    meter.add(batch.inputs, state.work, state.gradients, model.network.parameters, network.parameters);
    network.parameters = model.network.parameters;
  }
  found.steps = batches.batches();
  found.layers = meter.layers();
  return found;
}

}  // namespace chainrule
