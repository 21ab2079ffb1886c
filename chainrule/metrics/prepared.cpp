// SPDX-License-Identifier: Apache-2.0
#include "chainrule/metrics/prepared.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "chainrule/base/checks.h"

namespace chainrule {
namespace {

void require_rows(const Selection& targets) {
  if (targets.data == nullptr)
    throw Error(ErrorCategory::usage, "metrics: expected rows of a data set, found no data set");
  const Targets& all = targets.data->targets;
  const std::size_t known = all.rows();
  for (const std::size_t row : targets.rows)
    if (row >= known) refuse_count("metrics: row", "less than the " + std::to_string(known) + " targets", row);
}

void require_fit(ConstMatrixView predictions, const Selection& targets) {
  require_rows(targets);
  const std::size_t columns = targets.data->targets.columns();
  if (predictions.rows() != targets.rows.size() || predictions.columns() != columns)
    throw Error(ErrorCategory::usage, "predictions: expected " + std::to_string(targets.rows.size()) + " x " +
                                          std::to_string(columns) + ", found " + std::to_string(predictions.rows()) +
                                          " x " + std::to_string(predictions.columns()));
}

bool all_numbers(ConstMatrixView predictions) {
  for (std::size_t i = 0; i < predictions.rows(); ++i)
    for (const float value : predictions.row(i))
      if (std::isnan(value)) return false;
  return true;
}

PreparedRows empty_prepared(const Selection& targets) {
  PreparedRows out;
  out.is_classes = targets.data->targets.classes > 0;
  out.rows = targets.rows.size();
  return out;
}

}  // namespace

PreparedRows prepare(ConstMatrixView predictions, const Selection& targets, Depth depth,
                     std::optional<double> threshold) {
  require_fit(predictions, targets);
  PreparedRows out = empty_prepared(targets);
  if (depth == Depth::all) out.finite = all_numbers(predictions);
  const Depth possible = out.finite ? depth : Depth::main;
  if (out.is_classes) {
    out.classes = prepare_classes(predictions, {}, targets, possible, threshold);
    return out;
  }
  for (std::size_t j = 0; j < predictions.columns(); ++j)
    out.numbers.push_back(prepare_numbers(predictions, nullptr, targets, j, possible));
  return out;
}

PreparedRows prepare_constant_class(const Selection& targets) {
  require_rows(targets);
  PreparedRows out = empty_prepared(targets);
  const std::vector<float> weights = weights_of(targets);
  std::vector<double> class_fractions(targets.data->targets.classes);
  double total = 0;
  for (std::size_t i = 0; i < out.rows; ++i) {
    class_fractions[targets.data->targets.labels[targets.rows[i]]] += static_cast<double>(weights[i]);
    total += static_cast<double>(weights[i]);
  }
  for (double& fraction : class_fractions)
    fraction = total > 0 ? fraction / total : 1 / static_cast<double>(class_fractions.size());
  out.classes = prepare_classes({}, class_fractions, targets, Depth::all);
  return out;
}

PreparedRows prepare_constant_number(const Selection& targets, Center center) {
  require_rows(targets);
  PreparedRows out = empty_prepared(targets);
  const std::vector<float> weights = weights_of(targets);
  std::vector<double> values(out.rows);
  for (std::size_t j = 0; j < targets.data->targets.numbers().columns(); ++j) {
    double total = 0, sum = 0;
    for (std::size_t i = 0; i < out.rows; ++i) {
      values[i] = static_cast<double>(targets.data->targets.numbers()(targets.rows[i], j));
      total += static_cast<double>(weights[i]);
      sum += static_cast<double>(weights[i]) * values[i];
    }
    const double middle = center == Center::mean ? sum / total : weighted_median(values, weights);
    const double constant = total > 0 ? middle : 0;
    out.numbers.push_back(prepare_numbers({}, &constant, targets, j, Depth::all));
  }
  return out;
}

template <std::size_t L>
std::vector<Lanes<L>> values_of(const PreparedRows& prepared, std::span<const float> weights) {
  if (prepared.is_classes) return class_values<L>(prepared.classes, weights);
  std::vector<Lanes<L>> mean;
  for (const PreparedNumbers& output : prepared.numbers) {
    const std::vector<Lanes<L>> values = number_values<L>(output, weights);
    mean.resize(values.size());
    for (std::size_t m = 0; m < values.size(); ++m)
      for (std::size_t l = 0; l < L; ++l) mean[m][l] += values[m][l];
  }
  for (Lanes<L>& lanes : mean)
    for (double& value : lanes) value /= static_cast<double>(prepared.numbers.size());
  return mean;
}

template std::vector<Lanes<1>> values_of<1>(const PreparedRows&, std::span<const float>);
template std::vector<Lanes<kLanes>> values_of<kLanes>(const PreparedRows&, std::span<const float>);

}  // namespace chainrule
