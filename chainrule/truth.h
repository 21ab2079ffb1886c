// SPDX-License-Identifier: Apache-2.0
// The slow truth: the same network in plain loops, in double (and complex, for the complex step). Golden vectors,
// gradient checks and explanations compare the engine with it. It shares no kernel with the engine, only the
// definitions of the activations, losses and update rules.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "chainrule/loss.h"
#include "chainrule/matrix.h"
#include "chainrule/network.h"
#include "chainrule/optimizer.h"
#include "chainrule/truth_fault.h"

namespace chainrule {

/// Parameters in double, layer by layer.
struct TruthParameters {
  std::vector<MatrixOf<double>> weights;    ///< (outputs x inputs)
  std::vector<std::vector<double>> biases;  ///< outputs
};

/// Zeros in the shape of the architecture.
TruthParameters truth_parameters(const Architecture& architecture);
/// The engine's parameters, widened.
TruthParameters truth_parameters(const Network& network);

/// One batch: (m x S_1), (m x S_L), and the weight of each sample (empty = all 1).
struct TruthBatch {
  MatrixOf<double> inputs, targets;
  std::vector<double> weights;
};

/// Everything a training step computes before the update. With dropout, `masks` of the engine's pass multiply the
/// activations: masks[0] the inputs, masks[l + 1] layer l; an empty matrix is no dropout.
struct TruthStep {
  std::vector<MatrixOf<double>> z, a;   ///< per affine layer, (m x outputs)
  std::vector<MatrixOf<double>> delta;  ///< d(sample loss)/dz of each sample: weighted, not divided by m
  std::vector<double> sample_losses;    ///< weighted, m
  double loss = 0;                      ///< their mean
  double decay_term = 0;                ///< lambda / 2 * sum of squared weights, multipliers counted
  double objective() const { return loss + decay_term; }
  TruthParameters gradients;        ///< of the mean loss, decay left out
  TruthParameters decay_gradients;  ///< lambda W (M6); zeros for biases
};

/// Forward, loss, deltas and gradients (M2 - M10) of one batch; with a mistake in the backward pass where one is
/// planted.
TruthStep truth_step(const Architecture& architecture, const TruthParameters& parameters, const Loss& loss,
                     const TruthBatch& batch, double weight_decay, const std::vector<MatrixOf<double>>& masks = {},
                     const PlantedFault& fault = {});

/// The objective alone (M5).
double truth_objective(const Architecture& architecture, const TruthParameters& parameters, const Loss& loss,
                       const TruthBatch& batch, double weight_decay);

/// Where a parameter stands.
struct ParameterPlace {
  std::size_t layer = 0;
  bool is_bias = false;
  std::size_t row = 0, column = 0;  ///< of the weight matrix; a bias has its unit in row
};
/// "W(2)[3,1]" or "b(2)[3]", as the article counts: W(l) joins layer l to layer l + 1, all indices from 1.
std::string parameter_name(const ParameterPlace& place);

/// The objective as a function of one parameter: what numerical derivatives are made of. Only what the parameter can
/// change is computed again. What is handed over must outlive the probe.
class TruthProbe {
 public:
  TruthProbe(const Architecture& architecture, const TruthParameters& parameters, const Loss& loss,
             const TruthBatch& batch, double weight_decay);
  struct Change {
    double objective = 0;   ///< J(p + shift) - J(p), summed up from the samples' differences: few digits are lost
    bool crossing = false;  ///< a formula in pieces (ReLU, ELU, |d| ...) leaves its piece, or the joint, on the way
  };
  Change change(const ParameterPlace& place, double shift) const;
  /// dJ/dp by complex step (Squire & Trapp 1998): Im J(p + ih) / h with h = 1e-100, free of cancellation. The
  /// activations and the loss must be analytic at the point.
  double complex_step(const ParameterPlace& place) const;

 private:
  template <class T>
  T change_by(const ParameterPlace& place, T shift, bool& crossing) const;

  const Architecture& architecture_;
  const TruthParameters& parameters_;
  const Loss& loss_;
  const TruthBatch& batch_;
  double weight_decay_;
  std::vector<MatrixOf<double>> z_, a_;
  std::vector<double> sample_losses_;  // weights left out
};

/// The optimiser's memory in double.
struct TruthOptimizer {
  explicit TruthOptimizer(const Architecture& architecture)
      : first(truth_parameters(architecture)), second(truth_parameters(architecture)) {}
  TruthParameters first, second;
  std::uint64_t step = 0;
};

/// One update (M11 - M13) with the multipliers of the architecture.
void truth_update(const Architecture& architecture, const Optimizer& optimizer, double learning_rate,
                  double weight_decay, const TruthStep& step, TruthOptimizer& state, TruthParameters& parameters);

}  // namespace chainrule
