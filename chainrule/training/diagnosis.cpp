// SPDX-License-Identifier: Apache-2.0
// The findings, one function each.
#include "chainrule/training/diagnosis.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "chainrule/base/checks.h"
#include "chainrule/engine/train_step.h"
#include "chainrule/metrics/baseline_loss.h"
#include "chainrule/metrics/metrics.h"
#include "chainrule/model/encoded_predictions.h"
#include "chainrule/training/options/option_table.h"
#include "chainrule/training/options/options.h"
#include "chainrule/training/train.h"

namespace chainrule {
namespace {

using Findings = std::vector<Finding>;
using enum FindingKind;

std::string percent(double fraction) { return fmt::format("{:.3g} %", 100 * fraction); }

std::string_view activation_of(const Examination& e, std::size_t layer) {
  return activation_name(e.architecture.layers[layer - 2].activation);
}

// Loss relative to the baseline's; 0 if all rows have the same target, so that there is nothing to learn.
double fraction_of_baseline(const Examination& e) {
  const double gained = e.baseline_loss - e.loss, scale = std::abs(e.baseline_loss);
  return scale > 0 ? 1 - gained / scale : 0;
}

void judge_large_inputs(const Examination& e, Findings& findings) {
  const auto size = [](const InputHealth& input) { return input.root_mean_square(); };
  const auto large = std::ranges::count_if(e.inputs, [&](const InputHealth& x) { return size(x) > kLargeInput; });
  if (large == 0) return;
  const InputHealth& worst = *std::ranges::max_element(e.inputs, {}, size);
  const std::string name = worst.name.empty() ? "" : " (" + in_quotes(worst.name) + ")";
  findings.push_back({inputs_not_scaled, 1, size(worst), kLargeInput,
                      fmt::format("{} of {} inputs are far larger than 1: the largest{} has a root mean square of "
                                  "{:.3g} after the encoder; above {} is too much",
                                  large, e.inputs.size(), name, size(worst), kLargeInput),
                      "train with scaling standard: mean 0 and standard deviation 1 for every input"});
}

void judge_small_inputs(const Examination& e, Findings& findings) {
  double squares = 0;
  for (const InputHealth& input : e.inputs) squares += input.root_mean_square() * input.root_mean_square();
  const double size = std::sqrt(squares / static_cast<double>(e.inputs.size()));
  const char* const advice = "train with scaling standard: mean 0 and standard deviation 1 for every input";
  if (size > 0 && size < kSmallInputs) {
    findings.push_back({inputs_not_scaled, 1, size, kSmallInputs,
                        fmt::format("the inputs are far smaller than 1: their root mean square is {:.3g} after the "
                                    "encoder; below {} is too little",
                                    size, kSmallInputs),
                        advice});
    return;
  }
  const auto is_small = [](const InputHealth& x) {
    return !x.name.empty() && x.deviation > 0 && x.deviation < kSmallInput;
  };
  const auto worst = std::ranges::min_element(
      e.inputs, {}, [&](const InputHealth& x) { return is_small(x) ? x.deviation : HUGE_VAL; });
  if (!is_small(*worst)) return;
  findings.push_back({inputs_not_scaled, 1, worst->deviation, kSmallInput,
                      fmt::format("{} of {} inputs hardly vary: the standard deviation of {} is {:.3g} after the "
                                  "encoder; below {} is too little",
                                  std::ranges::count_if(e.inputs, is_small), e.inputs.size(), in_quotes(worst->name),
                                  worst->deviation, kSmallInput),
                      advice});
}

bool is_flat_on_both_sides(const Activation& activation) {
  return activation.kind == ActivationKind::sigmoid || activation.kind == ActivationKind::tanh;
}

// Confident, correct outputs are saturated and healthy, so the output layer is judged only if the loss is high.
void judge_units(const Examination& e, Findings& findings) {
  for (std::size_t layer = 2; layer <= e.layers.size(); ++layer) {
    const LayerHealth& health = e.layers[layer - 1];
    const bool hidden = layer < e.layers.size();
    const bool both = is_flat_on_both_sides(e.architecture.layers[layer - 2].activation);
    if (both && health.saturated > kSaturatedTooMany && (hidden || fraction_of_baseline(e) > kNoBetter))
      findings.push_back(
          {saturated, layer, health.saturated, kSaturatedTooMany,
           fmt::format("layer {} ({}): {} of its values are saturated (|f'| below {} of its maximum), so that hardly "
                       "any gradient passes; more than {} is too many",
                       layer, activation_of(e, layer), percent(health.saturated), percent(kSaturatedSlope),
                       percent(kSaturatedTooMany)),
           "smaller initial weights (initial_weights automatic), scaled inputs or a smaller learning_rate keep z near "
           "0; relu and silu are flat on one side only"});
    if (!both && health.dead > kDeadTooMany)
      findings.push_back(
          {dead, layer, health.dead, kDeadTooMany,
           fmt::format("layer {} ({}): {} of its {} units are dead (|f'| below {} of its maximum on all {} rows) and "
                       "will not learn again from such rows; more than {} is too many",
                       layer, activation_of(e, layer), percent(health.dead), e.architecture.layers[layer - 2].outputs,
                       percent(kSaturatedSlope), e.rows, percent(kDeadTooMany)),
           "train again with a smaller learning_rate and initial_biases zero, or with leaky_relu, whose gradient is "
           "never 0"});
  }
}

void judge_vanishing(const Examination& e, Findings& findings) {
  const auto norm_of = [&](std::size_t layer) { return e.layers[layer - 1].weights.gradient_norm; };
  std::size_t worst = 0, largest = e.layers.size() - 1, beside = 0;
  for (std::size_t layer = largest; layer >= 1; --layer) {
    if (norm_of(layer) > norm_of(largest)) largest = layer;
    if (!(norm_of(layer) < kVanishing * norm_of(largest))) continue;
    if (worst > 0 && norm_of(layer) / norm_of(largest) >= norm_of(worst) / norm_of(beside)) continue;
    worst = layer;
    beside = largest;
  }
  if (worst == 0) return;
  const double ratio = norm_of(worst) / norm_of(beside);
  findings.push_back({gradient_vanishing, worst, ratio, kVanishing,
                      fmt::format("the gradient vanishes on its way to the inputs: its norm is {:.3g} for W({}) and "
                                  "{:.3g} for W({}), a ratio of {:.3g}; below {} is too small",
                                  norm_of(worst), worst, norm_of(beside), beside, ratio, kVanishing),
                      "fewer layers, or relu or silu with initial_weights automatic in place of sigmoid"});
}

// One finding for all such layers; it describes the worst.
void judge_high_updates(const Examination& e, Findings& findings) {
  std::size_t worst = 0;
  for (std::size_t layer = 1; layer < e.layers.size(); ++layer) {
    if (e.zero_output && layer + 1 == e.layers.size()) continue;
    const double ratio = e.layers[layer - 1].weights.update_ratio;
    if (ratio > kUpdateTooHigh && (worst == 0 || ratio > e.layers[worst - 1].weights.update_ratio)) worst = layer;
  }
  if (worst == 0) return;
  const double ratio = e.layers[worst - 1].weights.update_ratio;
  findings.push_back({update_too_high, worst, ratio, kUpdateTooHigh,
                      fmt::format("a step changes W({}) by {:.3g} of its norm; the rule of thumb is about {}, above {} "
                                  "is too much",
                                  worst, ratio, kUpdateUsual, kUpdateTooHigh),
                      fmt::format("a smaller learning_rate: it is {}, try {:.1g}", e.learning_rate,
                                  e.learning_rate * kUpdateUsual / ratio)});
}

// Small updates are right for a network that has learned. Layers with weight_multiplier 0 are skipped.
void judge_low_updates(const Examination& e, Findings& findings) {
  double largest = 0;
  std::size_t largest_layer = 0;
  for (std::size_t layer = 1; layer < e.layers.size(); ++layer) {
    if (e.architecture.layers[layer - 1].weight_multiplier == 0) continue;
    const double ratio = e.layers[layer - 1].weights.update_ratio;
    if (std::isnan(ratio) || (largest_layer > 0 && ratio <= largest)) continue;
    largest = ratio;
    largest_layer = layer;
  }
  if (largest_layer == 0 || largest >= kUpdateTooLow || fraction_of_baseline(e) < kNotLearned) return;
  findings.push_back(
      {update_too_low, largest_layer, largest, kUpdateTooLow,
       fmt::format("a step changes no weights by more than {:.3g} of their norm (W({})), while the loss "
                   "is still {} of the baseline's; the rule of thumb is about {}, below {} is "
                   "too little",
                   largest, largest_layer, percent(fraction_of_baseline(e)), kUpdateUsual, kUpdateTooLow),
       largest > 0 ? fmt::format("a larger learning_rate: it is {}, try {:.1g}", e.learning_rate,
                                 e.learning_rate * kUpdateUsual / largest)
                   : "no gradient arrives: start again from other weights"});
}

// Findings that may follow from others come with this advice.
std::string after_those_above(const Findings& findings, const std::string& advice) {
  return findings.empty() ? advice : "fix the problems above first; if that does not help, " + advice;
}

void judge_classes(const Examination& e, Findings& findings) {
  constexpr std::size_t kNamed = 10;
  std::size_t missed = 0;
  std::string names;
  for (const ClassHealth& one : e.classes) {
    if (one.predicted > 0 || one.rows < kRowsThatTell) continue;
    if (++missed <= kNamed)
      names += fmt::format("{}{} ({} rows)", missed > 1 ? ", " : "", in_quotes(one.label), one.rows);
  }
  if (missed == 0) return;
  if (missed > kNamed) names += fmt::format(" and {} more", missed - kNamed);
  findings.push_back({class_never_predicted, 0, static_cast<double>(missed), 0,
                      fmt::format("{} of {} classes {} never predicted, though rows have {}: {}", missed,
                                  e.classes.size(), missed == 1 ? "is" : "are", missed == 1 ? "it" : "them", names),
                      after_those_above(findings,
                                        "more rows of such classes, a weight column that counts them more, or "
                                        "longer training")});
}

void judge_loss(const Examination& e, Findings& findings) {
  const double fraction = fraction_of_baseline(e);
  if (!(fraction > kNoBetter)) return;
  findings.push_back({loss_not_better, 0, fraction, kNoBetter,
                      fmt::format("the loss is {:.4g}; the baseline, which predicts the same for every row, has "
                                  "{:.4g}: {} of that, and above {} the model is no better",
                                  e.loss, e.baseline_loss, percent(fraction), percent(kNoBetter)),
                      after_those_above(findings,
                                        "longer training or more hidden units, unless the inputs are "
                                        "unrelated to the target")});
}

}  // namespace

std::string_view finding_name(FindingKind kind) {
  switch (kind) {
    case inputs_not_scaled:
      return "inputs_not_scaled";
    case saturated:
      return "saturated";
    case dead:
      return "dead";
    case gradient_vanishing:
      return "gradient_vanishing";
    case update_too_high:
      return "update_too_high";
    case update_too_low:
      return "update_too_low";
    case class_never_predicted:
      return "class_never_predicted";
    case loss_not_better:
      break;
  }
  return "loss_not_better";
}

std::vector<Finding> diagnose(const Examination& e) {
  Findings findings;
  judge_large_inputs(e, findings);
  judge_small_inputs(e, findings);
  const std::size_t before_units = findings.size();
  judge_units(e, findings);
  const bool units_are_well = findings.size() == before_units;
  if (units_are_well) judge_vanishing(e, findings);
  judge_high_updates(e, findings);
  if (units_are_well) judge_low_updates(e, findings);
  judge_classes(e, findings);
  judge_loss(e, findings);
  return findings;
}

// The trial run of an epoch that collects the statistics for diagnose().

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
  found.baseline_loss = baseline_loss(model.loss, rows);

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
