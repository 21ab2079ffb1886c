// SPDX-License-Identifier: Apache-2.0
// The findings, one function each.
#include "chainrule/training/diagnosis/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "chainrule/base/checks.h"
#include "chainrule/training/diagnosis/reach.h"
#include "chainrule/training/options/option_table.h"

namespace chainrule {
namespace {

using Findings = std::vector<Finding>;
using enum FindingKind;

std::string percent(double fraction) { return fmt::format("{:.3g} %", 100 * fraction); }

const Activation& activation_of(const Examination& e, std::size_t layer) {
  return e.architecture.layers[layer - 2].activation;
}

std::string name_of_layer(const Examination& e, std::size_t layer) {
  return fmt::format("layer {} ({})", layer, activation_name(activation_of(e, layer)));
}

// These of the options, without those that the training had already.
Remedy changes(const Examination& e, const Remedy& wanted) {
  Remedy remedy;
  for (const NamedOption& one : wanted)
    if (find_option(one.key)->get(e.options) != one.value) remedy.push_back(one);
  return remedy;
}

Remedy usual_start(const Examination& e) {
  return changes(e, {{"initial_weights", "auto"}, {"initial_biases", "zero"}});
}

Remedy other_rate(double rate) { return {{"learning_rate", fmt::format("{:.1g}", rate)}}; }

void add(Findings& findings, Finding finding, std::vector<Remedy> remedies, const char* otherwise = "") {
  std::erase_if(remedies, [](const Remedy& remedy) { return remedy.empty(); });
  finding.remedies = std::move(remedies);
  finding.advice = finding.remedies.empty() ? Message(otherwise) : advice_of(finding.remedies.front());
  findings.push_back(std::move(finding));
}

// -- inputs ----------------------------------------------------------------------------------------------------------

void judge_constant_inputs(const Examination& e, Findings& findings) {
  if (std::ranges::any_of(e.inputs, [](const InputHealth& x) { return x.deviation > 0; })) return;
  add(findings,
      {inputs_constant, 1, 0, 1,
       fmt::format(
           "none of the {} inputs varies over the {} rows: all rows look the same to the network, so it can only "
           "predict the same for all",
           e.inputs.size(), e.rows),
       ""},
      {}, "train with columns that differ from row to row");
}

void judge_large_inputs(const Examination& e, Findings& findings) {
  const auto size = [](const InputHealth& input) { return input.root_mean_square(); };
  const auto large = std::ranges::count_if(e.inputs, [&](const InputHealth& x) { return size(x) > kLargeInput; });
  if (large == 0) return;
  const InputHealth& worst = *std::ranges::max_element(e.inputs, {}, size);
  const std::string name = worst.name.empty() ? "" : " (" + in_quotes(worst.name) + ")";
  add(findings,
      {inputs_not_scaled, 1, size(worst), kLargeInput,
       fmt::format("{} of {} inputs are far larger than 1: the largest{} has a root mean square of {:.3g} after the "
                   "encoder; above {} is too much, because the weights of large inputs get large gradients and units "
                   "saturate",
                   large, e.inputs.size(), name, size(worst), kLargeInput),
       ""},
      {changes(e, {{"scaling", "standard"}})}, "scale the inputs to mean 0 and standard deviation 1");
}

void judge_small_inputs(const Examination& e, Findings& findings) {
  double squares = 0;
  for (const InputHealth& input : e.inputs) squares += input.root_mean_square() * input.root_mean_square();
  const double size = std::sqrt(squares / static_cast<double>(e.inputs.size()));
  const std::vector<Remedy> remedies{changes(e, {{"scaling", "standard"}})};
  const char* const otherwise = "scale the inputs to mean 0 and standard deviation 1";
  if (size > 0 && size < kSmallInputs) {
    add(findings,
        {inputs_not_scaled, 1, size, kSmallInputs,
         fmt::format(
             "the inputs are far smaller than 1: their root mean square is {:.3g} after the encoder; below {} is "
             "too little, because their weights get small gradients and learn slowly",
             size, kSmallInputs),
         ""},
        remedies, otherwise);
    return;
  }
  const auto is_small = [](const InputHealth& x) {
    return !x.name.empty() && x.deviation > 0 && x.deviation < kSmallInput;
  };
  const auto worst = std::ranges::min_element(
      e.inputs, {}, [&](const InputHealth& x) { return is_small(x) ? x.deviation : HUGE_VAL; });
  if (!is_small(*worst)) return;
  add(findings,
      {inputs_not_scaled, 1, worst->deviation, kSmallInput,
       fmt::format("{} of {} inputs hardly vary: the standard deviation of {} is {:.3g} after the encoder; below {} is "
                   "too little, because the network hardly sees a difference",
                   std::ranges::count_if(e.inputs, is_small), e.inputs.size(), in_quotes(worst->name), worst->deviation,
                   kSmallInput),
       ""},
      remedies, otherwise);
}

// -- targets and outputs ---------------------------------------------------------------------------------------------

double root_mean_square(const OutputHealth& target) {
  return std::sqrt(target.target_mean * target.target_mean + target.target_deviation * target.target_deviation);
}

// A number has one output.
void judge_targets(const Examination& e, Findings& findings) {
  if (!e.classes.empty() || e.outputs.empty()) return;
  const OutputHealth& target = e.outputs.front();
  const double size = root_mean_square(target);
  const bool large = size > kLargeTarget;
  const Remedy scaled = changes(e, {{"target_scaling", "standard"}});
  const OutputRange range = range_of(e.architecture.layers.back().activation);
  const double missed = static_cast<double>(target.out_of_reach) / static_cast<double>(e.rows);
  if (missed > kOutOfReach) {
    Remedy remedy = changes(e, {{"output_activation", "identity"}});
    if (large) remedy.insert(remedy.end(), scaled.begin(), scaled.end());
    const std::string limits = std::isfinite(range.high) ? fmt::format("from {:.3g} to {:.3g}", range.low, range.high)
                                                         : fmt::format("of at least {:.3g}", range.low);
    add(findings,
        {targets_out_of_reach, e.layers.size(), missed, kOutOfReach,
         fmt::format("{} of the targets are out of reach: they go from {:.4g} to {:.4g}, but the output ({}) only "
                     "produces numbers {}, whatever the weights",
                     percent(missed), target.target_minimum, target.target_maximum,
                     activation_name(e.architecture.layers.back().activation), limits),
         ""},
        {remedy, changes(e, {{"output_activation", "identity"}, {"target_scaling", "standard"}})});
    return;
  }
  const bool small = target.target_deviation > 0 && target.target_deviation < kSmallTarget;
  if (e.remaining() < kNotLearned || scaled.empty() || !(large || small)) return;
  add(findings,
      {targets_not_scaled, e.layers.size(), large ? size : target.target_deviation, large ? kLargeTarget : kSmallTarget,
       large ? fmt::format("the targets are far larger than 1: their root mean square is {:.4g} (mean {:.4g}, standard "
                           "deviation {:.4g}); above {} is too much, because outputs start near 0 and steps of the "
                           "usual size do not get there",
                           size, target.target_mean, target.target_deviation, kLargeTarget)
             : fmt::format("the targets hardly vary: their standard deviation is {:.3g}; below {} is too little, "
                           "because outputs start far more apart",
                           target.target_deviation, kSmallTarget),
       ""},
      {scaled});
}

void judge_stuck_outputs(const Examination& e, Findings& findings) {
  const auto fraction = [](const OutputHealth& output) {
    return output.rows < kRowsThatTell / 4 ? 0 : static_cast<double>(output.stuck) / static_cast<double>(output.rows);
  };
  const auto stuck =
      std::ranges::count_if(e.outputs, [&](const OutputHealth& x) { return fraction(x) > kStuckTooMany; });
  if (stuck == 0) return;
  const OutputHealth& worst = *std::ranges::max_element(e.outputs, {}, fraction);
  const std::string where =
      worst.label.empty() ? "the output is"
                          : fmt::format("{} of {} outputs {}", stuck, e.outputs.size(), stuck == 1 ? "is" : "are");
  const std::string rows = worst.label.empty() ? "rows" : "rows of class " + in_quotes(worst.label);
  add(findings,
      {output_stuck, e.layers.size(), fraction(worst), kStuckTooMany,
       fmt::format("{} stuck: on {} of {} {} it is wrong, but f'(z) of {} is only {:.1e} there, and delta = (a - y) "
                   "f'(z) with it; above {} is too many, because the largest errors get the smallest corrections",
                   where, worst.stuck, worst.rows, rows, activation_name(e.architecture.layers.back().activation),
                   worst.slope, percent(kStuckTooMany)),
       ""},
      {changes(e, e.classes.empty() ? Remedy{{"output_activation", "identity"}}
                                    : Remedy{{"output_activation", "identity"}, {"loss", "softmax_cross_entropy"}})});
}

// -- the start -------------------------------------------------------------------------------------------------------

void judge_start(const Examination& e, Findings& findings) {
  const double start = e.remaining(e.start_loss);
  const Remedy remedy = usual_start(e);
  if (!(start > kFarStart) || e.remaining() < kNotLearned || remedy.empty()) return;
  add(findings,
      {start_too_large, 0, start, kFarStart,
       fmt::format("the start explodes: with the initial weights the loss is {:.4g}, {:.3g} times the baseline's "
                   "{:.4g}; above {} is too much, because steps of the usual size do not come back from there",
                   e.start_loss, start, e.baseline_loss, kFarStart),
       ""},
      {remedy});
}

// -- layers ----------------------------------------------------------------------------------------------------------

bool is_flat_on_both_sides(const Activation& activation) {
  return activation.kind == ActivationKind::sigmoid || activation.kind == ActivationKind::tanh;
}

double start_of(const Examination& e, std::size_t layer, double LayerHealth::*number) {
  return e.start_layers.empty() ? 0 : e.start_layers[layer - 1].*number;
}

double update_ratio(const std::vector<LayerHealth>& layers, std::size_t layer) {
  return layers.empty() ? 0 : layers[layer - 1].weights.update_ratio;
}

// Whether units are so since the start, or because of the training.
const char* when(const Examination& e, bool at_start) {
  if (e.start_layers.empty()) return "";
  return at_start ? ", as at the start" : ", but were not at the start: steps were too large";
}

// Confident, correct outputs are saturated and healthy, so the output layer is judged only if the loss is high.
void judge_units(const Examination& e, Findings& findings) {
  const Remedy rate = other_rate(e.options.train.learning_rate / 10);
  for (std::size_t layer = 2; layer <= e.layers.size(); ++layer) {
    const LayerHealth& health = e.layers[layer - 1];
    const bool hidden = layer < e.layers.size();
    if (!hidden && !(e.remaining() > kNoBetter)) continue;
    const bool both = is_flat_on_both_sides(activation_of(e, layer));
    if (both && health.saturated > kSaturatedTooMany) {
      const bool at_start = start_of(e, layer, &LayerHealth::saturated) > kSaturatedTooMany;
      add(findings,
          {saturated, layer, health.saturated, kSaturatedTooMany,
           fmt::format("{}: {} of its values are saturated{} (|f'| below {} of its maximum); more than {} is too many, "
                       "because hardly any gradient passes",
                       name_of_layer(e, layer), percent(health.saturated), when(e, at_start), percent(kSaturatedSlope),
                       percent(kSaturatedTooMany)),
           ""},
          {usual_start(e), at_start ? Remedy{} : rate,
           changes(e, {{"activation", "relu"}, {"initial_weights", "auto"}})});
    }
    if (!both && health.dead > kDeadTooMany) {
      const bool at_start = start_of(e, layer, &LayerHealth::dead) > kDeadTooMany;
      add(findings,
          {dead, layer, health.dead, kDeadTooMany,
           fmt::format(
               "{}: {} of its {} units are dead{} (|f'| below {} of its maximum on all {} rows); more than {} is "
               "too many, because no gradient passes them and they do not learn again from such rows",
               name_of_layer(e, layer), percent(health.dead), e.architecture.layers[layer - 2].outputs,
               when(e, at_start), percent(kSaturatedSlope), e.rows, percent(kDeadTooMany)),
           ""},
          {at_start ? usual_start(e) : rate,
           hidden ? changes(e, {{"activation", "leaky_relu"}}) : changes(e, {{"output_activation", "identity"}})});
    }
  }
}

struct Vanishing {
  std::size_t layer = 0, beside = 0;
  double norm = 0, norm_beside = 0;
  double ratio() const { return layer == 0 ? 1 : norm / norm_beside; }
};

// The smallest ratio of a layer's gradient to the largest of a layer above.
Vanishing vanishing_of(const std::vector<LayerHealth>& layers) {
  Vanishing found;
  const auto norm_of = [&](std::size_t layer) { return layers[layer - 1].weights.gradient_norm; };
  std::size_t largest = layers.empty() ? 0 : layers.size() - 1;
  for (std::size_t layer = largest; layer >= 1; --layer) {
    if (norm_of(layer) > norm_of(largest)) largest = layer;
    if (norm_of(largest) > 0 && norm_of(layer) / norm_of(largest) < found.ratio())
      found = {layer, largest, norm_of(layer), norm_of(largest)};
  }
  return found;
}

// With weights of 0 in the last layer the first gradient below is 0, and that is well.
void judge_vanishing(const Examination& e, Findings& findings) {
  const Vanishing now = vanishing_of(e.layers);
  const Vanishing start = e.options.zero_output ? Vanishing() : vanishing_of(e.start_layers);
  const bool of_start = start.ratio() < now.ratio();
  const Vanishing& worst = of_start ? start : now;
  if (!(worst.ratio() < kVanishing) || e.remaining() < kNotLearned) return;
  const std::vector<std::size_t>& hidden = e.options.hidden;
  Remedy shallow;
  if (hidden.size() > 2) shallow.push_back({"hidden", fmt::format("{},{}", hidden[0], hidden[1])});
  const auto with = [&](const char* name) { return changes(e, {{"activation", name}, {"initial_weights", "auto"}}); };
  add(findings,
      {gradient_vanishing, worst.layer, worst.ratio(), kVanishing,
       fmt::format("the gradient vanishes on its way to the inputs: {} its norm is {:.3g} for W({}) and {:.3g} for "
                   "W({}), a ratio of {:.3g}; below {} is too small, because the lower layers hardly learn",
                   of_start ? "at the start" : "now", worst.norm, worst.layer, worst.norm_beside, worst.beside,
                   worst.ratio(), kVanishing),
       ""},
      {with("relu"), with("silu"), shallow}, "use fewer hidden layers");
}

// -- updates ---------------------------------------------------------------------------------------------------------

// The layer with the largest update, at the start or now, and its ratio. The last layer is skipped if it starts at 0.
struct Update {
  std::size_t layer = 0;
  double ratio = 0;
};

Update largest_update(const Examination& e, const std::vector<LayerHealth>& layers) {
  Update largest;
  for (std::size_t layer = 1; layer < layers.size(); ++layer) {
    if (e.options.zero_output && layer + 1 == layers.size()) continue;
    const double ratio = update_ratio(layers, layer);
    if (ratio > largest.ratio) largest = {layer, ratio};
  }
  return largest;
}

// One finding for all such layers; it describes the worst.
void judge_high_updates(const Examination& e, Findings& findings) {
  const Update now = largest_update(e, e.layers), start = largest_update(e, e.start_layers);
  const Update& worst = start.ratio > now.ratio ? start : now;
  const double began = e.remaining(e.start_loss), rate = e.options.train.learning_rate;
  const std::string that_rate = fmt::format("the learning rate {:.3g} is too high: ", rate);
  if (worst.ratio > kUpdateTooHigh) {
    add(findings,
        {update_too_high, worst.layer, worst.ratio, kUpdateTooHigh,
         that_rate +
             fmt::format("{} a step changes W({}) by {:.3g} of its norm; the rule of thumb is about {}, above {} "
                         "is too much, because steps jump over the minimum",
                         start.ratio > now.ratio ? "at the start" : "now", worst.layer, worst.ratio, kUpdateUsual,
                         kUpdateTooHigh),
         ""},
        {other_rate(rate * kUpdateUsual / worst.ratio), other_rate(rate / 10), other_rate(rate / 100)});
    return;
  }
  if (std::isnan(began) || !(e.remaining() > 1.5 * std::max(1.0, began))) return;
  add(findings,
      {update_too_high, 0, e.remaining(), 1.5 * std::max(1.0, began),
       that_rate + fmt::format("training raised the loss from {:.4g} at the start to {:.4g} (the baseline has {:.4g}), "
                               "because steps jump over the minimum",
                               e.start_loss, e.loss, e.baseline_loss),
       ""},
      {other_rate(rate / 100), other_rate(rate / 10)});
}

// Small updates are right for a network that has learned. Layers with weight_multiplier 0 are skipped.
void judge_low_updates(const Examination& e, Findings& findings) {
  if (e.remaining() < kNotLearned) return;
  double largest = 0;
  std::size_t largest_layer = 0;
  for (std::size_t layer = 1; layer < e.layers.size(); ++layer) {
    if (e.architecture.layers[layer - 1].weight_multiplier == 0) continue;
    if (e.options.zero_output && layer + 1 == e.layers.size() && largest_layer > 0) continue;
    const double start = update_ratio(e.start_layers, layer), now = update_ratio(e.layers, layer);
    const double ratio = std::isnan(start) ? now : std::max(now, start);
    if (std::isnan(ratio) || (largest_layer > 0 && ratio <= largest)) continue;
    largest = ratio;
    largest_layer = layer;
  }
  if (largest_layer == 0 || largest >= kUpdateTooLow) return;
  add(findings,
      {update_too_low, largest_layer, largest, kUpdateTooLow,
       fmt::format("the learning rate {:.3g} is too low: a step changes no weights by more than {:.3g} of their norm "
                   "(W({})), while the loss is still {} of the baseline's; the rule of thumb is about {}, below {} is "
                   "too little",
                   e.options.train.learning_rate, largest, largest_layer, percent(e.remaining()), kUpdateUsual,
                   kUpdateTooLow),
       ""},
      {largest > 0 ? other_rate(e.options.train.learning_rate * kUpdateUsual / largest) : Remedy{},
       other_rate(100 * e.options.train.learning_rate), other_rate(1000 * e.options.train.learning_rate)},
      "no gradient arrives: start again from other weights");
}

// -- results ---------------------------------------------------------------------------------------------------------

void judge_classes(const Examination& e, Findings& findings) {
  constexpr std::size_t kNamed = 10;
  std::size_t missed = 0, fewest = e.rows, most = 0;
  std::string names;
  for (const ClassHealth& one : e.classes) {
    if (one.rows > 0) fewest = std::min(fewest, one.rows);
    most = std::max(most, one.rows);
    if (one.predicted > 0 || one.rows < kRowsThatTell ||
        static_cast<double>(one.rows) < kFractionThatTells * static_cast<double>(e.rows))
      continue;
    if (++missed <= kNamed)
      names += fmt::format("{}{} ({} rows)", missed > 1 ? ", " : "", in_quotes(one.label), one.rows);
  }
  if (missed == 0) return;
  if (missed > kNamed) names += fmt::format(" and {} more", missed - kNamed);
  constexpr std::size_t kRare = 3;  // times as many rows of the most frequent class
  const bool rare = most >= kRare * fewest;
  const Remedy weights = rare ? changes(e, {{"class_weight", "balanced"}}) : Remedy{};
  add(findings,
      {class_never_predicted, 0, static_cast<double>(missed), 0,
       fmt::format(
           "{} of {} classes {} never predicted, though rows have {}: {}{}", missed, e.classes.size(),
           missed == 1 ? "is" : "are", missed == 1 ? "it" : "them", names,
           rare ? fmt::format("; the most frequent class has {} rows and outweighs them in the loss", most) : ""),
       ""},
      {weights}, "train longer or with more hidden units");
}

void judge_loss(const Examination& e, Findings& findings) {
  const double fraction = e.remaining();
  if (!(fraction > kNoBetter)) return;
  add(findings,
      {loss_not_better, 0, fraction, kNoBetter,
       fmt::format(
           "the loss is {:.4g}; the baseline, which predicts the same for every row, has {:.4g}: {} of that, and "
           "above {} the model is no better, so its predictions are of no use",
           e.loss, e.baseline_loss, percent(fraction), percent(kNoBetter)),
       ""},
      {}, "train longer or with more hidden units, unless the inputs are unrelated to the target");
}

// Findings that may follow from others come with this advice.
void after_those_above(Findings& findings) {
  if (findings.size() < 2) return;
  for (Finding& finding : findings)
    if (&finding != &findings.front() && (finding.kind == class_never_predicted || finding.kind == loss_not_better))
      finding.advice = message_of("fix the problems above first; if that does not help, ", finding.advice);
}

}  // namespace

std::string_view finding_name(FindingKind kind) {
  static constexpr std::array<std::string_view, 15> kNames{"inputs_constant",
                                                           "training_differs",
                                                           "inputs_not_scaled",
                                                           "targets_out_of_reach",
                                                           "targets_not_scaled",
                                                           "start_too_large",
                                                           "output_stuck",
                                                           "saturated",
                                                           "dead",
                                                           "gradient_vanishing",
                                                           "update_too_high",
                                                           "option_harmful",
                                                           "update_too_low",
                                                           "class_never_predicted",
                                                           "loss_not_better"};
  return kNames.at(static_cast<std::size_t>(kind));
}

Message advice_of(const Remedy& remedy) {
  Message message("train again with ");
  for (std::size_t i = 0; i < remedy.size(); ++i)
    message.append(i == 0 ? "" : i + 1 < remedy.size() ? ", " : " and ").append(remedy[i]);
  if (std::ranges::any_of(remedy, [](const NamedOption& one) { return one.key == "preset"; }))
    message.append(" and without the other options of network and training");
  return message;
}

std::vector<Finding> diagnose(const Examination& e) {
  Findings findings;
  judge_constant_inputs(e, findings);
  if (!findings.empty()) return findings;
  const bool learned = e.remaining() < kLearned;
  if (!learned) {
    judge_large_inputs(e, findings);
    judge_small_inputs(e, findings);
    judge_targets(e, findings);
    if (findings.empty()) judge_start(e, findings);
  }
  judge_stuck_outputs(e, findings);
  if (!learned) {
    judge_high_updates(e, findings);
    const std::size_t before_units = findings.size();
    judge_units(e, findings);
    if (findings.size() == before_units) {
      judge_vanishing(e, findings);
      judge_low_updates(e, findings);
    }
  }
  judge_classes(e, findings);
  judge_loss(e, findings);
  after_those_above(findings);
  return findings;
}

std::vector<Finding> certain_findings(const Examination& e) {
  std::vector<Finding> findings = diagnose(e);
  constexpr std::array kOfOutputs{targets_out_of_reach, output_stuck, class_never_predicted};
  if (e.remaining() < kNoBetter)
    std::erase_if(findings,
                  [&](const Finding& one) { return std::ranges::find(kOfOutputs, one.kind) == kOfOutputs.end(); });
  return findings;
}

}  // namespace chainrule
