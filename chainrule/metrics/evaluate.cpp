// SPDX-License-Identifier: Apache-2.0
#include "chainrule/metrics/evaluate.h"

#include <algorithm>

#include "chainrule/base/error.h"
#include "chainrule/engine/inference.h"
#include "chainrule/engine/kernels/tree.h"

namespace chainrule {
std::vector<double> losses_of_rows(const Loss& loss, ConstMatrixView outputs, const Selection& rows) {
  validate(rows);
  expect_equal(rows.rows.size(), outputs.rows(), "rows of the outputs");
  expect_equal(rows.data->targets.columns(), outputs.columns(), "columns of the outputs");
  std::vector<double> output(outputs.columns()), target(outputs.columns()), losses(outputs.rows());
  Matrix target_row(1, outputs.columns());
  for (std::size_t i = 0; i < losses.size(); ++i) {
    rows.data->targets.gather(std::span(rows.rows).subspan(i, 1), target_row.view());
    std::ranges::copy(outputs.row(i), output.begin());
    std::ranges::copy(target_row.row(0), target.begin());
    losses[i] = loss_value(loss, output, target);
  }
  return losses;
}

Metrics evaluate(const Network& network, const Loss& loss, const Selection& rows, std::size_t threads,
                 std::string_view also, std::optional<double> threshold) {
  expect_at_least(1, rows.rows.size(), "rows to evaluate");
  Matrix outputs = predict_outputs(network, rows, threads);
  const Dataset& data = *rows.data;
  const std::vector<double> losses = losses_of_rows(loss, outputs.view(), rows);
  const std::vector<float>& weights = data.weights_of_loss();
  const auto weight = [&](std::size_t i) { return weights.empty() ? 1.0 : double(weights[rows.rows[i]]); };
  const double total = kernels::tree_sum(losses.size(), [&](std::size_t i) { return weight(i) * losses[i]; });
  Metrics metrics = {{"loss", total / kernels::tree_sum(losses.size(), weight)}};
  apply_link(loss, outputs.view());
  for (Metric& metric : compute_metrics(outputs.view(), rows, also, threshold)) metrics.push_back(std::move(metric));
  return metrics;
}

}  // namespace chainrule
