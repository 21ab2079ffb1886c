// SPDX-License-Identifier: Apache-2.0
// Fitting an encoder, and encoding with it. plan_encoder stands in encoder_plan.cpp.
#include "chainrule/encoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "chainrule/encoder_checks.h"
#include "chainrule/error.h"

namespace chainrule {
namespace {

constexpr std::size_t kNamesCompared = 10'000;  // bounds the time spent on a hint

struct Scale {
  double shift = 0, scale = 1;
  bool constant = false;
};

// Two passes, the mean corrected in the second; distances count in units of the largest, so that no square overflows or
// vanishes.
Scale standard_scale(std::span<const double> numbers, std::span<const std::size_t> rows) {
  const auto count = static_cast<double>(rows.size());
  double sum = 0, rest = 0, farthest = 0, squares = 0;
  for (const std::size_t row : rows) sum += numbers[row];
  for (const std::size_t row : rows) rest += numbers[row] - sum / count;
  const double mean = sum / count + rest / count;
  for (const std::size_t row : rows) farthest = std::max(farthest, std::fabs(numbers[row] - mean));
  for (const std::size_t row : rows) {
    const double distance = (numbers[row] - mean) / farthest;
    squares += distance * distance;
  }
  return {mean, farthest * std::sqrt(squares / count), false};
}

Scale take_scale(std::span<const double> numbers, std::span<const std::size_t> rows, Scaling scaling) {
  constexpr double kLeastSpread = 1e-290;  // below it, the standard deviation may be no normal number
  double least = numbers[rows[0]], most = least;
  for (const std::size_t row : rows) {
    least = std::min(least, numbers[row]);
    most = std::max(most, numbers[row]);
  }
  const bool constant = most - least < kLeastSpread;
  if (scaling == Scaling::none) return {0, 1, constant};
  if (constant) return {least, 1, true};
  return scaling == Scaling::range ? Scale{least, most - least, false} : standard_scale(numbers, rows);
}

float as_float(double value) {
  constexpr double kMost = std::numeric_limits<float>::max();
  return static_cast<float>(std::clamp(value, -kMost, kMost));
}

struct Places {
  std::vector<std::size_t> inputs;
  std::size_t target = 0, weight = 0;  // where they are wanted
};

Places places_by_name(const Encoder& encoder, const Table& table, bool with_target) {
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
                  fmt::format("{}: column {}: expected once, found twice", place(table.source), in_quotes(name)));
    return at->second;
  };
  Places places;
  for (const InputColumn& input : encoder.inputs) places.inputs.push_back(find(input.name));
  if (with_target) places.target = find(encoder.target);
  if (with_target && !encoder.weight.empty()) places.weight = find(encoder.weight);
  if (absent.empty()) return places;
  std::vector<std::string> names;
  for (const Column& column : table.columns) names.push_back(column.name);
  const std::string near = names.size() > kNamesCompared ? "" : nearest_name(absent.front(), names);
  throw Error(
      ErrorCategory::input,
      fmt::format("{}: missing {}: expected {}, found {}", place(table.source),
                  absent.size() == 1 ? "column" : "columns", listed(absent),
                  names.empty() ? "no column" : listed(names)),
      near.empty() ? "" : fmt::format("{} is not {}: names must be equal", in_quotes(near), in_quotes(absent.front())));
}

Places places_by_number(const Encoder& encoder, const Table& table, bool with_target) {
  const bool without_target = !with_target && table.columns.size() + 1 == encoder.training_columns;
  if (table.columns.size() != encoder.training_columns && !without_target)
    throw Error(ErrorCategory::input,
                fmt::format("{}: columns: expected {} as in the training data{}, found {}", place(table.source),
                            encoder.training_columns, with_target ? "" : ", or one less without the target",
                            table.columns.size()));
  const auto index = [&](std::size_t number) {
    const std::size_t gone = without_target && number > encoder.target_place ? 2 : 1;
    if (number - gone >= table.columns.size())  // unsigned: too small is too large
      throw Error(ErrorCategory::input, fmt::format("model: number of a column: expected 1 to {}, found {}",
                                                    encoder.training_columns, number));
    return number - gone;
  };
  Places places;
  for (const std::size_t number : encoder.input_places) places.inputs.push_back(index(number));
  if (with_target) places.target = index(encoder.target_place);
  if (with_target && encoder.weight_place > 0) places.weight = index(encoder.weight_place);
  return places;
}

Places find_places(const Encoder& encoder, const Table& table, bool with_target) {
  const Images& images = table.images;
  const auto images_of = [](std::size_t height, std::size_t width) {
    return fmt::format("images of {} x {}", height, width);
  };
  if (encoder.image_height != images.height || encoder.image_width != images.width)
    throw Error(ErrorCategory::input,
                fmt::format("{}: inputs: expected {}, found {}", place(table.source),
                            encoder.images() ? images_of(encoder.image_height, encoder.image_width)
                                             : "a table with " + counted(encoder.inputs.size(), "input column"),
                            table.has_images() ? images_of(images.height, images.width) : "a table"));
  if (encoder.images()) {
    if (with_target && table.columns.empty())
      throw Error(ErrorCategory::input, place(table.source) + ": target: expected labels of the images, found none",
                  "--labels names the file with the labels");
    return {};
  }
  return encoder.match_by_name && table.names_from_header ? places_by_name(encoder, table, with_target)
                                                          : places_by_number(encoder, table, with_target);
}

// Class numbers by spelling and, where a label is a number, by value.
class LabelIndex {
 public:
  static constexpr std::uint32_t kUnknown = std::numeric_limits<std::uint32_t>::max();

  explicit LabelIndex(const std::vector<std::string>& labels) {
    for (std::uint32_t k = 0; k < labels.size(); ++k) {
      by_spelling_.emplace_back(labels[k], k);
      if (const std::optional<double> value = number_of(labels[k])) by_value_.emplace_back(*value, k);
    }
    std::sort(by_spelling_.begin(), by_spelling_.end());
    std::sort(by_value_.begin(), by_value_.end());
  }
  std::uint32_t find(std::string_view spelling) const {
    const std::uint32_t exact = find_in(by_spelling_, spelling);
    if (exact != kUnknown) return exact;
    const std::optional<double> value = number_of(spelling);
    return value ? find(*value) : kUnknown;
  }
  std::uint32_t find(double value) const { return find_in(by_value_, value); }

 private:
  static std::optional<double> number_of(std::string_view text) {
    if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
    double value = 0;
    const auto [stop, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc() || stop != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
    return value;
  }
  template <class Key>
  static std::uint32_t find_in(const std::vector<std::pair<Key, std::uint32_t>>& sorted, Key key) {
    const auto at = std::lower_bound(sorted.begin(), sorted.end(), std::pair<Key, std::uint32_t>(key, 0));
    return at != sorted.end() && at->first == key ? at->second : kUnknown;
  }

  std::vector<std::pair<std::string_view, std::uint32_t>> by_spelling_;
  std::vector<std::pair<double, std::uint32_t>> by_value_;
};

std::vector<std::uint32_t> class_numbers(const Encoder& encoder, const Table& table, std::size_t target) {
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
                fmt::format("{}: {}: expected a class of the model ({}), found {}", place_of_row(table, row),
                            in_column(column), listed(encoder.labels), in_quotes(found)));
  }
  return out;
}

Features image_features(const Table& table) {
  const std::size_t pixels = checked_product(table.images.height, table.images.width, "image");
  return {table.images.bytes, table.rows, pixels, 1.0f / 255};
}

Features number_features(const Encoder& encoder, const Table& table, const std::vector<std::size_t>& columns) {
  checked_product(checked_product(table.rows, columns.size(), "inputs"), sizeof(float), "inputs");
  Matrix values(table.rows, columns.size());
  for (std::size_t j = 0; j < columns.size(); ++j) {
    require_numbers(table, columns[j], "");
    const std::vector<double>& numbers = table.columns[columns[j]].numbers;
    for (std::size_t row = 0; row < table.rows; ++row) values(row, j) = encode_number(encoder.inputs[j], numbers[row]);
  }
  return Features(std::move(values));
}

Targets encode_targets(const Encoder& encoder, const Table& table, std::size_t target) {
  Targets targets;
  if (encoder.task == Task::classes) {
    targets.classes = encoder.labels.size();
    targets.labels = class_numbers(encoder, table, target);
    return targets;
  }
  require_target(table, target);
  require_numbers(table, target, "");
  targets.scale = encoder.target_scale;
  targets.shift = encoder.target_shift;
  targets.values = Matrix(table.rows, 1);
  for (std::size_t row = 0; row < table.rows; ++row)
    targets.values(row, 0) =
        as_float((table.columns[target].numbers[row] - encoder.target_shift) / encoder.target_scale);
  return targets;
}

void fit_inputs(Encoder& encoder, const Table& table, const Places& places, std::span<const std::size_t> rows,
                Scaling scaling, std::vector<std::string>& notes) {
  std::vector<std::string> constant;
  for (std::size_t j = 0; j < encoder.inputs.size(); ++j) {
    require_numbers(table, places.inputs[j], "");
    const Scale scale = take_scale(table.columns[places.inputs[j]].numbers, rows, scaling);
    InputColumn& input = encoder.inputs[j];
    input.shift = scale.shift;
    input.scale = scale.scale;
    input.constant = scale.constant && scaling != Scaling::none;
    if (scale.constant) constant.push_back(input.name);
  }
  if (!constant.empty())
    notes.push_back(fmt::format("warning: constant on the training rows, so nothing is learned from {}: {}",
                                constant.size() == 1 ? "it" : "them", listed(constant)));
}

void fit_number(Encoder& encoder, const Table& table, std::size_t target, std::span<const std::size_t> rows,
                Scaling scaling, std::vector<std::string>& notes) {
  require_target(table, target);
  require_numbers(table, target, "");
  const Column& column = table.columns[target];
  const Scale scale = take_scale(column.numbers, rows, scaling);
  encoder.target_shift = scale.shift;
  encoder.target_scale = scale.scale;
  if (scale.constant)
    notes.push_back(fmt::format("warning: the target {} is constant on the training rows", in_column(column)));
}

}  // namespace

void fit_encoder(Encoder& encoder, const Table& table, std::span<const std::size_t> rows, const EncoderOptions& options,
                 std::vector<std::string>& notes) {
  if (rows.empty())
    throw Error(ErrorCategory::input, place(table.source) + ": training rows: expected at least 1, found none");
  const Places places = find_places(encoder, table, true);
  fit_inputs(encoder, table, places, rows, options.scaling, notes);
  if (encoder.task == Task::number) fit_number(encoder, table, places.target, rows, options.target_scaling, notes);
}

float encode_number(const InputColumn& column, double x) {
  return column.constant ? 0.0f : as_float((x - column.shift) / column.scale);
}

Dataset encode(const Encoder& encoder, const Table& table, bool with_target) {
  const Places places = find_places(encoder, table, with_target);
  Dataset data;
  data.inputs = encoder.images() ? image_features(table) : number_features(encoder, table, places.inputs);
  if (!with_target) return data;
  data.targets = encode_targets(encoder, table, places.target);
  if (encoder.weight.empty()) return data;
  require_weights(table, places.weight);
  for (const double weight : table.columns[places.weight].numbers) data.weights.push_back(static_cast<float>(weight));
  return data;
}

std::vector<std::size_t> columns_of(const Encoder& encoder, const Table& table) {
  const Places places = find_places(encoder, table, true);
  std::vector<std::size_t> columns = places.inputs;
  columns.push_back(places.target);
  if (!encoder.weight.empty()) columns.push_back(places.weight);
  return columns;
}

std::vector<std::uint32_t> encode_labels(const Encoder& encoder, const Table& table) {
  return class_numbers(encoder, table, find_places(encoder, table, true).target);
}

}  // namespace chainrule
