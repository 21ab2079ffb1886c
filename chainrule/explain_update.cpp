// SPDX-License-Identifier: Apache-2.0
// The second half of a recorded step: gradients, what the optimiser remembers, the new parameters and their objective.
#include <cmath>

#include "chainrule/explain_recorder.h"
#include "chainrule/optimizer_rules.h"

namespace chainrule {

void Recorder::add_parameters(const char* more) {
  for (std::size_t l = 0; l < depth(); ++l) {
    const Segment& weights = network_.parameters.segments()[l];
    add(tensor_name("W", l + 1, more), weights.rows, weights.columns, wide(in_rows(network_.parameters, weights)),
        wide(parameters_.weights[l].flat()), wide(in_.parameters.weights[l].flat()));
    add(tensor_name("b", l + 1, more), weights.rows, 1, wide(network_.parameters.biases(l)), parameters_.biases[l],
        in_.parameters.biases[l]);
  }
}

void Recorder::add_memory(const char* more) {
  const std::size_t remembered = optimizer_memory(options_.optimizer);
  for (std::size_t which = 0; which < remembered; ++which) {
    const Parameters& engine = which == 0 ? state_.first : state_.second;
    const TruthParameters& truth = which == 0 ? memory_.first : memory_.second;
    const TruthParameters& bound = which == 0 ? memory_bounds_.first : memory_bounds_.second;
    const std::string symbol = which == 0 ? "first_" : "second_";
    for (std::size_t l = 0; l < depth(); ++l) {
      const Segment& weights = engine.segments()[l];
      add(symbol + tensor_name("W", l + 1, more), weights.rows, weights.columns, wide(in_rows(engine, weights)),
          wide(truth.weights[l].flat()), wide(bound.weights[l].flat()));
      add(symbol + tensor_name("b", l + 1, more), weights.rows, 1, wide(engine.biases(l)), truth.biases[l],
          bound.biases[l]);
    }
  }
}

void Recorder::add_gradients() {
  for (std::size_t l = 0; l < depth(); ++l) {
    const Segment& weights = state_.gradients.segments()[l];
    add(tensor_name("dW", l + 1), weights.rows, weights.columns, wide(in_rows(state_.gradients, weights)),
        wide(truth_.gradients.weights[l].flat()), wide(bounds_.gradients.weights[l].flat()));
    add(tensor_name("db", l + 1), weights.rows, 1, wide(state_.gradients.biases(l)), truth_.gradients.biases[l],
        bounds_.gradients.biases[l]);
  }
  const double norm = truth_norm(truth_.gradients);
  add("gradient_norm", 1, 1, {state_.gradient_norm}, {norm}, {bounds_.gradient_norm});
  if (options_.clip_norm == 0) return;
  const double clip = truth_clip(norm, options_.clip_norm);
  const double bound =
      norm + bounds_.gradient_norm <= options_.clip_norm ? 0 : bounds_.gradient_norm / options_.clip_norm;
  add("clip", 1, 1, {truth_clip(state_.gradient_norm, options_.clip_norm)}, {clip}, {bound});
}

// dJ/dW of the whole objective, as the update rules take it: clip * dW + lambda W.
void Recorder::add_full_gradients() {
  const double norm = truth_norm(truth_.gradients);
  const double clip = truth_clip(norm, options_.clip_norm);
  const double engine_clip = truth_clip(state_.gradient_norm, options_.clip_norm);
  for (std::size_t l = 0; l < depth(); ++l) {
    const double lambda = decay_in_gradient(network_.architecture, options_, l + 1);
    if (lambda == 0 && options_.clip_norm == 0) continue;
    const Tensor& w = record_.of(tensor_name("W", l + 1));
    const auto put = [&](const std::string& gradient, double decay, const Tensor* p) {
      const Tensor g = record_.of("d" + gradient);
      Tensor full{"g_" + gradient, g.rows, g.columns, g.engine, g.truth, g.bound};
      for (std::size_t k = 0; k < full.engine.size(); ++k) {
        const double at = p == nullptr ? 0 : p->truth[k], at_engine = p == nullptr ? 0 : p->engine[k];
        const rules::Step<float> rule{{}, {}, {}, {}, 0, static_cast<float>(decay), static_cast<float>(engine_clip),
                                      0,  0,  1};
        full.engine[k] = static_cast<double>(rule.g(static_cast<float>(g.engine[k]), static_cast<float>(at_engine)));
        full.truth[k] = clip * g.truth[k] + decay * at;
        const double clipping = options_.clip_norm == 0 ? 0 : bounds_.gradient_norm / options_.clip_norm;
        full.bound[k] = clip * g.bound[k] + clipping * std::abs(g.truth[k]) +
                        0x1p-22 * (std::abs(clip * g.truth[k]) + std::abs(decay * at)) +
                        (p == nullptr ? 0 : decay * p->bound[k]) + 0x1p-126;
      }
      record_.tensors.push_back(std::move(full));
    };
    put(tensor_name("W", l + 1), lambda, &w);
    if (options_.clip_norm != 0) put(tensor_name("b", l + 1), 0, nullptr);
  }
}

// The same rows, the same masks, the new weights.
void Recorder::add_objective_after() {
  const Pass pass{options_.seed, state_.step - 1, 0};
  forward(network_, inputs_.view(), pass, state_.work);
  const double loss =
      loss_and_gradient(options_.loss, state_.work.outputs(), targets_.view(), share_, state_.work.d_outputs());
  const double decay = decay_term(network_.parameters, options_.weight_decay);
  const std::vector<MatrixOf<double>> all_masks = masks();
  const TruthStep truth =
      truth_step(network_.architecture, parameters_, options_.loss, batch_, options_.weight_decay, all_masks);
  const StepBounds bounds = bound_step(network_.architecture, parameters_, options_.loss, batch_, options_.weight_decay,
                                       all_masks, in_, truth);
  add("loss_after", 1, 1, {loss}, {truth.loss}, {bounds.loss});
  add("decay_term_after", 1, 1, {decay}, {truth.decay_term}, {bounds.decay_term});
  add("objective_after", 1, 1, {loss + decay}, {truth.objective()}, {bounds.loss + bounds.decay_term});
}

}  // namespace chainrule
