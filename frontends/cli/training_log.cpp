// SPDX-License-Identifier: Apache-2.0
#include "cli/training_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "chainrule/atomic_file.h"
#include "chainrule/error.h"

namespace chainrule::cli {
namespace {

using Json = nlohmann::ordered_json;

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json event(const char* kind, std::uint64_t step, std::size_t epoch) {
  return {{"schema", 1}, {"event", kind}, {"step", step}, {"epoch", epoch}};
}

void add_parameters(Json& line, const std::string& of, const char* which, const ParameterHealth& health) {
  line[fmt::format("{}/{}_norm", of, which)] = number(health.norm);
  line[fmt::format("{}/{}_gradient_norm", of, which)] = number(health.gradient_norm);
  line[fmt::format("{}/update_ratio_{}", of, which)] = number(health.update_ratio);
}

}  // namespace

TrainingLog::TrainingLog(std::string path, bool overwrite) : path_(std::move(path)), overwrite_(overwrite) {
  check_output_path(path_, overwrite);
}

TrainingLog::~TrainingLog() {
  if (descriptor_ >= 0) close(descriptor_);
}

void TrainingLog::write(const EpochRecord& record) {
  Json line = event("epoch", record.step, record.epoch);
  line["train/loss"] = number(record.training_loss);
  line["train/decay_term"] = number(record.decay_term);
  for (const Metric& metric : record.validation) line["validation/" + metric.name] = number(metric.value);
  line["learning_rate"] = number(record.learning_rate);
  line["gradient_norm/total"] = number(record.gradient_norm);
  write_line(line.dump() + "\n");
}

void TrainingLog::write(const HealthRecord& record) {
  Json line = event("step", record.step.step, record.step.epoch);
  line["batch/loss"] = number(record.step.loss);
  line["learning_rate"] = number(record.step.learning_rate);
  line["gradient_norm/total"] = number(record.step.gradient_norm);
  for (std::size_t l = 0; l < record.layers.size(); ++l) {
    const LayerHealth& health = record.layers[l];
    const std::string of = fmt::format("layer_{}", l + 1);
    line[of + "/activation_mean"] = number(health.activation_mean);
    line[of + "/activation_deviation"] = number(health.activation_deviation);
    if (l > 0) {
      line[of + "/saturated"] = number(health.saturated);
      line[of + "/dead"] = number(health.dead);
    }
    if (l + 1 == record.layers.size()) break;
    add_parameters(line, of, "weights", health.weights);
    add_parameters(line, of, "biases", health.biases);
  }
  write_line(line.dump() + "\n");
}

void TrainingLog::write_line(const std::string& line) {
  if (descriptor_ < 0 && problem_ == 0) {  // a training that fails before it has a word to say changes no file
    descriptor_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (overwrite_ ? O_TRUNC : 0), 0666);
    if (descriptor_ < 0) problem_ = errno;
  }
  std::string_view rest = line;
  while (problem_ == 0 && !rest.empty()) {
    const ssize_t count = ::write(descriptor_, rest.data(), rest.size());
    if (count > 0) rest.remove_prefix(static_cast<std::size_t>(count));
    if (count < 0 && errno != EINTR) problem_ = errno;
  }
}

void TrainingLog::finish() {
  if (problem_ != 0 && problem_ != EPIPE)
    throw Error(ErrorCategory::output, place(path_) + ": writing failed: " + std::generic_category().message(problem_),
                "the model was written; the log ends early");
}

}  // namespace chainrule::cli
