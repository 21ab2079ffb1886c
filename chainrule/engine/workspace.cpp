// SPDX-License-Identifier: Apache-2.0
#include "chainrule/engine/workspace.h"

#include <algorithm>
#include <bit>
#include <string>

#include "chainrule/engine/kernels/kernels.h"
#include "chainrule/engine/kernels/thread_pool.h"
#include "chainrule/engine/kernels/tree.h"
#include "chainrule/engine/layer.h"

namespace chainrule {
Workspace::Workspace(const Architecture& architecture, std::size_t max_rows, std::size_t threads)
    : pool_(std::make_unique<kernels::ThreadPool>(threads)) {
  validate(architecture);
  checked_numbers(max_rows, 1, sizeof(double));
  const auto add_dropout_buffers = [&](double fraction, std::size_t units) {
    mask_.emplace_back(fraction > 0 ? max_rows : 0, units);
    dropped_.emplace_back(fraction > 0 ? max_rows : 0, units);
  };
  add_dropout_buffers(architecture.input_dropout, architecture.inputs);
  for (const Layer& layer : architecture.layers) {
    z_.emplace_back(max_rows, layer.outputs);
    a_.emplace_back(max_rows, layer.outputs);
    delta_.emplace_back(max_rows, layer.outputs);
    add_dropout_buffers(layer.dropout, layer.outputs);
  }
  losses_.resize(max_rows);
  rows_ = max_rows;
  for (std::size_t l = 0; l < architecture.depth(); ++l) {
    const std::size_t inputs = architecture.layer_inputs(l), outputs = architecture.layers[l].outputs;
    wide_from_ = std::max(wide_from_, kernels::rows_of_wide_batch(inputs, outputs));
    multiplications_ += 2 * static_cast<double>(inputs * outputs);
  }
  for (std::size_t member = 0; member < pool_->size(); ++member)
    alone_.push_back(std::make_unique<kernels::ThreadPool>());
}

void Workspace::require_fits(const Architecture& architecture) const {
  expect_equal(z_.size(), architecture.depth(), "layers of the network for this workspace");
  expect_equal(mask_[0].columns(), architecture.inputs, "inputs of the network for this workspace");
  const auto require_dropout_buffers = [&](double fraction, std::size_t index) {
    const bool has_buffers = mask_[index].rows() > 0;
    if (max_rows() == 0 || (fraction > 0) == has_buffers) return;
    throw Error(ErrorCategory::usage, (index == 0 ? "input_dropout" : "dropout of layer " + std::to_string(index)) +
                                          ": expected " + (has_buffers ? "above 0" : "0") +
                                          " as when the workspace was made, found " + std::to_string(fraction));
  };
  require_dropout_buffers(architecture.input_dropout, 0);
  for (std::size_t l = 0; l < z_.size(); ++l) {
    expect_equal(z_[l].columns(), architecture.layers[l].outputs, "outputs of a layer for this workspace");
    require_dropout_buffers(architecture.layers[l].dropout, l + 1);
  }
}

void Workspace::require_layout(const Parameters& block) const {
  expect_equal(2 * z_.size(), block.segments().size(), "blocks of weights and biases");
  for (std::size_t l = 0; l < z_.size(); ++l) {
    const ConstWeightsView weights = block.weights(l);
    expect_equal(z_[l].columns(), weights.outputs(), "outputs of the gradients");
    expect_equal(l == 0 ? inputs() : z_[l - 1].columns(), weights.inputs(), "inputs of the gradients");
  }
}

Workspace::Workspace(Workspace&&) noexcept = default;
Workspace::~Workspace() = default;

std::size_t Workspace::rows_per_chunk() const {
  if (rows_ < wide_from_ || !pool_->pays(multiplications_ * static_cast<double>(rows_))) return rows_;
  const std::size_t size = pool_->size(), leaves = (rows_ + kernels::kLeafRows - 1) / kernels::kLeafRows;
  const std::size_t node = std::bit_ceil((leaves + size - 1) / size) * kernels::kLeafRows;
  const std::size_t even = ((rows_ + size - 1) / size + kRowsAlone - 1) / kRowsAlone * kRowsAlone;
  return 4 * node <= 5 * even ? node : even;  // nodes, unless the other threads would wait long for the largest chunk
}

bool Workspace::chunks_have_gradients() const {
  const std::size_t rows = rows_per_chunk();
  return rows < rows_ && rows >= wide_from_ && rows % kernels::kLeafRows == 0 &&
         std::has_single_bit(rows / kernels::kLeafRows);
}

void Workspace::for_each_chunk(const std::function<void(const WorkRows&)>& pass) {
  const std::size_t rows = rows_per_chunk();
  if (rows == rows_) return pass(*this);
  pool_->run([&](std::size_t member) {
    if (member * rows >= rows_) return;
    pass({*this, member * rows, std::min(rows, rows_ - member * rows), *alone_[member], member});
  });
}

}  // namespace chainrule
