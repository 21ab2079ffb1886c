// SPDX-License-Identifier: Apache-2.0
#include "chainrule/engine/train_step.h"

#include <algorithm>

#include "chainrule/base/checks.h"
#include "chainrule/engine/formulas/loss_formulas.h"
#include "chainrule/engine/formulas/optimizer_update.h"
#include "chainrule/engine/forward_backward.h"
#include "chainrule/engine/kernels/flush.h"
#include "chainrule/engine/kernels/kernels.h"
#include "chainrule/engine/update.h"
#include "chainrule/engine/work_rows.h"

namespace chainrule {

namespace {

Network& checked(Network& network, const TrainOptions& options) {
  validate(network);
  validate(options);
  network.parameters.take_multipliers(network.architecture);
  return network;
}

// A few comparisons, regardless of the size of the batch.
void require_fit(const TrainState& s, const Batch& batch) {
  const Architecture& architecture = s.network.architecture;
  s.work.buffers().require_fits(architecture);
  expect_at_least(1, batch.inputs.rows(), "rows of the batch");
  expect_at_most(s.work.max_rows(), batch.inputs.rows(), "rows of the batch");
  expect_equal(architecture.inputs, batch.inputs.columns(), "columns of the inputs");
  expect_equal(batch.inputs.rows(), batch.targets.rows(), "rows of the targets");
  expect_equal(architecture.outputs(), batch.targets.columns(), "columns of the targets");
  expect_equal(batch.inputs.rows(), batch.scale.size(), "scales of the rows");
  const std::size_t memory = optimizer_memory(s.options.optimizer), numbers = s.network.parameters.flat().size();
  expect_equal(numbers, s.gradients.flat().size(), "gradients");
  if (memory >= 1) expect_equal(numbers, s.first.flat().size(), "first memory of the optimizer");
  if (memory >= 2) expect_equal(numbers, s.second.flat().size(), "second memory of the optimizer");
}

}  // namespace

double train_step(TrainState& s, const Batch& batch) {
  require_fit(s, batch);
  const kernels::FlushSubnormals flush;
  const Pass pass{s.options.seed, s.step, 0};  // what dropout masks are made of
  s.work.set_rows(batch.inputs.rows());
  Update update(s, batch);
  for_each_chunk(s.work, [&](const WorkRows& rows) {  // all rows of the batch or, where it is wide, those of one thread
    forward(s.network, batch.inputs, pass, rows);
    losses_and_gradient(s.options.loss, rows.outputs(), rows.of(batch.targets), rows.of(batch.scale), rows.d_outputs(),
                        rows.losses());
    backward_deltas(s.network, rows);
    update.take(rows);
  });
  const double loss = sum_of_losses(s.work.losses());
  update.apply(loss);
  return loss;
}

TrainState::TrainState(Network& n, const TrainOptions& o, std::size_t max_rows, std::size_t threads)
    : network(checked(n, o)),
      options(o),
      work(n.architecture, max_rows, threads),
      gradients(n.architecture),
      learning_rate(o.learning_rate) {
  if (o.loss.kind == LossKind::custom) work.buffers().keep_together();  // a user's function need not be thread-safe
  if (work.buffers().chunks_have_gradients())
    chunk_gradients.assign(work.buffers().pool.size() - 1, Parameters(n.architecture));
  if (optimizer_memory(o.optimizer) >= 1) first = Parameters(n.architecture);
  if (optimizer_memory(o.optimizer) >= 2) second = Parameters(n.architecture);
}

namespace {

// The sum over the weights alone, without the padding of the last panel. If the padding is zero, which it is unless a
// user wrote there, the sum runs over the block as it is in memory, in its order.
double sum_of_squared_weights(const Parameters& parameters, const Segment& segment) {
  const std::span<const float> block = parameters.of(segment);
  const std::size_t width = segment.rows % kPanelOutputs, lines = whole_lines(width);
  if (segment.kind == Segment::Kind::biases || width == lines) return kernels::sum_of_squares(block);
  const std::size_t panel = segment.rows / kPanelOutputs * kPanelOutputs * segment.columns;
  const auto is_clean = [&](std::size_t input) {
    return std::ranges::all_of(block.subspan(panel + input * lines + width, lines - width),
                               [](float x) { return x == 0; });
  };
  bool clean = true;
  for (std::size_t input = 0; input < segment.columns; ++input) clean = clean && is_clean(input);
  if (clean) return kernels::sum_of_squares(block);
  AlignedVector<float> weights(block.begin(), block.end());
  for (std::size_t input = 0; input < segment.columns; ++input)
    std::ranges::fill(std::span(weights).subspan(panel + input * lines + width, lines - width), 0.0f);
  return kernels::sum_of_squares(weights);
}

}  // namespace

Matrix input_gradients(const Network& network, const Loss& loss, const Batch& batch, std::size_t threads) {
  validate(network);
  Network plain = network;
  plain.architecture.input_dropout = 0;
  for (Layer& layer : plain.architecture.layers) layer.dropout = 0;
  Workspace work(plain.architecture, std::max<std::size_t>(1, batch.inputs.rows()), threads);
  if (loss.kind == LossKind::custom) work.buffers().keep_together();
  forward(plain, batch.inputs, {}, work);
  loss_and_gradient(loss, batch, work);
  backward_deltas(plain, work);
  Matrix d_inputs(batch.inputs.rows(), batch.inputs.columns());
  input_gradients(plain, work, d_inputs.view());
  return d_inputs;
}

double decay_term(const Parameters& parameters, double weight_decay) {
  double sum = 0;
  for (const Segment& segment : parameters.segments())
    if (segment.decay_multiplier > 0) sum += segment.decay_multiplier * sum_of_squared_weights(parameters, segment);
  return 0.5 * weight_decay * sum;
}

}  // namespace chainrule
