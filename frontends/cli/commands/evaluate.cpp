// SPDX-License-Identifier: Apache-2.0
// evaluate MODEL DATA: metrics on rows with known answers, and checks on them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "chainrule/estimates.h"
#include "chainrule/fit.h"
#include "cli/commands/commands.h"
#include "cli/evaluation.h"

namespace chainrule::cli {
namespace {

constexpr std::size_t kMostGroups = 100;
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
void meet(const std::vector<Demand>& demands, const Estimates& estimates) {
  std::string failures;
  for (const Demand& demand : demands) {
    const Estimate& found = *find_estimate(estimates, demand.metric);
    if (demand.at_least ? found.value >= demand.bound : found.value <= demand.bound) continue;
    failures += fmt::format("{}{}: expected at {} {}, found {}", failures.empty() ? "" : "; ", demand.metric,
                            demand.at_least ? "least" : "most", demand.bound,
                            found.undefined.empty() ? fmt::format("{}", found.value) : "none: " + found.undefined);
  }
  if (!failures.empty()) throw Error(ErrorCategory::check, failures);
}

// Rows of the data that say the same in one column.
struct RowGroup {
  std::string value;
  std::vector<std::size_t> rows;
};

// In rising order, numbers by value; missing values are a group of their own.
std::vector<RowGroup> groups_by(const std::string& by, const Table& table) {
  const Column& column = table.columns[find_column(table, by, "--by")];
  std::map<std::pair<double, std::string>, std::vector<std::size_t>> rows;
  for (std::size_t row = 0; row < table.rows && rows.size() <= kMostGroups; ++row) {
    std::string text;
    if (column.codes.size() == table.rows)
      text = column.spellings[column.codes[row]];
    else if (column.is_number() && !std::isnan(column.numbers[row]))
      text = number_text(column.numbers[row]);
    double number = HUGE_VAL;
    number_from_text(text, number);
    rows[{number, text}].push_back(row);
  }
  const bool is_known = column.is_number() || column.codes.size() == table.rows;
  if (!is_known || rows.size() > kMostGroups)
    throw Error(ErrorCategory::usage,
                fmt::format("--by: expected a column of at most {} different values, found more in {}", kMostGroups,
                            in_quotes(column.name)));
  std::vector<RowGroup> groups;
  for (auto& [value, members] : rows) groups.push_back({value.second, std::move(members)});
  return groups;
}

// Predictions (link applied) and losses of all rows, from which any of them can be measured.
struct Answered {
  std::optional<double> threshold;
  Selection rows;
  Matrix predictions;
  std::vector<double> losses;
};

Answered answer(const Model& model, const Dataset& data, std::size_t threads) {
  Answered out;
  out.threshold = model.threshold;
  out.rows = all_rows(data);
  out.predictions = predict_outputs(model.network, out.rows, threads);
  out.losses = losses_of_rows(model.loss, out.predictions.view(), out.rows);
  apply_link(model.loss, out.predictions.view());
  return out;
}

Estimates estimate_some(const Answered& answered, const std::vector<std::size_t>& rows) {
  Matrix predictions(rows.size(), answered.predictions.columns());
  std::vector<double> losses;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::ranges::copy(answered.predictions.row(rows[i]), predictions.row(i).begin());
    losses.push_back(answered.losses[rows[i]]);
  }
  EstimateOptions options;
  options.threshold = answered.threshold;
  options.losses = losses;
  return estimate_metrics(predictions.view(), {answered.rows.data, rows}, options);
}

Evaluation measure(const Model& model, const Table& table, const std::vector<RowGroup>& groups, std::size_t threads) {
  const Dataset data = encode(model.encoder, table, true);
  const Answered answered = answer(model, data, threads);
  Evaluation evaluation;
  evaluation.task = model.encoder.task;
  evaluation.labels = model.encoder.labels;
  evaluation.weight = model.encoder.weight;
  evaluation.loss_differs = !model.encoder.class_weights.empty() || model.loss.label_smoothing > 0;
  evaluation.trained_on_these_rows = fingerprint(table, model.encoder) == model.provenance.data_fingerprint;
  evaluation.threshold = model.threshold;
  EstimateOptions options;
  options.threshold = model.threshold;
  options.losses = answered.losses;
  evaluation.estimates = estimate_metrics(answered.predictions.view(), answered.rows, options);
  for (const RowGroup& group : groups) evaluation.groups.push_back({group.value, estimate_some(answered, group.rows)});
  if (evaluation.task == Task::classes && evaluation.labels.size() <= kMostClassesCounted)
    evaluation.confusion = confusion_matrix(answered.predictions.view(), answered.rows, model.threshold);
  return evaluation;
}

}  // namespace

int evaluate_command(const Arguments& arguments, const Terminal& terminal) {
  const std::vector<Demand> demands = demands_of(arguments);
  load_options(arguments);  // what is wrong with the flags, first
  const std::size_t threads = threads_of(arguments);
  check_model_file(arguments.files[0]);
  check_inputs(arguments.files);
  Model model = formats::load_model(arguments.files[0]);
  take_threshold(arguments, model);
  check_demands(demands, model.encoder.task);
  formats::LoadOptions reading = load_options_beside(model, arguments);
  reading.part = formats::Part::test;
  const Table table = load_for(model.encoder, arguments.files[1], reading);
  for (const std::string& note : table.notes) say(terminal, note);
  for (const std::string& line : unlike_training(model.encoder, table)) say(terminal, "warning: " + line);

  std::vector<RowGroup> groups;
  if (arguments.has("by")) groups = groups_by(arguments.text("by"), table);
  Evaluation evaluation = measure(model, table, groups, threads);
  evaluation.by = arguments.text("by");
  evaluation.model = arguments.files[0];
  evaluation.data = arguments.files[1];
  if (evaluation.trained_on_these_rows)
    say(terminal, "warning: these are the rows that trained the model; other rows will fare worse");
  Output output;
  output.write(arguments.is_true("json") ? evaluation_document(evaluation) : evaluation_text(evaluation));
  output.finish();
  meet(demands, evaluation.estimates);
  return 0;
}

}  // namespace chainrule::cli
