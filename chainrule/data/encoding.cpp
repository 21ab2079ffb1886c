// SPDX-License-Identifier: Apache-2.0
#include "chainrule/data/encoding.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "chainrule/base/checks.h"
#include "chainrule/data/columns/column_checks.h"
#include "chainrule/data/columns/column_inputs.h"
#include "chainrule/data/label_index.h"
#include "chainrule/data/scaling.h"
#include "chainrule/data/table_columns.h"
#include "chainrule/data/table_rows.h"

namespace chainrule {
namespace {

constexpr std::size_t kNamesForHint = 10'000;  // bounds the time spent on a hint

EncodedColumns columns_by_name(const Encoder& encoder, const Table& table, bool with_target) {
  std::vector<std::pair<std::string_view, std::size_t>> known;
  for (std::size_t c = 0; c < table.columns.size(); ++c) known.emplace_back(table.columns[c].name, c);
  std::sort(known.begin(), known.end());
  std::vector<std::string> absent;
  const auto find = [&](const std::string& name) -> std::size_t {
    const auto at = std::lower_bound(known.begin(), known.end(), std::pair<std::string_view, std::size_t>(name, 0));
    if (at == known.end() || at->first != name) {
      absent.push_back(name);
      return 0;
    }
    if (at + 1 != known.end() && (at + 1)->first == name)
      throw Error(ErrorCategory::input,
                  fmt::format("{}: column {}: expected once, found twice", location(table.source), in_quotes(name)));
    return at->second;
  };
  EncodedColumns columns;
  for (const InputColumn& input : encoder.inputs) columns.inputs.push_back(find(input.name));
  if (with_target) columns.target = find(encoder.target);
  if (with_target && !encoder.weight.empty()) columns.weight = find(encoder.weight);
  if (absent.empty()) return columns;
  std::vector<std::string> names;
  for (const Column& column : table.columns) names.push_back(column.name);
  const std::string near = names.size() > kNamesForHint ? "" : nearest_name(absent.front(), names);
  throw Error(
      ErrorCategory::input,
      fmt::format("{}: missing {}: expected {}, found {}", location(table.source),
                  absent.size() == 1 ? "column" : "columns", listed(absent),
                  names.empty() ? "no column" : listed(names)),
      near.empty() ? "" : fmt::format("{} is not {}: names must be equal", in_quotes(near), in_quotes(absent.front())));
}

EncodedColumns columns_by_number(const Encoder& encoder, const Table& table, bool with_target) {
  const bool without_target = !with_target && table.columns.size() + 1 == encoder.training_columns;
  if (table.columns.size() != encoder.training_columns && !without_target)
    throw Error(ErrorCategory::input,
                fmt::format("{}: columns: expected {} as in the training data{}, found {}", location(table.source),
                            encoder.training_columns, with_target ? "" : ", or one less without the target",
                            table.columns.size()));
  const auto index = [&](std::size_t number) {
    const std::size_t gone = without_target && number > encoder.target_column ? 2 : 1;
    if (number - gone >= table.columns.size())  // unsigned: a negative number is too large
      throw Error(ErrorCategory::input,
                  fmt::format("model: column number: expected 1 to {}, found {}", encoder.training_columns, number));
    return number - gone;
  };
  EncodedColumns columns;
  for (const std::size_t number : encoder.input_columns) columns.inputs.push_back(index(number));
  if (with_target) columns.target = index(encoder.target_column);
  if (with_target && encoder.weight_column > 0) columns.weight = index(encoder.weight_column);
  return columns;
}

void fit_number(Encoder& encoder, const Table& table, std::size_t target, std::span<const std::size_t> rows,
                const EncoderOptions& options, std::vector<Note>& notes) {
  require_target(table, target);
  require_numbers(table, target, "");
  const Column& column = table.columns[target];
  const Scale scale = take_scale(column.numbers, rows, options.target_scaling);
  encoder.target_shift = scale.shift;
  encoder.target_scale = scale.scale;
  if (options.clamp_predictions) {
    encoder.min_prediction = scale.minimum;
    encoder.max_prediction = scale.maximum;
  }
  if (scale.constant)
    notes.push_back(warning_note(NoteTopic::target,
                                 fmt::format("the target {} is constant on the training rows", in_column(column)),
                                 column.name));
}

}  // namespace

EncodedColumns find_encoded_columns(const Encoder& encoder, const Table& table, bool with_target) {
  const Images& images = table.images;
  const auto images_of = [](std::size_t height, std::size_t width) {
    return fmt::format("images of {} x {}", height, width);
  };
  if (encoder.image_height != images.height || encoder.image_width != images.width)
    throw Error(ErrorCategory::input,
                fmt::format("{}: inputs: expected {}, found {}", location(table.source),
                            encoder.images() ? images_of(encoder.image_height, encoder.image_width)
                                             : "a table with " + counted(encoder.inputs.size(), "input column"),
                            table.has_images() ? images_of(images.height, images.width) : "a table"));
  if (encoder.images()) {
    if (with_target && table.columns.empty())
      throw Error(ErrorCategory::input, location(table.source) + ": target: expected labels of the images, found none",
                  message_of(NamedOption{"labels"}, " names the file with the labels"));
    return {};
  }
  return encoder.match_by_name && table.names_from_header ? columns_by_name(encoder, table, with_target)
                                                          : columns_by_number(encoder, table, with_target);
}

std::vector<std::size_t> columns_of(const Encoder& encoder, const Table& table) {
  const EncodedColumns columns = find_encoded_columns(encoder, table, true);
  std::vector<std::size_t> all = columns.inputs;
  all.push_back(columns.target);
  if (!encoder.weight.empty()) all.push_back(columns.weight);
  return all;
}

std::vector<std::size_t> input_columns_of(const Encoder& encoder, const Table& table) {
  return find_encoded_columns(encoder, table, false).inputs;
}

void fit_encoder(Encoder& encoder, const Table& table, std::span<const std::size_t> rows, const EncoderOptions& options,
                 std::vector<Note>& notes) {
  if (rows.empty())
    throw Error(ErrorCategory::input, location(table.source) + ": training rows: expected at least 1, found none");
  const EncodedColumns columns = find_encoded_columns(encoder, table, true);
  fit_inputs(encoder, table, columns.inputs, rows, options.scaling, notes);
  if (encoder.task == Task::number) fit_number(encoder, table, columns.target, rows, options, notes);
}

std::vector<std::uint32_t> encode_labels(const Encoder& encoder, const Table& table) {
  const std::size_t target = find_encoded_columns(encoder, table, true).target;
  require_target(table, target);
  const Column& column = table.columns[target];
  const LabelIndex index(encoder.labels);
  const bool coded = has_codes(table, column);
  std::vector<std::uint32_t> of_code;
  for (const std::string& spelling : column.spellings) of_code.push_back(index.find(spelling));
  std::vector<std::uint32_t> out(table.rows);
  for (std::size_t row = 0; row < table.rows; ++row) {
    out[row] = coded ? of_code.at(column.codes[row]) : index.find(column.numbers[row]);
    if (out[row] != LabelIndex::kUnknown) continue;
    const std::string found = coded ? column.spellings[column.codes[row]] : fmt::format("{}", column.numbers[row]);
    throw Error(ErrorCategory::input,
                fmt::format("{}: {}: expected a class of the model ({}), found {}", location_of_row(table, row),
                            in_column(column), listed(encoder.labels), in_quotes(found)),
                message_of("no training row had this class; ", NamedOption{"bad_fields", "missing"},
                           " leaves such rows out, and counts them"));
  }
  return out;
}

}  // namespace chainrule
