// SPDX-License-Identifier: Apache-2.0
// An explanation as one page: the sources of formats/explain_page/ with the numbers as packed arrays (docs/formats.md).
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>

#include "chainrule/derivation.h"
#include "chainrule/error.h"
#include "chainrule/formats/explanation_head.h"
#include "chainrule/formats/formats.h"
#include "chainrule/formats/page_sources.h"

namespace chainrule::formats {
namespace {

using Json = nlohmann::ordered_json;

// Little-endian on every machine.
template <class Float, class Bits>
std::string packed_as(const std::vector<double>& values) {
  std::string bytes;
  for (const double value : values) {
    const Bits bits = std::bit_cast<Bits>(static_cast<Float>(value));
    for (std::size_t k = 0; k < sizeof(Bits); ++k) bytes += static_cast<char>(bits >> (8 * k) & 0xff);
  }
  return base64(bytes);
}

std::uint64_t bits_of(double value) { return std::bit_cast<std::uint64_t>(value); }

// One number where all are the same, else an array of the narrowest kind that holds every bit.
Json packed(const std::vector<double>& values) {
  const auto is_first = [&](double x) { return bits_of(x) == bits_of(values[0]); };
  if (std::isfinite(values.at(0)) && std::ranges::all_of(values, is_first)) return values[0];
  const auto is_float = [](double x) { return bits_of(static_cast<double>(static_cast<float>(x))) == bits_of(x); };
  if (std::ranges::all_of(values, is_float)) return {{"float32", packed_as<float, std::uint32_t>(values)}};
  return {{"float64", packed_as<double, std::uint64_t>(values)}};
}

double float_above(double value) {
  const float nearest = static_cast<float>(value);
  return static_cast<double>(
      static_cast<double>(nearest) < value ? std::nextafter(nearest, std::numeric_limits<float>::infinity()) : nearest);
}

Json place(const Place& place) {
  constexpr const char* kNames[] = {"first", "row", "column", "term", "term_row", "term_column"};
  return kNames[place.kind];
}

Json terms(const Recipe::Terms& of) {
  Json factors = Json::array();
  for (const auto& [tensor, row, column] : of.factors) factors.push_back({tensor->name, place(row), place(column)});
  return {{"pattern", of.pattern}, {"factors", std::move(factors)}, {"count", of.count}};
}

Json recipe(const Recipe& of) {
  Json sum = Json::array();
  for (const Recipe::Terms& each : of.terms) sum.push_back(terms(each));
  return {{"before", terms(of.before)}, {"terms", std::move(sum)}, {"after", terms(of.after)}};
}

Json tensor_of(const Explanation& explanation, const ExplainedStep& step, const Tensor& tensor) {
  const Formula formula = formula_of(explanation, step, tensor);
  const TensorName name = parts_of(tensor.name);
  Json object = {{"name", tensor.name},       {"rows", tensor.rows},        {"columns", tensor.columns},
                 {"symbol", name.symbol},     {"layer", name.layer},        {"after", name.after},
                 {"part", part_of(tensor)},   {"meaning", formula.meaning}, {"formula", formula.text},
                 {"article", formula.article}};
  object["recipe"] = recipe(recipe_of(explanation, step, tensor));
  object["engine"] = packed(tensor.engine);
  if (!std::ranges::equal(tensor.engine, tensor.truth, {}, bits_of, bits_of)) object["truth"] = packed(tensor.truth);
  std::vector<double> bound(tensor.bound.size());
  std::ranges::transform(tensor.bound, bound.begin(), float_above);
  object["bound"] = packed(bound);
  return object;
}

std::string document_of(const Explanation& explanation) {
  std::string text = "{";
  text += explanation_head(explanation) + "\"steps\":[";
  const char* before = "\n";
  for (const ExplainedStep& step : explanation.steps) {
    Json tensors = Json::array();
    for (const Tensor& tensor : step.tensors) tensors.push_back(tensor_of(explanation, step, tensor));
    text +=
        before + Json{{"step", step.step}, {"tensors", tensors}}.dump(-1, ' ', false, Json::error_handler_t::replace);
    before = ",\n";
  }
  return text + "]}\n";
}

}  // namespace

std::string explanation_html(const Explanation& explanation) {
  return page_with(explain_page_sources(), document_of(explanation));
}

}  // namespace chainrule::formats
