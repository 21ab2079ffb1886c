// SPDX-License-Identifier: Apache-2.0
#include "chainrule/engine/formulas/optimizer_update.h"

#include "chainrule/base/checks.h"
#include "chainrule/base/elementary.h"
#include "chainrule/engine/formulas/optimizer_rules.h"

namespace chainrule {

std::size_t optimizer_memory(const Optimizer& optimizer) {
  static constexpr std::size_t kMemory[] = {0, 1, 1, 1, 1, 2, 2, 2};  // in the order of the variant
  return kMemory[optimizer.index()];
}

void prepare(const Optimizer& optimizer, UpdateRates& rates) {
  const auto correct = [&](double beta1, double beta2) {
    rates.correction1 = 1 / (1 - elementary::power(beta1, rates.step));
    rates.correction2 = 1 / (1 - elementary::power(beta2, rates.step));
  };
  if (const Adam* adam = std::get_if<Adam>(&optimizer)) correct(adam->beta1, adam->beta2);
  if (const AdamW* adamw = std::get_if<AdamW>(&optimizer)) correct(adamw->beta1, adamw->beta2);
}

void require_fit(const Optimizer& optimizer, std::size_t parameters, std::size_t gradient, std::size_t first,
                 std::size_t second) {
  const std::size_t memory = optimizer_memory(optimizer);
  expect_equal(parameters, gradient, "gradients of the update");
  if (memory >= 1) expect_equal(parameters, first, "first memory of the optimizer");
  if (memory >= 2) expect_equal(parameters, second, "second memory of the optimizer");
}

void optimizer_update(const Optimizer& optimizer, const UpdateRates& rates, std::span<double> parameters,
                      std::span<const double> gradient, std::span<double> first, std::span<double> second) {
  require_fit(optimizer, parameters.size(), gradient.size(), first.size(), second.size());
  if (rates.learning_rate == 0 && std::holds_alternative<Rprop>(optimizer)) return;  // else rprop would still step
  rules::update(optimizer, rates, parameters, gradient, first, second);
}

}  // namespace chainrule
