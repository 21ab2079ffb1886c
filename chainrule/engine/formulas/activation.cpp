// SPDX-License-Identifier: Apache-2.0
// The activations by name, and for one number. The formulas are in activation_formulas.h, the loops over arrays in
// kernels/elementwise-inl.h.
#include "chainrule/engine/formulas/activation.h"

#include <algorithm>
#include <utility>

#include "chainrule/base/error.h"
#include "chainrule/engine/formulas/activation_formulas.h"

namespace chainrule {
namespace {

using formulas::Complex;
using formulas::finite_value;
using formulas::with_formula;

const CustomActivation& functions_of(const Activation& activation) {
  if (!activation.custom)
    throw Error(ErrorCategory::usage, "activation: expected functions for kind custom, found none");
  return *activation.custom;
}

std::string with_underscores(std::string_view name) {
  std::string result(name);
  std::replace(result.begin(), result.end(), '-', '_');
  return result;
}

}  // namespace

// -- names -----------------------------------------------------------------------------------------------------------

Activation::Activation(CustomActivation functions) : kind(ActivationKind::custom) {
  if (!functions.value || !functions.derivative) {
    throw Error(ErrorCategory::usage, "activation " + in_quotes(functions.name) +
                                          ": expected a value and a derivative, found an empty function");
  }
  custom = std::make_shared<const CustomActivation>(std::move(functions));
}

const std::vector<std::string>& activation_names() {
  static const std::vector<std::string> names{"identity", "relu",     "leaky_relu", "elu",  "selu", "sigmoid",
                                              "tanh",     "softplus", "silu",       "gelu", "mish"};
  return names;
}

std::string_view activation_name(const Activation& activation) {
  if (activation.kind == ActivationKind::custom) return functions_of(activation).name;
  expect_below(activation_names().size(), static_cast<std::size_t>(activation.kind), "activation");
  return activation_names()[static_cast<std::size_t>(activation.kind)];
}

Activation activation_from_name(std::string_view name) {
  const std::string requested = with_underscores(name);
  if (requested == "logistic") return ActivationKind::sigmoid;
  if (requested == "linear" || requested == "none") return ActivationKind::identity;
  if (requested == "swish") return ActivationKind::silu;
  return static_cast<ActivationKind>(index_of_name(name, activation_names(), "activation"));
}

// -- one number ------------------------------------------------------------------------------------------------------

double activation_value(const Activation& activation, double z) {
  if (activation.kind == ActivationKind::custom) return functions_of(activation).value(z);
  return with_formula(activation.kind, [z](auto f) { return finite_value<double>(f, z); });
}

double activation_derivative(const Activation& activation, double z, double a) {
  if (activation.kind == ActivationKind::custom) return functions_of(activation).derivative(z);
  return with_formula(activation.kind, [z, a](auto f) { return f.derivative(z, a); });
}

Complex activation_value(const Activation& activation, Complex z) {
  return with_formula(activation.kind, [z](auto f) { return f.value(z); });
}

bool activation_is_smooth(const Activation& activation) {
  switch (activation.kind) {
    case ActivationKind::relu:
    case ActivationKind::leaky_relu:
    case ActivationKind::selu:
      return false;
    default:
      return true;
  }
}

}  // namespace chainrule
