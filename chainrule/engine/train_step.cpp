// SPDX-License-Identifier: Apache-2.0
#include "chainrule/engine/train_step.h"

#include "chainrule/engine/backpropagation.h"
#include "chainrule/engine/kernels/flush.h"
#include "chainrule/engine/kernels/kernels.h"
#include "chainrule/engine/update.h"

namespace chainrule {

double train_step(TrainState& s, const Batch& batch) {
  const kernels::FlushSubnormals flush;
  const Pass pass{s.options.seed, s.step, 0};  // what dropout masks are made of
  s.work.set_rows(batch.inputs.rows());
  Update update(s, batch);
  s.work.share_out([&](const WorkRows& rows) {  // all rows of the batch or, where it is wide, those of one thread
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

TrainState::TrainState(Network& n, const TrainOptions& o, std::size_t most_rows, std::size_t threads)
    : network(n), options(o), work(n.architecture, most_rows, threads), gradients(n.architecture) {
  if (o.loss.kind == LossKind::custom) work.keep_together();  // a user's function need not bear several threads
  if (work.shares_have_gradients()) of_shares.assign(work.team().size() - 1, Parameters(n.architecture));
  if (optimizer_memory(o.optimizer) >= 1) first = Parameters(n.architecture);
  if (optimizer_memory(o.optimizer) >= 2) second = Parameters(n.architecture);
}

double decay_term(const Parameters& parameters, double weight_decay) {
  double sum = 0;
  for (const Segment& segment : parameters.segments())
    if (segment.decay_multiplier > 0) sum += segment.decay_multiplier * kernels::sum_of_squares(parameters.of(segment));
  return 0.5 * weight_decay * sum;
}

}  // namespace chainrule
