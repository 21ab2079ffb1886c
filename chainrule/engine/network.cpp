// SPDX-License-Identifier: Apache-2.0
#include "chainrule/engine/network.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "chainrule/base/checks.h"
#include "chainrule/engine/kernels/copy_weights.h"

namespace chainrule {
namespace {

constexpr std::size_t kMaxUnits = std::size_t{1}
                                  << 24;  // of a layer, so that indices in random streams and masks stay unique

void require_architecture(bool holds, const Message& what, const std::string& expected, double found) {
  if (holds) return;
  throw Error(ErrorCategory::usage, message_of(what, fmt::format(": expected {}, found {}", expected, found)));
}

void require_fraction(double fraction, const Message& what) {
  require_architecture(fraction >= 0 && fraction < 1, what, "a fraction in [0, 1)", fraction);
}

void require_multiplier(double value, const Message& what) {
  require_architecture(std::isfinite(value) && value >= 0, what, "a finite number >= 0", value);
}

void require_units(std::size_t units, const Message& what) {
  require_architecture(units >= 1 && units <= kMaxUnits, what, "1 to " + std::to_string(kMaxUnits),
                       static_cast<double>(units));
}

std::vector<Segment> layout(const Architecture& architecture) {
  std::vector<Segment> segments;
  std::size_t offset = 0;
  const auto add = [&](Segment segment) {
    segment.offset = offset;
    offset += segment.size();
    segments.push_back(std::move(segment));
  };
  for (std::size_t l = 0; l < architecture.depth(); ++l) {
    const Layer& layer = architecture.layers[l];
    add({std::to_string(2 * l) + ".weight", Segment::Kind::weights, l, 0, layer.outputs, architecture.layer_inputs(l),
         layer.weight_multiplier, layer.decay_multiplier, layer.max_norm});
  }
  for (std::size_t l = 0; l < architecture.depth(); ++l) {
    const Layer& layer = architecture.layers[l];
    add({std::to_string(2 * l) + ".bias", Segment::Kind::biases, l, 0, 1, layer.outputs, layer.bias_multiplier, 0, 0});
  }
  return segments;
}

void validate(const Activation& activation, const std::string& what) {
  constexpr auto kLast = static_cast<std::size_t>(ActivationKind::custom);
  const auto kind = static_cast<std::size_t>(activation.kind);
  require_architecture(kind <= kLast, what, "an activation kind up to " + std::to_string(kLast),
                       static_cast<double>(kind));
  if ((activation.kind == ActivationKind::custom) != (activation.custom != nullptr))
    throw Error(ErrorCategory::usage, what + ": expected functions if and only if the kind is custom, found " +
                                          (activation.custom ? "some for another kind" : "none"));
}

}  // namespace

void validate(const Architecture& architecture) {
  require_units(architecture.inputs, "inputs");
  require_fraction(architecture.input_dropout, NamedOption{"input_dropout"});
  if (architecture.layers.empty()) throw Error(ErrorCategory::usage, "layers: expected at least 1, found 0");
  std::size_t total = 0;
  for (std::size_t l = 0; l < architecture.depth(); ++l) {
    const Layer& layer = architecture.layers[l];
    const std::string of = " of layer " + std::to_string(l + 1);
    const auto option = [&](const char* key) { return message_of(NamedOption{key}, of); };
    require_units(layer.outputs, "units" + of);
    validate(layer.activation, "activation" + of);
    require_fraction(layer.dropout, option("dropout"));
    require_multiplier(layer.weight_multiplier, option("weight_multiplier"));
    require_multiplier(layer.bias_multiplier, option("bias_multiplier"));
    require_multiplier(layer.decay_multiplier, option("decay_multiplier"));
    require_multiplier(layer.max_norm, option("max_norm"));
    total += layer.outputs * (architecture.layer_inputs(l) + 1);  // < 2^49 each, so no overflow
    require_architecture(total <= std::numeric_limits<std::uint32_t>::max(), "parameters", "at most 2^32 - 1",
                         static_cast<double>(total));
  }
  require_architecture(architecture.layers.back().dropout == 0,
                       message_of(NamedOption{"dropout"}, " of the output layer"), "0",
                       architecture.layers.back().dropout);
}

std::size_t parameter_count(const Architecture& architecture) {
  std::size_t count = 0;
  for (std::size_t l = 0; l < architecture.depth(); ++l)
    count += architecture.layers[l].outputs * (architecture.layer_inputs(l) + 1);
  return count;
}

std::string describe(const Architecture& architecture) {
  std::string text = std::to_string(architecture.inputs);
  for (const Layer& layer : architecture.layers)
    text += " -> " + std::to_string(layer.outputs) + ' ' + std::string(activation_name(layer.activation));
  return text + ", " + std::to_string(parameter_count(architecture)) + " parameters";
}

Parameters::Parameters(const Architecture& architecture)
    : segments_(std::make_shared<const std::vector<Segment>>(layout(architecture))),
      values_(segments_->back().offset + segments_->back().size()) {}

const std::vector<Segment>& Parameters::none() {
  static const std::vector<Segment> segments;
  return segments;
}

void Parameters::refuse(const Segment& segment) const {
  throw Error(ErrorCategory::usage,
              fmt::format("segment {}: expected numbers up to {} of the block, found {} to {}", in_quotes(segment.name),
                          values_.size(), segment.offset, segment.offset + segment.size()));
}

void Parameters::take_multipliers(const Architecture& architecture) {
  require_layout(*this, architecture);
  segments_ = std::make_shared<const std::vector<Segment>>(layout(architecture));
}

std::string parameter_name(const ParameterIndex& index) {
  if (index.is_bias) return fmt::format("b{}[{}]", index.layer + 1, index.row + 1);
  return fmt::format("W{}[{},{}]", index.layer + 1, index.row + 1, index.column + 1);
}

void require_layout(const Parameters& parameters, const Architecture& architecture) {
  const std::vector<Segment>& segments = parameters.segments();
  expect_equal(2 * architecture.depth(), segments.size(), "blocks of weights and biases");
  for (const Segment& segment : segments) {
    const bool is_weights = segment.kind == Segment::Kind::weights;
    const std::size_t outputs = architecture.layers[segment.layer].outputs;
    expect_equal(is_weights ? outputs : 1, segment.rows, is_weights ? "outputs of a layer" : "rows of biases");
    expect_equal(is_weights ? architecture.layer_inputs(segment.layer) : outputs, segment.columns,
                 is_weights ? "inputs of a layer" : "biases of a layer");
  }
  if (!segments.empty())
    expect_equal(segments.back().offset + segments.back().size(), parameters.flat().size(), "numbers of the block");
}

WeightsView Parameters::weights(std::size_t layer) {
  expect_below(segments().size() / 2, layer, "layer");
  const Segment& segment = segments()[layer];
  return {values_.data() + segment.offset, segment.rows, segment.columns};
}
ConstWeightsView Parameters::weights(std::size_t layer) const {
  expect_below(segments().size() / 2, layer, "layer");
  const Segment& segment = segments()[layer];
  return {values_.data() + segment.offset, segment.rows, segment.columns};
}
std::span<float> Parameters::biases(std::size_t layer) {
  expect_below(segments().size() / 2, layer, "layer");
  const Segment& segment = segments()[segments().size() / 2 + layer];
  return of(segment).first(segment.columns);
}
std::span<const float> Parameters::biases(std::size_t layer) const {
  expect_below(segments().size() / 2, layer, "layer");
  const Segment& segment = segments()[segments().size() / 2 + layer];
  return of(segment).first(segment.columns);
}

std::vector<float> in_rows(const Parameters& parameters, const Segment& segment) {
  static_cast<void>(parameters.of(segment));  // refuses a segment outside the block
  std::vector<float> values(segment.rows * segment.columns);
  if (segment.kind == Segment::Kind::weights)
    copy_weights(parameters.weights(segment.layer), MatrixView(values.data(), segment.rows, segment.columns));
  else
    std::ranges::copy(parameters.biases(segment.layer), values.begin());
  return values;
}

std::vector<float> in_rows(const Parameters& parameters) {
  std::vector<float> all;
  for (const Segment& segment : parameters.segments()) {
    const std::vector<float> values = in_rows(parameters, segment);
    all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

void set_rows(Parameters& parameters, std::span<const float> values) {
  std::size_t count = 0;
  for (const Segment& segment : parameters.segments()) count += segment.rows * segment.columns;
  expect_equal(count, values.size(), "values of the parameters");
  for (const Segment& segment : parameters.segments()) {
    set_rows(parameters, segment, values.first(segment.rows * segment.columns));
    values = values.subspan(segment.rows * segment.columns);
  }
}

void set_rows(Parameters& parameters, const Segment& segment, std::span<const float> values) {
  expect_equal(segment.rows * segment.columns, values.size(), "values of the segment");
  if (segment.kind == Segment::Kind::weights)
    copy_weights(ConstMatrixView(values.data(), segment.rows, segment.columns), parameters.weights(segment.layer));
  else
    std::ranges::copy(values, parameters.biases(segment.layer).begin());
}

Network::Network(Architecture a) : architecture(std::move(a)) {
  validate(architecture);
  parameters = Parameters(architecture);
}

void validate(const Network& network) {
  validate(network.architecture);
  require_layout(network.parameters, network.architecture);
}

void freeze(Network& network, std::size_t layer) {
  validate(network);
  expect_below(network.architecture.depth(), layer, "layer");
  Layer& frozen = network.architecture.layers[layer];
  frozen.weight_multiplier = frozen.bias_multiplier = frozen.decay_multiplier = frozen.max_norm = 0;
  network.parameters.take_multipliers(network.architecture);
}

}  // namespace chainrule
