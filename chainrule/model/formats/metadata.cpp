// SPDX-License-Identifier: Apache-2.0
// The metadata of a model file, version 5: exactly these keys. Values in braces or brackets are JSON.
//
//   format             "chainrule"
//   format_version     "5". Version 2 added fill, may_miss, categories; version 3 clipped, landmarks, scores, boolean,
//                      dates, `least`, `most` in columns, test, test_rows, decision; version 4 `least`, `most` in
//                      decision; version 5 notations in columns, notation in target
//   program            the writer: "chainrule 0.1.0"
//   layers             [{inputs, outputs, activation, dropout, weight_multiplier, bias_multiplier, decay_multiplier,
//                      max_norm}, ...] from the inputs to the outputs; tensors "0.weight", "0.bias" belong to the
//                      first, "2.weight", "2.bias" to the second ...
//   input_dropout      fraction of the inputs dropped in training
//   loss               {kind, huber_delta, label_smoothing, link}; link turns outputs into predictions: identity,
//                      softmax, sigmoid or exp
//   columns            of a table: {match_by_name, training_columns, `places`, names, shift, scale, constant, fill,
//                      may_miss, categories, clipped, landmarks, scores, boolean, dates, `least`, `most`, notations}.
//                      `places` are column numbers. The network reads v = (x - shift) / scale; if clipped, v / sqrt(1 +
//                      (v / 3)^2); if there are landmarks, the linear interpolation between (landmark, score) pairs; 0
//                      for a constant column. `fill` replaces a missing number; if may_miss, one more input is 1 for a
//                      missing number and 0 otherwise. `categories` is null for a number, else a list of texts with
//                      one input each, 1 if the row has it ("" = missing), and one more input for any other text. A
//                      boolean is 1 for yes and 0 for no. `dates` is null, or the format of the dates (a name of
//                      DateForm) and their cycles: the number is seconds since 1970, then come sine and cosine of each
//                      cycle, then the input for a missing date. `least` and `most`: the range of a number on the
//                      training rows; null: unknown. `notations`: null, or how the numbers of a column are written:
//                      ["." or ",", what is between thousands ("" = nothing), "%" or a currency ("" = none)]
//   images             {height, width}: the network reads byte / 255; 0 for a table
//   task               "classes" or "number"
//   target             {name, `place`, shift, scale, notation}: number = scale * output + shift; `place` is the column
//                      number
//   weight             {name, `place`} of the column with sample weights; column number 0: none
//   labels             spellings of the classes, in the order of the outputs
//   configuration      {option: text}, every option that changes results
//   seed, data_fingerprint, weights_sha256
//   training           {stop, epochs, best_epoch, steps}
//   metrics            {training: {name: number}, validation: {name: number}, test_rows, test: {name: [value, low,
//                      high, baseline]}}; null: undefined
//   decision           {threshold, class_weights, `least`, `most`}. threshold: minimum probability for predicting the
//                      second of two classes; null: the likelier class is predicted. class_weights: the weight of each
//                      label in the loss, or empty. Predictions are clamped to `least` ... `most`; null: unbounded
//   metadata_sha256    of all others, sorted by the bytes of their names: name, zero byte, value, zero byte
#include "chainrule/model/formats/metadata.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chainrule/base/checks.h"
#include "chainrule/base/sha256.h"
#include "chainrule/engine/formulas/loss_formulas.h"
#include "chainrule/model/fingerprint.h"
#include "chainrule/model/formats/encoder_metadata.h"
#include "chainrule/model/formats/json.h"
#include "chainrule/model/model.h"

namespace chainrule::formats {

// The metadata "metrics" and "decision" of a model file, described above.

std::string metrics_text(const Provenance& provenance);
/// Reads it from a file of this version. Throws Error (input).
void metrics_from(const std::string& text, std::uint64_t version, const std::string& where, Provenance& provenance);

std::string decision_text(const Model& model);
/// Reads it for a network with `outputs` outputs from a file of this version. Throws Error (input).
void decision_from(const std::string& text, std::size_t outputs, std::uint64_t version, const std::string& where,
                   Model& model);

namespace {

constexpr std::size_t kMaxValues = 10'000;

using Pairs = std::vector<std::pair<std::string, std::string>>;

bool is_null(const Json& json) { return std::holds_alternative<std::monostate>(json.value); }

double number_or_none(const Json& json, const std::string& where) {
  return is_null(json) ? std::numeric_limits<double>::quiet_NaN() : number_of(json, where);
}

std::string text_of_some(const Metrics& metrics) {
  Pairs fields;
  for (const Metric& metric : metrics) fields.emplace_back(metric.name, json_number(metric.value));
  return json_object(fields);
}

Metrics some_from(const Json& json, const std::string& where) {
  Metrics metrics;
  for (const auto& [name, value] : object_of(json, where))
    metrics.push_back({name, number_or_none(value, where + ": " + in_quotes(name))});
  return metrics;
}

std::string text_of_test(const Estimates& test) {
  Pairs fields;
  for (const Estimate& estimate : test.metrics)
    fields.emplace_back(estimate.name, json_list({json_number(estimate.value), json_number(estimate.low),
                                                  json_number(estimate.high), json_number(estimate.baseline)}));
  return json_object(fields);
}

void test_from(const Json& json, const std::string& where, Estimates& test) {
  for (const auto& [name, value] : object_of(json, where)) {
    const std::string of = where + ": " + in_quotes(name);
    const Json::List& numbers = list_of(value, of);
    if (numbers.size() != 4)
      throw Error(ErrorCategory::input, of + ": expected 4 numbers, found " + std::to_string(numbers.size()));
    test.metrics.push_back({name, number_or_none(numbers[0], of), number_or_none(numbers[1], of),
                            number_or_none(numbers[2], of), number_or_none(numbers[3], of)});
  }
}

}  // namespace

std::string metrics_text(const Provenance& provenance) {
  return json_object({{"training", text_of_some(provenance.training)},
                      {"validation", text_of_some(provenance.validation)},
                      {"test_rows", std::to_string(provenance.test.rows)},
                      {"test", text_of_test(provenance.test)}});
}

void metrics_from(const std::string& text, std::uint64_t version, const std::string& where, Provenance& provenance) {
  const Json json = read_json(text, kMaxValues, where);
  std::vector<std::string_view> keys{"training", "validation"};
  if (version >= 3) keys.insert(keys.end(), {"test_rows", "test"});
  const Fields fields(json, keys, where);
  provenance.training = some_from(fields["training"], fields.where("training"));
  provenance.validation = some_from(fields["validation"], fields.where("validation"));
  if (version < 3) return;
  provenance.test.rows = fields.whole("test_rows");
  test_from(fields["test"], fields.where("test"), provenance.test);
}

std::string decision_text(const Model& model) {
  std::vector<std::string> weights;
  for (const double weight : model.encoder.class_weights) weights.push_back(json_number(weight));
  return json_object({{"threshold", model.threshold ? json_number(*model.threshold) : "null"},
                      {"class_weights", json_list(weights)},
                      {"least", json_number(model.encoder.min_prediction)},
                      {"most", json_number(model.encoder.max_prediction)}});
}

void decision_from(const std::string& text, std::size_t outputs, std::uint64_t version, const std::string& where,
                   Model& model) {
  const Json json = read_json(text, outputs + 10, where);
  std::vector<std::string_view> keys{"threshold", "class_weights"};
  if (version >= 4) keys.insert(keys.end(), {"least", "most"});
  const Fields fields(json, keys, where);
  if (!is_null(fields["threshold"])) model.threshold = fields.number("threshold");
  for (const Json& weight : fields.list("class_weights"))
    model.encoder.class_weights.push_back(number_of(weight, fields.where("class_weights")));
  if (version < 4) return;
  if (!is_null(fields["least"])) model.encoder.min_prediction = fields.number("least");
  if (!is_null(fields["most"])) model.encoder.max_prediction = fields.number("most");
}
namespace {

constexpr std::string_view kFormat = "chainrule";
constexpr std::uint64_t kVersion = 5;
constexpr std::size_t kMaxLayers = 10'000;
constexpr std::size_t kMaxOptions = 10'000;
// Compile-time constants, since a model may be loaded before main().
constexpr const char* kDecision = "decision";  // since version 3
constexpr std::array<const char*, 19> kKeys = {
    "columns",  "configuration", "data_fingerprint", "format",  "format_version", "images", "input_dropout", "labels",
    "layers",   "loss",          "metadata_sha256",  "metrics", "program",        "seed",   "target",        "task",
    "training", "weight",        "weights_sha256"};

using Pairs = std::vector<std::pair<std::string, std::string>>;

[[noreturn]] void refuse_metadata(const std::string& what, std::string hint = {}) {
  throw Error(ErrorCategory::input, what, std::move(hint));
}

std::string at(const std::string& file, std::string_view key) {
  return file + ": metadata \"" + std::string(key) + '"';
}

// Runs a check and puts the file's name in front of its error message.
template <class Work>
auto blamed_on(const std::string& where, Work work) {
  try {
    return work();
  } catch (const Error& error) {
    refuse_metadata(where + ": " + error.what(), error.hint());
  }
}

// ---- layers and loss ----------------------------------------------------------------------------------------------

std::string layers_text(const Architecture& architecture) {
  if (architecture.depth() > kMaxLayers)
    throw Error(ErrorCategory::usage, "model file: layers: expected at most " + std::to_string(kMaxLayers) +
                                          ", found " + std::to_string(architecture.depth()));
  std::vector<std::string> layers;
  for (std::size_t l = 0; l < architecture.depth(); ++l) {
    const Layer& layer = architecture.layers[l];
    const std::string name(activation_name(layer.activation));
    if (layer.activation.kind == ActivationKind::custom)
      throw Error(ErrorCategory::usage, "model file: activation " + in_quotes(name) + " of layer " +
                                            std::to_string(l + 1) + ": a custom activation cannot be saved by name");
    layers.push_back(json_object({{"inputs", std::to_string(architecture.layer_inputs(l))},
                                  {"outputs", std::to_string(layer.outputs)},
                                  {"activation", json_text(name, "activation")},
                                  {"dropout", json_number(layer.dropout)},
                                  {"weight_multiplier", json_number(layer.weight_multiplier)},
                                  {"bias_multiplier", json_number(layer.bias_multiplier)},
                                  {"decay_multiplier", json_number(layer.decay_multiplier)},
                                  {"max_norm", json_number(layer.max_norm)}}));
  }
  return json_list(layers);
}

void add_layer(const Json& json, const std::string& where, Architecture& architecture) {
  const Fields fields(json,
                      {"inputs", "outputs", "activation", "dropout", "weight_multiplier", "bias_multiplier",
                       "decay_multiplier", "max_norm"},
                      where);
  const std::size_t inputs = fields.whole("inputs");
  if (architecture.layers.empty()) architecture.inputs = inputs;
  if (inputs != architecture.layer_inputs(architecture.depth()))
    refuse_metadata(fields.where("inputs") + ": expected " + std::to_string(architecture.outputs()) +
                    ", the outputs of the layer below, found " + std::to_string(inputs));
  Layer layer;
  layer.outputs = fields.whole("outputs");
  layer.activation = blamed_on(where, [&] { return activation_from_name(fields.text("activation")); });
  layer.dropout = fields.number("dropout");
  layer.weight_multiplier = fields.number("weight_multiplier");
  layer.bias_multiplier = fields.number("bias_multiplier");
  layer.decay_multiplier = fields.number("decay_multiplier");
  layer.max_norm = fields.number("max_norm");
  architecture.layers.push_back(std::move(layer));
}

std::string loss_text(const Loss& loss) {
  if (loss.kind == LossKind::custom)
    throw Error(ErrorCategory::usage, "model file: loss " + in_quotes(std::string(loss_name(loss))) +
                                          ": a custom loss cannot be saved by name");
  return json_object({{"kind", json_text(loss_name(loss), "loss")},
                      {"huber_delta", json_number(loss.huber_delta)},
                      {"label_smoothing", json_number(loss.label_smoothing)},
                      {"link", json_text(link_name(loss), "link")}});
}

Loss loss_from(const std::string& text, const std::string& where) {
  const Json json = read_json(text, 10, where);
  const Fields fields(json, {"kind", "huber_delta", "label_smoothing", "link"}, where);
  Loss loss = blamed_on(where, [&] { return loss_from_name(fields.text("kind")); });
  loss.huber_delta = fields.number("huber_delta");
  loss.label_smoothing = fields.number("label_smoothing");
  if (fields.text("link") != link_name(loss))
    refuse_metadata(fields.where("link") + ": expected " + in_quotes(link_name(loss)) + ", found " +
                    in_quotes(fields.text("link")));
  return loss;
}

// ---- encoder ------------------------------------------------------------------------------------------------------

void images_from(const std::string& text, const std::string& where, Encoder& encoder) {
  const Json json = read_json(text, 10, where);
  const Fields fields(json, {"height", "width"}, where);
  encoder.image_height = fields.whole("height");
  encoder.image_width = fields.whole("width");
}

void target_from(const std::string& text, std::uint64_t version, const std::string& where, Encoder& encoder) {
  const Json json = read_json(text, 14, where);
  std::vector<std::string_view> keys{"name", "place", "shift", "scale"};
  if (version >= 5) keys.push_back("notation");
  const Fields fields(json, keys, where);
  encoder.target = fields.text("name");
  encoder.target_column = fields.whole("place");
  encoder.target_shift = fields.number("shift");
  encoder.target_scale = fields.number("scale");
  if (version >= 5) notation_from(fields["notation"], fields.where("notation"), encoder.target_notation);
}

void weight_from(const std::string& text, const std::string& where, Encoder& encoder) {
  const Json json = read_json(text, 10, where);
  const Fields fields(json, {"name", "place"}, where);
  encoder.weight = fields.text("name");
  encoder.weight_column = fields.whole("place");
}

Task task_from(const std::string& text, const std::string& where) {
  if (text == "classes") return Task::classes;
  if (text == "number") return Task::number;
  refuse_metadata(where + ": expected \"classes\" or \"number\", found " + in_quotes(text));
}

// ---- provenance ---------------------------------------------------------------------------------------------------

std::uint64_t whole_from_text(const std::string& text, const std::string& where) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, number);
  if (problem != std::errc() || stop != end || std::to_string(number) != text)
    refuse_metadata(where + ": expected a whole number, found " + in_quotes(text));
  return number;
}

std::string configuration_text(const Pairs& configuration) {
  Pairs fields;
  for (const auto& [name, value] : configuration) fields.emplace_back(name, json_text(value, "option " + name));
  return json_object(fields);
}

Pairs configuration_from(const std::string& text, const std::string& where) {
  const Json json = read_json(text, kMaxOptions, where);
  Pairs configuration;
  for (const auto& [name, value] : object_of(json, where))
    configuration.emplace_back(name, text_of(value, where + ": " + in_quotes(name)));
  return configuration;
}

std::string training_text(const Provenance& provenance) {
  return json_object({{"stop", json_text(provenance.stop, "stop")},
                      {"epochs", std::to_string(provenance.epochs)},
                      {"best_epoch", std::to_string(provenance.best_epoch)},
                      {"steps", std::to_string(provenance.steps)}});
}

void training_from(const std::string& text, const std::string& where, Provenance& provenance) {
  const Json json = read_json(text, 10, where);
  const Fields fields(json, {"stop", "epochs", "best_epoch", "steps"}, where);
  provenance.stop = fields.text("stop");
  provenance.epochs = fields.whole("epochs");
  provenance.best_epoch = fields.whole("best_epoch");
  provenance.steps = fields.whole("steps");
}

std::uint64_t version_of(const Metadata& metadata, const std::string& file) {
  const auto format = metadata.find("format");
  const auto version = metadata.find("format_version");
  if (format == metadata.end() || format->second != kFormat)
    refuse_metadata(
        file +
            ": a safetensors file, but not a model of chainrule: metadata \"format\": expected \"chainrule\", found " +
            (format == metadata.end() ? "none" : in_quotes(format->second)),
        "chainrule train writes model files");
  if (version == metadata.end()) refuse_metadata(at(file, "format_version") + ": missing");
  const std::uint64_t number = whole_from_text(version->second, at(file, "format_version"));
  if (number > kVersion)
    refuse_metadata(at(file, "format_version") + ": written by a newer version: expected at most " +
                        std::to_string(kVersion) + ", found " + std::to_string(number),
                    "a newer chainrule can read it");
  if (number == 0)
    refuse_metadata(at(file, "format_version") + ": expected 1 to " + std::to_string(kVersion) + ", found 0");
  return number;
}

Provenance provenance_from(const Metadata& metadata, const std::string& file) {
  Provenance provenance;
  provenance.program = metadata.at("program");
  provenance.configuration = configuration_from(metadata.at("configuration"), at(file, "configuration"));
  provenance.seed = whole_from_text(metadata.at("seed"), at(file, "seed"));
  provenance.data_fingerprint = metadata.at("data_fingerprint");
  training_from(metadata.at("training"), at(file, "training"), provenance);
  metrics_from(metadata.at("metrics"), version_of(metadata, file), at(file, "metrics"), provenance);
  return provenance;
}

// ---- all of it ----------------------------------------------------------------------------------------------------

void check_keys(const Metadata& metadata, const std::string& file) {
  std::vector<std::string> keys(kKeys.begin(), kKeys.end());
  if (version_of(metadata, file) >= 3) keys.push_back(kDecision);
  for (const std::string& key : keys)
    if (!metadata.contains(key)) refuse_metadata(at(file, key) + ": missing");
  for (const auto& [key, value] : metadata)
    if (std::find(keys.begin(), keys.end(), key) == keys.end())
      refuse_metadata(file + ": metadata: unknown key " + in_quotes(key));
}

std::string sum_of(const Metadata& metadata) {
  Sha256 sum;
  for (const auto& [key, value] : metadata) {
    const std::string entry = key + '\0' + value + '\0';
    if (key != "metadata_sha256") sum.add(std::as_bytes(std::span(entry)));
  }
  return sum.hex();
}

}  // namespace

Metadata to_metadata(const Model& model) {
  const Encoder& encoder = model.encoder;
  const Provenance& provenance = model.provenance;
  std::vector<std::string> labels;
  for (const std::string& label : encoder.labels) labels.push_back(json_text(label, "label"));
  Metadata metadata{{"format", std::string(kFormat)},
                    {"format_version", std::to_string(kVersion)},
                    {"program", provenance.program},
                    {"layers", layers_text(model.network.architecture)},
                    {"input_dropout", json_number(model.network.architecture.input_dropout)},
                    {"loss", loss_text(model.loss)},
                    {"columns", columns_text(encoder)},
                    {"images", json_object({{"height", std::to_string(encoder.image_height)},
                                            {"width", std::to_string(encoder.image_width)}})},
                    {"task", encoder.task == Task::classes ? "classes" : "number"},
                    {"target", json_object({{"name", json_text(encoder.target, "name of the target")},
                                            {"place", std::to_string(encoder.target_column)},
                                            {"shift", json_number(encoder.target_shift)},
                                            {"scale", json_number(encoder.target_scale)},
                                            {"notation", notation_text(encoder.target_notation)}})},
                    {"weight", json_object({{"name", json_text(encoder.weight, "name of the column of weights")},
                                            {"place", std::to_string(encoder.weight_column)}})},
                    {"labels", json_list(labels)},
                    {"configuration", configuration_text(provenance.configuration)},
                    {"seed", std::to_string(provenance.seed)},
                    {"data_fingerprint", provenance.data_fingerprint},
                    {"weights_sha256", weights_sha256(model.network)},
                    {"training", training_text(provenance)},
                    {"metrics", metrics_text(provenance)},
                    {"decision", decision_text(model)}};
  metadata.emplace("metadata_sha256", sum_of(metadata));
  return metadata;
}

Architecture architecture_from(const Metadata& metadata, const std::string& file) {
  version_of(metadata, file);
  check_keys(metadata, file);
  const std::string where = at(file, "layers");
  const Json json = read_json(metadata.at("layers"), 9 * kMaxLayers + 1, where);
  const Json::List& layers = list_of(json, where);
  if (layers.empty()) refuse_metadata(where + ": expected at least 1, found 0");
  Architecture architecture;
  for (const Json& layer : layers) add_layer(layer, element(where, architecture.depth()), architecture);
  const std::string dropout = at(file, "input_dropout");
  const Json input_dropout = read_json(metadata.at("input_dropout"), 1, dropout);
  architecture.input_dropout = number_of(input_dropout, dropout);
  blamed_on(file, [&] { validate(architecture); });
  return architecture;
}

Model model_from(const Metadata& metadata, const Architecture& architecture, const std::string& file) {
  Model model;
  Encoder& encoder = model.encoder;
  model.network = Network(architecture);
  model.loss = loss_from(metadata.at("loss"), at(file, "loss"));
  columns_from(metadata.at("columns"), architecture.inputs, version_of(metadata, file), at(file, "columns"), encoder);
  images_from(metadata.at("images"), at(file, "images"), encoder);
  encoder.task = task_from(metadata.at("task"), at(file, "task"));
  target_from(metadata.at("target"), version_of(metadata, file), at(file, "target"), encoder);
  weight_from(metadata.at("weight"), at(file, "weight"), encoder);
  const Json labels = read_json(metadata.at("labels"), architecture.outputs() + 1, at(file, "labels"));
  for (const Json& label : list_of(labels, at(file, "labels")))
    encoder.labels.push_back(text_of(label, element(at(file, "labels"), encoder.labels.size())));
  if (metadata.contains(kDecision))
    decision_from(metadata.at(kDecision), architecture.outputs(), version_of(metadata, file), at(file, kDecision),
                  model);
  model.provenance = provenance_from(metadata, file);
  blamed_on(file, [&] { validate(model); });
  // Last, so that a file edited by hand gets a more specific message.
  if (metadata.at("metadata_sha256") != sum_of(metadata))
    refuse_metadata(at(file, "metadata_sha256") + ": the metadata is damaged: expected " +
                    in_quotes(sum_of(metadata), 64) + ", found " + in_quotes(metadata.at("metadata_sha256"), 64));
  return model;
}

}  // namespace chainrule::formats
