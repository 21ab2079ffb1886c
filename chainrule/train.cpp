// SPDX-License-Identifier: Apache-2.0
// The training step, and the loop over steps. What is watched and what is kept is decided in watch.h; what a failed
// step says of itself, in divergence.h.
#include "chainrule/train.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <numeric>

#include "chainrule/divergence.h"
#include "chainrule/error.h"
#include "chainrule/kernels/flush.h"
#include "chainrule/kernels/kernels.h"
#include "chainrule/kernels/tree.h"
#include "chainrule/random.h"
#include "chainrule/watch.h"

namespace chainrule {
namespace {

// Numbers [begin, end) of a segment; none where the optimiser remembers none.
std::span<float> part(Parameters& block, const Segment& segment, std::size_t begin, std::size_t end) {
  return block.flat().empty() ? std::span<float>() : block.of(segment).subspan(begin, end - begin);
}

bool keeps_gradients(const TrainState& s) { return s.measure_norm || s.options.clip_norm > 0; }

constexpr std::size_t kLine = 16;  // numbers of a cache line, with which segments begin and end
constexpr double kUpdateWork = 8;  // what the update of one parameter costs, in multiplications
constexpr double kLookWork = 4;    // what a look at a number costs, which another core may have just written

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

double largest(kernels::Team& team, std::span<const float> values) {
  std::vector<float> of_member(team.size());
  team.split(values.size(), kLookWork * static_cast<double>(values.size()),
             [&](std::size_t member, std::size_t begin, std::size_t end) {
               of_member[member] = kernels::largest_magnitude(values.subspan(begin, end - begin));
             });
  return static_cast<double>(*std::ranges::max_element(of_member));
}

// Whether what these rows add to the gradient cannot overflow, whatever the signs, as long as all rows say so: what
// goes into its sums is too small for that.
bool gradients_stay_finite(const TrainState& s, const Batch& batch, const WorkRows& rows) {
  constexpr double kSafe = 1e38;  // a third of the largest float: room for the roundings
  const double all_rows = static_cast<double>(batch.inputs.rows());
  for (std::size_t l = 0; l < s.network.architecture.depth(); ++l) {
    const double delta = largest(rows.team(), rows.delta(l).flat());
    const double fed = largest(rows.team(), rows.fed(l, batch.inputs).flat());
    if (!(delta * all_rows * std::max(1.0, fed) < kSafe)) return false;
  }
  return true;
}

// M11, (9), (10), with M12: every segment of the flat block has its own rates.
UpdateRates rates_of(const TrainState& s, const Segment& segment, double gradient_scale = 1) {
  UpdateRates rates{s.step, s.learning_rate * segment.rate_multiplier,
                    s.options.weight_decay * segment.decay_multiplier, gradient_scale};
  prepare(s.options.optimizer, rates);
  return rates;
}

// The update of numbers [begin, end) of a segment.
void update_part(TrainState& s, const Segment& segment, const UpdateRates& rates, std::size_t begin,
                 std::span<const float> gradient) {
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

// task(begin, end) for all lines of the flat block: each member has the same ones every time, near its core.
template <class Task>
void split_lines(TrainState& s, double work, const Task& task) {
  const std::size_t lines = s.gradients.flat().size() / kLine;
  s.work.team().split(lines, work * static_cast<double>(lines * kLine),
                      [&](std::size_t, std::size_t begin, std::size_t end) { task(begin, end); });
}

void update(TrainState& s) {
  const double clip = s.options.clip_norm;
  const double gradient_scale = clip > 0 && s.gradient_norm > clip ? clip / s.gradient_norm : 1;
  ++s.step;
  split_lines(s, kUpdateWork, [&](auto begin, auto end) { update_lines(s, begin, end, gradient_scale); });
}

// What the rows of one share add to the gradients.
Parameters& gradients_of(TrainState& s, std::size_t share) { return share == 0 ? s.gradients : s.of_shares[share - 1]; }

// Adds up the gradients of all shares, by the upper levels of the batch tree (kernels.h).
void add_shares(TrainState& s) {
  const std::size_t shares = s.work.shares();
  split_lines(s, kLookWork * static_cast<double>(shares), [&](std::size_t begin, std::size_t end) {
    const auto of = [&](std::size_t share) {
      return gradients_of(s, share).flat().subspan(begin * kLine, (end - begin) * kLine);
    };
    for (std::size_t step = 1; step < shares; step *= 2)
      for (std::size_t share = 0; share + step < shares; share += 2 * step)
        kernels::add_up(of(share), of(share + step));
  });
}

// Whether no gradient is infinite or NaN, which also measures their norm where that is wanted.
bool gradients_are_finite(TrainState& s) {
  if (!keeps_gradients(s)) return std::isfinite(largest(s.work.team(), s.gradients.flat()));
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
  bool needs_zeros() const override {  // plain descent without decay moves by the gradient alone
    return !std::holds_alternative<Sgd>(s_.options.optimizer) || rates_.weight_decay != 0;
  }

 private:
  TrainState& s_;
  const Segment& segment_;
  UpdateRates rates_;
};

// Gradients and update in one: a piece of a gradient goes into the weights while it is in a near cache, and is never
// stored. The same bits as the gradients first and update() then, but for weights that are subnormal or not finite.
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
  for (const Segment& segment : s.network.parameters.segments())
    if (segment.max_norm > 0) bound_units(segment.max_norm, s.network.parameters.weights(segment.layer));
}

// Statistics of the step just made with the weights `before`.
void tell_health(TrainState& s, const Batch& batch, const Parameters& before, const StepRecord& step,
                 const Observer& observer) {
  HealthMeter meter(s.network.architecture);
  meter.add(batch.inputs, s.work, s.gradients, before, s.network.parameters);
  observer.on_health({step, meter.layers()});
}

// Subnormal weights count as zero in every product. Left as they are, it would depend on how a step is shared out
// whether it writes that zero.
void flush(Parameters& parameters) {
  for (float& number : parameters.flat()) {
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(number);
    if ((bits & 0x7f800000u) == 0) number = std::bit_cast<float>(bits & 0x80000000u);
  }
}

// One epoch; false when the observer stopped it on the way.
bool run_epoch(TrainState& state, Batcher& batches, double rate_factor, EpochRecord& record, const Observer& observer) {
  const TrainOptions& options = state.options;
  const std::vector<std::size_t> order = epoch_order(options, batches.rows(), record.epoch);
  const std::uint64_t total_steps = batches.batches() * options.epochs;
  double loss_sum = 0;
  Parameters before;  // of the steps whose health is told
  for (std::size_t b = 0; b < batches.batches(); ++b) {
    const Batch batch = batches.gather(b, order, &state.work.team());
    state.learning_rate = options.learning_rate * rate_factor *
                          schedule_factor(options.schedule, state.step, batches.batches(), total_steps);
    const bool tells = observer.on_health && observer.health_every > 0 && (state.step + 1) % observer.health_every == 0;
    if (tells) before = state.network.parameters;
    state.measure_norm = observer.on_step || tells || b + 1 == batches.batches();
    const double loss = train_step(state, batch);
    loss_sum += loss * static_cast<double>(batch.inputs.rows());
    const StepRecord step{record.epoch,       b + 1, batches.batches(), state.step, loss, state.learning_rate,
                          state.gradient_norm};
    if (observer.on_step) observer.on_step(step);
    if (tells) tell_health(state, batch, before, step, observer);
    if (observer.should_stop && observer.should_stop()) return false;
  }
  record.step = state.step;
  record.learning_rate = state.learning_rate;
  record.training_loss = loss_sum / static_cast<double>(batches.rows());
  record.gradient_norm = state.gradient_norm;
  record.decay_term = decay_term(state.network.parameters, options.weight_decay);
  return true;
}

}  // namespace

TrainState::TrainState(Network& n, const TrainOptions& o, std::size_t most_rows, std::size_t threads)
    : network(n), options(o), work(n.architecture, most_rows, threads), gradients(n.architecture) {
  if (o.loss.kind == LossKind::custom) work.keep_together();  // a user's function need not bear several threads
  if (work.shares_have_gradients()) of_shares.assign(work.team().size() - 1, Parameters(n.architecture));
  if (optimizer_memory(o.optimizer) >= 1) first = Parameters(n.architecture);
  if (optimizer_memory(o.optimizer) >= 2) second = Parameters(n.architecture);
}

double train_step(TrainState& s, const Batch& batch) {
  const kernels::FlushSubnormals flush;
  const Pass pass{s.options.seed, s.step, 0};  // what dropout masks are made of
  s.work.set_rows(batch.inputs.rows());
  const bool by_shares = !s.of_shares.empty() && s.work.shares_have_gradients();
  const bool while_hot = !by_shares && !keeps_gradients(s);
  std::atomic<bool> stay_finite = true;
  const auto pass_through = [&](const WorkRows& rows) {
    forward(s.network, batch.inputs, pass, rows);
    losses_and_gradient(s.options.loss, rows.outputs(), rows.of(batch.targets), rows.of(batch.scale), rows.d_outputs(),
                        rows.losses());
    backward_deltas(s.network, rows);
    if (by_shares) weight_gradients(batch.inputs, rows, gradients_of(s, rows.share()));
    if (while_hot && !gradients_stay_finite(s, batch, rows)) stay_finite = false;
  };
  s.work.share_out(pass_through);
  const double loss = sum_of_losses(s.work.losses());
  if (while_hot && std::isfinite(loss) && stay_finite) {
    update_while_hot(s, batch.inputs);
  } else {
    if (by_shares)
      add_shares(s);
    else
      weight_gradients(batch.inputs, s.work, s.gradients);
    if (!gradients_are_finite(s) || !std::isfinite(loss)) throw divergence(s, batch, loss);
    update(s);
  }
  bound_norms(s);
  return loss;
}

std::size_t rows_per_batch(const TrainOptions& options, std::size_t rows) {
  return options.batch_size == 0 ? rows : std::min(options.batch_size, rows);
}

std::size_t steps_per_epoch(const TrainOptions& options, std::size_t rows) {
  const std::size_t batch = rows_per_batch(options, rows);
  return (rows + batch - 1) / batch;
}

std::vector<std::size_t> epoch_order(const TrainOptions& options, std::size_t rows, std::size_t epoch) {
  if (options.shuffle)
    return random_permutation({options.seed, Purpose::shuffle, 0, static_cast<std::uint32_t>(epoch)}, rows);
  std::vector<std::size_t> order(rows);
  std::iota(order.begin(), order.end(), std::size_t{0});
  return order;
}

double decay_term(const Parameters& parameters, double weight_decay) {
  double sum = 0;
  for (const Segment& segment : parameters.segments())
    if (segment.decay_multiplier > 0) sum += segment.decay_multiplier * kernels::sum_of_squares(parameters.of(segment));
  return 0.5 * weight_decay * sum;
}

History train(Network& network, const Selection& training, const Selection& validation, const TrainOptions& options,
              const Observer& observer, std::size_t threads) {
  validate(options);
  const std::size_t rows = training.rows.size();
  if (rows == 0) throw Error(ErrorCategory::input, "training rows: expected at least 1, found 0");
  const std::size_t batch_size = rows_per_batch(options, rows);
  if (std::holds_alternative<Rprop>(options.optimizer) && batch_size < rows)
    throw Error(ErrorCategory::usage,
                "batch_size: rprop expects all " + std::to_string(rows) + " rows, found " + std::to_string(batch_size));
  flush(network.parameters);
  Batcher batches(training, batch_size);
  TrainState state(network, options, batch_size, threads);
  Watch watch(options, network, !validation.rows.empty());
  History history;
  try {
    for (std::size_t epoch = 1; epoch <= options.epochs; ++epoch) {
      EpochRecord record;
      record.epoch = epoch;
      record.epochs = options.epochs;
      state.epoch = epoch;
      const bool finished = run_epoch(state, batches, watch.rate_factor(), record, observer);
      history.steps = state.step;
      if (!finished) {
        history.stop = StopReason::interrupted;
        break;
      }
      if (!validation.rows.empty())
        record.validation = evaluate(network, options.loss, validation, threads, options.metric);
      require_finite_parameters(state);
      const bool go_on = watch.look(record, network);
      history.epochs.push_back(record);
      if (observer.on_epoch) observer.on_epoch(record);
      if (!go_on) {
        history.stop = StopReason::early_stopping;
        break;
      }
    }
  } catch (const Error&) {
    watch.restore(network);
    throw;
  }
  history.watched_metric = watch.metric();
  history.best_epoch = watch.finish(network);
  return history;
}

Matrix predict(const Network& network, const Loss& loss, const Selection& rows, std::size_t threads) {
  Matrix outputs = predict_outputs(network, rows, threads);
  apply_link(loss, outputs.view());
  return outputs;
}

Matrix predict_outputs(const Network& network, const Selection& rows, std::size_t threads) {
  constexpr std::size_t kBlock = 256;
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

std::vector<double> losses_of_rows(const Loss& loss, ConstMatrixView outputs, const Selection& rows) {
  std::vector<double> output(outputs.columns()), target(outputs.columns()), losses(outputs.rows());
  Matrix target_row(1, outputs.columns());
  for (std::size_t i = 0; i < losses.size(); ++i) {
    rows.data->targets.gather(std::span(rows.rows).subspan(i, 1), target_row.view());
    std::ranges::copy(outputs.row(i), output.begin());
    std::ranges::copy(target_row.row(0), target.begin());
    losses[i] = loss_value(loss, output, target);
  }
  return losses;
}

Metrics evaluate(const Network& network, const Loss& loss, const Selection& rows, std::size_t threads,
                 std::string_view also, std::optional<double> threshold) {
  Matrix outputs = predict_outputs(network, rows, threads);
  const Dataset& data = *rows.data;
  const std::vector<double> losses = losses_of_rows(loss, outputs.view(), rows);
  const std::vector<float>& weights = data.weights_of_loss();
  const auto weight = [&](std::size_t i) { return weights.empty() ? 1.0 : double(weights[rows.rows[i]]); };
  const double total = kernels::tree_sum(losses.size(), [&](std::size_t i) { return weight(i) * losses[i]; });
  Metrics metrics = {{"loss", total / kernels::tree_sum(losses.size(), weight)}};
  apply_link(loss, outputs.view());
  for (Metric& metric : compute_metrics(outputs.view(), rows, also, threshold)) metrics.push_back(std::move(metric));
  return metrics;
}

}  // namespace chainrule
