// SPDX-License-Identifier: Apache-2.0
#include "chainrule/gradient_check_engine.h"

#include <fmt/format.h>

#include <cmath>

#include "chainrule/explain.h"

namespace chainrule {
namespace {

EngineCheck compare(const Tensor& tensor, std::size_t layer, bool is_bias) {
  EngineCheck check;
  check.layer = layer;
  check.is_bias = is_bias;
  check.worst_share = -1;
  for (std::size_t k = 0; k < tensor.engine.size(); ++k) {
    const double off = std::abs(tensor.engine[k] - tensor.truth[k]);
    const double share = off == 0 ? 0 : off / tensor.bound[k];
    if (share <= check.worst_share || std::isnan(check.worst_share)) continue;  // NaN wins
    check.worst_share = share;
    check.worst = {layer, is_bias, is_bias ? k : k / tensor.columns, is_bias ? 0 : k % tensor.columns};
    check.engine = tensor.engine[k];
    check.truth = tensor.truth[k];
    check.bound = tensor.bound[k];
  }
  return check;
}

}  // namespace

std::vector<EngineCheck> check_engine(const Architecture& architecture, const TruthParameters& parameters,
                                      const Loss& loss, const TruthBatch& batch) {
  TrainOptions options;
  options.loss = loss;
  options.optimizer = Sgd{};
  const Explanation explanation = explain_steps(architecture, parameters, batch, options);
  std::vector<EngineCheck> checks;
  for (std::size_t l = 0; l < architecture.depth(); ++l)
    for (const bool is_bias : {false, true})
      checks.push_back(compare(explanation.steps[0].of(fmt::format("d{}{}", is_bias ? "b" : "W", l + 1)), l, is_bias));
  return checks;
}

}  // namespace chainrule
