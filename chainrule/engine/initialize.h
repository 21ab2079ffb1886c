// SPDX-License-Identifier: Apache-2.0
// Initial parameters (M3): a function of seed, layer and index, the same on every platform.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/engine/network.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// Standard deviation for I inputs and O outputs of a layer; a uniform start has the same one.
enum class WeightScheme {
  automatic,      ///< he_normal before relu-like activations, lecun_normal before selu, else glorot_uniform
  glorot_normal,  ///< sqrt(2 / (I + O)) (Glorot & Bengio 2010)
  glorot_uniform,
  he_normal,  ///< sqrt(2 / I) (He et al. 2015)
  he_uniform,
  lecun_normal,  ///< sqrt(1 / I) (LeCun et al. 1998)
  lecun_uniform,
  normal,     ///< 1: the textbook's N(0, 1)
  orthogonal  ///< rows or columns orthonormal (Saxe et al. 2014)
};

enum class BiasScheme {
  zero,
  normal,  ///< N(0, 1)
  uniform  ///< uniform in +-1 / sqrt(I)
};

const std::vector<std::string>& weight_scheme_names();
const std::vector<std::string>& bias_scheme_names();
std::string_view name_of(WeightScheme scheme);
std::string_view name_of(BiasScheme scheme);
WeightScheme weight_scheme_from_name(std::string_view name);
BiasScheme bias_scheme_from_name(std::string_view name);

/// Overwrites all weights and biases. Throws Error (usage) as validate(), and for an unknown scheme.
void initialize(Network& network, WeightScheme weights, BiasScheme biases, std::uint64_t seed);

}  // namespace chainrule
#pragma GCC visibility pop
