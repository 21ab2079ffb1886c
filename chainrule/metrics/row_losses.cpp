// SPDX-License-Identifier: Apache-2.0
#include "chainrule/metrics/row_losses.h"

#include <algorithm>

#include "chainrule/base/checks.h"
#include "chainrule/engine/formulas/loss_formulas.h"

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

}  // namespace chainrule
