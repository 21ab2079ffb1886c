// SPDX-License-Identifier: Apache-2.0
#include "chainrule/explain.h"

#include <algorithm>
#include <cmath>

#include "chainrule/error.h"
#include "chainrule/explain_recorder.h"

namespace chainrule {

const Tensor* ExplainedStep::find(std::string_view wanted) const {
  const auto found = std::ranges::find(tensors, wanted, &Tensor::name);
  return found == tensors.end() ? nullptr : &*found;
}

const Tensor& ExplainedStep::of(std::string_view wanted) const {
  const Tensor* found = find(wanted);
  if (found == nullptr) throw Error(ErrorCategory::internal, "explain: no quantity " + in_quotes(wanted));
  return *found;
}

Explanation explain_steps(const Architecture& architecture, const TruthParameters& start, const TruthBatch& batch,
                          const TrainOptions& options, std::size_t steps, TruthStart truth) {
  validate(architecture);
  validate(options);
  if (batch.inputs.rows() == 0) throw Error(ErrorCategory::input, "rows to explain: expected at least 1, found 0");
  Explanation explanation;
  explanation.architecture = architecture;
  explanation.options = options;
  for (std::size_t i = 0; i < batch.inputs.rows(); ++i) explanation.rows.push_back(i + 1);
  Recorder recorder(architecture, start, batch, options);
  for (std::size_t step = 0; step < steps; ++step) {
    if (step > 0 && truth == TruthStart::engine) recorder.restart_truth();
    explanation.steps.push_back(recorder.step());
  }
  return explanation;
}

double decay_in_gradient(const Architecture& architecture, const TrainOptions& options, std::size_t layer) {
  if (std::holds_alternative<AdamW>(options.optimizer)) return 0;
  return options.weight_decay * architecture.layers[layer - 1].decay_multiplier;
}

std::vector<Excess> find_excesses(const Explanation& explanation, std::size_t most) {
  std::vector<Excess> excesses;
  for (const ExplainedStep& step : explanation.steps)
    for (const Tensor& tensor : step.tensors)
      for (std::size_t k = 0; k < tensor.engine.size() && excesses.size() < most; ++k) {
        const double difference = std::abs(tensor.engine[k] - tensor.truth[k]);
        if (difference <= tensor.bound[k] || difference == 0) continue;  // false for NaN
        excesses.push_back({step.step, tensor.name, k / tensor.columns, k % tensor.columns, tensor.engine[k],
                            tensor.truth[k], tensor.bound[k]});
      }
  return excesses;
}

}  // namespace chainrule
