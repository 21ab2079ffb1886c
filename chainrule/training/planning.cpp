// SPDX-License-Identifier: Apache-2.0
#include "chainrule/training/planning.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include "chainrule/base/checks.h"
#include "chainrule/data/scaling.h"
#include "chainrule/data/table_columns.h"
#include "chainrule/engine/formulas/loss_formulas.h"
#include "chainrule/engine/initialize.h"
#include "chainrule/training/options/option_table.h"

namespace chainrule {
namespace {

// The value of layer l in a list with one value for all layers or one per layer.
double of_layer(const std::vector<double>& values, std::size_t l, std::size_t layers, std::string_view name) {
  if (values.empty()) return 1;
  if (values.size() == 1) return values[0];
  if (values.size() != layers)
    throw option_error(
        name, fmt::format("expected 1 value or one for each of the {} layers, found {}", layers, values.size()));
  return values[l];
}

}  // namespace

EncoderOptions encoder_options(const Table& table, const FitOptions& options) {
  EncoderOptions data = options_beside_time(options);
  if (data.task < -1 || data.task > static_cast<int>(Task::number))
    throw option_error("task", fmt::format("expected -1, 0 or 1, found {}", data.task));
  // Counts must not be shifted or scaled: the loss works on their logarithm.
  if (!options.loss_is_automatic() && options.train.loss.kind == LossKind::poisson) {
    if (data.target_scaling != Scaling::none && is_requested(options, "target_scaling"))
      throw option_error("target_scaling", "expected none with the loss poisson, found " +
                                               scaling_names()[static_cast<std::size_t>(data.target_scaling)]);
    data.target_scaling = Scaling::none;
  }
  if (options.group.empty()) return data;
  // The group column must not be an input: the model would recognize the groups.
  const std::size_t group = find_column(table, options.group, "group");
  const std::size_t target = data.target.empty() ? table.columns.size() - 1 : find_column(table, data.target, "target");
  if (group == target)
    throw option_error("group", "expected another column than the target, found " + in_quotes(options.group));
  const auto is_among = [&](const std::vector<std::string>& names, std::string_view what) {
    const std::vector<std::size_t> columns = find_columns(table, names, what);
    return std::ranges::find(columns, group) != columns.end();
  };
  for (const auto& [names, what] : {std::pair(&data.date, "date"), std::pair(&data.numeric, "numeric")})
    if (is_among(*names, what))
      throw option_error(what, "expected another column than the group's, found " + in_quotes(options.group),
                         "the group column is not an input");
  if (is_among(data.categorical, "categorical")) return data;
  data.ignore.push_back(options.group);
  return data;
}

Architecture architecture_for(const Encoder& encoder, const FitOptions& options) {
  Architecture architecture;
  architecture.inputs = encoder.width();
  architecture.input_dropout = options.input_dropout;
  const std::size_t layers = options.hidden.size() + 1;
  for (std::size_t l = 0; l < layers; ++l) {
    const bool last = l + 1 == layers;
    Layer layer;
    layer.outputs = last ? encoder.outputs() : options.hidden[l];
    layer.activation = last ? options.output_activation : options.activation;
    layer.dropout = last ? 0 : options.dropout;
    layer.max_norm = options.max_norm;
    layer.weight_multiplier = of_layer(options.weight_multiplier, l, layers, "weight_multiplier");
    if (options.rate_by_width) layer.weight_multiplier /= std::sqrt(static_cast<double>(architecture.layer_inputs(l)));
    layer.bias_multiplier = of_layer(options.bias_multiplier, l, layers, "bias_multiplier");
    layer.decay_multiplier = of_layer(options.decay_multiplier, l, layers, "decay_multiplier");
    architecture.layers.push_back(std::move(layer));
  }
  validate(architecture);
  return architecture;
}

Loss loss_for(Task task, const FitOptions& options) {
  Loss loss = options.train.loss;
  if (options.loss_is_automatic())
    loss.kind = task == Task::classes ? LossKind::softmax_cross_entropy : LossKind::half_squared_error;
  const bool of_classes = loss.kind == LossKind::softmax_cross_entropy || loss.kind == LossKind::sigmoid_cross_entropy;
  if (!of_classes && !is_requested(options, "label_smoothing"))
    loss.label_smoothing = 0;  // a preset's, meant for cross-entropies
  if (of_classes && task == Task::number)
    throw option_error(
        "loss",
        fmt::format("expected half_squared_error, absolute_error, huber or poisson for a number as target, found {}",
                    loss_name(loss)));
  if (loss.kind == LossKind::poisson && task == Task::classes)
    throw option_error("loss",
                       "expected softmax_cross_entropy, sigmoid_cross_entropy or half_squared_error for classes, found "
                       "poisson");
  if (link_name(loss) != "identity" && options.output_activation.kind != ActivationKind::identity)
    throw option_error("output_activation",
                       fmt::format("expected identity, since the loss {} has its own link ({}), found {}",
                                   loss_name(loss), link_name(loss), activation_name(options.output_activation)));
  return loss;
}

Network start_network(const Architecture& architecture, const FitOptions& options) {
  Network network(architecture);
  initialize(network, options.initial_weights, options.initial_biases, options.train.seed);
  if (options.zero_output) {
    std::ranges::fill(network.parameters.weights(architecture.depth() - 1).flat(), 0.0f);
    std::ranges::fill(network.parameters.biases(architecture.depth() - 1), 0.0f);
  }
  return network;
}

}  // namespace chainrule
