// SPDX-License-Identifier: Apache-2.0
// predict MODEL DATA: one prediction per row.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <string_view>

#include "chainrule/base/text.h"
#include "chainrule/data/drift.h"
#include "chainrule/model/encoded_predictions.h"
#include "chainrule/model/formats/safetensors.h"
#include "cli/commands/commands.h"
#include "cli/output/predictions.h"
#include "cli/output/signals.h"

namespace chainrule::cli {
namespace {

constexpr std::size_t kRowsAtOnce = 1024;

// Fields of data must not control a terminal.
std::string harmless_lines(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of("\t\n"), text.size());
    out += harmless(text.substr(0, end));
    if (end < text.size()) out += text[end];
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

// Returns how many predictions lie at a limit of their range.
std::size_t write_predictions(const Arguments& arguments, const Model& model, const Table& table, const Dataset& data,
                              const std::vector<PredictionColumn>& columns, const Interruption& interruption,
                              bool to_people, Output& output) {
  const bool json = arguments.is_true("json");
  Predictor predictor(model, kRowsAtOnce / 4, threads_of(arguments));
  MatrixOf<double> predictions(std::min(kRowsAtOnce, data.rows()), model.encoder.outputs());
  std::vector<std::size_t> rows(data.rows());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  std::vector<std::string> warnings;
  std::size_t clamped = 0;
  if (has(columns, PredictionColumn::Kind::warnings)) warnings = row_warnings(model.encoder, table);
  const auto write = [&](const std::string& text) { output.write(to_people ? harmless_lines(text) : text); };
  if (!json) write(csv_heading(columns, model.encoder));
  for (std::size_t first = 0; first < rows.size() && interruption.signal() == 0; first += kRowsAtOnce) {
    const std::size_t count = std::min(kRowsAtOnce, rows.size() - first);
    predict(predictor, table, data.inputs, std::span(rows).subspan(first, count), predictions.top(count));
    if (model.encoder.task == Task::number)
      clamped += static_cast<std::size_t>(std::ranges::count_if(predictions.top(count).flat(), [&](double number) {
        return number <= model.encoder.min_prediction || number >= model.encoder.max_prediction;
      }));
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
      PredictedRow row{first + i, decide(model, predictions.row(i)), predictions.row(i), {}};
      if (!warnings.empty()) row.warnings = std::move(warnings[row.row]);
      text += (json ? json_line : csv_line)(columns, model.encoder, table, row);
    }
    write(text);
  }
  if (interruption.signal() != 0) throw Interrupted{interruption.signal()};
  return clamped;
}

}  // namespace

int predict_command(const Arguments& arguments, const Terminal& terminal) {
  load_options(arguments);  // reports errors in the flags first
  threads_of(arguments);
  check_model_file(arguments.files[0]);
  check_inputs(arguments.files);
  const std::string path = arguments.text("output", "-");
  const bool overwrite = arguments.is_true("force");
  if (path != "-") check_output(path, overwrite, arguments.files);
  Model model = formats::load_model(arguments.files[0]);
  take_threshold(arguments, model);
  formats::LoadOptions reading = load_options_beside(model, arguments);
  reading.target = std::nullopt;
  reading.may_be_empty = true;
  reading.part = formats::Part::test;
  reading.texts = requested_texts(arguments);
  const Table table = formats::load_table(data_of(arguments, 1), reading);
  say_notes(terminal, table.notes);
  const std::vector<PredictionColumn> columns = prediction_columns(arguments, model.encoder, table);
  say_notes(terminal, drift_notes(model.encoder, table));
  const Dataset data = encode(model.encoder, table, false);
  const Interruption interruption;  // before the output, so that its temporary file is always removed
  Output output(path, overwrite);
  const std::size_t clamped = write_predictions(arguments, model, table, data, columns, interruption,
                                                path == "-" && terminal.output_is_terminal, output);
  const Uninterrupted moment(path);
  output.finish();
  say_clamped(terminal, model.encoder, clamped, table.rows);
  return 0;
}

}  // namespace chainrule::cli
