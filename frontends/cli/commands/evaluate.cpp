// SPDX-License-Identifier: Apache-2.0
// evaluate MODEL DATA: metrics on rows with known targets, and checks of the metrics.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "chainrule/base/checks.h"
#include "chainrule/base/text.h"
#include "chainrule/data/drift.h"
#include "chainrule/metrics/metrics.h"
#include "chainrule/model/formats/safetensors.h"
#include "chainrule/report/documents.h"
#include "chainrule/training/fit.h"
#include "cli/commands/commands.h"
#include "cli/output/evaluate.h"
#include "cli/output/predictions.h"

namespace chainrule::cli {
namespace {

// One --fail-under or --fail-over.
struct Demand {
  std::string metric;
  double bound = 0;
  bool at_least = true;
};

Demand parse_demand(const std::string& flag, const std::string& text) {
  const std::size_t sign = text.find('=');
  Demand demand;
  demand.metric = text.substr(0, sign);
  demand.at_least = flag == "fail-under";
  if (sign == std::string::npos || !number_from_text(std::string_view(text).substr(sign + 1), demand.bound))
    throw Error(ErrorCategory::usage,
                "--" + flag + ": expected METRIC=NUMBER, e.g. accuracy=0.97, found " + in_quotes(text));
  bool large_is_good = false;
  try {
    large_is_good = larger_is_better(demand.metric);
  } catch (const Error& unknown) {
    throw Error(ErrorCategory::usage, "--" + flag + ": " + unknown.what(), unknown.hint());
  }
  if (large_is_good != demand.at_least)
    throw Error(ErrorCategory::usage,
                fmt::format("--{}: expected a metric for which {} is better, found {}", flag,
                            demand.at_least ? "larger" : "smaller", in_quotes(demand.metric)),
                fmt::format("--fail-{} {}", demand.at_least ? "over" : "under", text));
  return demand;
}

std::vector<Demand> demands_of(const Arguments& arguments) {
  std::vector<Demand> demands;
  for (const char* const flag : {"fail-under", "fail-over"})
    if (arguments.has(flag))
      for (const std::string& text : arguments.flags.at(flag)) demands.push_back(parse_demand(flag, text));
  return demands;
}

// Throws Error (usage) for a regression metric of a classification model, or vice versa.
void check_demands(const std::vector<Demand>& demands, Task task) {
  const std::vector<std::string>& known = metric_names(task == Task::classes);
  for (const Demand& demand : demands)
    if (std::find(known.begin(), known.end(), demand.metric) == known.end())
      throw Error(ErrorCategory::usage,
                  fmt::format("--fail-{}: expected one of {} for this model, found {}",
                              demand.at_least ? "under" : "over", fmt::join(known, ", "), in_quotes(demand.metric)));
}

// Throws Error (check) that names every unmet demand.
void meet(const std::vector<Demand>& demands, const Estimates& estimates) {
  std::string failures;
  for (const Demand& demand : demands) {
    const Estimate& found = *find_estimate(estimates, demand.metric);
    if (demand.at_least ? found.value >= demand.bound : found.value <= demand.bound) continue;
    failures += fmt::format("{}{}: expected {} {}, found {}", failures.empty() ? "" : "; ", demand.metric,
                            demand.at_least ? "at least" : "at most", demand.bound,
                            found.undefined.empty() ? fmt::format("{}", found.value) : "none: " + found.undefined);
  }
  if (!failures.empty()) throw Error(ErrorCategory::check, failures);
}

}  // namespace

int evaluate_command(const Arguments& arguments, const Terminal& terminal) {
  const std::vector<Demand> demands = demands_of(arguments);
  load_options(arguments);  // reports errors in the flags first
  const std::size_t threads = threads_of(arguments);
  check_model_file(arguments.files[0]);
  check_inputs(arguments.files);
  Model model = formats::load_model(arguments.files[0]);
  take_threshold(arguments, model);
  check_demands(demands, model.encoder.task);
  formats::LoadOptions reading = load_options_beside(model, arguments);
  reading.part = formats::Part::test;
  const Table table = load_for(model.encoder, data_of(arguments, 1), reading);
  say_notes(terminal, table.notes);
  say_notes(terminal, drift_notes(model.encoder, table));

  if (arguments.has("by")) find_column(table, arguments.text("by"), "by");  // refuses "", which names none
  Evaluation evaluation = measure(model, table, arguments.text("by"), threads);
  evaluation.model = arguments.files[0];
  evaluation.data = data_text(data_of(arguments, 1));
  if (evaluation.trained_on_these_rows)
    say(terminal, "warning: this is the file that the model was trained on; expect worse metrics on new rows");
  say_clamped(terminal, model.encoder, evaluation.clamped, evaluation.estimates.rows);
  Output output;
  output.write(arguments.is_true("json") ? evaluation_document(evaluation) : evaluation_text(evaluation));
  output.finish();
  meet(demands, evaluation.estimates);
  return 0;
}

}  // namespace chainrule::cli
