// SPDX-License-Identifier: Apache-2.0
// Internal: the inputs of the formulas in the reference's backward pass. The formulas are in reference.cpp only; a
// fault is planted by replacing one of their inputs.
#pragma once

#include <cstddef>
#include <vector>

#include "chainrule/base/matrix.h"
#include "chainrule/engine/formulas/activation.h"
#include "chainrule/engine/formulas/loss.h"
#include "chainrule/engine/reference/planted_faults.h"

namespace chainrule {

/// The inputs for one affine layer, m rows.
struct LayerBackwardInputs {
  Activation activation;           ///< M7, M8, (13), (14): its f' ...
  ViewOf<const double> z, a;       ///< ... at z; (m x outputs)
  ViewOf<const double> weights;    ///< M8, (14), (21): W of the delta below, (outputs x inputs)
  ViewOf<const double> fed;        ///< M9, (18), (22): a of dJ/dW, (m x inputs)
  std::size_t first_bias_row = 0;  ///< M9, M10, (12): the sum of dJ/db begins with this row
  double decay = 0;                ///< M6, (8), (11): lambda of the weights, multiplier included
  double bias_decay = 0;           ///< lambda of the biases
};

struct BackwardInputs {
  Loss loss;                           ///< M7, (13): its gradient gives the delta of the outputs
  std::vector<double> sample_weights;  ///< m factors of that gradient
  double rows = 1;                     ///< M10, (11), (12): the divisor m
  std::vector<LayerBackwardInputs> layers;
  std::vector<MatrixOf<double>> made;  ///< memory of the inputs that a fault replaced
};

/// Replaces the inputs according to the fault; `none` changes nothing.
void plant(const PlantedFault& fault, BackwardInputs& reads);

}  // namespace chainrule
