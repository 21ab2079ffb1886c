// SPDX-License-Identifier: Apache-2.0
#include "chainrule/engine/work_rows.h"

#include <algorithm>
#include <bit>
#include <string>

#include "chainrule/base/checks.h"
#include "chainrule/engine/kernels/kernels.h"
#include "chainrule/engine/kernels/tree.h"
#include "chainrule/engine/layer.h"

namespace chainrule {

Workspace::Buffers::Buffers(const Architecture& architecture, std::size_t max_rows, std::size_t threads)
    : rows(max_rows), pool(threads) {
  validate(architecture);
  checked_numbers(max_rows, 1, sizeof(double));
  const auto add_dropout_buffers = [&](double fraction, std::size_t units) {
    masks.emplace_back(fraction > 0 ? max_rows : 0, units);
    dropped_out.emplace_back(fraction > 0 ? max_rows : 0, units);
  };
  add_dropout_buffers(architecture.input_dropout, architecture.inputs);
  for (const Layer& layer : architecture.layers) {
    z.emplace_back(max_rows, layer.outputs);
    a.emplace_back(max_rows, layer.outputs);
    delta.emplace_back(max_rows, layer.outputs);
    add_dropout_buffers(layer.dropout, layer.outputs);
  }
  losses.resize(max_rows);
  for (std::size_t l = 0; l < architecture.depth(); ++l) {
    const std::size_t inputs = architecture.layer_inputs(l), outputs = architecture.layers[l].outputs;
    wide_from = std::max(wide_from, kernels::rows_of_wide_batch(inputs, outputs));
    multiplications += 2 * static_cast<double>(inputs * outputs);
  }
  for (std::size_t member = 0; member < pool.size(); ++member) alone.push_back(std::make_unique<kernels::ThreadPool>());
}

void Workspace::Buffers::require_fits(const Architecture& architecture) const {
  expect_equal(z.size(), architecture.depth(), "layers of the network for this workspace");
  expect_equal(masks[0].columns(), architecture.inputs, "inputs of the network for this workspace");
  const auto require_dropout_buffers = [&](double fraction, std::size_t index) {
    const bool has_buffers = masks[index].rows() > 0;
    if (max_rows() == 0 || (fraction > 0) == has_buffers) return;
    throw Error(ErrorCategory::usage, (index == 0 ? "input_dropout" : "dropout of layer " + std::to_string(index)) +
                                          ": expected " + (has_buffers ? "above 0" : "0") +
                                          " as when the workspace was made, found " + std::to_string(fraction));
  };
  require_dropout_buffers(architecture.input_dropout, 0);
  for (std::size_t l = 0; l < z.size(); ++l) {
    expect_equal(z[l].columns(), architecture.layers[l].outputs, "outputs of a layer for this workspace");
    require_dropout_buffers(architecture.layers[l].dropout, l + 1);
  }
}

void Workspace::Buffers::require_layout(const Parameters& block) const {
  expect_equal(2 * z.size(), block.segments().size(), "blocks of weights and biases");
  for (std::size_t l = 0; l < z.size(); ++l) {
    const ConstWeightsView weights = block.weights(l);
    expect_equal(z[l].columns(), weights.outputs(), "outputs of the gradients");
    expect_equal(l == 0 ? inputs() : z[l - 1].columns(), weights.inputs(), "inputs of the gradients");
  }
}

std::size_t Workspace::Buffers::rows_per_chunk() const {
  if (rows < wide_from || !pool.pays(multiplications * static_cast<double>(rows))) return rows;
  const std::size_t size = pool.size(), leaves = (rows + kernels::kLeafRows - 1) / kernels::kLeafRows;
  const std::size_t node = std::bit_ceil((leaves + size - 1) / size) * kernels::kLeafRows;
  const std::size_t even = ((rows + size - 1) / size + kRowsAlone - 1) / kRowsAlone * kRowsAlone;
  return 4 * node <= 5 * even ? node : even;  // nodes, unless the other threads would wait long for the largest chunk
}

bool Workspace::Buffers::chunks_have_gradients() const {
  const std::size_t chunk = rows_per_chunk();
  return chunk < rows && chunk >= wide_from && chunk % kernels::kLeafRows == 0 &&
         std::has_single_bit(chunk / kernels::kLeafRows);
}

void for_each_chunk(Workspace& work, const std::function<void(const WorkRows&)>& pass) {
  Workspace::Buffers& all = work.buffers();
  const std::size_t rows = all.rows, chunk = all.rows_per_chunk();
  if (chunk == rows) return pass(work);
  all.pool.run([&](std::size_t member) {
    if (member * chunk >= rows) return;
    pass({all, member * chunk, std::min(chunk, rows - member * chunk), *all.alone[member], member});
  });
}

}  // namespace chainrule
