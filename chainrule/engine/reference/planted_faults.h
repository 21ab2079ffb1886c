// SPDX-License-Identifier: Apache-2.0
// Mistakes that real backpropagation code had. The double-precision reference can compute with one of them, so that a
// gradient check can prove that it detects it. The engine does not contain them. Internal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/engine/network.h"

namespace chainrule {

enum class Fault {
  none,
  // In one layer.
  dropped_slope,      ///< delta without f'(z) (M7, M8; (13), (14))
  slope_of_a,         ///< f'(a) instead of f'(z)
  slope_elsewhere,    ///< f' at the z of the next layer; in the last one at that of the layer before
  transposed_weight,  ///< W read as if its transpose were stored: the delta below is W delta (M8; (21))
  lost_sum,           ///< the delta below uses only the last unit above, not the sum over all (M8; (14), (15))
  z_for_a,            ///< dJ/dW with the z of the layer below instead of its a (M9; (18))
  a_elsewhere,        ///< dJ/dW with the a of the layer itself instead of the layer below
  one_sample_bias,    ///< dJ/db of the last sample only, instead of the sum (M10; (12))
  forgotten_decay,    ///< no lambda W (M6; (8), (11))
  halved_decay,       ///< lambda / 2 W
  averaged_decay,     ///< lambda W / m
  decayed_bias,       ///< lambda b in the gradient of the biases (M5; (6), (12))
  // In the whole network.
  wrong_sign,      ///< y - a instead of a - y (M7; (13))
  squared_error,   ///< the outputs' delta of the half squared error, for any loss
  lost_smoothing,  ///< targets without label smoothing
  lost_weights,    ///< sample weights left out
  lost_sample,     ///< the last sample of the batch left out (M10; (11), (12))
  missing_mean     ///< the sum over the batch, not divided by m (M10; (11), (12))
};

/// One mistake. `layer` is the affine layer, from 0; mistakes in the whole network do not use it.
struct PlantedFault {
  Fault kind = Fault::none;
  std::size_t layer = 0;
};

/// Whether the kind is planted in one layer.
bool is_of_layer(Fault kind);
/// Every kind in every layer that can have it (the products of M8, (21), need a layer below); mistakes in the whole
/// network once.
std::vector<PlantedFault> all_faults(const Architecture& architecture);
/// "dropped_slope" ...
std::string_view fault_name(Fault kind);
/// The mistake in a few words: "f'(z) left out".
std::string_view fault_words(Fault kind);
/// Where: "delta2", "dJ/dW1", in the article's notation, or "the network".
std::string fault_location(const PlantedFault& fault);

}  // namespace chainrule
