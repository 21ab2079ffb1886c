// SPDX-License-Identifier: Apache-2.0
#include "chainrule/formats/result_metadata.h"

#include <limits>
#include <utility>
#include <vector>

#include "chainrule/error.h"
#include "chainrule/formats/json.h"

namespace chainrule::formats {
namespace {

constexpr std::size_t kMostValues = 10'000;

using Pairs = std::vector<std::pair<std::string, std::string>>;

bool is_null(const Json& json) { return std::holds_alternative<std::monostate>(json.value); }

double number_or_none(const Json& json, const std::string& where) {
  return is_null(json) ? std::numeric_limits<double>::quiet_NaN() : number_of(json, where);
}

std::string text_of_some(const Metrics& metrics) {
  Pairs fields;
  for (const Metric& metric : metrics) fields.emplace_back(metric.name, json_number(metric.value));
  return json_object(fields);
}

Metrics some_from(const Json& json, const std::string& where) {
  Metrics metrics;
  for (const auto& [name, value] : object_of(json, where))
    metrics.push_back({name, number_or_none(value, where + ": " + in_quotes(name))});
  return metrics;
}

std::string text_of_test(const Estimates& test) {
  Pairs fields;
  for (const Estimate& estimate : test.metrics)
    fields.emplace_back(estimate.name, json_list({json_number(estimate.value), json_number(estimate.low),
                                                  json_number(estimate.high), json_number(estimate.trivial)}));
  return json_object(fields);
}

void test_from(const Json& json, const std::string& where, Estimates& test) {
  for (const auto& [name, value] : object_of(json, where)) {
    const std::string of = where + ": " + in_quotes(name);
    const Json::List& numbers = list_of(value, of);
    if (numbers.size() != 4)
      throw Error(ErrorCategory::input, of + ": expected 4 numbers, found " + std::to_string(numbers.size()));
    test.metrics.push_back({name, number_or_none(numbers[0], of), number_or_none(numbers[1], of),
                            number_or_none(numbers[2], of), number_or_none(numbers[3], of)});
  }
}

}  // namespace

std::string metrics_text(const Provenance& provenance) {
  return json_object({{"training", text_of_some(provenance.training)},
                      {"validation", text_of_some(provenance.validation)},
                      {"test_rows", std::to_string(provenance.test.rows)},
                      {"test", text_of_test(provenance.test)}});
}

void metrics_from(const std::string& text, std::uint64_t version, const std::string& where, Provenance& provenance) {
  const Json json = read_json(text, kMostValues, where);
  std::vector<std::string_view> keys{"training", "validation"};
  if (version >= 3) keys.insert(keys.end(), {"test_rows", "test"});
  const Fields fields(json, keys, where);
  provenance.training = some_from(fields["training"], fields.where("training"));
  provenance.validation = some_from(fields["validation"], fields.where("validation"));
  if (version < 3) return;
  provenance.test.rows = fields.whole("test_rows");
  test_from(fields["test"], fields.where("test"), provenance.test);
}

std::string decision_text(const Model& model) {
  std::vector<std::string> weights;
  for (const double weight : model.encoder.class_weights) weights.push_back(json_number(weight));
  return json_object({{"threshold", model.threshold ? json_number(*model.threshold) : "null"},
                      {"class_weights", json_list(weights)},
                      {"least", json_number(model.encoder.least_prediction)},
                      {"most", json_number(model.encoder.most_prediction)}});
}

void decision_from(const std::string& text, std::size_t outputs, std::uint64_t version, const std::string& where,
                   Model& model) {
  const Json json = read_json(text, outputs + 10, where);
  std::vector<std::string_view> keys{"threshold", "class_weights"};
  if (version >= 4) keys.insert(keys.end(), {"least", "most"});
  const Fields fields(json, keys, where);
  if (!is_null(fields["threshold"])) model.threshold = fields.number("threshold");
  for (const Json& weight : fields.list("class_weights"))
    model.encoder.class_weights.push_back(number_of(weight, fields.where("class_weights")));
  if (version < 4) return;
  if (!is_null(fields["least"])) model.encoder.least_prediction = fields.number("least");
  if (!is_null(fields["most"])) model.encoder.most_prediction = fields.number("most");
}

}  // namespace chainrule::formats
