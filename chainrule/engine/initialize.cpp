// SPDX-License-Identifier: Apache-2.0
#include "chainrule/engine/initialize.h"

#include <cmath>

#include "chainrule/base/checks.h"
#include "chainrule/base/random.h"
#include "chainrule/engine/kernels/copy_weights.h"

namespace chainrule {
namespace {

bool relu_like(const Activation& activation) {
  switch (activation.kind) {
    case ActivationKind::relu:
    case ActivationKind::leaky_relu:
    case ActivationKind::elu:
    case ActivationKind::silu:
    case ActivationKind::gelu:
    case ActivationKind::mish:
      return true;
    default:
      return false;
  }
}

WeightScheme chosen_for(const Activation& activation) {
  if (activation.kind == ActivationKind::selu) return WeightScheme::lecun_normal;
  return relu_like(activation) ? WeightScheme::he_normal : WeightScheme::glorot_uniform;
}

// Standard deviation of the scheme for I inputs and O outputs.
double deviation(WeightScheme scheme, double inputs, double outputs) {
  switch (scheme) {
    case WeightScheme::glorot_normal:
    case WeightScheme::glorot_uniform:
      return std::sqrt(2 / (inputs + outputs));
    case WeightScheme::he_normal:
    case WeightScheme::he_uniform:
      return std::sqrt(2 / inputs);
    case WeightScheme::lecun_normal:
    case WeightScheme::lecun_uniform:
      return std::sqrt(1 / inputs);
    default:
      return 1;
  }
}

bool is_uniform(WeightScheme scheme) {
  return scheme == WeightScheme::glorot_uniform || scheme == WeightScheme::he_uniform ||
         scheme == WeightScheme::lecun_uniform;
}

void draw(const Stream& stream, double sd, bool uniform, std::span<float> out) {
  const double bound = sd * std::sqrt(3.0);  // uniform in +-bound has standard deviation bound / sqrt(3)
  for (std::size_t k = 0; k < out.size(); ++k)
    out[k] = static_cast<float>(uniform ? bound * (2 * random_uniform(stream, k) - 1) : sd * random_normal(stream, k));
}

double inner_product(std::span<const double> x, std::span<const double> y) {
  double sum = 0;
  for (std::size_t k = 0; k < x.size(); ++k) sum += x[k] * y[k];
  return sum;
}

// Makes normal vectors orthonormal one after the other by Gram-Schmidt, twice because once leaves errors of the size of
// the condition number. Not by a library's QR, since that gives different bits on different machines.
void draw_orthogonal(const Stream& stream, WeightsView weights) {
  const bool by_rows = weights.outputs() <= weights.inputs();
  const std::size_t count = by_rows ? weights.outputs() : weights.inputs();
  const std::size_t length = by_rows ? weights.inputs() : weights.outputs();
  MatrixOf<double> basis(count, length);
  for (std::size_t i = 0; i < count; ++i) {
    const std::span<double> v = basis.row(i);
    for (std::size_t k = 0; k < length; ++k) v[k] = random_normal(stream, i * length + k);
    for (int round = 0; round < 2; ++round)
      for (std::size_t j = 0; j < i; ++j) {
        const double along = inner_product(v, basis.row(j));
        for (std::size_t k = 0; k < length; ++k) v[k] -= along * basis(j, k);
      }
    const double norm = std::sqrt(inner_product(v, v));
    for (double& x : v) x /= norm;
  }
  for (std::size_t i = 0; i < weights.outputs(); ++i)
    for (std::size_t j = 0; j < weights.inputs(); ++j)
      weights(i, j) = static_cast<float>(by_rows ? basis(i, j) : basis(j, i));
}

}  // namespace

const std::vector<std::string>& weight_scheme_names() {
  static const std::vector<std::string> names = {"auto",          "glorot_normal", "glorot_uniform",
                                                 "he_normal",     "he_uniform",    "lecun_normal",
                                                 "lecun_uniform", "normal",        "orthogonal"};
  return names;
}

const std::vector<std::string>& bias_scheme_names() {
  static const std::vector<std::string> names = {"zero", "normal", "uniform"};
  return names;
}

std::string_view name_of(WeightScheme scheme) { return weight_scheme_names()[static_cast<std::size_t>(scheme)]; }
std::string_view name_of(BiasScheme scheme) { return bias_scheme_names()[static_cast<std::size_t>(scheme)]; }

WeightScheme weight_scheme_from_name(std::string_view name) {
  return static_cast<WeightScheme>(index_of_name(name, weight_scheme_names(), "initial_weights"));
}

BiasScheme bias_scheme_from_name(std::string_view name) {
  return static_cast<BiasScheme>(index_of_name(name, bias_scheme_names(), "initial_biases"));
}

void initialize(Network& network, WeightScheme weights, BiasScheme biases, std::uint64_t seed) {
  validate(network);
  expect_below(weight_scheme_names().size(), static_cast<std::size_t>(weights), "weight scheme");
  expect_below(bias_scheme_names().size(), static_cast<std::size_t>(biases), "bias scheme");
  const Architecture& architecture = network.architecture;
  for (std::size_t l = 0; l < architecture.depth(); ++l) {
    const double inputs = static_cast<double>(architecture.layer_inputs(l));
    const double outputs = static_cast<double>(architecture.layers[l].outputs);
    const Stream stream{seed, Purpose::weights, static_cast<std::uint32_t>(l), 0};
    const WeightScheme scheme =
        weights == WeightScheme::automatic ? chosen_for(architecture.layers[l].activation) : weights;
    if (scheme == WeightScheme::orthogonal) {
      draw_orthogonal(stream, network.parameters.weights(l));
    } else {
      Matrix rows(architecture.layers[l].outputs, architecture.layer_inputs(l));
      draw(stream, deviation(scheme, inputs, outputs), is_uniform(scheme), rows.flat());
      copy_weights(ConstMatrixView(rows.view()), network.parameters.weights(l));
    }

    const Stream bias_stream{seed, Purpose::biases, static_cast<std::uint32_t>(l), 0};
    const std::span<float> b = network.parameters.biases(l);
    if (biases == BiasScheme::zero) std::ranges::fill(b, 0.0f);
    if (biases == BiasScheme::normal) draw(bias_stream, 1, false, b);
    if (biases == BiasScheme::uniform) draw(bias_stream, 1 / std::sqrt(3 * inputs), true, b);
  }
}

}  // namespace chainrule
