// SPDX-License-Identifier: Apache-2.0
#include "chainrule/metrics/baseline_loss.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "chainrule/base/elementary.h"
#include "chainrule/engine/formulas/loss_formulas.h"

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

}  // namespace

double baseline_loss(const Loss& loss, const Selection& rows) {
  validate(rows);
  const Matrix targets = targets_of(rows);
  double minimum = std::numeric_limits<double>::infinity();
  for (const auto constant_of : {weighted_mean, weighted_median}) {
    std::vector<double> output(targets.columns());
    for (std::size_t k = 0; k < output.size(); ++k)
      output[k] = output_for(loss, constant_of(rows, targets, k), static_cast<double>(output.size()));
    minimum = std::min(minimum, mean_loss(
                                    loss, rows, targets, [&](const auto&) -> const auto& { return output; }));
  }
  return minimum;
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
