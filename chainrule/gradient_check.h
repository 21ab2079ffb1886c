// SPDX-License-Identifier: Apache-2.0
// Gradient check: backpropagation against numerical derivatives of the objective, in double, every parameter in turn.
#pragma once

#include <cstddef>

#include "chainrule/truth.h"

namespace chainrule {

/// The error of an entry is |a - b| / max(|a|, |b|, s), s being the largest magnitude in the same tensor, and at least
/// 1e-3 of the objective; plain relative error punishes correct code where a gradient is nearly zero.
double entry_error(double a, double b, double s);

enum class CheckMethod {
  complex_step,        ///< exact to rounding; smooth activations and losses only
  central_differences  ///< error about (machine epsilon)^(2/3); works for a user's own functions
};

struct GradientCheck {
  double worst_error = 0;
  ParameterPlace worst;                ///< where it is
  double computed = 0, numerical = 0;  ///< the two derivatives there, decay included
  std::size_t checked = 0;             ///< parameters compared
  std::size_t kinks = 0;               ///< parameters left out because a kink lies within the step
};

/// Compares `gradients` (of the mean loss, decay left out, as truth_step gives them; any other source can be checked,
/// too) with numerical derivatives of truth_objective. By central differences, a parameter whose two one-sided slopes
/// disagree is counted as a kink and left out.
GradientCheck check_gradients(const Architecture& architecture, const TruthParameters& parameters, const Loss& loss,
                              const TruthBatch& batch, double weight_decay, const TruthParameters& gradients,
                              const TruthParameters& decay_gradients, CheckMethod method);

/// The same for the step that truth_step makes.
GradientCheck check_gradients(const Architecture& architecture, const TruthParameters& parameters, const Loss& loss,
                              const TruthBatch& batch, double weight_decay, CheckMethod method);

}  // namespace chainrule
