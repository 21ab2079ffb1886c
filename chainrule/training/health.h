// SPDX-License-Identifier: Apache-2.0
// How a training step fares, layer by layer: what its activations are like, and how its update compares with the
// parameters. Statistics only; what they mean is said in diagnosis.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "chainrule/engine/network.h"
#include "chainrule/engine/workspace.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// A value counts as saturated where |f'(z)| is below this share of the largest |f'| of its activation: there, a step
/// hardly moves it. For a sigmoid that is |z| > 5.99, for tanh |z| > 2.99 (Glorot & Bengio 2010 watch such units), for
/// ReLU z <= 0. The share itself is ours.
inline constexpr double kSaturatedSlope = 0.01;

/// The largest |f'(z)| over all z: 1/4 for the sigmoid, 1 for tanh and ReLU. A custom activation's is not known: 1.
double largest_slope(const Activation& activation);

/// Of W(l) or b(l). Each is NaN where there is no such thing.
struct ParameterHealth {
  double norm = std::numeric_limits<double>::quiet_NaN();           ///< Euclidean (Frobenius), before the step
  double gradient_norm = std::numeric_limits<double>::quiet_NaN();  ///< of the mean loss; decay left out, not clipped
  double update_ratio = std::numeric_limits<double>::quiet_NaN();   ///< norm(change) / norm; NaN where norm is 0
};

/// Of one layer, counted as the article does: layer 1 are the inputs, layer L the outputs; W(l) and b(l) lead from
/// layer l to layer l + 1. NaN where a layer has no such thing: the inputs no activation, the outputs no W and b.
struct LayerHealth {
  double activation_mean = 0;       ///< of a(l), over rows and units
  double activation_deviation = 0;  ///< standard deviation of the same numbers (divided by their count)
  double saturated = std::numeric_limits<double>::quiet_NaN();  ///< share of a(l), in [0, 1]; see kSaturatedSlope
  double dead = std::numeric_limits<double>::quiet_NaN();       ///< share of the units that are saturated on all rows
  ParameterHealth weights, biases;
};

/// Gathers the statistics of a step, or of several: then of all their rows, norms and ratios being means over the
/// steps. Reads what a step leaves behind and changes nothing.
class HealthMeter {
 public:
  explicit HealthMeter(const Architecture& architecture);

  /// A finished step: its inputs, (m x S_1), its z and a, its gradients, the parameters that it began with and those
  /// that it ended with.
  void add(ConstMatrixView inputs, Workspace& work, const Parameters& gradients, const Parameters& before,
           const Parameters& after);
  /// Of the layers 1 ... L.
  std::vector<LayerHealth> layers() const;

 private:
  struct Units {
    double count = 0, mean = 0, squares = 0;  // squares: of the deviations from the mean, summed
    double saturated = 0;
    std::vector<std::uint8_t> moves;  // per unit: whether it was not saturated on some row
  };
  void add_values(std::size_t layer, std::span<const float> values);
  void add_slopes(std::size_t layer, ConstMatrixView z, ConstMatrixView a);

  std::vector<Activation> activations_;            // of the layers 2 ... L
  std::vector<Units> units_;                       // of the layers 1 ... L
  std::vector<ParameterHealth> weights_, biases_;  // sums over the steps
  std::vector<float> ones_, slopes_;               // room for a row
  double steps_ = 0;
};

}  // namespace chainrule
#pragma GCC visibility pop
