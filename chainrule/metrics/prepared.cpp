// SPDX-License-Identifier: Apache-2.0
#include "chainrule/metrics/prepared.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "chainrule/base/error.h"

namespace chainrule {
namespace {

void require_rows(const Selection& truth) {
  if (truth.data == nullptr)
    throw Error(ErrorCategory::usage, "metrics: expected rows of a data set, found no data set");
  const Targets& targets = truth.data->targets;
  const std::size_t known = targets.rows();
  for (const std::size_t row : truth.rows)
    if (row >= known) refuse_count("metrics: row", "less than the " + std::to_string(known) + " targets", row);
}

void require_fit(ConstMatrixView predictions, const Selection& truth) {
  require_rows(truth);
  const std::size_t columns = truth.data->targets.columns();
  if (predictions.rows() != truth.rows.size() || predictions.columns() != columns)
    throw Error(ErrorCategory::usage, "predictions: expected " + std::to_string(truth.rows.size()) + " x " +
                                          std::to_string(columns) + ", found " + std::to_string(predictions.rows()) +
                                          " x " + std::to_string(predictions.columns()));
}

bool all_numbers(ConstMatrixView predictions) {
  for (std::size_t i = 0; i < predictions.rows(); ++i)
    for (const float value : predictions.row(i))
      if (std::isnan(value)) return false;
  return true;
}

Answers empty_answers(const Selection& truth) {
  Answers out;
  out.is_classes = truth.data->targets.classes > 0;
  out.rows = truth.rows.size();
  return out;
}

}  // namespace

Answers prepare(ConstMatrixView predictions, const Selection& truth, Depth depth, std::optional<double> threshold) {
  require_fit(predictions, truth);
  Answers out = empty_answers(truth);
  if (depth == Depth::all) out.finite = all_numbers(predictions);
  const Depth possible = out.finite ? depth : Depth::main;
  if (out.is_classes) {
    out.classes = prepare_classes(predictions, {}, truth, possible, threshold);
    return out;
  }
  for (std::size_t j = 0; j < predictions.columns(); ++j)
    out.numbers.push_back(prepare_numbers(predictions, nullptr, truth, j, possible));
  return out;
}

Answers prepare_constant_class(const Selection& truth) {
  require_rows(truth);
  Answers out = empty_answers(truth);
  const std::vector<float> weights = weights_of(truth);
  std::vector<double> shares(truth.data->targets.classes);
  double total = 0;
  for (std::size_t i = 0; i < out.rows; ++i) {
    shares[truth.data->targets.labels[truth.rows[i]]] += static_cast<double>(weights[i]);
    total += static_cast<double>(weights[i]);
  }
  for (double& share : shares) share = total > 0 ? share / total : 1 / static_cast<double>(shares.size());
  out.classes = prepare_classes({}, shares, truth, Depth::all);
  return out;
}

Answers prepare_constant_number(const Selection& truth, Center center) {
  require_rows(truth);
  Answers out = empty_answers(truth);
  const std::vector<float> weights = weights_of(truth);
  std::vector<double> values(out.rows);
  for (std::size_t j = 0; j < truth.data->targets.numbers().columns(); ++j) {
    double total = 0, sum = 0;
    for (std::size_t i = 0; i < out.rows; ++i) {
      values[i] = static_cast<double>(truth.data->targets.numbers()(truth.rows[i], j));
      total += static_cast<double>(weights[i]);
      sum += static_cast<double>(weights[i]) * values[i];
    }
    const double middle = center == Center::mean ? sum / total : weighted_median(values, weights);
    const double constant = total > 0 ? middle : 0;
    out.numbers.push_back(prepare_numbers({}, &constant, truth, j, Depth::all));
  }
  return out;
}

template <std::size_t L>
std::vector<Lanes<L>> values_of(const Answers& answers, std::span<const float> weights) {
  if (answers.is_classes) return class_values<L>(answers.classes, weights);
  std::vector<Lanes<L>> mean;
  for (const NumberAnswers& output : answers.numbers) {
    const std::vector<Lanes<L>> values = number_values<L>(output, weights);
    mean.resize(values.size());
    for (std::size_t m = 0; m < values.size(); ++m)
      for (std::size_t l = 0; l < L; ++l) mean[m][l] += values[m][l];
  }
  for (Lanes<L>& lanes : mean)
    for (double& value : lanes) value /= static_cast<double>(answers.numbers.size());
  return mean;
}

template std::vector<Lanes<1>> values_of<1>(const Answers&, std::span<const float>);
template std::vector<Lanes<kLanes>> values_of<kLanes>(const Answers&, std::span<const float>);

}  // namespace chainrule
