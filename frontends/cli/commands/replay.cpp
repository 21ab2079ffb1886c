// SPDX-License-Identifier: Apache-2.0
// replay RUN or MODEL DATA: repeats a training and compares the results bit by bit.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>
#include <optional>
#include <system_error>

#include "chainrule/base/checks.h"
#include "chainrule/base/text.h"
#include "chainrule/model/fingerprint.h"
#include "chainrule/model/formats/safetensors.h"
#include "chainrule/report/json.h"
#include "chainrule/training/fit.h"
#include "chainrule/training/options/options.h"
#include "cli/commands/commands.h"
#include "cli/output/progress.h"
#include "cli/output/signals.h"
#include "cli/runs/config.h"

namespace chainrule::cli {
namespace {

struct Recorded {
  Model model;
  std::string path;  ///< of the model
  RunRecord record;
};

Recorded recorded_run(const Arguments& arguments) {
  Recorded subject;
  const std::string& first = arguments.files[0];
  check_model_file(first);
  std::error_code none;
  if (!std::filesystem::exists(first, none))
    throw Error(ErrorCategory::input, location(first) + ": expected a run folder or a model file, found nothing");
  const bool is_run = std::filesystem::is_directory(first, none);
  if (is_run) subject.record = read_run(first + "/config.toml");
  if (!is_run && arguments.files.size() < 2)
    throw Error(ErrorCategory::usage, "replay: expected DATA after the model, found none",
                "chainrule replay runs/NAME knows its data");
  subject.path = is_run ? first + "/model.safetensors" : first;
  subject.model = formats::load_model(subject.path);
  RunRecord& record = subject.record;
  if (arguments.files.size() >= 2) record.data = data_of(arguments, 1);
  if (arguments.has("validation")) record.validation = arguments.texts("validation");
  for (const char* const flag : kLayoutFlags)
    if (arguments.has(flag)) record.layout[flag] = arguments.text(flag);
  return subject;
}

FitOptions options_of(const Model& model) {
  std::vector<Assignment> trained;
  for (const auto& [key, value] : model.provenance.configuration) trained.push_back({key, value, key, false});
  return options_from({trained});
}

// How train reads them.
formats::LoadOptions reading_of(const RunRecord& record, const EncoderOptions& data) {
  Arguments as_given;
  for (const auto& [flag, text] : record.layout)
    if (!text.empty()) as_given.flags[flag] = {text};
  return load_options_of(as_given, data);
}

// Metrics whose bits differ.
std::vector<std::string> differences(const Metrics& then, const Metrics& now, const std::string& which) {
  std::vector<std::string> out;
  for (const Metric& metric : then) {
    const Metric* const found = find_metric(now, metric.name);
    if (found == nullptr || (found->value != metric.value && !(std::isnan(found->value) && std::isnan(metric.value))))
      out.push_back(fmt::format("{} {}: {} then, {} now", which, metric.name, metric.value,
                                found == nullptr ? std::string("none") : fmt::format("{}", found->value)));
  }
  return out;
}

FitResult train_again(const Arguments& arguments, const Terminal& terminal, const Recorded& subject) {
  const Provenance& provenance = subject.model.provenance;
  const FitOptions options = options_of(subject.model);
  formats::LoadOptions reading = reading_of(subject.record, options.data);
  const Table table = load_with_target(subject.record.data, reading, options.data.weight);
  const FitPlan plan = plan_fit(table, options);
  const std::string found = fingerprint(table, plan.encoder);
  if (found != provenance.data_fingerprint)
    throw Error(ErrorCategory::check,
                fmt::format("{}: expected the training data (sha256 {}), found other data (sha256 {})",
                            harmless(data_text(subject.record.data)), provenance.data_fingerprint, found));
  std::optional<Table> validation;
  if (!subject.record.validation.empty()) {
    reading.labels.clear();
    validation.emplace(load_for(plan.encoder, subject.record.validation, reading));
  }
  const Interruption interruption;  // from here on; a wait for data from a pipe ends at once
  Progress progress(terminal, plan.split.training.size(), options.train);
  // An interrupted training ended after this many steps.
  const std::uint64_t last = provenance.stop == "interrupted" ? provenance.steps : 0;
  std::uint64_t step = 0;
  Observer observer = progress.observer([&] { return ++step == last || interruption.signal() != 0; });
  FitResult result = fit(table, options, observer, validation ? &*validation : nullptr, threads_of(arguments));
  if (interruption.signal() != 0) throw Interrupted{interruption.signal()};
  return result;
}

}  // namespace

int replay_command(const Arguments& arguments, const Terminal& terminal) {
  load_options(arguments);  // reports errors in the flags first
  threads_of(arguments);
  const Recorded subject = recorded_run(arguments);
  const FitResult again = train_again(arguments, terminal, subject);
  const std::string then = weights_sha256(subject.model.network), now = weights_sha256(again.model.network);
  const Provenance& provenance = subject.model.provenance;
  std::vector<std::string> differ = differences(provenance.training, again.training, "training");
  for (std::string& line : differences(provenance.validation, again.validation, "validation"))
    differ.push_back(std::move(line));
  const bool same = then == now && differ.empty();
  Output output;
  if (arguments.is_true("json")) {
    Json metrics = Json::object();
    for (const Metric& metric : again.validation) metrics[metric.name] = {{"value", json_number(metric.value)}};
    const Json document = {{"schema", 1},
                           {"model", subject.path},
                           {"data", data_text(subject.record.data)},
                           {"same", same},
                           {"weights_sha256", {{"then", then}, {"now", now}}},
                           {"differences", differ},
                           {"validation", metrics}};
    output.write(document_text(document));
  } else if (same) {
    output.write(fmt::format("bit-identical: weights sha256 {}, {} steps\n", now, again.history.steps));
  }
  output.finish();
  if (same) return 0;
  throw Error(ErrorCategory::check,
              fmt::format("{}: expected the same weights (sha256 {}), found other weights (sha256 {}){}",
                          location(subject.path), then, now, differ.empty() ? "" : "; " + differ[0]),
              provenance.program == again.model.provenance.program
                  ? ""
                  : fmt::format("the model was trained by {}, the repetition by {}", provenance.program,
                                again.model.provenance.program));
}

}  // namespace chainrule::cli
