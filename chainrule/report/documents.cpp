// SPDX-License-Identifier: Apache-2.0
#include "chainrule/report/documents.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "chainrule/data/columns/dates.h"
#include "chainrule/model/fingerprint.h"
#include "chainrule/report/parts.h"
#include "chainrule/training/options/option_table.h"

namespace chainrule {
namespace {

Json metrics_object(const Metrics& metrics) {
  Json object = Json::object();
  for (const Metric& metric : metrics) object[metric.name] = {{"value", json_number(metric.value)}};
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
    Json object = {
        {"name", column.name},         {"shift", json_number(column.shift)}, {"scale", json_number(column.scale)},
        {"constant", column.constant}, {"fill", json_number(column.fill)},   {"may_miss", column.may_miss}};
    if (column.categorical)
      object["categories"] = column.categories;
    else
      object.update({{"least", json_number(column.minimum)}, {"most", json_number(column.maximum)}});
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
    object["ambiguous"] = reading.forms.size() > 1;
  } else if (facts.has_range) {
    object["smallest"] = json_number(facts.smallest);
    object["largest"] = json_number(facts.largest);
    object["mean"] = json_number(facts.mean);
    object["median"] = json_number(facts.median);
  }
  if (facts.distinct > 0) object["distinct"] = facts.distinct;
  Json values = Json::array();
  for (const auto& [value, count] : facts.values) values.push_back({{"value", value}, {"rows", count}});
  object["values"] = std::move(values);
  object["inputs"] = use.inputs;
  object["training"] = use.words;
  return object;
}

std::string name_of(std::size_t layer, bool is_bias) { return fmt::format("{}{}", is_bias ? "b" : "W", layer + 1); }

Json object_of(const TensorCheck& tensor) {
  Json object = {{"name", name_of(tensor.layer, tensor.is_bias)},
                 {"parameters", tensor.parameters},
                 {"checked", tensor.checked},
                 {"kinks", tensor.kinks},
                 {"zero", tensor.is_zero}};
  if (tensor.checked == 0) return object;
  object["error"] = json_number(tensor.worst_error);
  object["allowed"] = json_number(tensor.tolerance);
  object["at"] = parameter_name(tensor.worst);
  object["computed"] = json_number(tensor.computed);
  object["numerical"] = json_number(tensor.numerical);
  return object;
}

Json object_of(const EngineCheck& check) {
  return {{"name", name_of(check.layer, check.is_bias)}, {"share", json_number(check.worst_ratio)},
          {"at", parameter_name(check.worst)},           {"engine", json_number(check.engine)},
          {"truth", json_number(check.reference)},       {"bound", json_number(check.bound)}};
}

Json object_of(const FaultCheck& check) {
  Json object = {{"fault", check.fault},
                 {"words", check.description},
                 {"place", check.location},
                 {"verdict", verdict_name(check.verdict)},
                 {"effect", json_number(check.effect)}};
  if (check.verdict == FaultVerdict::no_effect) object["reason"] = check.reason;
  if (check.verdict != FaultVerdict::caught && check.verdict != FaultVerdict::missed) return object;
  object["error"] = json_number(check.error);
  object["at"] = parameter_name(check.where);
  return object;
}

template <class Check>
Json array_of(const std::vector<Check>& checks) {
  Json array = Json::array();
  for (const Check& check : checks) array.push_back(object_of(check));
  return array;
}

constexpr std::size_t kMaxClassesInDocument = 100;

Json groups_object(const Evaluation& evaluation) {
  Json groups = Json::array();
  for (const Group& group : evaluation.groups)
    groups.push_back({{"value", group.value},
                      {"rows", group.estimates.rows},
                      {"few_rows", group.estimates.rows < kFewRows},
                      {"metrics", estimates_object(group.estimates)}});
  return {{"column", evaluation.by}, {"groups", groups}};
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
      {"seconds", json_number(facts.seconds)},
      {"stop", name_of(result.history.stop)},
      {"threshold", threshold_of(result.model)},
      {"metrics",
       {{"training", metrics_object(result.training)},
        {"validation", metrics_object(result.validation)},
        {"trivial", metrics_object(result.baseline)},
        {"test", estimates_object(result.test)}}}};
  if (facts.rates.test || facts.rates.layers) document["found_rates"] = rates_object(facts.rates);
  return document_text(document);
}

Json rates_object(const FoundLearningRates& found) {
  if (!found.test && !found.layers) return nullptr;
  Json object = {{"learning_rate", nullptr}, {"layers", nullptr}};
  if (found.test)
    object["learning_rate"] = {{"suggested", json_number(found.test->suggested)},
                               {"lowest", json_number(found.test->lowest)},
                               {"highest", json_number(found.test->highest)},
                               {"start_loss", json_number(found.test->start_loss)},
                               {"rates", json_numbers(found.test->rates)},
                               {"losses", json_numbers(found.test->losses)},
                               {"diverged", found.test->diverged}};
  if (found.layers)
    object["layers"] = {{"better", found.layers->better},          {"weight_multiplier", found.layers->weights},
                        {"bias_multiplier", found.layers->biases}, {"steps", found.layers->steps},
                        {"loss", json_number(found.layers->loss)}, {"loss_with", json_number(found.layers->loss_with)}};
  return object;
}

std::string table_document(const Table& table, const TableFacts& facts) {
  Json document = {{"schema", 1}, {"data", table.source}, {"rows", table.rows}, {"header", table.has_header}};
  for (const TablePart& part : table.parts) document["files"].push_back(part.source);
  if (table.has_images()) document["images"] = {{"height", table.images.height}, {"width", table.images.width}};
  Json columns = Json::array();
  for (std::size_t c = 0; c < table.columns.size(); ++c)
    columns.push_back(column_object(table.columns[c], facts.columns[c], facts.uses[c]));
  document["columns"] = std::move(columns);
  document["notes"] = note_lines(table.notes);
  document["note_details"] = notes_array(table.notes);
  if (facts.plan == nullptr) {
    document["training"] = {{"refused", facts.refusal}, {"hint", facts.hint}};
    return document_text(document);
  }
  const Encoder& encoder = facts.plan->encoder;
  document["training"] = {{"task", name_of(encoder.task)},
                          {"target", encoder.target},
                          {"labels", encoder.labels},
                          {"network", describe(facts.plan->architecture)},
                          {"notes", note_lines(facts.plan->notes)},
                          {"note_details", notes_array(facts.plan->notes)}};
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

std::string check_document(const CheckReport& report, const CheckFacts& facts) {
  const Json document = {{"schema", 1},
                         {"subject", facts.origin},
                         {"network", facts.network},
                         {"loss", facts.loss},
                         {"weight_decay", facts.weight_decay},
                         {"rows", facts.rows},
                         {"dropout_left_out", report.dropout_left_out},
                         {"objective", json_number(report.objective)},
                         {"method", method_name(report.method)},
                         {"seed", facts.seed},
                         {"parameters", report.parameters},
                         {"chosen", report.chosen},
                         {"checked", report.checked},
                         {"kinks", report.kinks},
                         {"derivatives", array_of(report.tensors)},
                         {"engine", array_of(report.engine)},
                         {"faults", array_of(report.faults)},
                         {"passed", report.failure().empty()},
                         {"failure", report.failure()}};
  return document_text(document);
}

std::string evaluation_document(const Evaluation& evaluation) {
  const Estimates& estimates = evaluation.estimates;
  Json document = {{"schema", 1},
                   {"model", evaluation.model},
                   {"data", evaluation.data},
                   {"task", evaluation.task == Task::classes ? "classes" : "number"},
                   {"rows", estimates.rows},
                   {"trained_on_these_rows", evaluation.trained_on_these_rows},
                   {"metrics", estimates_object(estimates)},
                   {"intervals",
                    {{"level", 0.95},
                     {"resamples", estimates.resamples},
                     {"method", estimates.normal ? "standard_errors" : "percentiles"}}}};
  const std::size_t classes = evaluation.labels.size();
  if (classes == 0) document["clamped"] = evaluation.clamped;
  if (classes > 0) document["labels"] = evaluation.labels;
  if (classes == 2) document["threshold"] = evaluation.threshold ? Json(*evaluation.threshold) : Json(nullptr);
  if (classes > 0 && classes <= kMaxClassesInDocument) {
    Json matrix = Json::array();
    for (std::size_t k = 0; k < classes; ++k) {
      const std::span<const std::uint64_t> row = std::span(evaluation.confusion).subspan(k * classes, classes);
      matrix.push_back(std::vector<std::uint64_t>(row.begin(), row.end()));
    }
    document["confusion_matrix"] = matrix;  // a row per true class, a column per predicted class
  }
  if (!evaluation.by.empty()) document["by"] = groups_object(evaluation);
  return document_text(document);
}

}  // namespace chainrule
