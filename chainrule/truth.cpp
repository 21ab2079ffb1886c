// SPDX-License-Identifier: Apache-2.0
#include "chainrule/truth.h"

#include <fmt/format.h>

#include <complex>

#include "chainrule/kernels/reference.h"
#include "chainrule/truth_reads.h"

namespace chainrule {
namespace {

using kernels::reference::affine_backward_biases;
using kernels::reference::affine_backward_input;
using kernels::reference::affine_backward_weights;
using kernels::reference::affine_forward;

void multiply(ViewOf<double> values, const std::vector<MatrixOf<double>>& masks, std::size_t place) {
  if (masks.empty() || masks[place].rows() == 0) return;
  for (std::size_t k = 0; k < values.size(); ++k) values.data()[k] *= masks[place].flat()[k];
}

template <class T>
MatrixOf<T> as(const MatrixOf<double>& values) {
  MatrixOf<T> out(values.rows(), values.columns());
  std::ranges::copy(values.flat(), out.flat().begin());
  return out;
}

// M2. `fed[l]` is what layer l was fed with: the activations below it, masked.
struct Passed {
  std::vector<MatrixOf<double>> z, a, fed;
};

Passed pass_forward(const Architecture& architecture, const TruthParameters& parameters, const MatrixOf<double>& inputs,
                    const std::vector<MatrixOf<double>>& masks) {
  Passed passed;
  passed.fed.push_back(inputs);
  multiply(passed.fed[0].view(), masks, 0);
  for (std::size_t l = 0; l < architecture.depth(); ++l) {
    MatrixOf<double> z(inputs.rows(), architecture.layers[l].outputs);
    affine_forward<double, double>(passed.fed[l].view(), parameters.weights[l].view(), parameters.biases[l], z.view());
    MatrixOf<double> a = z;
    for (double& value : a.flat()) value = activation_value(architecture.layers[l].activation, value);
    passed.z.push_back(std::move(z));
    passed.a.push_back(a);
    passed.fed.push_back(std::move(a));
    multiply(passed.fed.back().view(), masks, l + 1);
  }
  return passed;
}

double weight_of(const TruthBatch& batch, std::size_t row) { return batch.weights.empty() ? 1.0 : batch.weights[row]; }

// What the right formulas of the backward pass read.
TruthReads right_reads(const Architecture& architecture, const TruthParameters& parameters, const Loss& loss,
                       const TruthBatch& batch, double weight_decay, const TruthStep& step,
                       const std::vector<MatrixOf<double>>& fed) {
  TruthReads reads;
  reads.loss = loss;
  reads.rows = static_cast<double>(batch.inputs.rows());
  for (std::size_t i = 0; i < batch.inputs.rows(); ++i) reads.sample_weights.push_back(weight_of(batch, i));
  for (std::size_t l = 0; l < architecture.depth(); ++l) {
    const Layer& layer = architecture.layers[l];
    reads.layers.push_back({layer.activation, step.z[l].view(), step.a[l].view(), parameters.weights[l].view(),
                            fed[l].view(), 0, weight_decay * layer.decay_multiplier, 0});
  }
  return reads;
}

}  // namespace

TruthParameters truth_parameters(const Architecture& architecture) {
  TruthParameters parameters;
  for (std::size_t l = 0; l < architecture.depth(); ++l) {
    parameters.weights.emplace_back(architecture.layers[l].outputs, architecture.layer_inputs(l));
    parameters.biases.emplace_back(architecture.layers[l].outputs);
  }
  return parameters;
}

TruthParameters truth_parameters(const Network& network) {
  TruthParameters parameters = truth_parameters(network.architecture);
  for (std::size_t l = 0; l < network.architecture.depth(); ++l) {
    copy_weights(network.parameters.weights(l), parameters.weights[l].view());
    std::ranges::copy(network.parameters.biases(l), parameters.biases[l].begin());
  }
  return parameters;
}

TruthStep truth_step(const Architecture& architecture, const TruthParameters& parameters, const Loss& loss,
                     const TruthBatch& batch, double weight_decay, const std::vector<MatrixOf<double>>& masks,
                     const PlantedFault& fault) {
  const std::size_t m = batch.inputs.rows(), depth = architecture.depth();
  TruthStep step;
  Passed passed = pass_forward(architecture, parameters, batch.inputs, masks);
  step.z = std::move(passed.z);
  step.a = std::move(passed.a);
  for (const Layer& layer : architecture.layers) step.delta.emplace_back(m, layer.outputs);
  TruthReads reads = right_reads(architecture, parameters, loss, batch, weight_decay, step, passed.fed);
  plant(fault, reads);

  for (std::size_t i = 0; i < m; ++i) {
    const std::span<const double> outputs = step.a.back().row(i), targets = batch.targets.row(i);
    step.sample_losses.push_back(weight_of(batch, i) * loss_value(loss, outputs, targets));
    step.loss += step.sample_losses.back() / static_cast<double>(m);
    loss_gradient(reads.loss, outputs, targets, step.delta.back().row(i));
    for (double& d : step.delta.back().row(i)) d *= reads.sample_weights[i];
  }

  step.gradients = truth_parameters(architecture);
  for (std::size_t l = depth; l-- > 0;) {
    const LayerReads& read = reads.layers[l];
    MatrixOf<double>& delta = step.delta[l];
    multiply(delta.view(), masks, l + 1);
    for (std::size_t k = 0; k < delta.flat().size(); ++k)  // M7, M8: times f'(z)
      delta.flat()[k] *= activation_derivative(read.activation, read.z.flat()[k], read.a.flat()[k]);
    const ViewOf<const double> d = delta.view();
    if (l > 0) affine_backward_input<double>(d, read.weights, step.delta[l - 1].view());
    affine_backward_weights<double>(d, read.fed, step.gradients.weights[l].view());
    affine_backward_biases<double>(d.rows(read.first_bias_row, m - read.first_bias_row), step.gradients.biases[l]);
    for (double& g : step.gradients.weights[l].flat()) g /= reads.rows;  // M10
    for (double& g : step.gradients.biases[l]) g /= reads.rows;
  }

  step.decay_gradients = truth_parameters(architecture);
  for (std::size_t l = 0; l < depth; ++l) {
    const double lambda = weight_decay * architecture.layers[l].decay_multiplier;
    const std::span<const double> w = parameters.weights[l].flat();
    for (std::size_t k = 0; k < w.size(); ++k) {
      step.decay_term += 0.5 * lambda * w[k] * w[k];
      step.decay_gradients.weights[l].flat()[k] = reads.layers[l].decay * w[k];
    }
    for (std::size_t k = 0; k < parameters.biases[l].size(); ++k)
      step.decay_gradients.biases[l][k] = reads.layers[l].bias_decay * parameters.biases[l][k];
  }
  return step;
}

double truth_objective(const Architecture& architecture, const TruthParameters& parameters, const Loss& loss,
                       const TruthBatch& batch, double weight_decay) {
  const Passed passed = pass_forward(architecture, parameters, batch.inputs, {});
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < batch.inputs.rows(); ++i)
    sum += weight_of(batch, i) * loss_value(loss, passed.a.back().row(i), batch.targets.row(i));
  for (std::size_t l = 0; l < architecture.depth(); ++l)
    for (const double w : parameters.weights[l].flat()) squares += architecture.layers[l].decay_multiplier * w * w;
  return sum / static_cast<double>(batch.inputs.rows()) + 0.5 * weight_decay * squares;
}

std::string parameter_name(const ParameterPlace& place) {
  if (place.is_bias) return fmt::format("b({})[{}]", place.layer + 1, place.row + 1);
  return fmt::format("W({})[{},{}]", place.layer + 1, place.row + 1, place.column + 1);
}

TruthProbe::TruthProbe(const Architecture& architecture, const TruthParameters& parameters, const Loss& loss,
                       const TruthBatch& batch, double weight_decay)
    : architecture_(architecture), parameters_(parameters), loss_(loss), batch_(batch), weight_decay_(weight_decay) {
  Passed passed = pass_forward(architecture, parameters, batch.inputs, {});
  z_ = std::move(passed.z);
  a_ = std::move(passed.a);
  for (std::size_t i = 0; i < batch.inputs.rows(); ++i)
    sample_losses_.push_back(loss_value(loss, std::span<const double>(a_.back().row(i)), batch.targets.row(i)));
}

namespace {

// On which piece a number lies; the joint is a piece of its own.
int side(double x) { return (x > 0) - (x < 0); }

bool crosses(const Activation& activation, double z, double moved) {
  const bool in_pieces = !activation_is_smooth(activation) || activation.kind == ActivationKind::elu;
  return in_pieces && side(z) != side(moved);
}
bool crosses(const Activation&, double, std::complex<double>) { return false; }

bool crosses(const Loss& loss, std::span<const double> a, std::span<const double> moved, std::span<const double> y) {
  for (std::size_t k = 0; k < a.size(); ++k) {
    const double before = a[k] - y[k], after = moved[k] - y[k], bound = loss.huber_delta;
    if (loss.kind == LossKind::absolute_error && side(before) != side(after)) return true;
    if (loss.kind == LossKind::huber && side(std::abs(before) - bound) != side(std::abs(after) - bound)) return true;
  }
  return false;
}
bool crosses(const Loss&, std::span<const double>, std::span<const std::complex<double>>, std::span<const double>) {
  return false;
}

}  // namespace

// The parameter moves one column of z, and that one column of a; the layer above sees a's change through one column of
// its weights; all layers above that are passed anew.
template <class T>
T TruthProbe::change_by(const ParameterPlace& place, T shift, bool& crossing) const {
  const std::size_t m = batch_.inputs.rows(), unit = place.row;
  const MatrixOf<double>& fed = place.layer == 0 ? batch_.inputs : a_[place.layer - 1];
  const auto activate = [&](std::size_t l, double before, T z) {
    crossing |= crosses(architecture_.layers[l].activation, before, z);
    return activation_value(architecture_.layers[l].activation, z);
  };
  MatrixOf<T> a = as<T>(a_[place.layer]);
  for (std::size_t i = 0; i < m; ++i) {
    const double z = z_[place.layer](i, unit);
    a(i, unit) = activate(place.layer, z, z + shift * (place.is_bias ? 1.0 : fed(i, place.column)));
  }
  for (std::size_t l = place.layer + 1; l < architecture_.depth(); ++l) {
    const MatrixOf<double>& w = parameters_.weights[l];
    MatrixOf<T> z = as<T>(z_[l]);
    if (l > place.layer + 1) affine_forward<T, double>(a.view(), w.view(), parameters_.biases[l], z.view());
    for (std::size_t i = 0; l == place.layer + 1 && i < m; ++i)
      for (std::size_t k = 0; k < w.rows(); ++k) z(i, k) += w(k, unit) * (a(i, unit) - a_[place.layer](i, unit));
    for (std::size_t k = 0; k < z.flat().size(); ++k) z.flat()[k] = activate(l, z_[l].flat()[k], z.flat()[k]);
    a = std::move(z);
  }
  T sum{};
  for (std::size_t i = 0; i < m; ++i) {
    const std::span<const T> outputs = a.row(i);
    crossing |= crosses(loss_, a_.back().row(i), outputs, batch_.targets.row(i));
    sum += weight_of(batch_, i) * (loss_value(loss_, outputs, batch_.targets.row(i)) - sample_losses_[i]);
  }
  sum /= static_cast<double>(m);
  if (place.is_bias) return sum;
  const double lambda = weight_decay_ * architecture_.layers[place.layer].decay_multiplier;
  const double w = parameters_.weights[place.layer](place.row, place.column);
  return sum + 0.5 * lambda * ((w + shift) * (w + shift) - w * w);
}

TruthProbe::Change TruthProbe::change(const ParameterPlace& place, double shift) const {
  Change change;
  change.objective = change_by(place, shift, change.crossing);
  return change;
}

double TruthProbe::complex_step(const ParameterPlace& place) const {
  constexpr double kStep = 1e-100;
  bool crossing = false;
  return change_by(place, std::complex<double>(0, kStep), crossing).imag() / kStep;
}

void truth_update(const Architecture& architecture, const Optimizer& optimizer, double learning_rate,
                  double weight_decay, const TruthStep& step, TruthOptimizer& state, TruthParameters& parameters) {
  ++state.step;
  for (std::size_t l = 0; l < architecture.depth(); ++l) {
    const Layer& layer = architecture.layers[l];
    const UpdateRates of_weights{state.step, learning_rate * layer.weight_multiplier,
                                 weight_decay * layer.decay_multiplier, 1};
    optimizer_update(optimizer, of_weights, parameters.weights[l].flat(), step.gradients.weights[l].flat(),
                     state.first.weights[l].flat(), state.second.weights[l].flat());
    const UpdateRates of_biases{state.step, learning_rate * layer.bias_multiplier, 0, 1};
    optimizer_update(optimizer, of_biases, std::span<double>(parameters.biases[l]), step.gradients.biases[l],
                     state.first.biases[l], state.second.biases[l]);
  }
}

}  // namespace chainrule
