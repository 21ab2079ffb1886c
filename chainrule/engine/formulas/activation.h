// SPDX-License-Identifier: Apache-2.0
// The activations: a name, f and f'. The formulas are in activation_formulas.h, each value next to its derivative.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#pragma GCC visibility push(default)
namespace chainrule {

enum class ActivationKind {
  identity,    ///< z
  relu,        ///< max(z, 0); f'(0) = 0
  leaky_relu,  ///< z for z > 0, else 0.01 z; f'(0) = 0.01
  elu,         ///< z for z > 0, else e^z - 1 (Clevert et al. 2016, alpha = 1)
  selu,        ///< scaled ELU with the constants of Klambauer et al. 2017
  sigmoid,     ///< 1 / (1 + e^-z), the article's f (M1; (1), (2))
  tanh,        ///< (e^z - e^-z) / (e^z + e^-z)
  softplus,    ///< ln(1 + e^z)
  silu,        ///< z sigmoid(z), also called swish
  gelu,        ///< z Phi(z), Phi the normal distribution function; exact, not the tanh approximation
  mish,        ///< z tanh(softplus(z)) (Misra 2019)
  custom       ///< a user's own pair of functions
};

/// A user's own activation: not vectorized, covered by the gradient check, cannot be saved in a model file.
struct CustomActivation {
  std::string name;
  std::function<double(double z)> value;
  std::function<double(double z)> derivative;
};

/// One activation. Cheap to copy; the functions below are thread-safe.
struct Activation {
  ActivationKind kind = ActivationKind::identity;
  std::shared_ptr<const CustomActivation> custom;  // set exactly when kind is custom

  Activation() = default;
  Activation(ActivationKind k) : kind(k) {}  // NOLINT: a kind is an activation
  explicit Activation(CustomActivation functions);
};

/// "relu", "leaky_relu" ... or the name of a custom activation.
std::string_view activation_name(const Activation& activation);
/// All names that activation_from_name knows, in the order of ActivationKind, without aliases.
const std::vector<std::string>& activation_names();
/// By name; aliases: logistic = sigmoid, linear = none = identity, swish = silu; '-' counts as '_'. Throws Error
/// (usage) that lists the known names and suggests the nearest.
Activation activation_from_name(std::string_view name);

}  // namespace chainrule
#pragma GCC visibility pop
