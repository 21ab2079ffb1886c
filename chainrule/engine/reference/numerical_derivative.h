// SPDX-License-Identifier: Apache-2.0
// The objective as a function of one parameter, for numerical derivatives.
#pragma once

#include <complex>
#include <cstddef>
#include <string>
#include <vector>

#include "chainrule/engine/reference/reference.h"

namespace chainrule {

/// The objective as a function of one parameter, for numerical derivatives. It recomputes only what depends on the
/// parameter. The arguments must outlive the probe. Use one probe per thread.
class ReferenceProbe {
 public:
  ReferenceProbe(const Architecture& architecture, const ReferenceParameters& parameters, const Loss& loss,
                 const ReferenceBatch& batch, double weight_decay);
  struct Change {
    double objective = 0;   ///< J(p + shift) - J(p), the sum of the samples' differences, which loses few digits
    bool crossing = false;  ///< a piecewise formula (ReLU, ELU, |d| ...) leaves its piece, or the joint
  };
  Change change(const ParameterIndex& index, double shift) const;
  /// dJ/dp by complex step (Squire & Trapp 1998): Im J(p + ih) / h with h = 1e-100, free of cancellation. The
  /// activations and the loss must be analytic at the point.
  double complex_step(const ParameterIndex& index) const;

 private:
  template <class T>
  T change_by(const ParameterIndex& index, T shift, bool& crossing) const;

  const Architecture& architecture_;
  const ReferenceParameters& parameters_;
  const Loss& loss_;
  const ReferenceBatch& batch_;
  double weight_decay_;
  std::vector<MatrixOf<double>> z_, a_;
  std::vector<double> sample_losses_;  // unweighted
  // Buffers for the numbers that a parameter changes, one matrix per layer, allocated once.
  mutable std::vector<MatrixOf<double>> moved_;
  mutable std::vector<MatrixOf<std::complex<double>>> moved_complex_;
};

}  // namespace chainrule
