// SPDX-License-Identifier: Apache-2.0
// diff A B: compares two models: data, options, columns, weights, metrics.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>

#include "chainrule/base/checks.h"
#include "chainrule/base/text.h"
#include "chainrule/model/fingerprint.h"
#include "chainrule/model/formats/safetensors.h"
#include "chainrule/model/model.h"
#include "chainrule/report/json.h"
#include "cli/commands/commands.h"
#include "cli/output/grid.h"
#include "cli/output/inspect.h"

namespace chainrule::cli {
namespace {

// The values of one property in both models; "" = missing.
struct Difference {
  std::string name, first, second;
};

// A tensor that both models have with the same shape.
struct TensorDifference {
  std::string name;
  std::size_t values = 0, differ = 0;
  double largest = 0;   // absolute difference
  double relative = 0;  // norm of the difference / norm of the first
};

struct Comparison {
  std::vector<Difference> facts, options, columns, shapes;
  std::vector<TensorDifference> tensors;
  std::vector<Difference> metrics;  // all of them, also those that are equal
  bool same_weights = false;

  bool same() const {
    const auto alike = [](const Difference& one) { return one.first == one.second; };
    return same_weights && facts.empty() && options.empty() && columns.empty() && shapes.empty() &&
           std::ranges::all_of(metrics, alike);
  }
};

Model load(const std::string& path, std::string& file) {
  check_model_file(path);
  std::error_code none;
  file = std::filesystem::is_directory(path, none) ? path + "/model.safetensors" : path;
  return formats::load_model(file);
}

void compare(std::vector<Difference>& out, const std::string& name, const std::string& first,
             const std::string& second) {
  if (first != second) out.push_back({name, first, second});
}

using Texts = std::map<std::string, std::string>;
void compare_all(std::vector<Difference>& out, const Texts& first, const Texts& second) {
  std::set<std::string> names;
  for (const Texts* const texts : {&first, &second})
    for (const auto& [name, text] : *texts) names.insert(name);
  const auto of = [](const Texts& texts, const std::string& name) {
    const auto at = texts.find(name);
    return at == texts.end() ? std::string("(none)") : at->second;
  };
  for (const std::string& name : names) compare(out, name, of(first, name), of(second, name));
}

Texts columns_of(const Encoder& encoder) {
  Texts columns;
  for (const InputColumn& input : encoder.inputs)
    columns[input.name] = input.categorical ? fmt::format("{} categories", input.categories.size())
                          : input.date      ? fmt::format("date, shift {:.6g}, scale {:.6g}", input.shift, input.scale)
                          : input.boolean   ? std::string("boolean")
                                          : fmt::format("number, shift {:.6g}, scale {:.6g}", input.shift, input.scale);
  return columns;
}

void compare_tensors(Comparison& out, const Network& first, const Network& second) {
  std::map<std::string, Segment> others;
  for (const Segment& segment : second.parameters.segments()) others.emplace(segment.name, segment);
  const auto shape_of = [](const Segment& segment) { return fmt::format("{} x {}", segment.rows, segment.columns); };
  for (const Segment& segment : first.parameters.segments()) {
    const auto at = others.find(segment.name);
    if (at == others.end() || shape_of(at->second) != shape_of(segment)) {
      compare(out.shapes, segment.name, shape_of(segment), at == others.end() ? "(none)" : shape_of(at->second));
    } else {
      TensorDifference tensor{segment.name};
      const std::span<const float> a = first.parameters.of(segment), b = second.parameters.of(at->second);
      double squares = 0, of_first = 0;
      tensor.values = segment.rows * segment.columns;  // the panels in memory may be padded with zeros
      for (std::size_t i = 0; i < a.size(); ++i) {
        const double x = static_cast<double>(a[i]), difference = static_cast<double>(b[i]) - x;
        tensor.differ += a[i] == b[i] ? 0 : 1;
        tensor.largest = std::max(tensor.largest, std::fabs(difference));
        squares += difference * difference;
        of_first += x * x;
      }
      tensor.relative = std::sqrt(squares / of_first);
      out.tensors.push_back(tensor);
    }
    others.erase(segment.name);
  }
  for (const auto& [name, segment] : others) compare(out.shapes, name, "(none)", shape_of(segment));
}

void compare_metrics(Comparison& out, const std::string& of, const Metrics& first, const Metrics& second) {
  const auto text = [](const Metric* metric) {
    return metric == nullptr ? std::string("(none)") : fmt::format("{:.6g}", metric->value);
  };
  for (const Metric& metric : first)
    out.metrics.push_back({of + "/" + metric.name, text(&metric), text(find_metric(second, metric.name))});
  for (const Metric& metric : second)
    if (find_metric(first, metric.name) == nullptr)
      out.metrics.push_back({of + "/" + metric.name, "(none)", text(&metric)});
}

Metrics values_of(const Estimates& estimates) {
  Metrics metrics;
  for (const Estimate& estimate : estimates.metrics) metrics.push_back({estimate.name, estimate.value});
  return metrics;
}

Comparison comparison_of(const Model& first, const Model& second) {
  Comparison out;
  const Provenance &a = first.provenance, &b = second.provenance;
  compare(out.facts, "program", a.program, b.program);
  compare(out.facts, "data (sha256)", a.data_fingerprint, b.data_fingerprint);
  compare(out.facts, "target", first.encoder.target, second.encoder.target);
  compare(out.facts, "classes", fmt::format("{}", fmt::join(first.encoder.labels, ", ")),
          fmt::format("{}", fmt::join(second.encoder.labels, ", ")));
  compare(out.facts, "network", describe(first.network.architecture), describe(second.network.architecture));
  compare(out.facts, "ended",
          fmt::format("after {} steps ({}), best epoch {}", a.steps, stop_text(a.stop), a.best_epoch),
          fmt::format("after {} steps ({}), best epoch {}", b.steps, stop_text(b.stop), b.best_epoch));
  compare_all(out.options, Texts(a.configuration.begin(), a.configuration.end()),
              Texts(b.configuration.begin(), b.configuration.end()));
  compare_all(out.columns, columns_of(first.encoder), columns_of(second.encoder));
  compare_tensors(out, first.network, second.network);
  out.same_weights = weights_sha256(first.network) == weights_sha256(second.network);
  compare_metrics(out, "training", a.training, b.training);
  compare_metrics(out, "validation", a.validation, b.validation);
  compare_metrics(out, "test", values_of(a.test), values_of(b.test));
  return out;
}

std::string section(const std::string& title, const std::vector<Difference>& differences) {
  if (differences.empty()) return "";
  Grid grid{{{title, "A", "B"}}, {false, false, false}};
  const auto cut = [](const std::string& text) { return text.size() > 60 ? text.substr(0, 57) + "..." : text; };
  for (const Difference& one : differences)
    grid.rows.push_back({harmless(one.name), harmless(cut(one.first)), harmless(cut(one.second))});
  return grid.text() + "\n";
}

std::string text_of(const Comparison& found) {
  if (found.same()) return "identical: data, options, columns, weights (bit by bit), metrics\n";
  std::string out = section("models", found.facts) + section("options", found.options) +
                    section("columns", found.columns) + section("shapes", found.shapes);
  if (found.same_weights) {
    out += "weights: bit-identical\n\n";
  } else if (!found.tensors.empty()) {
    Grid grid{{{"weights", "values", "differ", "largest difference", "relative (norms)"}},
              {false, true, true, true, true}};
    for (const TensorDifference& tensor : found.tensors)
      grid.rows.push_back({tensor.name, std::to_string(tensor.values), std::to_string(tensor.differ),
                           fmt::format("{:.3g}", tensor.largest), fmt::format("{:.3g}", tensor.relative)});
    out += grid.text() + "\n";
  }
  return out + section("metrics", found.metrics);
}

Json pairs(const std::vector<Difference>& differences) {
  Json object = Json::object();
  for (const Difference& one : differences) object[one.name] = {one.first, one.second};
  return object;
}

std::string document_of(const Comparison& found, const std::string& first, const std::string& second) {
  Json tensors = Json::array();
  for (const TensorDifference& tensor : found.tensors)
    tensors.push_back({{"name", tensor.name},
                       {"values", tensor.values},
                       {"differ", tensor.differ},
                       {"largest_difference", tensor.largest},
                       {"relative_difference", json_number(tensor.relative)}});
  const Json document = {{"schema", 1},
                         {"models", {first, second}},
                         {"same", found.same()},
                         {"same_weights", found.same_weights},
                         {"facts", pairs(found.facts)},
                         {"options", pairs(found.options)},
                         {"columns", pairs(found.columns)},
                         {"shapes", pairs(found.shapes)},
                         {"tensors", tensors},
                         {"metrics", pairs(found.metrics)}};
  return document_text(document);
}

}  // namespace

int diff_command(const Arguments& arguments, const Terminal&) {
  std::string first, second;
  const Model a = load(arguments.files[0], first), b = load(arguments.files[1], second);
  const Comparison found = comparison_of(a, b);
  Output output;
  output.write(arguments.is_true("json") ? document_of(found, first, second) : text_of(found));
  output.finish();
  if (arguments.is_true("expect-same") && !found.same())
    throw Error(ErrorCategory::check,
                location(second) + ": expected the same model as " + in_quotes(first, 4096) + ", found another");
  return 0;
}

}  // namespace chainrule::cli
