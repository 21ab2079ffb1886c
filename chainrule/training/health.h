// SPDX-License-Identifier: Apache-2.0
// Statistics of a training step per layer: activations, and updates relative to the parameters. diagnosis.h interprets
// them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "chainrule/engine/network.h"
#include "chainrule/engine/workspace.h"
#include "chainrule/training/train.h"

namespace chainrule {

/// A value counts as saturated if |f'(z)| is below this fraction of the largest |f'| of its activation: a step hardly
/// changes it. For a sigmoid that is |z| > 5.99, for tanh |z| > 2.99 (Glorot & Bengio 2010 monitor such units), for
/// ReLU z <= 0. The fraction itself is ours.
inline constexpr double kSaturatedSlope = 0.01;

/// The largest |f'(z)| over all z: 1/4 for the sigmoid, 1 for tanh and ReLU. Unknown for custom activations: 1.
double largest_slope(const Activation& activation);

/// Collects the statistics of one or several steps: activations over all their rows, norms and ratios as means over
/// the steps. Only reads the results of a step.
class HealthMeter {
 public:
  explicit HealthMeter(const Architecture& architecture);

  /// Adds a finished step: its inputs (m x S_1), its z and a, its gradients, and the parameters before and after it.
  void add(ConstMatrixView inputs, Workspace& work, const Parameters& gradients, const Parameters& before,
           const Parameters& after);
  /// The statistics of the layers 1 ... L.
  std::vector<LayerHealth> layers() const;

 private:
  struct Units {
    double count = 0, mean = 0, squares = 0;  // squares: the sum of squared deviations from the mean
    double saturated = 0;
    std::vector<std::uint8_t> moves;  // per unit: whether it was unsaturated on some row
  };
  void add_values(std::size_t layer, std::span<const float> values);
  void add_slopes(std::size_t layer, ConstMatrixView z, ConstMatrixView a);

  std::vector<Activation> activations_;            // of the layers 2 ... L
  std::vector<Units> units_;                       // of the layers 1 ... L
  std::vector<ParameterHealth> weights_, biases_;  // sums over the steps
  std::vector<float> ones_, slopes_;               // buffers for one row
  double steps_ = 0;
};

}  // namespace chainrule
