// SPDX-License-Identifier: Apache-2.0
#include "chainrule/engine/reference/reference.h"

#include <cmath>

#include "chainrule/engine/formulas/activation_values.h"
#include "chainrule/engine/formulas/loss_formulas.h"
#include "chainrule/engine/formulas/optimizer_update.h"
#include "chainrule/engine/kernels/copy_weights.h"
#include "chainrule/engine/kernels/reference.h"
#include "chainrule/engine/reference/backward_inputs.h"
#include "chainrule/engine/train_step.h"

namespace chainrule {
namespace {

using kernels::reference::affine_backward_biases;
using kernels::reference::affine_backward_input;
using kernels::reference::affine_backward_weights;
using kernels::reference::affine_forward;

void multiply(ViewOf<double> values, const std::vector<MatrixOf<double>>& masks, std::size_t index) {
  if (masks.empty() || masks[index].rows() == 0) return;
  for (std::size_t k = 0; k < values.size(); ++k) values.data()[k] *= masks[index].flat()[k];
}

// M2, (3), (4). `fed[l]` has the inputs of layer l: the activations below it, masked.
struct Passed {
  std::vector<MatrixOf<double>> z, a, fed;
};

Passed pass_forward(const Architecture& architecture, const ReferenceParameters& parameters,
                    const MatrixOf<double>& inputs, const std::vector<MatrixOf<double>>& masks) {
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

// Max-norm (Srebro & Shraibman 2005).
void bound_units(double bound, MatrixOf<double>& weights) {
  for (std::size_t i = 0; i < weights.rows(); ++i) {
    double sum = 0;
    for (const double w : weights.row(i)) sum += w * w;
    const double norm = std::sqrt(sum);
    if (norm > bound)
      for (double& w : weights.row(i)) w *= bound / norm;
  }
}

double weight_of(const ReferenceBatch& batch, std::size_t row) {
  return batch.weights.empty() ? 1.0 : batch.weights[row];
}

// The inputs of the correct formulas of the backward pass.
BackwardInputs right_reads(const Architecture& architecture, const ReferenceParameters& parameters, const Loss& loss,
                           const ReferenceBatch& batch, double weight_decay, const ReferenceStep& step,
                           const std::vector<MatrixOf<double>>& fed) {
  BackwardInputs reads;
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

ReferenceParameters reference_parameters(const Architecture& architecture) {
  ReferenceParameters parameters;
  for (std::size_t l = 0; l < architecture.depth(); ++l) {
    parameters.weights.emplace_back(architecture.layers[l].outputs, architecture.layer_inputs(l));
    parameters.biases.emplace_back(architecture.layers[l].outputs);
  }
  return parameters;
}

ReferenceParameters reference_parameters(const Architecture& architecture, const Parameters& engine) {
  ReferenceParameters parameters = reference_parameters(architecture);
  for (std::size_t l = 0; l < architecture.depth(); ++l) {
    copy_weights(engine.weights(l), parameters.weights[l].view());
    std::ranges::copy(engine.biases(l), parameters.biases[l].begin());
  }
  return parameters;
}

ReferenceParameters reference_parameters(const Network& network) {
  return reference_parameters(network.architecture, network.parameters);
}

ReferenceStep reference_step(const Architecture& architecture, const ReferenceParameters& parameters, const Loss& loss,
                             const ReferenceBatch& batch, double weight_decay,
                             const std::vector<MatrixOf<double>>& masks, const PlantedFault& fault) {
  const std::size_t m = batch.inputs.rows(), depth = architecture.depth();
  ReferenceStep step;
  Passed passed = pass_forward(architecture, parameters, batch.inputs, masks);
  step.z = std::move(passed.z);
  step.a = std::move(passed.a);
  for (const Layer& layer : architecture.layers) step.delta.emplace_back(m, layer.outputs);
  step.d_a = step.slope = step.delta;
  BackwardInputs reads = right_reads(architecture, parameters, loss, batch, weight_decay, step, passed.fed);
  plant(fault, reads);

  for (std::size_t i = 0; i < m; ++i) {
    const std::span<const double> outputs = step.a.back().row(i), targets = batch.targets.row(i);
    step.sample_losses.push_back(weight_of(batch, i) * loss_value(loss, outputs, targets));
    step.loss += step.sample_losses.back() / static_cast<double>(m);
    loss_gradient(reads.loss, outputs, targets, step.delta.back().row(i));
    for (double& d : step.delta.back().row(i)) d *= reads.sample_weights[i];
  }

  step.gradients = reference_parameters(architecture);
  for (std::size_t l = depth; l-- > 0;) {
    const LayerBackwardInputs& read = reads.layers[l];
    MatrixOf<double>& delta = step.delta[l];
    multiply(delta.view(), masks, l + 1);
    step.d_a[l] = delta;
    for (std::size_t k = 0; k < delta.flat().size(); ++k) {  // M7, M8, (20), (21): times f'(z)
      step.slope[l].flat()[k] = activation_derivative(read.activation, read.z.flat()[k], read.a.flat()[k]);
      delta.flat()[k] *= step.slope[l].flat()[k];
    }
    const ViewOf<const double> d = delta.view();
    if (l > 0) affine_backward_input<double>(d, read.weights, step.delta[l - 1].view());
    affine_backward_weights<double>(d, read.fed, step.gradients.weights[l].view());
    affine_backward_biases<double>(d.rows(read.first_bias_row, m - read.first_bias_row), step.gradients.biases[l]);
    for (double& g : step.gradients.weights[l].flat()) g /= reads.rows;  // M10, (11), (12)
    for (double& g : step.gradients.biases[l]) g /= reads.rows;
  }

  step.decay_gradients = reference_parameters(architecture);
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

double reference_objective(const Architecture& architecture, const ReferenceParameters& parameters, const Loss& loss,
                           const ReferenceBatch& batch, double weight_decay) {
  const Passed passed = pass_forward(architecture, parameters, batch.inputs, {});
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < batch.inputs.rows(); ++i)
    sum += weight_of(batch, i) * loss_value(loss, passed.a.back().row(i), batch.targets.row(i));
  for (std::size_t l = 0; l < architecture.depth(); ++l)
    for (const double w : parameters.weights[l].flat()) squares += architecture.layers[l].decay_multiplier * w * w;
  return sum / static_cast<double>(batch.inputs.rows()) + 0.5 * weight_decay * squares;
}

double reference_norm(const ReferenceParameters& gradients) {
  double sum = 0;
  for (const MatrixOf<double>& w : gradients.weights)
    for (const double g : w.flat()) sum += g * g;
  for (const std::vector<double>& b : gradients.biases)
    for (const double g : b) sum += g * g;
  return std::sqrt(sum);
}

double reference_clip(double norm, double clip_norm) {
  return clip_norm > 0 && norm > clip_norm ? clip_norm / norm : 1;
}

void reference_update(const Architecture& architecture, const Optimizer& optimizer, double learning_rate,
                      double weight_decay, const ReferenceStep& step, ReferenceOptimizer& state,
                      ReferenceParameters& parameters, double clip_norm) {
  const double clip = reference_clip(reference_norm(step.gradients), clip_norm);
  ++state.step;
  for (std::size_t l = 0; l < architecture.depth(); ++l) {
    const Layer& layer = architecture.layers[l];
    const UpdateRates of_weights{state.step, learning_rate * layer.weight_multiplier,
                                 weight_decay * layer.decay_multiplier, clip};
    optimizer_update(optimizer, of_weights, parameters.weights[l].flat(), step.gradients.weights[l].flat(),
                     state.first.weights[l].flat(), state.second.weights[l].flat());
    const UpdateRates of_biases{state.step, learning_rate * layer.bias_multiplier, 0, clip};
    optimizer_update(optimizer, of_biases, std::span<double>(parameters.biases[l]), step.gradients.biases[l],
                     state.first.biases[l], state.second.biases[l]);
    if (layer.max_norm > 0) bound_units(layer.max_norm, parameters.weights[l]);
  }
}

}  // namespace chainrule
