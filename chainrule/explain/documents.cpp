// SPDX-License-Identifier: Apache-2.0
// An explanation as one JSON document (docs/formats.md): a line per tensor, each number as the shortest text that reads
// back to the same bits.
#include "chainrule/explain/documents.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "chainrule/base/error.h"
#include "chainrule/base/html_page.h"
#include "chainrule/base/text.h"
#include "chainrule/base/version.h"
#include "chainrule/data/encoding.h"
#include "chainrule/engine/formulas/loss_formulas.h"
#include "chainrule/explain/derivation.h"
#include "chainrule/explain/explain.h"

namespace chainrule {
struct Explanation;
}

namespace chainrule {
PageSources explain_page_sources();  // cmake/embed_page.cmake
}  // namespace chainrule

namespace chainrule::formats {

namespace {

using Json = nlohmann::ordered_json;

// Text from files may not be UTF-8, which JSON requires.
std::string text_of(const Json& json) {
  return escape_marks(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

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

using NameOf = std::function<std::string(const std::string&)>;

Json head_of(const Explanation& explanation, const NameOf& name_of) {
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
    excesses.push_back({{"step", excess.step},
                        {"name", name_of(excess.name)},
                        {"row", excess.row + 1},
                        {"column", excess.column + 1}});
  head["within_bounds"] = excesses.empty();
  head["excesses"] = std::move(excesses);
  return head;
}

std::string text_of(const Tensor& tensor) {
  return text_of(Json{{"name", name_in_json(tensor.name)},
                      {"rows", tensor.rows},
                      {"columns", tensor.columns},
                      {"engine", numbers(tensor.engine)},
                      {"truth", numbers(tensor.reference)},
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

// The keys before "steps" (docs/formats.md), each with a comma and a newline, of the JSON document and of the page.
std::string explanation_head(const Explanation& explanation, const NameOf& name_of) {
  std::string text;
  const Json head = head_of(explanation, name_of);
  for (const auto& [key, value] : head.items()) text += text_of(Json(key)) + ":" + text_of(value) + ",\n";
  return text;
}

}  // namespace

std::string explanation_json(const Explanation& explanation) {
  std::string text = "{";
  text += explanation_head(explanation, name_in_json) + "\"steps\":[";
  const char* before = "\n";
  for (const ExplainedStep& step : explanation.steps) {
    text += before + text_of(step);
    before = ",\n";
  }
  return text + "]}\n";
}

// An explanation as one page: the sources of explain/page/ with the numbers as packed arrays (docs/formats.md).

namespace {

using Json = nlohmann::ordered_json;

// Little-endian on every machine, as the page reads them.
template <class Float, class Bits>
std::string packed_as(const std::vector<double>& values) {
  std::string bytes;
  for (const double value : values) {
    const Bits bits = std::bit_cast<Bits>(static_cast<Float>(value));
    for (std::size_t k = 0; k < sizeof(Bits); ++k) bytes += static_cast<char>(bits >> (8 * k) & 0xff);
  }
  return base64(bytes);
}

std::uint64_t bits_of(double value) { return std::bit_cast<std::uint64_t>(value); }

// One number if all are the same, else an array of the narrowest type that keeps every bit.
Json packed(const std::vector<double>& values) {
  const auto is_first = [&](double x) { return bits_of(x) == bits_of(values[0]); };
  if (std::isfinite(values.at(0)) && std::ranges::all_of(values, is_first)) return values[0];
  const auto is_float = [](double x) { return bits_of(static_cast<double>(static_cast<float>(x))) == bits_of(x); };
  if (std::ranges::all_of(values, is_float)) return {{"float32", packed_as<float, std::uint32_t>(values)}};
  return {{"float64", packed_as<double, std::uint64_t>(values)}};
}

double float_above(double value) {
  const float nearest = static_cast<float>(value);
  return static_cast<double>(
      static_cast<double>(nearest) < value ? std::nextafter(nearest, std::numeric_limits<float>::infinity()) : nearest);
}

Json index_name(const FactorIndex& index) {
  constexpr const char* kNames[] = {"first", "row", "column", "term", "term_row", "term_column"};
  return kNames[index.kind];
}

Json terms(const Recipe::Terms& of) {
  Json factors = Json::array();
  for (const auto& [tensor, row, column] : of.factors)
    factors.push_back({tensor->name, index_name(row), index_name(column)});
  return {{"pattern", of.pattern}, {"factors", std::move(factors)}, {"count", of.count}};
}

Json recipe(const Recipe& of) {
  Json sum = Json::array();
  for (const Recipe::Terms& each : of.terms) sum.push_back(terms(each));
  return {{"before", terms(of.before)}, {"terms", std::move(sum)}, {"after", terms(of.after)}};
}

Json tensor_of(const Explanation& explanation, const ExplainedStep& step, const Tensor& tensor) {
  const Formula formula = formula_of(explanation, step, tensor);
  const TensorName name = parts_of(tensor.name);
  Json object = {{"name", tensor.name},       {"rows", tensor.rows},        {"columns", tensor.columns},
                 {"symbol", name.symbol},     {"layer", name.layer},        {"after", name.after},
                 {"part", part_of(tensor)},   {"meaning", formula.meaning}, {"formula", formula.text},
                 {"article", formula.article}};
  object["recipe"] = recipe(recipe_of(explanation, step, tensor));
  object["engine"] = packed(tensor.engine);
  if (!std::ranges::equal(tensor.engine, tensor.reference, {}, bits_of, bits_of))
    object["truth"] = packed(tensor.reference);
  std::vector<double> bound(tensor.bound.size());
  std::ranges::transform(tensor.bound, bound.begin(), float_above);
  object["bound"] = packed(bound);
  return object;
}

std::string document_of(const Explanation& explanation) {
  std::string text = "{";
  text += explanation_head(explanation, [](const std::string& name) { return name; }) + "\"steps\":[";
  const char* before = "\n";
  for (const ExplainedStep& step : explanation.steps) {
    Json tensors = Json::array();
    for (const Tensor& tensor : step.tensors) tensors.push_back(tensor_of(explanation, step, tensor));
    text +=
        before + Json{{"step", step.step}, {"tensors", tensors}}.dump(-1, ' ', false, Json::error_handler_t::replace);
    before = ",\n";
  }
  return text + "]}\n";
}

}  // namespace

std::string explanation_html(const Explanation& explanation) {
  return page_with(explain_page_sources(), document_of(explanation));
}

}  // namespace chainrule::formats
