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

#pragma GCC visibility push(default)
namespace chainrule {

/// Parameters in double, layer by layer.
struct TruthParameters {
  std::vector<MatrixOf<double>> weights;    ///< (outputs x inputs)
  std::vector<std::vector<double>> biases;  ///< outputs
};

/// Zeros in the shape of the architecture.
TruthParameters truth_parameters(const Architecture& architecture);
/// The engine's parameters (or gradients, or optimizer memory), converted to double.
TruthParameters truth_parameters(const Architecture& architecture, const Parameters& engine);
TruthParameters truth_parameters(const Network& network);

/// One batch: (m x S_1), (m x S_L), and the weight of each sample (empty = all 1).
struct TruthBatch {
  MatrixOf<double> inputs, targets;
  std::vector<double> weights;
};

/// Everything a training step computes before the update. With dropout, `masks` of the engine's pass multiply the
/// activations: masks[0] the inputs, masks[l + 1] layer l; an empty matrix means no dropout.
struct TruthStep {
  std::vector<MatrixOf<double>> z, a;   ///< per affine layer, (m x outputs)
  std::vector<MatrixOf<double>> d_a;    ///< d(sample loss)/da of each sample, dropout's masks included
  std::vector<MatrixOf<double>> slope;  ///< f'(z)
  std::vector<MatrixOf<double>> delta;  ///< d_a f'(z) = d(sample loss)/dz: weighted, not divided by m
  std::vector<double> sample_losses;    ///< weighted, m
  double loss = 0;                      ///< their mean
  double decay_term = 0;                ///< lambda / 2 * sum of squared weights, with multipliers
  double objective() const { return loss + decay_term; }
  TruthParameters gradients;        ///< of the mean loss, without decay
  TruthParameters decay_gradients;  ///< lambda W (M6; (8), (11)); zeros for biases
};

/// Forward, loss, deltas and gradients (M2 - M10; (1) - (23)) of one batch; with a mistake in the backward pass if one
/// is planted.
TruthStep truth_step(const Architecture& architecture, const TruthParameters& parameters, const Loss& loss,
                     const TruthBatch& batch, double weight_decay, const std::vector<MatrixOf<double>>& masks = {},
                     const PlantedFault& fault = {});

/// The objective alone (M5; (6)).
double truth_objective(const Architecture& architecture, const TruthParameters& parameters, const Loss& loss,
                       const TruthBatch& batch, double weight_decay);

/// The optimizer's memory in double.
struct TruthOptimizer {
  explicit TruthOptimizer(const Architecture& architecture)
      : first(truth_parameters(architecture)), second(truth_parameters(architecture)) {}
  TruthParameters first, second;
  std::uint64_t step = 0;
};

/// Euclidean norm of all gradients together, without decay.
double truth_norm(const TruthParameters& gradients);
/// The factor that scales a gradient of this norm down to at most clip_norm; clip_norm 0 = never.
double truth_clip(double norm, double clip_norm);
/// One update (M11 - M13; (24), (25)) with the multipliers and norm bounds of the architecture.
void truth_update(const Architecture& architecture, const Optimizer& optimizer, double learning_rate,
                  double weight_decay, const TruthStep& step, TruthOptimizer& state, TruthParameters& parameters,
                  double clip_norm = 0);

}  // namespace chainrule
#pragma GCC visibility pop
