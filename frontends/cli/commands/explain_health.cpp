// SPDX-License-Identifier: Apache-2.0
// explain --health MODEL DATA: statistics of each layer, then problems and suggestions.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>

#include "chainrule/base/checks.h"
#include "chainrule/base/text.h"
#include "chainrule/model/formats/safetensors.h"
#include "chainrule/report/json.h"
#include "chainrule/training/diagnosis/remedies.h"
#include "chainrule/training/options/options.h"
#include "cli/command_line/error_wording.h"
#include "cli/commands/commands.h"
#include "cli/output/grid.h"
#include "cli/output/signals.h"

namespace chainrule::cli {
namespace {

struct HealthReport {
  std::string model, data;  // paths
  Diagnosis diagnosis;
};

Json parameters_object(const ParameterHealth& health) {
  return {{"norm", json_number(health.norm)},
          {"gradient_norm", json_number(health.gradient_norm)},
          {"update_ratio", json_number(health.update_ratio)}};
}

std::size_t units_of(const Architecture& architecture, std::size_t layer) {
  return layer == 1 ? architecture.inputs : architecture.layers[layer - 2].outputs;
}

std::string activation_of(const Architecture& architecture, std::size_t layer) {
  return layer == 1 ? "inputs" : std::string(activation_name(architecture.layers[layer - 2].activation));
}

Json layer_object(const Examination& e, std::size_t layer) {
  const LayerHealth& health = e.layers[layer - 1];
  Json object = {{"layer", layer},
                 {"units", units_of(e.architecture, layer)},
                 {"activation", layer == 1 ? Json(nullptr) : Json(activation_of(e.architecture, layer))},
                 {"activation_mean", json_number(health.activation_mean)},
                 {"activation_deviation", json_number(health.activation_deviation)},
                 {"saturated", json_number(health.saturated)},
                 {"dead", json_number(health.dead)}};
  if (layer == e.layers.size()) return object;
  object["weights"] = parameters_object(health.weights);
  object["biases"] = parameters_object(health.biases);
  return object;
}

Json finding_object(const Finding& finding) {
  Json object = {{"kind", finding_name(finding.kind)},
                 {"layer", finding.layer == 0 ? Json(nullptr) : Json(finding.layer)},
                 {"value", json_number(finding.value)},
                 {"bound", json_number(finding.bound)},
                 {"problem", with_flags(finding.problem)},
                 {"advice", with_flags(finding.advice)},
                 {"options", Json::object()},
                 {"remaining_after", json_number(finding.after_remedy)}};
  if (!finding.remedies.empty())
    for (const NamedOption& option : finding.remedies.front()) object["options"][option.key] = option.value;
  return object;
}

std::string document(const HealthReport& report) {
  const Examination& e = report.diagnosis.examination;
  Json document = {{"schema", 1},
                   {"model", report.model},
                   {"data", report.data},
                   {"rows", e.rows},
                   {"steps", e.steps},
                   {"batch_size", e.batch_size},
                   {"optimizer", optimizer_name(e.options.train.optimizer)},
                   {"learning_rate", json_number(e.options.train.learning_rate)},
                   {"loss", json_number(e.loss)},
                   {"trivial_loss", json_number(e.baseline_loss)},
                   {"minimum_loss", json_number(e.minimum_loss)},
                   {"start_loss", json_number(e.start_loss)},
                   {"trainings", report.diagnosis.trainings}};
  document["layers"] = Json::array();
  for (std::size_t layer = 1; layer <= e.layers.size(); ++layer) document["layers"].push_back(layer_object(e, layer));
  document["inputs"] = Json::array();
  for (const InputHealth& input : e.inputs)
    document["inputs"].push_back({{"name", input.name.empty() ? Json(nullptr) : Json(input.name)},
                                  {"mean", json_number(input.mean)},
                                  {"deviation", json_number(input.deviation)}});
  document["classes"] = Json::array();
  for (const ClassHealth& one : e.classes)
    document["classes"].push_back({{"label", one.label}, {"rows", one.rows}, {"predicted", one.predicted}});
  document["findings"] = Json::array();
  for (const Finding& finding : report.diagnosis.findings) document["findings"].push_back(finding_object(finding));
  return document_text(document);
}

std::string short_number(double value) { return std::isnan(value) ? "-" : fmt::format("{:.3g}", value); }

std::string percent(double value) { return std::isnan(value) ? "" : fmt::format("{:.1f} %", 100 * value); }

// A line for each layer; W(l) and b(l) are in a second table below.
std::string layers_table(const Examination& e) {
  Grid grid{{{"layer", "units", "activation", "mean of a", "std. dev.", "saturated", "dead"}},
            {true, true, false, true, true, true, true}};
  for (std::size_t layer = 1; layer <= e.layers.size(); ++layer) {
    const LayerHealth& health = e.layers[layer - 1];
    grid.rows.push_back({std::to_string(layer), std::to_string(units_of(e.architecture, layer)),
                         activation_of(e.architecture, layer), short_number(health.activation_mean),
                         short_number(health.activation_deviation), percent(health.saturated), percent(health.dead)});
  }
  return grid.text();
}

std::string parameters_table(const Examination& e) {
  Grid grid{{{"", "norm", "gradient norm", "update / norm"}}, {false, true, true, true}};
  const auto add = [&](const std::string& name, const ParameterHealth& health) {
    grid.rows.push_back(
        {name, short_number(health.norm), short_number(health.gradient_norm), short_number(health.update_ratio)});
  };
  for (std::size_t layer = 1; layer < e.layers.size(); ++layer) {
    add(fmt::format("W({})", layer), e.layers[layer - 1].weights);
    add(fmt::format("b({})", layer), e.layers[layer - 1].biases);
  }
  return grid.text();
}

std::string text(const HealthReport& report) {
  const Examination& e = report.diagnosis.examination;
  std::string out =
      fmt::format("{} on {}: {} rows in {} step{}, batch size {}, {} at learning rate {}; the model is unchanged\n\n",
                  harmless(report.model), harmless(report.data), e.rows, e.steps, e.steps == 1 ? "" : "s", e.batch_size,
                  optimizer_name(e.options.train.optimizer), e.options.train.learning_rate);
  out += layers_table(e) + "\n" + parameters_table(e);
  out += fmt::format("\n  loss {:.4g}; baseline loss {:.4g}", e.loss, e.baseline_loss);
  if (!std::isnan(e.start_loss)) out += fmt::format("; loss at the start {:.4g}", e.start_loss);
  out += "\n\n";
  if (report.diagnosis.findings.empty()) return out + "No problems found.\n";
  for (const Finding& finding : report.diagnosis.findings)
    out += fmt::format("* {}.\n  Suggestion: {}.\n", harmless(with_flags(finding.problem)),
                       harmless(with_flags(finding.advice)));
  return out;
}

// --health examines a model on all rows, with the options that trained it.
void check_alone(const Arguments& arguments) {
  std::vector<std::string> idle;
  for (const char* const flag : {"row", "steps", "layer", "unit", "parameter", "most", "html", "force"})
    if (arguments.has(flag)) idle.push_back(std::string("--") + flag);
  for (const Assignment& assignment : arguments.options) idle.push_back(assignment.where);
  if (!idle.empty())
    throw Error(ErrorCategory::usage, "--health: expected no " + idle[0] + " together with it, found one",
                "it has no effect: leave it out");
  if (arguments.files.size() != 2)
    throw Error(ErrorCategory::usage, "--health: expected MODEL DATA, found only " + in_quotes(arguments.files[0]));
}

}  // namespace

int explain_health(const Arguments& arguments, const Terminal& terminal) {
  check_alone(arguments);
  load_options(arguments);  // reports errors in the flags first
  check_model_file(arguments.files[0]);
  check_inputs(arguments.files);
  const Model model = formats::load_model(arguments.files[0]);
  formats::LoadOptions reading = load_options_beside(model, arguments);
  reading.part = formats::Part::test;
  const Table table = load_for(model.encoder, {arguments.files[1]}, reading);
  say_notes(terminal, table.notes);
  if (model.provenance.configuration.empty())
    say(terminal, "the model has no configuration: using the default options");

  const Interruption interruption;
  DiagnosisOptions how;
  how.should_stop = [&] { return interruption.signal() != 0; };
  const HealthReport report{arguments.files[0], arguments.files[1], diagnose(model, table, how)};
  if (how.should_stop()) throw Interrupted{interruption.signal()};
  Output output;
  output.write(arguments.is_true("json") ? document(report) : text(report));
  output.finish();
  return 0;
}

}  // namespace chainrule::cli
