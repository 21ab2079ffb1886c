// SPDX-License-Identifier: Apache-2.0
// How far the float engine may be from the double truth, number by number: a running error analysis (Higham, Accuracy
// and Stability of Numerical Algorithms, 2002, 3.1 and 3.3) of one step. Each sum of n products makes at most n + 2
// roundings of terms as large as their magnitudes, in whatever order it is taken; errors of operands pass through the
// same magnitudes; functions pass on the largest change that errors of their arguments make, to first order.
#pragma once

#include <vector>

#include "chainrule/engine/reference/reference.h"
#include "chainrule/engine/train_step.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// Bounds on |engine - truth| for the numbers of one step. Derivatives are as the engine keeps them: of the mean loss,
/// so that delta and d_a carry 1/m.
struct StepBounds {
  std::vector<MatrixOf<double>> z, a, slope, d_a, delta;  ///< per affine layer, (m x outputs)
  std::vector<double> sample_losses;                      ///< weights left out, m
  double loss = 0, decay_term = 0;
  TruthParameters gradients;  ///< of the mean loss, decay left out
  double gradient_norm = 0;
};

/// How far what goes into a step may be from the truth: 0 where the truth was made from the engine's own floats.
struct InputBounds {
  MatrixOf<double> inputs, targets;
  TruthParameters parameters;
};
/// All 0.
InputBounds no_bounds(const Architecture& architecture, const TruthBatch& batch);

/// For the step that truth_step() made of the same arguments.
StepBounds bound_step(const Architecture& architecture, const TruthParameters& parameters, const Loss& loss,
                      const TruthBatch& batch, double weight_decay, const std::vector<MatrixOf<double>>& masks,
                      const InputBounds& in, const TruthStep& truth);

/// What an update makes of the bounds of the parameters and of the optimiser's memory. `state` and `parameters` are the
/// truth before the update; `state_bounds` (step left alone) and `parameter_bounds` go in and come out.
void bound_update(const Architecture& architecture, const Optimizer& optimizer, double learning_rate,
                  double weight_decay, double clip_norm, const TruthStep& truth, const StepBounds& step,
                  const TruthOptimizer& state, const TruthParameters& parameters, TruthOptimizer& state_bounds,
                  TruthParameters& parameter_bounds);

}  // namespace chainrule
#pragma GCC visibility pop
