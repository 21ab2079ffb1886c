// SPDX-License-Identifier: Apache-2.0
// evaluate MODEL DATA: metrics on rows with known answers, and checks on them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "chainrule/fit.h"
#include "cli/commands/commands.h"
#include "cli/documents.h"
#include "cli/summary.h"

namespace chainrule::cli {
namespace {

constexpr std::size_t kMostClassesCounted = 1000;  // the confusion matrix has the square of it

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
                fmt::format("--{}: expected a metric that should be {}, found {}", flag,
                            demand.at_least ? "large" : "small", in_quotes(demand.metric)),
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

// A metric of numbers asked of a model of classes, or the other way round.
void check_demands(const std::vector<Demand>& demands, Task task) {
  const std::vector<std::string>& known = metric_names(task == Task::classes);
  for (const Demand& demand : demands)
    if (std::find(known.begin(), known.end(), demand.metric) == known.end())
      throw Error(ErrorCategory::usage,
                  fmt::format("--fail-{}: expected one of {} for this model, found {}",
                              demand.at_least ? "under" : "over", fmt::join(known, ", "), in_quotes(demand.metric)));
}

// Throws Error (check) that names every demand that is not met.
void meet(const std::vector<Demand>& demands, const Metrics& metrics) {
  std::string failures;
  for (const Demand& demand : demands) {
    const Metric* metric = find_metric(metrics, demand.metric);
    const double value = metric == nullptr ? NAN : metric->value;
    if (demand.at_least ? value >= demand.bound : value <= demand.bound) continue;
    failures += fmt::format("{}{}: expected at {} {}, found {}", failures.empty() ? "" : "; ", demand.metric,
                            demand.at_least ? "least" : "most", demand.bound, value);
  }
  if (!failures.empty()) throw Error(ErrorCategory::check, failures);
}

Evaluation measure(const Model& model, const Table& table, std::size_t threads) {
  const Dataset data = encode(model.encoder, table, true);
  const Selection rows = all_rows(data);
  Evaluation evaluation;
  evaluation.task = model.encoder.task;
  evaluation.rows = table.rows;
  evaluation.metrics = evaluate(model.network, model.loss, rows, threads);
  evaluation.trained_on_these_rows = fingerprint(table, model.encoder) == model.provenance.data_fingerprint;
  if (evaluation.task == Task::number) return evaluation;
  evaluation.labels = model.encoder.labels;
  if (evaluation.labels.size() > kMostClassesCounted) return evaluation;
  evaluation.confusion = confusion_matrix(predict(model.network, model.loss, rows, threads).view(), rows);
  return evaluation;
}

}  // namespace

int evaluate_command(const Arguments& arguments, const Terminal& terminal) {
  const std::vector<Demand> demands = demands_of(arguments);
  formats::LoadOptions reading = load_options(arguments);
  const std::size_t threads = threads_of(arguments);
  check_model_file(arguments.files[0]);
  check_inputs(arguments.files);
  const Model model = formats::load_model(arguments.files[0]);
  check_demands(demands, model.encoder.task);
  reading.part = formats::Part::test;
  const Table table = load_for(model.encoder, arguments.files[1], reading);
  for (const std::string& note : table.notes) say(terminal, note);
  for (const std::string& line : unlike_training(model.encoder, table)) say(terminal, "warning: " + line);

  Evaluation evaluation = measure(model, table, threads);
  evaluation.model = arguments.files[0];
  evaluation.data = arguments.files[1];
  if (evaluation.trained_on_these_rows)
    say(terminal, "warning: these are the rows that trained the model; other rows will fare worse");
  Output output;
  output.write(arguments.is_true("json") ? evaluation_document(evaluation) : evaluation_text(evaluation));
  output.finish();
  meet(demands, evaluation.metrics);
  return 0;
}

}  // namespace chainrule::cli
