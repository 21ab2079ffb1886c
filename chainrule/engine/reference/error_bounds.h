// SPDX-License-Identifier: Apache-2.0
// Rounding error bounds: how far each number of the float engine may be from the double-precision reference. A running
// error analysis (Higham, Accuracy and Stability of Numerical Algorithms, 2002, 3.1 and 3.3) of one step. A sum of n
// products rounds at most n + 2 times, relative to the sum of the magnitudes of its terms, in any order. Errors of
// operands propagate with the same magnitudes. Functions pass on the largest change that errors of their arguments
// cause, to first order.
#pragma once

#include <vector>

#include "chainrule/engine/reference/reference.h"
#include "chainrule/engine/train_step.h"

namespace chainrule {

/// Bounds on |engine - truth| for the numbers of one step. Derivatives are those of the mean loss, as in the engine, so
/// that delta and d_a include 1/m.
struct StepBounds {
  std::vector<MatrixOf<double>> z, a, slope, d_a, delta;  ///< per affine layer, (m x outputs)
  std::vector<double> sample_losses;                      ///< unweighted, m
  double loss = 0, decay_term = 0;
  ReferenceParameters gradients;  ///< of the mean loss, without decay
  double gradient_norm = 0;
};

/// Bounds on the errors of the inputs of a step: 0 if the reference computes with the engine's own floats.
struct InputBounds {
  MatrixOf<double> inputs, targets;
  ReferenceParameters parameters;
};
/// All 0.
InputBounds no_bounds(const Architecture& architecture, const ReferenceBatch& batch);

/// Bounds for the step that reference_step() computed from the same arguments.
StepBounds bound_step(const Architecture& architecture, const ReferenceParameters& parameters, const Loss& loss,
                      const ReferenceBatch& batch, double weight_decay, const std::vector<MatrixOf<double>>& masks,
                      const InputBounds& in, const ReferenceStep& reference);

/// Updates the bounds of the parameters and of the optimizer's memory for one update. `state` and `parameters` are the
/// reference values before the update. `state_bounds` (except its step) and `parameter_bounds` are input and output.
void bound_update(const Architecture& architecture, const Optimizer& optimizer, double learning_rate,
                  double weight_decay, double clip_norm, const ReferenceStep& reference, const StepBounds& step,
                  const ReferenceOptimizer& state, const ReferenceParameters& parameters,
                  ReferenceOptimizer& state_bounds, ReferenceParameters& parameter_bounds);

}  // namespace chainrule
