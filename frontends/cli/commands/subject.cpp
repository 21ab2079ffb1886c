// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/subject.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "chainrule/base/checks.h"
#include "chainrule/base/text.h"
#include "chainrule/data/table_rows.h"
#include "chainrule/model/formats/safetensors.h"
#include "chainrule/training/options/options.h"
#include "chainrule/training/planning.h"
#include "cli/command_line/error_wording.h"
#include "cli/commands/commands.h"

namespace chainrule::cli {
namespace {

// The training options of the model, overridden by the command line. Network and columns cannot change.
FitOptions options_of(const Model& model, const Arguments& arguments) {
  for (const Assignment& assignment : arguments.options) {
    const Option* option = find_option(assignment.name);
    if (option->group == "network" || option->group == "data" || option->group == "rows")
      throw Error(ErrorCategory::usage,
                  fmt::format("{}: expected no MODEL together with it, found {}", assignment.where,
                              in_quotes(arguments.files[0])),
                  "it applies to a fresh network only: remove the model or the option");
  }
  std::vector<Assignment> trained;
  for (const auto& [key, value] : model.provenance.configuration) trained.push_back({key, value, key, false});
  return options_from({trained, arguments.options});
}

void take_batch(Subject& subject, Dataset& data) {
  scale_weights_to_mean_one(data.weights, subject.rows);
  scale_weights_to_mean_one(data.loss_weights, subject.rows);
  const Selection selection{&data, subject.rows};
  Batcher batches(selection, subject.rows.size());
  std::vector<std::size_t> order(subject.rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const Batch batch = batches.gather(0, order);
  subject.batch.inputs = MatrixOf<double>(batch.inputs.rows(), batch.inputs.columns());
  subject.batch.targets = MatrixOf<double>(batch.targets.rows(), batch.targets.columns());
  std::ranges::copy(batch.inputs.flat(), subject.batch.inputs.flat().begin());
  std::ranges::copy(batch.targets.flat(), subject.batch.targets.flat().begin());
  const std::vector<float>& weights = data.weights_of_loss();
  if (!weights.empty())
    for (const std::size_t row : subject.rows) subject.batch.weights.push_back(static_cast<double>(weights[row]));
}

// The index in the table of the row with this number in the file.
std::size_t row_numbered(const Table& table, std::size_t number) {
  if (table.row_numbers.empty()) return number - 1;
  const auto at = std::ranges::lower_bound(table.row_numbers, number);
  if (at == table.row_numbers.end() || *at != number)
    throw Error(ErrorCategory::usage,
                fmt::format("--row: expected rows with a target, found row {} without one", number));
  return static_cast<std::size_t>(at - table.row_numbers.begin());
}

void choose_rows(Subject& subject, const Arguments& arguments, std::size_t fallback) {
  const Table& table = subject.table;
  if (arguments.has("row")) {
    subject.rows = parse_rows(arguments.flags.at("row"), rows_in_file(table));
    for (std::size_t& row : subject.rows) row = row_numbered(table, row + 1);
    return;
  }
  subject.rows.resize(std::min(fallback, table.rows));
  std::iota(subject.rows.begin(), subject.rows.end(), std::size_t{0});
}

void load_trained(Subject& subject, const Arguments& arguments, const Terminal& terminal) {
  check_model_file(arguments.files[0]);
  Model model = formats::load_model(arguments.files[0]);
  subject.origin = "model " + arguments.files[0];
  if (model.provenance.configuration.empty())
    say(terminal, "the model has no configuration: using the default options");
  const FitOptions options = options_of(model, arguments);
  subject.options = options.train;
  const bool requests_other_loss = std::ranges::any_of(arguments.options, [](const Assignment& assignment) {
    return assignment.name == "loss" && assignment.value != "auto";
  });
  if (requests_other_loss) {
    subject.options.loss = loss_for(model.encoder.task, options);
  } else {
    model.loss.huber_delta = subject.options.loss.huber_delta;
    if (model.encoder.task == Task::classes) model.loss.label_smoothing = subject.options.loss.label_smoothing;
    subject.options.loss = model.loss;
  }
  formats::LoadOptions reading = load_options_beside(model, arguments);
  subject.encoder = std::move(model.encoder);
  subject.network = std::move(model.network);
  reading.part = formats::Part::test;
  subject.table = load_for(subject.encoder, {arguments.files[1]}, reading);
}

void load_fresh(Subject& subject, const Arguments& arguments, const Terminal& terminal) {
  const FitOptions options = options_from({arguments.options});
  subject.table = load_with_target({arguments.files[0]}, load_options_of(arguments, options.data), options.data.weight);
  FitPlan plan = plan_fit(subject.table, options);
  say_notes(terminal, plan.notes);
  if (options.zero_output && plan.architecture.depth() > 1)
    say(terminal, "zero_output: the weights of the last layer are 0, so all earlier gradients are 0 in the first step");
  subject.origin = fmt::format("fresh network, seed {}", options.train.seed);
  subject.encoder = std::move(plan.encoder);
  subject.network = start_network(plan.architecture, options);
  subject.options = options.train;
  subject.options.loss = plan.loss;
}

}  // namespace

std::vector<std::size_t> parse_rows(const std::vector<std::string>& texts, std::size_t maximum) {
  std::vector<std::size_t> rows;
  std::vector<bool> taken(maximum, false);
  for (const std::string& text : texts)
    for (const std::string& part : split_list(text)) {
      const std::size_t dash = part.find('-');
      std::size_t first = 0, last = 0;
      const bool read = read_number(std::string_view(part).substr(0, dash), first) &&
                        (dash == std::string::npos || read_number(std::string_view(part).substr(dash + 1), last));
      if (dash == std::string::npos) last = first;
      if (!read || last < first || last > maximum)
        throw Error(ErrorCategory::usage,
                    fmt::format("--row: expected numbers from 1 to {} such as 17, 1-5 or 3,7, found {}", maximum,
                                in_quotes(part)));
      for (std::size_t row = first - 1; row < last; ++row) {
        if (!taken[row]) rows.push_back(row);
        taken[row] = true;
      }
    }
  if (rows.empty()) throw Error(ErrorCategory::usage, "--row: expected numbers such as 17, 1-5 or 3,7, found none");
  return rows;
}

Subject load_subject(const Arguments& arguments, const Terminal& terminal, std::size_t fallback) {
  load_options(arguments);  // reports errors in the flags first
  check_inputs(arguments.files);
  Subject subject;
  try {
    if (arguments.files.size() == 2)
      load_trained(subject, arguments, terminal);
    else
      load_fresh(subject, arguments, terminal);
  } catch (const Error& error) {
    throw in_words_of_the_user(error, {arguments.options});
  }
  say_notes(terminal, subject.table.notes);
  Dataset data = encode(subject.encoder, subject.table, true);
  choose_rows(subject, arguments, fallback);
  take_batch(subject, data);
  return subject;
}

}  // namespace chainrule::cli
