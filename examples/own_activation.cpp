// SPDX-License-Identifier: Apache-2.0
// A custom activation: a value and its derivative. The gradient check tests whether they match, before any training.
#include <chainrule/chainrule.h>

#include <cmath>
#include <cstdio>

using namespace chainrule;

namespace {

// Softsign: like sigmoid and tanh, it is nearly linear around 0 and flat far out, but it approaches its bounds slowly.
const CustomActivation softsign{.name = "softsign",
                                .value = [](double z) { return z / (1 + std::abs(z)); },
                                .derivative = [](double z) { return 1 / ((1 + std::abs(z)) * (1 + std::abs(z))); }};

// The same with a bug in the derivative: the square is missing.
const CustomActivation slip{
    .name = "slip", .value = softsign.value, .derivative = [](double z) { return 1 / (1 + std::abs(z)); }};

// Compares backpropagation with differences of the objective, in double, on some rows of the data.
void check(const CustomActivation& activation, const Dataset& data) {
  Network network({.inputs = 4, .layers = {{6, Activation(activation)}, {3, ActivationKind::identity}}});
  initialize(network, WeightScheme::glorot_normal, BiasScheme::normal, 1);
  const std::vector<std::size_t> rows = {0, 50, 100};  // one flower of each kind
  const GradientCheck found =
      check_gradients(network, LossKind::softmax_cross_entropy, {&data, rows}, 0, {.plant_faults = false});
  std::printf("%-8s  %zu derivatives: %s\n", activation.name.c_str(), found.checked,
              found.failure.empty() ? "all match the differences" : "do not match the differences");
}

}  // namespace

int main() {
  const Table table = formats::load_table("data/iris.csv");
  FitOptions options;
  options.hidden = {6};
  options.activation = Activation(softsign);
  options.validation_split = 0.2;
  options.train.learning_rate = 0.02;

  const Dataset data = encode(plan_fit(table, options).encoder, table, true);
  check(slip, data);
  check(softsign, data);

  const FitResult result = fit(table, options);
  std::printf("%s\n", describe(result.model.network.architecture).c_str());
  std::printf("accuracy on validation rows: %.2f\n", find_metric(result.validation, "accuracy")->value);
}
