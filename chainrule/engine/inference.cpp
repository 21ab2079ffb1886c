// SPDX-License-Identifier: Apache-2.0
#include "chainrule/engine/inference.h"

#include <algorithm>

#include "chainrule/base/checks.h"
#include "chainrule/engine/formulas/loss_formulas.h"
#include "chainrule/engine/kernels/flush.h"
#include "chainrule/engine/kernels/kernels.h"
#include "chainrule/engine/kernels/thread_pool.h"
#include "chainrule/engine/layer.h"

namespace chainrule {
struct NetworkPredictor::ReadyLayer {
  Activation activation;
  std::size_t outputs, inputs;
  AlignedVector<float> values, biases;
  ConstWeightsView weights() const { return {values.data(), outputs, inputs}; }
};

// The buffers for `rows` rows at a time, and the threads that use them.
struct NetworkPredictor::Buffers {
  std::size_t rows;
  AlignedVector<float> even, odd;
  std::unique_ptr<kernels::ThreadPool> pool;
};

NetworkPredictor::NetworkPredictor(const Network& network, std::size_t max_rows, std::size_t threads)
    : max_rows_(std::max<std::size_t>(max_rows, 1)), threads_(threads) {
  validate(network);
  const Architecture& architecture = network.architecture;
  std::vector<ReadyLayer> layers;
  for (std::size_t l = 0; l < architecture.depth(); ++l) {
    const std::span<const float> weights = network.parameters.weights(l).flat();
    const std::span<const float> biases = network.parameters.biases(l);
    layers.push_back({architecture.layers[l].activation,
                      biases.size(),
                      architecture.layer_inputs(l),
                      {weights.begin(), weights.end()},
                      {biases.begin(), biases.end()}});
  }
  layers_ = std::make_shared<const std::vector<ReadyLayer>>(std::move(layers));
  make_buffers();
}

void NetworkPredictor::make_buffers() {
  std::size_t widest = 0, wide_from = 1;
  for (const ReadyLayer& layer : *layers_) {
    widest = std::max(widest, layer.outputs);
    wide_from = std::max(wide_from, kernels::rows_of_wide_batch(layer.inputs, layer.outputs));
    multiplications_ += static_cast<double>(layer.inputs * layer.outputs);
  }
  // Computes rows of zeros, for which the kernels reserve the maximum of memory.
  const auto buffers = [&](std::size_t threads, std::size_t rows) {
    checked_numbers(rows, widest, sizeof(float));
    Buffers made{rows, AlignedVector<float>(rows * widest), AlignedVector<float>(rows * widest),
                 std::make_unique<kernels::ThreadPool>(threads)};
    for (const ReadyLayer& layer : *layers_) {
      const Matrix zeros(rows, layer.inputs);
      kernels::affine_forward(*made.pool, zeros.view(), layer.weights(), layer.biases,
                              MatrixView(made.even.data(), rows, layer.outputs));
    }
    return made;
  };
  together_ = std::make_unique<Buffers>(buffers(threads_, max_rows_));
  const std::size_t size = together_->pool->size();
  const std::size_t alone_rows = (max_rows_ / size + kRowsAlone - 1) / kRowsAlone * kRowsAlone;
  if (size == 1 || alone_rows < wide_from || max_rows_ < size * kRowsAlone) return;
  while (alone_.size() < size) alone_.push_back(buffers(1, alone_rows));
}

NetworkPredictor::NetworkPredictor(const NetworkPredictor& other)
    : layers_(other.layers_), max_rows_(other.max_rows_), threads_(other.threads_) {
  if (layers_ != nullptr) make_buffers();
}
NetworkPredictor::NetworkPredictor(NetworkPredictor&&) noexcept = default;
NetworkPredictor::~NetworkPredictor() = default;

void NetworkPredictor::predict(const ConstMatrixView& inputs, const MatrixView& outputs) {
  if (layers_ == nullptr)
    throw Error(ErrorCategory::usage, "predictor: expected one with a network, found a moved-from one");
  expect_equal(layers_->front().inputs, inputs.columns(), "columns of the inputs");
  expect_equal(inputs.rows(), outputs.rows(), "rows of the outputs");
  expect_equal(layers_->back().outputs, outputs.columns(), "columns of the outputs");
  const std::size_t rows = inputs.rows(), groups = (rows + kRowsAlone - 1) / kRowsAlone;
  if (alone_.empty() || groups < alone_.size()) return predict(inputs, outputs, *together_);
  together_->pool->split(groups, multiplications_ * static_cast<double>(rows),
                         [&](std::size_t member, std::size_t begin, std::size_t end) {
                           const std::size_t first = begin * kRowsAlone,
                                             count = std::min(end * kRowsAlone, rows) - first;
                           predict(inputs.rows(first, count), outputs.rows(first, count), alone_[member]);
                         });
}

void NetworkPredictor::predict(const ConstMatrixView& inputs, const MatrixView& outputs, Buffers& buffers) const {
  const kernels::FlushSubnormals flush;
  for (std::size_t first = 0; first < inputs.rows(); first += buffers.rows) {
    const std::size_t rows = std::min(buffers.rows, inputs.rows() - first);
    ConstMatrixView x = inputs.rows(first, rows);
    for (std::size_t l = 0; l < layers_->size(); ++l) {
      const ReadyLayer& layer = (*layers_)[l];
      float* between = l % 2 == 0 ? buffers.even.data() : buffers.odd.data();
      const bool last = l + 1 == layers_->size();
      const MatrixView z = last ? outputs.rows(first, rows) : MatrixView(between, rows, layer.outputs);
      kernels::affine_forward(*buffers.pool, x, layer.weights(), layer.biases, z);
      activate(*buffers.pool, layer.activation, z, z);
      x = z;
    }
  }
}

Matrix predict(const Network& network, const Loss& loss, const Selection& rows, std::size_t threads) {
  Matrix outputs = predict_outputs(network, rows, threads);
  apply_link(loss, outputs.view());
  return outputs;
}

Matrix predict_outputs(const Network& network, const Selection& rows, std::size_t threads) {
  constexpr std::size_t kBlock = 256;
  validate(network);
  validate(rows);
  expect_equal(network.architecture.inputs, rows.data->inputs.columns(), "columns of the inputs");
  rows.data->inputs.require_finite(rows.rows);
  Matrix outputs(rows.rows.size(), network.architecture.outputs());
  Matrix inputs(std::min(kBlock, rows.rows.size()), network.architecture.inputs);
  NetworkPredictor predictor(network, inputs.rows(), threads);
  for (std::size_t first = 0; first < rows.rows.size(); first += kBlock) {
    const std::size_t count = std::min(kBlock, rows.rows.size() - first);
    rows.data->inputs.gather(std::span(rows.rows).subspan(first, count), inputs.top(count));
    predictor.predict(inputs.top(count), outputs.view().rows(first, count));
  }
  return outputs;
}

}  // namespace chainrule
