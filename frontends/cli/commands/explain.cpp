// SPDX-License-Identifier: Apache-2.0
// explain MODEL DATA: every number of training steps on chosen rows, as text, JSON or an HTML page.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "chainrule/base/text.h"
#include "chainrule/data/columns/column_inputs.h"
#include "chainrule/data/columns/column_values.h"
#include "chainrule/data/encoding.h"
#include "chainrule/data/table_rows.h"
#include "chainrule/explain/documents.h"
#include "chainrule/explain/text.h"
#include "cli/commands/commands.h"
#include "cli/commands/subject.h"

namespace chainrule::cli {
namespace {

constexpr std::size_t kMaxSteps = 1000;
// About a dozen tensors with the shape of the parameters and eight with that of the units. Each number takes three
// doubles and their text.
constexpr double kPerParameter = 12, kPerUnit = 8, kBytesPerNumber = 80;
constexpr double kMaxBytes = 8e9;

ExplainView view_of(const Arguments& arguments, const Terminal& terminal) {
  ExplainView view;
  view.layer = whole_flag(arguments, "layer", 1000, 0);
  view.unit = whole_flag(arguments, "unit", 1 << 20, 0);
  view.max_numbers = whole_flag(arguments, "most", 1 << 20, view.max_numbers);
  view.width = terminal.output_width;
  view.color = terminal.output_color;
  return view;
}

// Each network input as a column. Categories and missing-value flags stay 0 or 1.
std::vector<InputColumn> columns_for(const Encoder& encoder) {
  std::vector<InputColumn> columns;
  const std::vector<std::string> names = input_names(encoder);
  for (const InputColumn& input : encoder.inputs)
    for (std::size_t k = 0; k < input.width(); ++k) {
      InputColumn column = input;
      if (input.categorical || k > 0) column = InputColumn{};
      column.name = names[columns.size()];
      columns.push_back(std::move(column));
    }
  return columns;
}

// The unscaled inputs of row `row` of the batch: numbers, or the median for a missing one.
std::vector<std::string> raw_inputs(const Subject& subject, const std::vector<std::span<const double>>& numbers,
                                    std::size_t row) {
  std::vector<std::string> raw;
  const Encoder& encoder = subject.encoder;
  for (std::size_t j = 0; j < encoder.inputs.size(); ++j) {
    const InputColumn& input = encoder.inputs[j];
    const std::size_t first = raw.size();
    for (std::size_t k = 0; k < input.width(); ++k) raw.push_back(number_text(subject.batch.inputs(row, first + k)));
    if (input.categorical) continue;
    const double number = numbers[j][subject.rows[row]];
    raw[first] = number_text(std::isnan(number) ? input.fill : number);
  }
  return raw;
}

// The values in the file and their names.
void add_names(Explanation& explanation, const Subject& subject) {
  const Encoder& encoder = subject.encoder;
  explanation.columns = columns_for(encoder);
  explanation.image_height = encoder.image_height;
  explanation.image_width = encoder.image_width;
  explanation.output_names = encoder.task == Task::classes ? encoder.labels : std::vector<std::string>{encoder.target};
  const std::vector<std::size_t> columns = columns_of(encoder, subject.table);
  std::vector<Column> made(encoder.inputs.size());  // from booleans and dates
  std::vector<std::span<const double>> numbers;
  for (std::size_t j = 0; j < encoder.inputs.size(); ++j)
    numbers.push_back(encoder.inputs[j].categorical
                          ? std::span<const double>()
                          : numbers_for(encoder.inputs[j], subject.table, columns[j], made[j]).numbers);
  explanation.rows.clear();
  for (const std::size_t row : subject.rows) {
    explanation.rows.push_back(number_of_row(subject.table, row));
    explanation.raw_inputs.push_back(raw_inputs(subject, numbers, explanation.raw_inputs.size()));
    const Column& target = subject.table.columns[columns[encoder.inputs.size()]];
    explanation.raw_targets.push_back(target.codes.empty() ? number_text(target.numbers[row])
                                                           : target.spellings[target.codes[row]]);
  }
}

void check_size(const Subject& subject, std::size_t steps) {
  const Architecture& architecture = subject.network.architecture;
  double units = static_cast<double>(architecture.inputs);
  for (const Layer& layer : architecture.layers) units += static_cast<double>(layer.outputs);
  const double numbers = kPerParameter * static_cast<double>(parameter_count(architecture)) +
                         kPerUnit * units * static_cast<double>(subject.rows.size());
  const double bytes = kBytesPerNumber * numbers * static_cast<double>(steps);
  if (bytes > kMaxBytes)
    throw Error(
        ErrorCategory::usage,
        fmt::format("explain: expected a result of at most {:.0f} GB, found {:.0f} GB", kMaxBytes / 1e9, bytes / 1e9),
        "fewer rows (--row) or --steps need less");
}

std::string text_of(const Explanation& explanation, const Arguments& arguments, const ExplainView& view) {
  if (arguments.has("html")) return formats::explanation_html(explanation);
  if (arguments.is_true("json")) return formats::explanation_json(explanation);
  if (arguments.has("parameter")) return explain_path(explanation, arguments.text("parameter"), view);
  return explain_text(explanation, view);
}

// Throws Error (numerics) if a step yields infinities or NaN; the next step would refuse them.
void check_finite(const Explanation& explanation) {
  for (const ExplainedStep& step : explanation.steps)
    for (const Tensor& tensor : step.tensors) {
      const auto bad = std::ranges::find_if(tensor.engine, [](double x) { return !std::isfinite(x); });
      if (bad != tensor.engine.end())
        throw Error(ErrorCategory::numerics,
                    fmt::format("step {}: {}: expected finite numbers, found {}", step.step, tensor.name, *bad),
                    "a smaller --learning-rate");
    }
}

// Throws Error (check) if the engine is further from the reference than the rounding error bound.
void check_bounds(const Explanation& explanation) {
  const std::vector<Excess> excesses = find_excesses(explanation, 1);
  if (excesses.empty()) return;
  const Excess& excess = excesses[0];
  throw Error(
      ErrorCategory::check,
      fmt::format("step {}: {}, row {}, column {}: expected {} within {:.2e}, found {}", excess.step, excess.name,
                  excess.row + 1, excess.column + 1, excess.reference, excess.bound, excess.engine),
      "the engine differs from double arithmetic by more than its rounding error bound: please report this");
}

// One output format at a time. Flags that select parts of the text need the text format.
void check_forms(const Arguments& arguments) {
  const auto refuse_beside = [&](const std::string& form, std::initializer_list<const char*> others, const char* hint) {
    for (const char* const other : others)
      if (arguments.has(other) && arguments.text(other) != "false")
        throw Error(ErrorCategory::usage, "--" + form + ": expected no --" + other + " together with it, found one",
                    hint);
  };
  if (arguments.is_true("json"))
    refuse_beside("json", {"layer", "unit", "parameter", "most"}, "the document contains everything");
  if (arguments.has("html"))
    refuse_beside("html", {"json", "layer", "unit", "parameter", "most"}, "the page contains everything");
  if (arguments.has("parameter")) refuse_beside("parameter", {"layer", "unit"}, "");
  if (arguments.is_true("force") && !arguments.has("html"))
    throw Error(ErrorCategory::usage, "--force: expected --html FILE together with it, found none");
}

}  // namespace

int explain_command(const Arguments& arguments, const Terminal& terminal) {
  if (arguments.is_true("health")) return explain_health(arguments, terminal);
  check_forms(arguments);
  const ExplainView view = view_of(arguments, terminal);
  const std::size_t steps = whole_flag(arguments, "steps", kMaxSteps, 1);
  const std::string path = arguments.text("html", "-");
  const bool overwrite = arguments.is_true("force");
  if (path != "-") check_output(path, overwrite, arguments.files);
  const Subject subject = load_subject(arguments, terminal, 1);
  check_size(subject, steps);
  say(terminal, subject.origin + "; the learning rate is constant, and the optimizer starts without state");
  Explanation explanation = explain_steps(subject.network.architecture, reference_parameters(subject.network),
                                          subject.batch, subject.options, steps);
  add_names(explanation, subject);
  Output output(path, overwrite);
  output.write(text_of(explanation, arguments, view));
  output.finish();
  check_finite(explanation);
  check_bounds(explanation);
  return 0;
}

}  // namespace chainrule::cli
