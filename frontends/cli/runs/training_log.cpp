// SPDX-License-Identifier: Apache-2.0
#include "cli/runs/training_log.h"
#include "chainrule/report/json.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace chainrule::cli {
namespace {

Json event(const char* kind, std::uint64_t step, std::size_t epoch) {
  return {{"schema", 1}, {"event", kind}, {"step", step}, {"epoch", epoch}};
}

void add_parameters(Json& line, const std::string& of, const char* which, const ParameterHealth& health) {
  line[fmt::format("{}/{}_norm", of, which)] = json_number(health.norm);
  line[fmt::format("{}/{}_gradient_norm", of, which)] = json_number(health.gradient_norm);
  line[fmt::format("{}/update_ratio_{}", of, which)] = json_number(health.update_ratio);
}

}  // namespace

void TrainingLog::write(const EpochRecord& record) {
  Json line = event("epoch", record.step, record.epoch);
  line["train/loss"] = json_number(record.training_loss);
  line["train/decay_term"] = json_number(record.decay_term);
  for (const Metric& metric : record.validation) line["validation/" + metric.name] = json_number(metric.value);
  for (const Metric& metric : record.inner) line["inner/" + metric.name] = json_number(metric.value);
  line["learning_rate"] = json_number(record.learning_rate);
  line["gradient_norm/total"] = json_number(record.gradient_norm);
  file_.write(line_text(line) + "\n");
}

void TrainingLog::write(const HealthRecord& record) {
  Json line = event("step", record.step.step, record.step.epoch);
  line["batch/loss"] = json_number(record.step.loss);
  line["learning_rate"] = json_number(record.step.learning_rate);
  line["gradient_norm/total"] = json_number(record.step.gradient_norm);
  for (std::size_t l = 0; l < record.layers.size(); ++l) {
    const LayerHealth& health = record.layers[l];
    const std::string of = fmt::format("layer_{}", l + 1);
    line[of + "/activation_mean"] = json_number(health.activation_mean);
    line[of + "/activation_deviation"] = json_number(health.activation_deviation);
    if (l > 0) {
      line[of + "/saturated"] = json_number(health.saturated);
      line[of + "/dead"] = json_number(health.dead);
    }
    if (l + 1 == record.layers.size()) break;
    add_parameters(line, of, "weights", health.weights);
    add_parameters(line, of, "biases", health.biases);
  }
  file_.write(line_text(line) + "\n");
}

}  // namespace chainrule::cli
