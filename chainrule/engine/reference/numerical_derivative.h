// SPDX-License-Identifier: Apache-2.0
// The objective as a function of one parameter: what numerical derivatives are made of.
#pragma once

#include <complex>
#include <cstddef>
#include <string>
#include <vector>

#include "chainrule/engine/reference/reference.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// Where a parameter stands.
struct ParameterPlace {
  std::size_t layer = 0;
  bool is_bias = false;
  std::size_t row = 0, column = 0;  ///< of the weight matrix; a bias has its unit in row
};
/// "W2[3,1]" or "b2[3]", as the article counts: W(l) joins layer l to layer l + 1, all indices from 1.
std::string parameter_name(const ParameterPlace& place);

/// The objective as a function of one parameter: what numerical derivatives are made of. Only what the parameter can
/// change is computed again. What is handed over must outlive the probe, which
/// serves one thread.
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
  // Room for what a parameter changes, one matrix per layer, taken once.
  mutable std::vector<MatrixOf<double>> moved_;
  mutable std::vector<MatrixOf<std::complex<double>>> moved_complex_;
};

}  // namespace chainrule
#pragma GCC visibility pop
