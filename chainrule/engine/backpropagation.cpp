// SPDX-License-Identifier: Apache-2.0
#include "chainrule/engine/backpropagation.h"

#include "chainrule/engine/kernels/flush.h"
#include "chainrule/engine/kernels/kernels.h"
#include "chainrule/engine/layer.h"

namespace chainrule {
void forward(const Network& network, ConstMatrixView inputs, const Pass& pass, Workspace& work) {
  work.set_rows(inputs.rows());
  forward(network, inputs, pass, WorkRows(work));
}

void forward(const Network& network, ConstMatrixView inputs, const Pass& pass, const WorkRows& work) {
  const kernels::FlushSubnormals flush;
  const Architecture& architecture = network.architecture;
  ConstMatrixView x = drop_out(architecture.input_dropout, Workspace::kInputs, work.of(inputs), pass, work);
  for (std::size_t l = 0; l < architecture.depth(); ++l) {
    const Layer& layer = architecture.layers[l];
    kernels::affine_forward(work.team(), x, network.parameters.weights(l), network.parameters.biases(l), work.z(l));
    activate(work.team(), layer.activation, work.z(l), work.a(l));
    x = drop_out(layer.dropout, l, work.a(l), pass, work);
  }
}

void backward_deltas(const Network& network, const WorkRows& work) {
  const kernels::FlushSubnormals flush;
  const Architecture& architecture = network.architecture;
  for (std::size_t l = architecture.depth(); l-- > 0;) {
    const MatrixView delta = work.delta(l);  // holds d_a until f' is applied
    drop_out_backward(l, work);
    activate_backward(work.team(), architecture.layers[l].activation, work.z(l), work.a(l), delta);
    if (l > 0) kernels::affine_backward_input(work.team(), delta, network.parameters.weights(l), work.delta(l - 1));
  }
}

void weight_gradients(ConstMatrixView inputs, const WorkRows& work, Parameters& gradients) {
  const kernels::FlushSubnormals flush;
  for (std::size_t l = 0; l < gradients.segments().size() / 2; ++l)
    kernels::affine_backward_weights(work.team(), work.delta(l), work.fed(l, inputs), gradients.weights(l),
                                     gradients.biases(l));
}

void weight_gradients(ConstMatrixView inputs, Workspace& work, std::size_t layer, const GradientTaker& taker,
                      std::span<float> d_biases) {
  const kernels::FlushSubnormals flush;
  const kernels::GradientSink sink{&taker,
                                   [](const void* to, std::size_t offset, std::span<const float> piece) {
                                     static_cast<const GradientTaker*>(to)->take(offset, piece);
                                   },
                                   taker.goes_into(), taker.needs_zeros()};
  kernels::affine_backward_weights(work.team(), work.delta(layer), work.fed(layer, inputs), sink, d_biases);
}

}  // namespace chainrule
