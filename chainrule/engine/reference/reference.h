// SPDX-License-Identifier: Apache-2.0
// The double-precision reference implementation: the same network in plain loops. Golden vectors, gradient checks and
// explanations compare the engine with it. It shares no kernel with the engine, only the definitions of the
// activations, losses and update rules.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "chainrule/base/matrix.h"
#include "chainrule/engine/formulas/loss.h"
#include "chainrule/engine/formulas/optimizer.h"
#include "chainrule/engine/network.h"
#include "chainrule/engine/reference/planted_faults.h"
#include "chainrule/engine/train_step.h"

namespace chainrule {

/// Parameters in double, layer by layer.
struct ReferenceParameters {
  std::vector<MatrixOf<double>> weights;    ///< (outputs x inputs)
  std::vector<std::vector<double>> biases;  ///< outputs
};

/// Zeros in the shape of the architecture.
ReferenceParameters reference_parameters(const Architecture& architecture);
/// The engine's parameters (or gradients, or optimizer memory), converted to double.
ReferenceParameters reference_parameters(const Architecture& architecture, const Parameters& engine);
ReferenceParameters reference_parameters(const Network& network);

/// One batch: (m x S_1), (m x S_L), and the weight of each sample (empty = all 1).
struct ReferenceBatch {
  MatrixOf<double> inputs, targets;
  std::vector<double> weights;
};

/// Everything a training step computes before the update. With dropout, `masks` of the engine's pass multiply the
/// activations: masks[0] the inputs, masks[l + 1] layer l; an empty matrix means no dropout.
struct ReferenceStep {
  std::vector<MatrixOf<double>> z, a;   ///< per affine layer, (m x outputs)
  std::vector<MatrixOf<double>> d_a;    ///< d(sample loss)/da of each sample, dropout's masks included
  std::vector<MatrixOf<double>> slope;  ///< f'(z)
  std::vector<MatrixOf<double>> delta;  ///< d_a f'(z) = d(sample loss)/dz: weighted, not divided by m
  std::vector<double> sample_losses;    ///< weighted, m
  double loss = 0;                      ///< their mean
  double decay_term = 0;                ///< lambda / 2 * sum of squared weights, with multipliers
  double objective() const { return loss + decay_term; }
  ReferenceParameters gradients;        ///< of the mean loss, without decay
  ReferenceParameters decay_gradients;  ///< lambda W (M6; (8), (11)); zeros for biases
};

/// Forward, loss, deltas and gradients (M2 - M10; (1) - (23)) of one batch; with a mistake in the backward pass if one
/// is planted.
ReferenceStep reference_step(const Architecture& architecture, const ReferenceParameters& parameters, const Loss& loss,
                             const ReferenceBatch& batch, double weight_decay,
                             const std::vector<MatrixOf<double>>& masks = {}, const PlantedFault& fault = {});

/// The objective alone (M5; (6)).
double reference_objective(const Architecture& architecture, const ReferenceParameters& parameters, const Loss& loss,
                           const ReferenceBatch& batch, double weight_decay);

/// The optimizer's memory in double.
struct ReferenceOptimizer {
  explicit ReferenceOptimizer(const Architecture& architecture)
      : first(reference_parameters(architecture)), second(reference_parameters(architecture)) {}
  ReferenceParameters first, second;
  std::uint64_t step = 0;
};

/// Euclidean norm of all gradients together, without decay.
double reference_norm(const ReferenceParameters& gradients);
/// The factor that scales a gradient of this norm down to at most clip_norm; clip_norm 0 = never.
double reference_clip(double norm, double clip_norm);
/// One update (M11 - M13; (24), (25)) with the multipliers and norm bounds of the architecture.
void reference_update(const Architecture& architecture, const Optimizer& optimizer, double learning_rate,
                      double weight_decay, const ReferenceStep& step, ReferenceOptimizer& state,
                      ReferenceParameters& parameters, double clip_norm = 0);

}  // namespace chainrule
