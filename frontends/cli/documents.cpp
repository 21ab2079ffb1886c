// SPDX-License-Identifier: Apache-2.0
#include "cli/documents.h"
#include "cli/json_text.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "chainrule/options.h"

namespace chainrule::cli {
namespace {

Json metrics_object(const Metrics& metrics) {
  Json object = Json::object();
  for (const Metric& metric : metrics) object[metric.name] = {{"value", number(metric.value)}};
  return object;
}

Json threshold_of(const Model& model) { return model.threshold ? Json(*model.threshold) : Json(nullptr); }

const char* name_of(StopReason reason) {
  if (reason == StopReason::early_stopping) return "early_stopping";
  return reason == StopReason::interrupted ? "interrupted" : "epochs_done";
}

const char* name_of(Task task) { return task == Task::classes ? "classes" : "number"; }

Json input_columns(const Encoder& encoder) {
  Json columns = Json::array();
  for (const InputColumn& column : encoder.inputs) {
    Json object = {{"name", column.name},         {"shift", number(column.shift)}, {"scale", number(column.scale)},
                   {"constant", column.constant}, {"fill", number(column.fill)},   {"may_miss", column.may_miss}};
    if (column.categorical)
      object["categories"] = column.categories;
    else
      object.update({{"least", number(column.least)}, {"most", number(column.most)}});
    if (column.clipped) object["clipped"] = true;
    if (!column.landmarks.empty()) object["landmarks"] = column.landmarks, object["scores"] = column.scores;
    if (column.boolean) object["boolean"] = true;
    if (column.date) {
      object["date"] = kDateForms[static_cast<std::size_t>(*column.date)];
      object["cycles"] = Json::array();
      for (const Cycle cycle : column.cycles) object["cycles"].push_back(kCycleNames[static_cast<std::size_t>(cycle)]);
    }
    columns.push_back(std::move(object));
  }
  return columns;
}

Json layers_of(const Architecture& architecture) {
  Json layers = Json::array();
  for (std::size_t l = 0; l < architecture.depth(); ++l)
    layers.push_back({{"inputs", architecture.layer_inputs(l)},
                      {"outputs", architecture.layers[l].outputs},
                      {"activation", activation_name(architecture.layers[l].activation)},
                      {"dropout", architecture.layers[l].dropout}});
  return layers;
}

Json column_object(const Column& column, const ColumnFacts& facts, const ColumnUse& use) {
  const ColumnReading& reading = facts.reading;
  Json object = {{"name", column.name},
                 {"kind", column.is_number() ? "number" : "text"},
                 {"missing", facts.missing},
                 {"type", name_of(reading.type)},
                 {"present", facts.present}};
  if (reading.type == ColumnType::date || reading.type == ColumnType::time) {
    object["first"] = date_text(facts.smallest, reading.form);
    object["last"] = date_text(facts.largest, reading.form);
    object["form"] = kDateForms[static_cast<std::size_t>(reading.form)];
    object["ambiguous"] = reading.ambiguous;
  } else if (facts.has_range) {
    object["smallest"] = number(facts.smallest);
    object["largest"] = number(facts.largest);
    object["mean"] = number(facts.mean);
    object["median"] = number(facts.median);
  }
  if (facts.distinct > 0) object["distinct"] = facts.distinct;
  Json values = Json::array();
  for (const auto& [value, count] : facts.values) values.push_back({{"value", value}, {"rows", count}});
  object["values"] = std::move(values);
  object["inputs"] = use.inputs;
  object["training"] = use.words;
  return object;
}

}  // namespace

std::string training_document(const FitResult& result, const TrainingFacts& facts) {
  const Architecture& architecture = result.model.network.architecture;
  Json document = {
      {"schema", 1},
      {"model", facts.model},
      {"weights_sha256", weights_sha256(result.model.network)},
      {"network", describe(architecture)},
      {"parameters", parameter_count(architecture)},
      {"rows", {{"training", facts.training_rows}, {"validation", facts.validation_rows}, {"test", result.test.rows}}},
      {"epochs", result.history.epochs.size()},
      {"best_epoch", result.history.best_epoch},
      {"steps", result.history.steps},
      {"seconds", number(facts.seconds)},
      {"stop", name_of(result.history.stop)},
      {"threshold", threshold_of(result.model)},
      {"metrics",
       {{"training", metrics_object(result.training)},
        {"validation", metrics_object(result.validation)},
        {"trivial", metrics_object(result.trivial)},
        {"test", estimates_object(result.test)}}}};
  if (facts.rates.test || facts.rates.layers) document["found_rates"] = rates_object(facts.rates);
  return document_text(document);
}

std::string table_document(const Table& table, const TableFacts& facts) {
  Json document = {{"schema", 1}, {"data", table.source}, {"rows", table.rows}, {"header", table.has_header}};
  if (table.has_images()) document["images"] = {{"height", table.images.height}, {"width", table.images.width}};
  Json columns = Json::array();
  for (std::size_t c = 0; c < table.columns.size(); ++c)
    columns.push_back(column_object(table.columns[c], facts.columns[c], facts.uses[c]));
  document["columns"] = std::move(columns);
  document["notes"] = table.notes;
  if (facts.plan == nullptr) {
    document["training"] = {{"refused", facts.refusal}, {"hint", facts.hint}};
    return document_text(document);
  }
  const Encoder& encoder = facts.plan->encoder;
  document["training"] = {{"task", name_of(encoder.task)},
                          {"target", encoder.target},
                          {"labels", encoder.labels},
                          {"network", describe(facts.plan->architecture)},
                          {"notes", facts.plan->notes}};
  return document_text(document);
}

std::string model_document(const Model& model, const std::string& path) {
  const Encoder& encoder = model.encoder;
  const Provenance& provenance = model.provenance;
  Json tensors = Json::array();
  for (const Segment& segment : model.network.parameters.segments()) {
    Json shape = Json::array();
    if (segment.kind == Segment::Kind::weights) shape.push_back(segment.rows);
    shape.push_back(segment.columns);
    tensors.push_back({{"name", segment.name}, {"shape", shape}});
  }
  Json configuration = Json::object();
  for (const auto& [key, value] : provenance.configuration) configuration[key] = value;
  Json document = {{"schema", 1},
                   {"model", path},
                   {"program", provenance.program},
                   {"network", describe(model.network.architecture)},
                   {"parameters", parameter_count(model.network.architecture)},
                   {"weights_sha256", weights_sha256(model.network)},
                   {"layers", layers_of(model.network.architecture)},
                   {"tensors", tensors},
                   {"loss", loss_name(model.loss)},
                   {"task", name_of(encoder.task)},
                   {"target", encoder.target},
                   {"labels", encoder.labels}};
  if (encoder.images())
    document["images"] = {{"height", encoder.image_height}, {"width", encoder.image_width}};
  else
    document["inputs"] = input_columns(encoder);
  document["configuration"] = std::move(configuration);
  document["data_fingerprint"] = provenance.data_fingerprint;
  document["stop"] = provenance.stop;
  document["epochs"] = provenance.epochs;
  document["best_epoch"] = provenance.best_epoch;
  document["steps"] = provenance.steps;
  if (encoder.labels.size() == 2) document["threshold"] = threshold_of(model);
  if (!encoder.class_weights.empty()) document["class_weights"] = encoder.class_weights;
  document["metrics"] = {{"training", metrics_object(provenance.training)},
                         {"validation", metrics_object(provenance.validation)},
                         {"test", estimates_object(provenance.test)}};
  document["test_rows"] = provenance.test.rows;
  return document_text(document);
}

}  // namespace chainrule::cli
