// SPDX-License-Identifier: Apache-2.0
// An explanation as one JSON document (docs/formats.md): a line per tensor, numbers in the fewest digits that read back
// to the same bits.
#include <cmath>
#include <nlohmann/json.hpp>

#include "chainrule/explain.h"
#include "chainrule/formats/explanation_head.h"
#include "chainrule/formats/formats.h"
#include "chainrule/version.h"

namespace chainrule::formats {
namespace {

using Json = nlohmann::ordered_json;

// Text from files may be no UTF-8, which JSON must be.
std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json numbers(const std::vector<double>& values) {
  Json array = Json::array();
  for (const double value : values) array.push_back(number(value));
  return array;
}

Json network_of(const Architecture& architecture) {
  Json layers = Json::array();
  for (std::size_t l = 0; l < architecture.depth(); ++l) {
    const Layer& layer = architecture.layers[l];
    layers.push_back({{"layer", l + 2},
                      {"units", layer.outputs},
                      {"activation", activation_name(layer.activation)},
                      {"dropout", layer.dropout},
                      {"weight_multiplier", layer.weight_multiplier},
                      {"bias_multiplier", layer.bias_multiplier},
                      {"decay_multiplier", layer.decay_multiplier},
                      {"max_norm", layer.max_norm}});
  }
  return {{"inputs", architecture.inputs}, {"input_dropout", architecture.input_dropout}, {"layers", layers}};
}

Json loss_of(const Loss& loss) {
  Json object = {{"name", loss_name(loss)}, {"link", link_name(loss)}, {"label_smoothing", loss.label_smoothing}};
  if (loss.kind == LossKind::huber) object["huber_delta"] = loss.huber_delta;
  return object;
}

Json optimizer_of(const Optimizer& optimizer) {
  Json object = {{"name", optimizer_name(optimizer)}};
  std::visit(
      [&](const auto& rule) {
        if constexpr (requires { rule.momentum; }) object["momentum"] = rule.momentum;
        if constexpr (requires { rule.rho; }) object["rho"] = rule.rho;
        if constexpr (requires { rule.beta1; }) object["beta1"] = rule.beta1;
        if constexpr (requires { rule.beta2; }) object["beta2"] = rule.beta2;
        if constexpr (requires { rule.epsilon; }) object["epsilon"] = rule.epsilon;
        if constexpr (requires { rule.increase; }) {
          object["increase"] = rule.increase;
          object["decrease"] = rule.decrease;
          object["smallest"] = rule.smallest;
          object["largest"] = rule.largest;
        }
      },
      optimizer);
  return object;
}

Json columns_of(const Explanation& explanation) {
  Json columns = Json::array();
  for (const InputColumn& column : explanation.columns)
    columns.push_back({{"name", column.name},
                       {"shift", number(column.shift)},
                       {"scale", number(column.scale)},
                       {"constant", column.constant},
                       {"clipped", column.clipped},
                       {"landmarks", column.landmarks},
                       {"scores", column.scores}});
  return columns;
}

Json head_of(const Explanation& explanation) {
  const TrainOptions& options = explanation.options;
  Json head = {{"schema", 1}, {"kind", "explanation"}, {"program", std::string("chainrule ") + kVersion}};
  head["network"] = network_of(explanation.architecture);
  head["loss"] = loss_of(options.loss);
  head["optimizer"] = optimizer_of(options.optimizer);
  head["learning_rate"] = options.learning_rate;
  head["weight_decay"] = options.weight_decay;
  head["clip_norm"] = options.clip_norm;
  head["seed"] = options.seed;
  head["rows"] = explanation.rows;
  head["columns"] = columns_of(explanation);
  head["image"] = {explanation.image_height, explanation.image_width};
  head["raw_inputs"] = explanation.raw_inputs;
  head["raw_targets"] = explanation.raw_targets;
  head["output_names"] = explanation.output_names;
  Json excesses = Json::array();
  for (const Excess& excess : find_excesses(explanation))
    excesses.push_back(
        {{"step", excess.step}, {"name", excess.name}, {"row", excess.row + 1}, {"column", excess.column + 1}});
  head["within_bounds"] = excesses.empty();
  head["excesses"] = std::move(excesses);
  return head;
}

std::string text_of(const Tensor& tensor) {
  return text_of(Json{{"name", tensor.name},
                      {"rows", tensor.rows},
                      {"columns", tensor.columns},
                      {"engine", numbers(tensor.engine)},
                      {"truth", numbers(tensor.truth)},
                      {"bound", numbers(tensor.bound)}});
}

std::string text_of(const ExplainedStep& step) {
  std::string text = "{\"step\":" + std::to_string(step.step) + ",\"tensors\":[";
  const char* before = "\n";
  for (const Tensor& tensor : step.tensors) {
    text += before + text_of(tensor);
    before = ",\n";
  }
  return text + "]}";
}

}  // namespace

std::string explanation_head(const Explanation& explanation) {
  std::string text;
  const Json head = head_of(explanation);
  for (const auto& [key, value] : head.items()) text += text_of(Json(key)) + ":" + text_of(value) + ",\n";
  return text;
}

std::string explanation_json(const Explanation& explanation) {
  std::string text = "{";
  text += explanation_head(explanation) + "\"steps\":[";
  const char* before = "\n";
  for (const ExplainedStep& step : explanation.steps) {
    text += before + text_of(step);
    before = ",\n";
  }
  return text + "]}\n";
}

}  // namespace chainrule::formats
