// SPDX-License-Identifier: Apache-2.0
#include "chainrule/engine/update.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "chainrule/engine/divergence.h"
#include "chainrule/engine/formulas/optimizer_update.h"
#include "chainrule/engine/forward_backward.h"
#include "chainrule/engine/kernels/kernels.h"
#include "chainrule/engine/kernels/tree.h"
#include "chainrule/engine/work_rows.h"

namespace chainrule {
namespace {

// Numbers [begin, end) of a segment; empty if the optimizer has no such memory.
std::span<float> part(Parameters& block, const Segment& segment, std::size_t begin, std::size_t end) {
  return block.flat().empty() ? std::span<float>() : block.of(segment).subspan(begin, end - begin);
}

bool keeps_gradients(const TrainState& s) { return s.measure_norm || s.options.clip_norm > 0; }

constexpr std::size_t kLine = 16;  // numbers of a cache line; segments begin and end at such lines
constexpr double kUpdateWork = 8;  // cost of the update of one parameter, in multiplications
constexpr double kLookWork = 4;    // cost of reading a number that another core may have just written

// Max-norm: a unit whose incoming weights are longer than `bound` has them scaled back to it (Srebro & Shraibman 2005).
void bound_units(double bound, WeightsView weights) {
  std::vector<float> incoming(weights.inputs());
  for (std::size_t i = 0; i < weights.outputs(); ++i) {
    for (std::size_t j = 0; j < incoming.size(); ++j) incoming[j] = weights(i, j);
    const double norm = std::sqrt(kernels::sum_of_squares(incoming));
    if (norm <= bound) continue;
    const float factor = static_cast<float>(bound / norm);
    for (std::size_t j = 0; j < incoming.size(); ++j) weights(i, j) *= factor;
  }
}

double largest(kernels::ThreadPool& pool, std::span<const float> values) {
  std::vector<float> of_member(pool.size());
  pool.split(values.size(), kLookWork * static_cast<double>(values.size()),
             [&](std::size_t member, std::size_t begin, std::size_t end) {
               of_member[member] = kernels::largest_magnitude(values.subspan(begin, end - begin));
             });
  return static_cast<double>(*std::ranges::max_element(of_member));
}

// Whether the numbers of these rows are too small to make the gradient overflow, whatever their signs. It holds for the
// whole gradient only if it holds for all rows.
bool gradients_stay_finite(const TrainState& s, const Batch& batch, const WorkRows& rows) {
  constexpr double kSafe = 1e38;  // a third of the largest float: a margin for rounding errors
  const double all_rows = static_cast<double>(batch.inputs.rows());
  for (std::size_t l = 0; l < s.network.architecture.depth(); ++l) {
    const double delta = largest(rows.pool(), rows.delta(l).flat());
    const double fed = largest(rows.pool(), rows.fed(l, batch.inputs).flat());
    if (!(delta * all_rows * std::max(1.0, fed) < kSafe)) return false;
  }
  return true;
}

// M11, (9), (10), with M12: every segment of the flat block has its own rates.
UpdateRates rates_of(const TrainState& s, const Segment& segment, double gradient_scale = 1) {
  const Layer& layer = s.network.architecture.layers[segment.layer];
  const bool is_weights = segment.kind == Segment::Kind::weights;
  UpdateRates rates{s.step, s.learning_rate * (is_weights ? layer.weight_multiplier : layer.bias_multiplier),
                    s.options.weight_decay * (is_weights ? layer.decay_multiplier : 0), gradient_scale};
  prepare(s.options.optimizer, rates);
  return rates;
}

// A frozen segment gets no update: adding 0 would turn -0 into 0, and rprop has its own step sizes.
bool is_frozen(const TrainState& s, const Segment& segment) {
  const Layer& layer = s.network.architecture.layers[segment.layer];
  return (segment.kind == Segment::Kind::weights ? layer.weight_multiplier : layer.bias_multiplier) == 0;
}

// The update of numbers [begin, end) of a segment.
void update_part(TrainState& s, const Segment& segment, const UpdateRates& rates, std::size_t begin,
                 std::span<const float> gradient) {
  if (is_frozen(s, segment)) return;
  const std::size_t end = begin + gradient.size();
  optimizer_update(s.options.optimizer, rates, part(s.network.parameters, segment, begin, end), gradient,
                   part(s.first, segment, begin, end), part(s.second, segment, begin, end));
}

// The update of lines [begin, end) of the flat block, from their gradients.
void update_lines(TrainState& s, std::size_t begin, std::size_t end, double gradient_scale) {
  for (const Segment& segment : s.network.parameters.segments()) {
    const std::size_t first = std::max(begin * kLine, segment.offset);
    const std::size_t last = std::min(end * kLine, segment.offset + segment.size());
    if (first < last)
      update_part(s, segment, rates_of(s, segment, gradient_scale), first - segment.offset,
                  s.gradients.flat().subspan(first, last - first));
  }
}

// task(begin, end) for all lines of the flat block: each thread always gets the same lines, which stay near its core.
template <class Task>
void split_lines(TrainState& s, double work, const Task& task) {
  const std::size_t lines = s.gradients.flat().size() / kLine;
  s.work.buffers().pool.split(lines, work * static_cast<double>(lines * kLine),
                              [&](std::size_t, std::size_t begin, std::size_t end) { task(begin, end); });
}

void update(TrainState& s) {
  const double clip = s.options.clip_norm;
  const double gradient_scale = clip > 0 && s.gradient_norm > clip ? clip / s.gradient_norm : 1;
  ++s.step;
  split_lines(s, kUpdateWork, [&](auto begin, auto end) { update_lines(s, begin, end, gradient_scale); });
}

// The gradients of the rows of one chunk.
Parameters& gradients_of(TrainState& s, std::size_t chunk) {
  return chunk == 0 ? s.gradients : s.chunk_gradients[chunk - 1];
}

// Adds up the gradients of all chunks, by the upper levels of the batch tree (kernels.h).
void add_chunks(TrainState& s) {
  const std::size_t chunks = s.work.buffers().chunks();
  split_lines(s, kLookWork * static_cast<double>(chunks), [&](std::size_t begin, std::size_t end) {
    const auto of = [&](std::size_t chunk) {
      return gradients_of(s, chunk).flat().subspan(begin * kLine, (end - begin) * kLine);
    };
    for (std::size_t step = 1; step < chunks; step *= 2)
      for (std::size_t chunk = 0; chunk + step < chunks; chunk += 2 * step)
        kernels::add_up(of(chunk), of(chunk + step));
  });
}

// Whether all gradients are finite; also measures their norm if it is needed.
bool gradients_are_finite(TrainState& s) {
  if (!keeps_gradients(s)) return std::isfinite(largest(s.work.buffers().pool, s.gradients.flat()));
  s.gradient_norm = std::sqrt(kernels::sum_of_squares(s.gradients.flat()));
  return std::isfinite(s.gradient_norm);
}

// Updates a segment with each piece of its gradient.
class UpdateWhileHot : public GradientTaker {
 public:
  UpdateWhileHot(TrainState& s, const Segment& segment) : s_(s), segment_(segment), rates_(rates_of(s, segment)) {}

  std::array<const float*, 3> goes_into() const override {
    const auto numbers = [&](const Parameters& block) {
      return block.flat().empty() ? nullptr : block.flat().data() + segment_.offset;
    };
    return {numbers(s_.network.parameters), numbers(s_.first), numbers(s_.second)};
  }
  void take(std::size_t offset, std::span<const float> piece) const override {
    update_part(s_, segment_, rates_, offset, piece);
  }
  bool needs_zeros() const override {  // gradient descent without decay changes no weight whose gradient is 0
    return !std::holds_alternative<Sgd>(s_.options.optimizer) || rates_.weight_decay != 0;
  }

 private:
  TrainState& s_;
  const Segment& segment_;
  UpdateRates rates_;
};

// Gradients and update in one pass: a piece of a gradient updates the weights while it is in a near cache, and is never
// stored. Gives the same bits as gradients followed by update(), except for weights that are subnormal or not finite.
void update_while_hot(TrainState& s, ConstMatrixView inputs) {
  ++s.step;
  const std::vector<Segment>& segments = s.network.parameters.segments();
  const std::size_t depth = segments.size() / 2;
  for (std::size_t l = 0; l < depth; ++l) {
    weight_gradients(inputs, s.work, l, UpdateWhileHot(s, segments[l]), s.gradients.biases(l));
  }
  update_lines(s, segments[depth].offset / kLine, s.gradients.flat().size() / kLine, 1);
}

void bound_norms(TrainState& s) {
  const std::vector<Layer>& layers = s.network.architecture.layers;
  for (std::size_t l = 0; l < layers.size(); ++l)
    if (layers[l].max_norm > 0) bound_units(layers[l].max_norm, s.network.parameters.weights(l));
}

}  // namespace

Update::Update(TrainState& state, const Batch& batch)
    : state_(state),
      batch_(batch),
      by_thread_(!state.chunk_gradients.empty() && state.work.buffers().chunks_have_gradients()),
      while_hot_(!by_thread_ && !keeps_gradients(state)) {}

void Update::take(const WorkRows& rows) {
  if (by_thread_) weight_gradients(batch_.inputs, rows, gradients_of(state_, rows.chunk()));
  if (while_hot_ && !gradients_stay_finite(state_, batch_, rows)) stays_finite_ = false;
}

void Update::apply(double loss) {
  if (while_hot_ && std::isfinite(loss) && stays_finite_) {
    update_while_hot(state_, batch_.inputs);
  } else {
    if (by_thread_)
      add_chunks(state_);
    else
      weight_gradients(batch_.inputs, state_.work, state_.gradients);
    if (!gradients_are_finite(state_) || !std::isfinite(loss)) throw divergence(state_, batch_, loss);
    update(state_);
  }
  bound_norms(state_);
}

}  // namespace chainrule
