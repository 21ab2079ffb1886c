// SPDX-License-Identifier: Apache-2.0
#include "chainrule/engine/forward_backward.h"

#include "chainrule/base/checks.h"
#include "chainrule/engine/kernels/flush.h"
#include "chainrule/engine/kernels/kernels.h"
#include "chainrule/engine/layer.h"
#include "chainrule/engine/work_rows.h"

namespace chainrule {
namespace {

// Checks that network and workspace match; a few comparisons per layer.
void require_fit(const Network& network, const WorkRows& work) {
  const Architecture& architecture = network.architecture;
  work.buffers().require_fits(architecture);
  for (std::size_t l = 0; l < architecture.depth(); ++l) {
    const ConstWeightsView weights = network.parameters.weights(l);
    expect_equal(architecture.layers[l].outputs, weights.outputs(), "outputs of the weights");
    expect_equal(architecture.layer_inputs(l), weights.inputs(), "inputs of the weights");
  }
}

void require_inputs(ConstMatrixView inputs, const WorkRows& work, std::size_t columns) {
  expect_equal(columns, inputs.columns(), "columns of the inputs");
  expect_equal(work.buffers().rows, inputs.rows(), "rows of the inputs");
}

}  // namespace

void forward(const Network& network, ConstMatrixView inputs, const Pass& pass, const WorkRows& work) {
  const kernels::FlushSubnormals flush;
  const Architecture& architecture = network.architecture;
  require_fit(network, work);
  require_inputs(inputs, work, architecture.inputs);
  ConstMatrixView x = drop_out(architecture.input_dropout, Workspace::Buffers::kInputs, work.of(inputs), pass, work);
  for (std::size_t l = 0; l < architecture.depth(); ++l) {
    const Layer& layer = architecture.layers[l];
    kernels::affine_forward(work.pool(), x, network.parameters.weights(l), network.parameters.biases(l), work.z(l));
    activate(work.pool(), layer.activation, work.z(l), work.a(l));
    x = drop_out(layer.dropout, l, work.a(l), pass, work);
  }
}

void backward_deltas(const Network& network, const WorkRows& work) {
  const kernels::FlushSubnormals flush;
  const Architecture& architecture = network.architecture;
  require_fit(network, work);
  for (std::size_t l = architecture.depth(); l-- > 0;) {
    const MatrixView delta = work.delta(l);  // holds d_a until f' is applied
    drop_out_backward(l, work);
    activate_backward(work.pool(), architecture.layers[l].activation, work.z(l), work.a(l), delta);
    if (l > 0) kernels::affine_backward_input(work.pool(), delta, network.parameters.weights(l), work.delta(l - 1));
  }
}

void input_gradients(const Network& network, const WorkRows& work, MatrixView d_inputs) {
  const kernels::FlushSubnormals flush;
  require_fit(network, work);
  expect_equal(network.architecture.inputs, d_inputs.columns(), "columns of the input gradients");
  expect_equal(work.delta(0).rows(), d_inputs.rows(), "rows of the input gradients");
  kernels::affine_backward_input(work.pool(), work.delta(0), network.parameters.weights(0), d_inputs);
  if (network.architecture.input_dropout == 0) return;
  const MatrixView mask = work.mask(Workspace::Buffers::kInputs);
  for (std::size_t k = 0; k < d_inputs.size(); ++k) d_inputs.flat()[k] *= mask.flat()[k];
}

void weight_gradients(ConstMatrixView inputs, const WorkRows& work, Parameters& gradients) {
  const kernels::FlushSubnormals flush;
  work.buffers().require_layout(gradients);
  require_inputs(inputs, work, gradients.weights(0).inputs());
  for (std::size_t l = 0; l < gradients.segments().size() / 2; ++l)
    kernels::affine_backward_weights(work.pool(), work.delta(l), work.fed(l, inputs), gradients.weights(l),
                                     gradients.biases(l));
}

void weight_gradients(ConstMatrixView inputs, const WorkRows& work, std::size_t layer, const GradientTaker& taker,
                      std::span<float> d_biases) {
  const kernels::FlushSubnormals flush;
  const kernels::GradientSink sink{&taker,
                                   [](const void* to, std::size_t offset, std::span<const float> piece) {
                                     static_cast<const GradientTaker*>(to)->take(offset, piece);
                                   },
                                   taker.goes_into(), taker.needs_zeros()};
  require_inputs(inputs, work, work.buffers().inputs());
  expect_equal(work.delta(layer).columns(), d_biases.size(), "biases of the layer");
  kernels::affine_backward_weights(work.pool(), work.delta(layer), work.fed(layer, inputs), sink, d_biases);
}

}  // namespace chainrule
