// SPDX-License-Identifier: Apache-2.0
// The losses by name. The formulas are in loss_formulas.cpp.
#include "chainrule/engine/formulas/loss.h"

#include "chainrule/base/checks.h"
#include "chainrule/engine/formulas/loss_formulas.h"

namespace chainrule {

Loss::Loss(CustomLoss functions)
    : kind(LossKind::custom), custom(std::make_shared<const CustomLoss>(std::move(functions))) {
  if (!custom->value || !custom->gradient)
    throw Error(ErrorCategory::usage,
                "loss " + in_quotes(custom->name) + ": expected a value and a gradient, found an empty function");
}

const std::vector<std::string>& loss_names() {
  static const std::vector<std::string> names = {"half_squared_error",    "absolute_error",       "huber", "poisson",
                                                 "softmax_cross_entropy", "sigmoid_cross_entropy"};
  return names;
}

std::string_view loss_name(const Loss& loss) {
  if (loss.kind == LossKind::custom) return functions_of(loss).name;
  expect_below(loss_names().size(), static_cast<std::size_t>(loss.kind), "loss");
  return loss_names()[static_cast<std::size_t>(loss.kind)];
}

LossKind loss_from_name(std::string_view name) {
  return static_cast<LossKind>(index_of_name(name, loss_names(), "loss"));
}

void apply_link(const Loss& loss, MatrixView outputs) {
  for (std::size_t row = 0; row < outputs.rows(); ++row) apply_link(loss, outputs.row(row));
}

}  // namespace chainrule
