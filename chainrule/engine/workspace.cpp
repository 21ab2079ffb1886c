// SPDX-License-Identifier: Apache-2.0
#include "chainrule/engine/workspace.h"

#include <utility>

#include "chainrule/base/checks.h"
#include "chainrule/engine/formulas/loss_formulas.h"
#include "chainrule/engine/forward_backward.h"
#include "chainrule/engine/kernels/flush.h"
#include "chainrule/engine/work_rows.h"

namespace chainrule {

Workspace::Workspace(const Architecture& architecture, std::size_t max_rows, std::size_t threads)
    : buffers_(std::make_unique<Buffers>(architecture, max_rows, threads)) {}
Workspace::Workspace(Workspace&&) noexcept = default;
Workspace::~Workspace() = default;
void Workspace::refuse_moved_from() {
  throw Error(ErrorCategory::usage, "workspace: expected one with buffers, found a moved-from one");
}

std::size_t Workspace::max_rows() const { return buffers().max_rows(); }
std::size_t Workspace::rows() const { return buffers().rows; }
void Workspace::set_rows(std::size_t rows) {
  expect_at_most(max_rows(), rows, "rows of the batch");
  buffers().rows = rows;
}

MatrixView Workspace::z(std::size_t layer) { return WorkRows(*this).z(layer); }
MatrixView Workspace::a(std::size_t layer) { return WorkRows(*this).a(layer); }
MatrixView Workspace::delta(std::size_t layer) { return WorkRows(*this).delta(layer); }
MatrixView Workspace::d_outputs() { return WorkRows(*this).d_outputs(); }
ConstMatrixView Workspace::outputs() const { return WorkRows(buffers()).outputs(); }
std::span<double> Workspace::losses() { return WorkRows(*this).losses(); }

void forward(const Network& network, ConstMatrixView inputs, const Pass& pass, Workspace& work) {
  work.set_rows(inputs.rows());
  forward(network, inputs, pass, WorkRows(work));
}

double loss_and_gradient(const Loss& loss, const Batch& batch, Workspace& work) {
  const kernels::FlushSubnormals flush;
  losses_and_gradient(loss, work.outputs(), batch.targets, batch.scale, work.d_outputs(), work.losses());
  return sum_of_losses(work.losses());
}

void backward_deltas(const Network& network, Workspace& work) { backward_deltas(network, WorkRows(work)); }

void input_gradients(const Network& network, Workspace& work, MatrixView d_inputs) {
  input_gradients(network, WorkRows(work), d_inputs);
}

void weight_gradients(ConstMatrixView inputs, Workspace& work, Parameters& gradients) {
  weight_gradients(inputs, WorkRows(work), gradients);
}

}  // namespace chainrule
