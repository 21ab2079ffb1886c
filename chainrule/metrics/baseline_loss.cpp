// SPDX-License-Identifier: Apache-2.0
#include "chainrule/metrics/baseline_loss.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "chainrule/base/elementary.h"
#include "chainrule/engine/formulas/loss_formulas.h"
#include "chainrule/metrics/metrics.h"
#include "chainrule/metrics/row_losses.h"

namespace chainrule {
namespace {

double weight_of(const Dataset& data, std::size_t row) {
  return data.weights_of_loss().empty() ? 1.0 : static_cast<double>(data.weights_of_loss()[row]);
}

// The targets of the rows, (rows x outputs).
Matrix targets_of(const Selection& rows) {
  Matrix targets(rows.rows.size(), rows.data->targets.columns());
  rows.data->targets.gather(rows.rows, targets.view());
  return targets;
}

double weighted_mean(const Selection& rows, const Matrix& targets, std::size_t column) {
  double sum = 0, total = 0;
  for (std::size_t i = 0; i < targets.rows(); ++i) {
    const double weight = weight_of(*rows.data, rows.rows[i]);
    sum += weight * static_cast<double>(targets(i, column));
    total += weight;
  }
  return sum / total;
}

// The weighted median: the smallest value with at least half of the weight at or below it.
double weighted_median(const Selection& rows, const Matrix& targets, std::size_t column) {
  std::vector<std::size_t> order(targets.rows());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return targets(i, column); });
  double total = 0, below = 0;
  for (const std::size_t row : rows.rows) total += weight_of(*rows.data, row);
  for (const std::size_t i : order) {
    below += weight_of(*rows.data, rows.rows[i]);
    if (2 * below >= total) return static_cast<double>(targets(i, column));
  }
  return 0;
}

// The output a(L) with this link value, labels smoothed over `classes`; approximate at the limits of the link's range.
double output_for(const Loss& loss, double prediction, double classes) {
  const auto log = [](double x) { return elementary::log(std::max(x, std::numeric_limits<double>::min())); };
  const auto smooth = [&](double fraction) {
    return (1 - loss.label_smoothing) * prediction + loss.label_smoothing * fraction;
  };
  const std::string_view link = link_name(loss);
  if (link == "softmax") return log(smooth(1 / classes));
  if (link == "sigmoid") return log(smooth(0.5)) - log(1 - smooth(0.5));
  if (link == "exp") return log(prediction);
  return prediction;
}

// output_of(target): the output of the network for a row with this target.
template <class OutputOf>
double mean_loss(const Loss& loss, const Selection& rows, const Matrix& targets, const OutputOf& output_of) {
  std::vector<double> target(targets.columns());
  double sum = 0, total = 0;
  for (std::size_t i = 0; i < targets.rows(); ++i) {
    std::ranges::copy(targets.row(i), target.begin());
    const double weight = weight_of(*rows.data, rows.rows[i]);
    sum += weight * loss_value(loss, output_of(target), target);
    total += weight;
  }
  return sum / total;
}

// The best of two outputs that are the same for every row, and its loss.
struct Constant {
  std::vector<double> output;
  double loss = std::numeric_limits<double>::infinity();
};

Constant best_constant(const Loss& loss, const Selection& rows, const Matrix& targets) {
  Constant best;
  for (const auto constant_of : {weighted_mean, weighted_median}) {
    std::vector<double> output(targets.columns());
    for (std::size_t k = 0; k < output.size(); ++k)
      output[k] = output_for(loss, constant_of(rows, targets, k), static_cast<double>(output.size()));
    const double its_loss = mean_loss(
        loss, rows, targets, [&](const auto&) -> const auto& { return output; });
    if (best.output.empty() || its_loss < best.loss) best = {std::move(output), its_loss};
  }
  return best;
}

GainOverBaseline gain_of(const std::vector<double>& differences, const std::vector<double>& weights) {
  double sum = 0, total = 0, squares = 0;
  for (std::size_t i = 0; i < differences.size(); ++i) {
    sum += weights[i] * differences[i];
    total += weights[i];
  }
  const double mean = sum / total;
  for (std::size_t i = 0; i < differences.size(); ++i) {
    const double d = weights[i] * (differences[i] - mean);
    squares += d * d;
  }
  const auto rows = static_cast<double>(differences.size());
  return {mean, rows < 2 ? std::numeric_limits<double>::quiet_NaN() : std::sqrt(squares * rows / (rows - 1)) / total};
}

double plain_weight(const Dataset& data, std::size_t row) {
  return data.weights.empty() ? 1.0 : static_cast<double>(data.weights[row]);
}

}  // namespace

double baseline_loss(const Loss& loss, const Selection& rows) {
  validate(rows);
  return best_constant(loss, rows, targets_of(rows)).loss;
}

GainOverBaseline gain_of_loss(const Loss& loss, ConstMatrixView outputs, const Selection& rows) {
  validate(rows);
  const Matrix targets = targets_of(rows);
  const std::vector<double> constant = best_constant(loss, rows, targets).output;
  std::vector<double> differences = losses_of_rows(loss, outputs, rows), weights(targets.rows());
  std::vector<double> target(targets.columns());
  for (std::size_t i = 0; i < differences.size(); ++i) {
    std::ranges::copy(targets.row(i), target.begin());
    differences[i] = loss_value(loss, std::span<const double>(constant), target) - differences[i];
    weights[i] = weight_of(*rows.data, rows.rows[i]);
  }
  return gain_of(differences, weights);
}

GainOverBaseline gain_of_predictions(ConstMatrixView predictions, const Selection& rows,
                                     std::optional<double> threshold) {
  validate(rows);
  const Dataset& data = *rows.data;
  const Targets& targets = data.targets;
  const std::size_t count = rows.rows.size();
  std::vector<double> differences(count), weights(count), of_class(targets.classes);
  double sum = 0, total = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t row = rows.rows[i];
    weights[i] = plain_weight(data, row);
    total += weights[i];
    if (targets.classes > 0)
      of_class[targets.labels[row]] += weights[i];
    else
      sum += weights[i] * static_cast<double>(targets.numbers()(row, 0));
  }
  const auto frequent = static_cast<std::size_t>(std::ranges::max_element(of_class) - of_class.begin());
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t row = rows.rows[i];
    if (targets.classes > 0) {
      const std::size_t label = targets.labels[row];
      differences[i] = static_cast<double>(predicted_class(predictions.row(i), threshold) == label) -
                       static_cast<double>(frequent == label);
      continue;
    }
    const auto y = static_cast<double>(targets.numbers()(row, 0));
    const double unit = targets.scale * static_cast<double>(predictions(i, 0)) + targets.shift;
    const double error = std::clamp(unit, targets.minimum, targets.maximum) - (targets.scale * y + targets.shift);
    const double of_mean = targets.scale * (sum / total - y);
    differences[i] = of_mean * of_mean - error * error;
  }
  return gain_of(differences, weights);
}

double minimum_loss(const Loss& loss, const Selection& rows) {
  validate(rows);
  const Matrix targets = targets_of(rows);
  std::vector<double> output(targets.columns());
  return mean_loss(loss, rows, targets, [&](const std::vector<double>& target) -> const std::vector<double>& {
    for (std::size_t k = 0; k < output.size(); ++k)
      output[k] = output_for(loss, target[k], static_cast<double>(output.size()));
    return output;
  });
}

}  // namespace chainrule
