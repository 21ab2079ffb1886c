// SPDX-License-Identifier: Apache-2.0
#include "chainrule/model/formats/encoder_metadata.h"

#include <algorithm>
#include <array>

#include "chainrule/base/checks.h"
#include "chainrule/data/columns/dates.h"
#include "chainrule/data/scaling.h"
#include "chainrule/model/formats/json.h"

namespace chainrule::formats {
namespace {

[[noreturn]] void refuse_encoder(const std::string& what) { throw Error(ErrorCategory::input, what); }

std::string numbers_text(const std::vector<double>& numbers) {
  std::vector<std::string> texts;
  for (const double number : numbers) texts.push_back(json_number(number));
  return json_list(texts);
}

std::vector<double> numbers_of(const Json& json, const std::string& where) {
  std::vector<double> numbers;
  for (const Json& number : list_of(json, where)) numbers.push_back(number_of(number, where));
  return numbers;
}

// null, or the format of the dates and the names of the cycles.
std::string date_text_of(const InputColumn& column) {
  if (!column.date) return "null";
  std::vector<std::string> texts{json_text(kDateForms[static_cast<std::size_t>(*column.date)], "format of dates")};
  for (const Cycle cycle : column.cycles)
    texts.push_back(json_text(kCycleNames[static_cast<std::size_t>(cycle)], "cycle"));
  return json_list(texts);
}

template <class Value, std::size_t N>
Value named(const Json& json, const std::string& where, const std::array<std::string_view, N>& names) {
  const std::string text = text_of(json, where);
  const auto at = std::find(names.begin(), names.end(), text);
  if (at == names.end()) refuse_encoder(where + ": expected a known name, found " + in_quotes(text));
  return static_cast<Value>(at - names.begin());
}

void date_from(const Json& json, const std::string& where, InputColumn& column) {
  if (std::holds_alternative<std::monostate>(json.value)) return;
  const Json::List& texts = list_of(json, where);
  if (texts.empty()) refuse_encoder(where + ": expected the format of the dates, found an empty list");
  column.date = named<DateForm>(texts[0], element(where, 0), kDateForms);
  for (std::size_t k = 1; k < texts.size(); ++k)
    column.cycles.push_back(named<Cycle>(texts[k], element(where, k), kCycleNames));
}

}  // namespace

std::string notation_text(const NumberNotation& notation) {
  if (notation.is_plain()) return "null";
  return json_list(
      {json_text(std::string(1, notation.decimal), "decimal"),
       json_text(notation.thousands == 0 ? std::string() : std::string(1, notation.thousands), "thousands"),
       json_text(notation.unit, "unit")});
}

void notation_from(const Json& json, const std::string& where, NumberNotation& notation) {
  if (std::holds_alternative<std::monostate>(json.value)) return;
  const Json::List& parts = list_of(json, where);
  if (parts.size() != 3)
    refuse_encoder(where + ": expected a decimal sign, a separator of thousands and a unit, found " +
                   std::to_string(parts.size()) + " values");
  const std::string &decimal = text_of(parts[0], element(where, 0)), &thousands = text_of(parts[1], element(where, 1));
  if (decimal != "." && decimal != ",")
    refuse_encoder(element(where, 0) + ": expected a point or a comma, found " + in_quotes(decimal));
  const bool known = thousands.empty() || thousands == "," || thousands == "." || thousands == " " || thousands == "'";
  if (!known || thousands == decimal)
    refuse_encoder(element(where, 1) + ": expected a comma, point, blank or apostrophe, found " + in_quotes(thousands));
  notation = {decimal[0], thousands.empty() ? '\0' : thousands[0], text_of(parts[2], element(where, 2))};
}

std::string columns_text(const Encoder& encoder) {
  std::vector<std::string> column_numbers, names, shift, scale, constant, fill, may_miss, categories, clipped,
      landmarks, scores, boolean, dates, minimum, maximum, notations;
  for (const std::size_t column : encoder.input_columns) column_numbers.push_back(std::to_string(column));
  for (const InputColumn& column : encoder.inputs) {
    names.push_back(json_text(column.name, "name of a column"));
    shift.push_back(json_number(column.shift));
    scale.push_back(json_number(column.scale));
    constant.push_back(column.constant ? "true" : "false");
    fill.push_back(json_number(column.fill));
    may_miss.push_back(column.may_miss ? "true" : "false");
    std::vector<std::string> texts;
    for (const std::string& text : column.categories) texts.push_back(json_text(text, "category"));
    categories.push_back(column.categorical ? json_list(texts) : "null");
    clipped.push_back(column.clipped ? "true" : "false");
    landmarks.push_back(numbers_text(column.landmarks));
    scores.push_back(numbers_text(column.scores));
    boolean.push_back(column.boolean ? "true" : "false");
    dates.push_back(date_text_of(column));
    minimum.push_back(json_number(column.minimum));
    maximum.push_back(json_number(column.maximum));
    notations.push_back(notation_text(column.notation));
  }
  return json_object({{"match_by_name", encoder.match_by_name ? "true" : "false"},
                      {"training_columns", std::to_string(encoder.training_columns)},
                      {"places", json_list(column_numbers)},
                      {"names", json_list(names)},
                      {"shift", json_list(shift)},
                      {"scale", json_list(scale)},
                      {"constant", json_list(constant)},
                      {"fill", json_list(fill)},
                      {"may_miss", json_list(may_miss)},
                      {"categories", json_list(categories)},
                      {"clipped", json_list(clipped)},
                      {"landmarks", json_list(landmarks)},
                      {"scores", json_list(scores)},
                      {"boolean", json_list(boolean)},
                      {"dates", json_list(dates)},
                      {"least", json_list(minimum)},
                      {"most", json_list(maximum)},
                      {"notations", json_list(notations)}});
}

// Refuses lists whose length differs from that of `names`. validate() checks the length of `places`, since images have
// none.
void columns_from(const std::string& text, std::size_t inputs, std::uint64_t version, const std::string& where,
                  Encoder& encoder) {
  const Json json = read_json(text, (24 + 2 * kMaxLandmarks) * inputs + 20, where);
  std::vector<std::string_view> keys{"match_by_name", "training_columns", "places", "names", "shift",
                                     "scale",         "constant"};
  if (version >= 2) keys.insert(keys.end(), {"fill", "may_miss", "categories"});
  if (version >= 3) keys.insert(keys.end(), {"clipped", "landmarks", "scores", "boolean", "dates", "least", "most"});
  if (version >= 5) keys.push_back("notations");
  const Fields fields(json, keys, where);
  encoder.match_by_name = fields.flag("match_by_name");
  encoder.training_columns = fields.whole("training_columns");
  for (const Json& column : fields.list("places"))
    encoder.input_columns.push_back(whole_of(column, fields.where("places")));
  const Json::List& names = fields.list("names");
  const auto list = [&](std::string_view key) -> const Json::List& {
    if (fields.list(key).size() == names.size()) return fields.list(key);
    refuse_encoder(fields.where(key) + ": expected " + std::to_string(names.size()) + " values, found " +
                   std::to_string(fields.list(key).size()));
  };
  const Json::List &shift = list("shift"), &scale = list("scale"), &constant = list("constant");
  for (std::size_t j = 0; j < names.size(); ++j)
    encoder.inputs.push_back({text_of(names[j], element(fields.where("names"), j)),
                              number_of(shift[j], element(fields.where("shift"), j)),
                              number_of(scale[j], element(fields.where("scale"), j)),
                              flag_of(constant[j], element(fields.where("constant"), j))});
  if (version < 2) return;
  const Json::List &fill = list("fill"), &may_miss = list("may_miss"), &categories = list("categories");
  for (std::size_t j = 0; j < names.size(); ++j) {
    InputColumn& column = encoder.inputs[j];
    column.fill = number_of(fill[j], element(fields.where("fill"), j));
    column.may_miss = flag_of(may_miss[j], element(fields.where("may_miss"), j));
    column.categorical = !std::holds_alternative<std::monostate>(categories[j].value);
    if (!column.categorical) continue;
    const std::string of = element(fields.where("categories"), j);
    const Json::List& texts = list_of(categories[j], of);
    for (std::size_t k = 0; k < texts.size(); ++k) column.categories.push_back(text_of(texts[k], element(of, k)));
  }
  if (version < 3) return;
  const Json::List &clipped = list("clipped"), &landmarks = list("landmarks"), &scores = list("scores");
  for (std::size_t j = 0; j < names.size(); ++j) {
    encoder.inputs[j].clipped = flag_of(clipped[j], element(fields.where("clipped"), j));
    encoder.inputs[j].landmarks = numbers_of(landmarks[j], element(fields.where("landmarks"), j));
    encoder.inputs[j].scores = numbers_of(scores[j], element(fields.where("scores"), j));
  }
  const Json::List &boolean = list("boolean"), &dates = list("dates");
  for (std::size_t j = 0; j < names.size(); ++j) {
    encoder.inputs[j].boolean = flag_of(boolean[j], element(fields.where("boolean"), j));
    date_from(dates[j], element(fields.where("dates"), j), encoder.inputs[j]);
  }
  const Json::List &minimum = list("least"), &maximum = list("most");
  const auto bound = [](const Json& value, const std::string& of, double unknown) {
    return std::holds_alternative<std::monostate>(value.value) ? unknown : number_of(value, of);
  };
  for (std::size_t j = 0; j < names.size(); ++j) {
    InputColumn& column = encoder.inputs[j];
    column.minimum = bound(minimum[j], element(fields.where("least"), j), column.minimum);
    column.maximum = bound(maximum[j], element(fields.where("most"), j), column.maximum);
  }
  if (version < 5) return;
  const Json::List& notations = list("notations");
  for (std::size_t j = 0; j < names.size(); ++j)
    notation_from(notations[j], element(fields.where("notations"), j), encoder.inputs[j].notation);
}

}  // namespace chainrule::formats
