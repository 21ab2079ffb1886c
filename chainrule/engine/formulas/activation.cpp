// SPDX-License-Identifier: Apache-2.0
// The activations by name.
#include "chainrule/engine/formulas/activation.h"

#include <algorithm>
#include <utility>

#include "chainrule/base/checks.h"
#include "chainrule/engine/formulas/activation_values.h"

namespace chainrule {
namespace {

std::string with_underscores(std::string_view name) {
  std::string result(name);
  std::replace(result.begin(), result.end(), '-', '_');
  return result;
}

}  // namespace

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

}  // namespace chainrule
