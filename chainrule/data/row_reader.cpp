// SPDX-License-Identifier: Apache-2.0
#include "chainrule/data/row_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "chainrule/base/checks.h"
#include "chainrule/data/columns/column_type.h"
#include "chainrule/data/columns/dates.h"
#include "chainrule/data/formats/number_notation.h"

namespace chainrule {
namespace {

using formats::FieldKind;
using formats::FieldValue;

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();
constexpr double kLargest = static_cast<double>(std::numeric_limits<float>::max());

// As find_column() finds them in the training data: by name, else by number.
std::vector<bool> numeric_inputs(const Encoder& encoder, const std::vector<std::string>& names) {
  std::vector<bool> numeric(encoder.inputs.size(), false);
  for (const std::string& name : names) {
    const auto named = std::ranges::find(encoder.inputs, name, &InputColumn::name);
    const auto numbered =
        std::ranges::find_if(encoder.input_columns, [&](std::size_t index) { return std::to_string(index) == name; });
    if (named != encoder.inputs.end())
      numeric[static_cast<std::size_t>(named - encoder.inputs.begin())] = true;
    else if (name != encoder.target && name != encoder.weight && numbered != encoder.input_columns.end())
      numeric[static_cast<std::size_t>(numbered - encoder.input_columns.begin())] = true;
  }
  return numeric;
}

}  // namespace

RowReader::RowReader(const Encoder& encoder, const formats::LoadOptions& options)
    : encoder_(&encoder),
      reader_(options),
      notation_(formats::notation_of(options)),
      numeric_(numeric_inputs(encoder, options.numeric)),
      by_name_(encoder.inputs.size()) {
  for (const InputColumn& input : encoder.inputs) categories_.emplace_back(input.categories);
  std::iota(by_name_.begin(), by_name_.end(), std::size_t{0});
  std::ranges::sort(by_name_, {}, [&](std::size_t j) -> const std::string& { return encoder.inputs[j].name; });
}

std::optional<std::size_t> RowReader::find(std::string_view name) const {
  const auto name_of = [&](std::size_t j) { return std::string_view(encoder_->inputs[j].name); };
  const auto at = std::ranges::lower_bound(by_name_, name, {}, name_of);
  return at != by_name_.end() && name_of(*at) == name ? std::optional(*at) : std::nullopt;
}

void RowReader::read(std::span<const std::string_view> fields, std::span<double> numbers) const {
  if (encoder_->images())
    throw Error(ErrorCategory::usage, "fields of the row: expected the numbers of pixels, found texts");
  expect_equal(encoder_->inputs.size(), fields.size(), "fields of the row");
  for (std::size_t j = 0; j < fields.size(); ++j) {
    FieldValue value = reader_.read(fields[j]);
    const NumberNotation& notation = encoder_->inputs[j].notation;
    const bool is_of_table = notation == notation_ && value.kind == FieldKind::number;
    if (!notation.is_plain() && !is_of_table && value.kind != FieldKind::missing) {
      const std::optional<double> number = formats::number_in(fields[j], notation);
      value = number ? FieldValue{FieldKind::number, *number} : FieldValue{FieldKind::text, 0};
    }
    if (value.kind == FieldKind::text && numeric_[j]) value.kind = FieldKind::missing;
    numbers[j] = read(j, value, fields[j]);
  }
}

void RowReader::read(std::span<const double> fields, std::span<double> numbers) const {
  expect_equal(encoder_->columns(), fields.size(), "fields of the row");
  if (encoder_->images()) {
    std::ranges::copy(fields, numbers.begin());
    return;
  }
  for (std::size_t j = 0; j < fields.size(); ++j)
    numbers[j] = read(j, {std::isnan(fields[j]) ? FieldKind::missing : FieldKind::number, fields[j]}, {});
}

double RowReader::read(std::size_t input, const FieldValue& value, std::string_view text) const {
  const InputColumn& column = encoder_->inputs[input];
  const bool is_text = value.kind == FieldKind::text, is_number = value.kind == FieldKind::number;
  if (is_number && !(std::abs(value.number) <= kLargest))
    refuse(input, "a finite number up to 3.4e38", text, value.number);
  if (is_text && !formats::is_utf8(text)) refuse(input, "text in UTF-8", text, 0);
  if (column.categorical) {
    const LabelIndex& categories = categories_[input];
    if (is_number && text.empty()) return categories.find(value.number);
    return categories.find(is_number || is_text ? formats::trimmed(text) : "");
  }
  if (!is_text && !is_number) return kMissing;
  if (column.boolean) {
    if (is_number) return value.number == 0 || value.number == 1 ? value.number : kMissing;
    const std::optional<bool> boolean = boolean_from_text(formats::trimmed(text));
    return boolean ? static_cast<double>(*boolean) : kMissing;
  }
  if (column.date) {
    const std::optional<double> seconds = is_text ? seconds_of(formats::trimmed(text), *column.date)
                                          : *column.date == DateForm::compact ? seconds_of_compact(value.number)
                                                                              : std::nullopt;
    if (!seconds) refuse(input, example_of(*column.date), text, value.number);
    return *seconds;
  }
  if (is_text) refuse(input, "a number", text, 0);
  return value.number;
}

void RowReader::refuse(std::size_t input, std::string_view expected, std::string_view text, double number) const {
  throw Error(ErrorCategory::input,
              fmt::format("column {}: expected {}, found {}", in_quotes(encoder_->inputs[input].name), expected,
                          text.empty() ? fmt::format("{}", number) : in_quotes(text)));
}

}  // namespace chainrule
