// SPDX-License-Identifier: Apache-2.0
#include "chainrule/explain/explain.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "chainrule/base/checks.h"
#include "chainrule/base/elementary.h"
#include "chainrule/engine/formulas/loss_formulas.h"
#include "chainrule/engine/formulas/optimizer_rules.h"
#include "chainrule/engine/formulas/optimizer_update.h"
#include "chainrule/engine/forward_backward.h"
#include "chainrule/engine/kernels/copy_weights.h"
#include "chainrule/engine/kernels/kernels.h"
#include "chainrule/engine/reference/error_bounds.h"
#include "chainrule/engine/reference/running_bounds.h"
#include "chainrule/engine/work_rows.h"

namespace chainrule {
namespace {

// Makes the steps of an explanation.

using Numbers = std::vector<double>;

Numbers wide(std::span<const float> values) { return {values.begin(), values.end()}; }
Numbers wide(std::span<const double> values) { return {values.begin(), values.end()}; }

/// "W", 1, "_after": the name of a tensor.
std::string tensor_name(const char* symbol, std::size_t layer, const char* more = "") {
  return std::string(symbol).append(std::to_string(layer)).append(more);
}

/// Runs the engine and the reference together, step by step.
class Recorder {
 public:
  Recorder(const Architecture& architecture, const ReferenceParameters& start, const ReferenceBatch& batch,
           const TrainOptions& options);
  ExplainedStep step();
  /// The reference continues from the engine's current numbers.
  void restart_reference();

 private:
  std::size_t depth() const { return network_.architecture.depth(); }
  std::size_t rows() const { return batch_.inputs.rows(); }
  Batch batch() const { return {inputs_.view(), targets_.view(), row_scale_}; }
  void add(std::string name, std::size_t rows, std::size_t columns, Numbers engine, Numbers reference, Numbers bound);
  void add_matrix(std::string name, ConstMatrixView engine, Numbers reference, Numbers bound);
  void judge(Judged judged);
  void judge_update();
  void add_parameters(const char* more);
  void add_memory(const char* more);
  void add_inputs();
  void add_forward();
  void add_link();
  void add_losses();
  void add_backward();
  void add_gradients();
  void add_full_gradients();
  void add_objective_after();
  std::vector<MatrixOf<double>> masks();
  ReferenceOptimizer own_memory() const;

  Network network_;
  TrainOptions options_;
  TrainState state_;
  Matrix inputs_, targets_;
  std::vector<float> row_scale_;
  ReferenceBatch batch_;
  ReferenceParameters parameters_;
  ReferenceOptimizer memory_;
  InputBounds in_;
  ReferenceOptimizer memory_bounds_;
  ReferenceStep reference_;
  StepBounds bounds_;
  ReferenceParameters own_parameters_;  // the engine's own numbers before the update, and its optimizer's
  ReferenceOptimizer own_memory_;
  ExplainedStep record_;
};

// The engine's own parts make a step in the order of train_step(), and the recorder reads the numbers in between. Then
// train_step() makes the whole step once more. The second half of this file records the update.

Numbers times(std::span<const double> values, double factor) {
  Numbers scaled = wide(values);
  for (double& value : scaled) value *= factor;
  return scaled;
}

Matrix narrow(const MatrixOf<double>& values) {
  Matrix rounded(values.rows(), values.columns());
  std::ranges::transform(values.flat(), rounded.flat().begin(), [](double x) { return static_cast<float>(x); });
  return rounded;
}

MatrixOf<double> wide_matrix(ConstMatrixView values) {
  MatrixOf<double> widened(values.rows(), values.columns());
  std::ranges::copy(values.flat(), widened.flat().begin());
  return widened;
}

// How far rounding to float moves each number.
MatrixOf<double> rounding_of(const MatrixOf<double>& values) {
  MatrixOf<double> errors(values.rows(), values.columns());
  std::ranges::transform(values.flat(), errors.flat().begin(),
                         [](double x) { return std::abs(x - static_cast<double>(static_cast<float>(x))); });
  return errors;
}

// Links grow by at most e^error; a probability stays below 1.
double link_bound(const Loss& loss, double p, double error, double of_sums) {
  const double grown = p == 0 ? 0 : p * (elementary::exp(error) - 1 + of_sums);
  const double flushed = p == 0 ? elementary::exp(error - 700) : 0;
  return loss.kind == LossKind::poisson ? grown + flushed : std::min(1.0, grown + flushed);
}

double log_sum_exp(std::span<const double> a) {
  const double shift = *std::ranges::max_element(a);
  double sum = 0;
  for (const double x : a) sum += elementary::exp(x - shift);
  return shift + elementary::log(sum);
}

}  // namespace

Recorder::Recorder(const Architecture& architecture, const ReferenceParameters& start, const ReferenceBatch& batch,
                   const TrainOptions& options)
    : network_(architecture),
      options_(options),
      state_(network_, options_, batch.inputs.rows()),
      inputs_(narrow(batch.inputs)),
      targets_(narrow(batch.targets)),
      batch_(batch),
      parameters_(start),
      memory_(architecture),
      in_(no_bounds(architecture, batch)),
      memory_bounds_(architecture),
      own_memory_(architecture) {
  for (std::size_t l = 0; l < depth(); ++l) {
    const Matrix weights = narrow(start.weights[l]);
    copy_weights(weights.view(), network_.parameters.weights(l));
    std::ranges::transform(start.biases[l], network_.parameters.biases(l).begin(),
                           [](double x) { return static_cast<float>(x); });
    in_.parameters.weights[l] = rounding_of(start.weights[l]);
    for (std::size_t i = 0; i < start.biases[l].size(); ++i)
      in_.parameters.biases[l][i] =
          std::abs(start.biases[l][i] - static_cast<double>(network_.parameters.biases(l)[i]));
  }
  in_.inputs = rounding_of(batch.inputs);
  in_.targets = rounding_of(batch.targets);
  for (std::size_t i = 0; i < rows(); ++i) {
    const double weight = batch.weights.empty() ? 1 : batch.weights[i];
    row_scale_.push_back(static_cast<float>(weight / static_cast<double>(rows())));
  }
  state_.learning_rate = options.learning_rate;
}

void Recorder::add(std::string name, std::size_t rows, std::size_t columns, Numbers engine, Numbers reference,
                   Numbers bound) {
  record_.tensors.push_back(
      {std::move(name), rows, columns, std::move(engine), std::move(reference), std::move(bound)});
}

void Recorder::add_matrix(std::string name, ConstMatrixView engine, Numbers reference, Numbers bound) {
  add(std::move(name), engine.rows(), engine.columns(), wide(engine.flat()), std::move(reference), std::move(bound));
}

// Of the tensor that was added last.
void Recorder::judge(Judged judged) {
  Tensor& tensor = record_.tensors.back();
  tensor.expected = std::move(judged.expected);
  tensor.running_bound = std::move(judged.bound);
}

std::vector<MatrixOf<double>> Recorder::masks() {
  std::vector<MatrixOf<double>> all{wide_matrix(state_.work.buffers().mask(Workspace::Buffers::kInputs))};
  for (std::size_t l = 0; l < depth(); ++l) all.push_back(wide_matrix(state_.work.buffers().mask(l)));
  return all;
}

void Recorder::add_inputs() {
  add_matrix("a1", inputs_.view(), wide(batch_.inputs.flat()), wide(in_.inputs.flat()));
  add_matrix("y", targets_.view(), wide(batch_.targets.flat()), wide(in_.targets.flat()));
  Numbers row_scale, bound;
  for (std::size_t i = 0; i < rows(); ++i) {
    row_scale.push_back((batch_.weights.empty() ? 1 : batch_.weights[i]) / static_cast<double>(rows()));
    bound.push_back(row_scale.back() * 0x1p-24);
  }
  add("row_weight", rows(), 1, wide(row_scale_), std::move(row_scale), std::move(bound));
}

void Recorder::add_forward() {
  const std::vector<MatrixOf<double>> all_masks = masks();
  const auto add_dropped = [&](std::size_t layer) {  // layer as in the article
    const MatrixOf<double>& mask = all_masks[layer - 1];
    if (mask.rows() == 0) return;
    add(tensor_name("mask", layer), mask.rows(), mask.columns(), wide(mask.flat()), wide(mask.flat()),
        Numbers(mask.flat().size()));
    Numbers reference = wide(layer == 1 ? batch_.inputs.flat() : reference_.a[layer - 2].flat());
    Numbers bound = wide(layer == 1 ? in_.inputs.flat() : bounds_.a[layer - 2].flat());
    for (std::size_t k = 0; k < reference.size(); ++k) {
      reference[k] *= mask.flat()[k];
      bound[k] = mask.flat()[k] * bound[k] + 0x1p-24 * std::abs(reference[k]);
    }
    add_matrix(tensor_name("a_masked", layer), state_.work.buffers().fed(layer - 1, inputs_.view()),
               std::move(reference), std::move(bound));
  };
  add_dropped(1);
  for (std::size_t l = 0; l < depth(); ++l) {
    add_matrix(tensor_name("z", l + 2), state_.work.z(l), wide(reference_.z[l].flat()), wide(bounds_.z[l].flat()));
    judge(running_forward(state_.work.buffers().fed(l, inputs_.view()), own_parameters_.weights[l],
                          own_parameters_.biases[l]));
    add_matrix(tensor_name("a", l + 2), state_.work.a(l), wide(reference_.a[l].flat()), wide(bounds_.a[l].flat()));
    judge(running_activation(network_.architecture.layers[l].activation, state_.work.z(l).flat()));
    add_dropped(l + 2);
  }
}

// Losses with their own link first transform the outputs and targets.
void Recorder::add_link() {
  if (link_name(options_.loss) == "identity") return;
  MatrixOf<double> engine = wide_matrix(state_.work.outputs());  // the engine computes losses in double from here
  MatrixOf<double> reference = reference_.a.back();
  const bool softmax = options_.loss.kind == LossKind::softmax_cross_entropy;
  const double of_sums = 8 * (static_cast<double>(engine.columns()) + 8) * 0x1p-53;  // in double, on both sides
  Numbers bound, log_sum, log_sum_reference, log_sum_bound;
  for (std::size_t row = 0; row < rows(); ++row) {
    apply_link(options_.loss, engine.row(row));
    apply_link(options_.loss, reference.row(row));
    const std::span<const double> errors = bounds_.a.back().row(row);
    const double error = *std::ranges::max_element(errors);
    for (std::size_t k = 0; k < errors.size(); ++k)
      bound.push_back(link_bound(options_.loss, reference(row, k), softmax ? 2 * error : errors[k], of_sums));
    log_sum.push_back(log_sum_exp(wide(state_.work.outputs().row(row))));
    log_sum_reference.push_back(log_sum_exp(reference_.a.back().row(row)));
    log_sum_bound.push_back(error + of_sums * (1 + std::abs(log_sum_reference.back())));
  }
  if (softmax) add("log_sum", rows(), 1, std::move(log_sum), std::move(log_sum_reference), std::move(log_sum_bound));
  add("p", rows(), engine.columns(), wide(engine.flat()), wide(reference.flat()), std::move(bound));
  if (options_.loss.label_smoothing == 0 || link_name(options_.loss) == "exp") return;
  const auto smoothed = [&](auto values) {
    Numbers smooth;
    for (const auto y : values) smooth.push_back(smoothed_target(options_.loss, double(y), targets_.columns()));
    return smooth;
  };
  add("y_smooth", rows(), targets_.columns(), smoothed(targets_.view().flat()), smoothed(batch_.targets.flat()),
      wide(in_.targets.flat()));
}

// The sample losses, their mean, the decay term, and the objective. The engine computes them in double from its
// outputs.
void Recorder::add_losses() {
  Numbers engine, reference;
  for (std::size_t i = 0; i < rows(); ++i) {
    engine.push_back(loss_value(options_.loss, wide(state_.work.outputs().row(i)), wide(targets_.view().row(i))));
    reference.push_back(loss_value(options_.loss, reference_.a.back().row(i), batch_.targets.row(i)));
  }
  add("sample_loss", rows(), 1, std::move(engine), std::move(reference), bounds_.sample_losses);
  const double loss = loss_and_gradient(options_.loss, {inputs_.view(), targets_.view(), row_scale_}, state_.work);
  const double decay = decay_term(network_.parameters, options_.weight_decay);
  add("loss", 1, 1, {loss}, {reference_.loss}, {bounds_.loss});
  add("decay_term", 1, 1, {decay}, {reference_.decay_term}, {bounds_.decay_term});
  add("objective", 1, 1, {loss + decay}, {reference_.objective()}, {bounds_.loss + bounds_.decay_term});
}

// From the last layer down: d_a, f', delta. On entry delta of the last layer holds its d_a.
void Recorder::add_backward() {
  Matrix d_a(rows(), network_.architecture.outputs());
  std::ranges::copy(state_.work.d_outputs().flat(), d_a.flat().begin());
  backward_deltas(network_, state_.work);
  const double per_row = 1 / static_cast<double>(rows());
  for (std::size_t l = depth(); l-- > 0;) {
    const ConstMatrixView z = state_.work.z(l), a = state_.work.a(l);
    if (l + 1 < depth()) {
      d_a = Matrix(rows(), z.columns());
      kernels::affine_backward_input(state_.work.buffers().pool, state_.work.delta(l + 1),
                                     network_.parameters.weights(l + 1), d_a.view());
      const MatrixView mask = state_.work.buffers().mask(l);
      for (std::size_t k = 0; k < mask.size(); ++k) d_a.flat()[k] *= mask.flat()[k];
    }
    Matrix slope(rows(), z.columns());
    std::ranges::fill(slope.flat(), 1.0F);
    activation_backward(network_.architecture.layers[l].activation, z.flat(), a.flat(), slope.flat(), slope.flat());
    add_matrix(tensor_name("d_a", l + 2), d_a.view(), times(reference_.d_a[l].flat(), per_row),
               wide(bounds_.d_a[l].flat()));
    if (l + 1 == depth())
      judge(running_output(options_.loss, state_.work.outputs(), targets_.view(), row_scale_));
    else
      judge(running_backward(state_.work.delta(l + 1), own_parameters_.weights[l + 1], state_.work.buffers().mask(l)));
    add_matrix(tensor_name("f_prime", l + 2), slope.view(), wide(reference_.slope[l].flat()),
               wide(bounds_.slope[l].flat()));
    add_matrix(tensor_name("delta", l + 2), state_.work.delta(l), times(reference_.delta[l].flat(), per_row),
               wide(bounds_.delta[l].flat()));
    judge(running_delta(network_.architecture.layers[l].activation, z.flat(), a.flat(), d_a.flat()));
  }
}

ReferenceOptimizer Recorder::own_memory() const {
  ReferenceOptimizer memory(network_.architecture);
  memory.step = state_.step;
  const std::size_t remembered = optimizer_memory(options_.optimizer);
  if (remembered >= 1) memory.first = reference_parameters(network_.architecture, state_.first);
  if (remembered >= 2) memory.second = reference_parameters(network_.architecture, state_.second);
  return memory;
}

// The update from the engine's own gradient, parameters and memory.
void Recorder::judge_update() {
  const Architecture& architecture = network_.architecture;
  ReferenceStep own{};
  own.gradients = reference_parameters(architecture, state_.gradients);
  StepBounds none;
  none.gradients = reference_parameters(architecture);
  none.gradient_norm = 0x1p-40 * reference_norm(own.gradients);  // a sum of squares in double, in another order
  ReferenceOptimizer memory_bounds(architecture);
  ReferenceParameters bounds = reference_parameters(architecture);
  bound_update(architecture, options_.optimizer, options_.learning_rate, options_.weight_decay, options_.clip_norm, own,
               none, own_memory_, own_parameters_, memory_bounds, bounds);
  reference_update(architecture, options_.optimizer, options_.learning_rate, options_.weight_decay, own, own_memory_,
                   own_parameters_, options_.clip_norm);
  const auto set = [&](const std::string& name, std::span<const double> expected, std::span<const double> bound) {
    for (Tensor& tensor : record_.tensors)
      if (tensor.name == name) {
        tensor.expected = wide(expected);
        tensor.running_bound = wide(bound);
      }
  };
  for (std::size_t l = 0; l < depth(); ++l) {
    set(tensor_name("W", l + 1, "_after"), own_parameters_.weights[l].flat(), bounds.weights[l].flat());
    set(tensor_name("b", l + 1, "_after"), own_parameters_.biases[l], bounds.biases[l]);
  }
}

void Recorder::restart_reference() {
  parameters_ = reference_parameters(network_);
  const ReferenceOptimizer memory = own_memory();
  memory_.first = memory.first;
  memory_.second = memory.second;
  in_.parameters = reference_parameters(network_.architecture);
  memory_bounds_ = ReferenceOptimizer(network_.architecture);
}

ExplainedStep Recorder::step() {
  const Architecture& architecture = network_.architecture;
  record_ = {};
  record_.step = state_.step + 1;
  own_parameters_ = reference_parameters(network_);
  own_memory_ = own_memory();
  forward(network_, inputs_.view(), {options_.seed, state_.step, 0}, state_.work);
  reference_ = reference_step(architecture, parameters_, options_.loss, batch_, options_.weight_decay, masks());
  bounds_ =
      bound_step(architecture, parameters_, options_.loss, batch_, options_.weight_decay, masks(), in_, reference_);
  add_inputs();
  add_parameters("");
  add_memory("");
  add_forward();
  add_link();
  add_losses();
  add_backward();
  train_step(state_, batch());
  add_gradients();
  add_full_gradients();
  bound_update(architecture, options_.optimizer, options_.learning_rate, options_.weight_decay, options_.clip_norm,
               reference_, bounds_, memory_, parameters_, memory_bounds_, in_.parameters);
  reference_update(architecture, options_.optimizer, options_.learning_rate, options_.weight_decay, reference_, memory_,
                   parameters_, options_.clip_norm);
  add_memory("_after");
  add_parameters("_after");
  judge_update();
  add_objective_after();
  return std::move(record_);
}

// The second half of a recorded step: gradients, the optimizer's state, the new parameters and their objective.

void Recorder::add_parameters(const char* more) {
  for (std::size_t l = 0; l < depth(); ++l) {
    const Segment& weights = network_.parameters.segments()[l];
    add(tensor_name("W", l + 1, more), weights.rows, weights.columns, wide(in_rows(network_.parameters, weights)),
        wide(parameters_.weights[l].flat()), wide(in_.parameters.weights[l].flat()));
    add(tensor_name("b", l + 1, more), weights.rows, 1, wide(network_.parameters.biases(l)), parameters_.biases[l],
        in_.parameters.biases[l]);
  }
}

void Recorder::add_memory(const char* more) {
  const std::size_t remembered = optimizer_memory(options_.optimizer);
  for (std::size_t which = 0; which < remembered; ++which) {
    const Parameters& engine = which == 0 ? state_.first : state_.second;
    const ReferenceParameters& reference = which == 0 ? memory_.first : memory_.second;
    const ReferenceParameters& bound = which == 0 ? memory_bounds_.first : memory_bounds_.second;
    const std::string symbol = which == 0 ? "first_" : "second_";
    for (std::size_t l = 0; l < depth(); ++l) {
      const Segment& weights = engine.segments()[l];
      add(symbol + tensor_name("W", l + 1, more), weights.rows, weights.columns, wide(in_rows(engine, weights)),
          wide(reference.weights[l].flat()), wide(bound.weights[l].flat()));
      add(symbol + tensor_name("b", l + 1, more), weights.rows, 1, wide(engine.biases(l)), reference.biases[l],
          bound.biases[l]);
    }
  }
}

void Recorder::add_gradients() {
  for (std::size_t l = 0; l < depth(); ++l) {
    const Segment& weights = state_.gradients.segments()[l];
    add(tensor_name("dW", l + 1), weights.rows, weights.columns, wide(in_rows(state_.gradients, weights)),
        wide(reference_.gradients.weights[l].flat()), wide(bounds_.gradients.weights[l].flat()));
    judge(running_gradient(state_.work.delta(l), state_.work.buffers().fed(l, inputs_.view())));
    add(tensor_name("db", l + 1), weights.rows, 1, wide(state_.gradients.biases(l)), reference_.gradients.biases[l],
        bounds_.gradients.biases[l]);
    judge(running_bias_gradient(state_.work.delta(l)));
  }
  const double norm = reference_norm(reference_.gradients);
  add("gradient_norm", 1, 1, {state_.gradient_norm}, {norm}, {bounds_.gradient_norm});
  if (options_.clip_norm == 0) return;
  const double clip = reference_clip(norm, options_.clip_norm);
  const double bound =
      norm + bounds_.gradient_norm <= options_.clip_norm ? 0 : bounds_.gradient_norm / options_.clip_norm;
  add("clip", 1, 1, {reference_clip(state_.gradient_norm, options_.clip_norm)}, {clip}, {bound});
}

// dJ/dW of the whole objective, as the update rules use it: clip * dW + lambda W.
void Recorder::add_full_gradients() {
  const double norm = reference_norm(reference_.gradients);
  const double clip = reference_clip(norm, options_.clip_norm);
  const double engine_clip = reference_clip(state_.gradient_norm, options_.clip_norm);
  for (std::size_t l = 0; l < depth(); ++l) {
    const double lambda = decay_in_gradient(network_.architecture, options_, l + 1);
    if (lambda == 0 && options_.clip_norm == 0) continue;
    const Tensor& w = record_.of(tensor_name("W", l + 1));
    const auto put = [&](const std::string& gradient, double decay, const Tensor* p) {
      const Tensor g = record_.of("d" + gradient);
      Tensor full{"g_" + gradient, g.rows, g.columns, g.engine, g.reference, g.bound};
      for (std::size_t k = 0; k < full.engine.size(); ++k) {
        const double at = p == nullptr ? 0 : p->reference[k], at_engine = p == nullptr ? 0 : p->engine[k];
        const rules::Step<float> rule{{}, {}, {}, {}, 0, static_cast<float>(decay), static_cast<float>(engine_clip),
                                      0,  0,  1};
        full.engine[k] = static_cast<double>(rule.g(static_cast<float>(g.engine[k]), static_cast<float>(at_engine)));
        full.reference[k] = clip * g.reference[k] + decay * at;
        const double clipping = options_.clip_norm == 0 ? 0 : bounds_.gradient_norm / options_.clip_norm;
        full.bound[k] = clip * g.bound[k] + clipping * std::abs(g.reference[k]) +
                        0x1p-22 * (std::abs(clip * g.reference[k]) + std::abs(decay * at)) +
                        (p == nullptr ? 0 : decay * p->bound[k]) + 0x1p-126;
      }
      record_.tensors.push_back(std::move(full));
    };
    put(tensor_name("W", l + 1), lambda, &w);
    if (options_.clip_norm != 0) put(tensor_name("b", l + 1), 0, nullptr);
  }
}

// The same rows, the same masks, the new weights.
void Recorder::add_objective_after() {
  const Pass pass{options_.seed, state_.step - 1, 0};
  forward(network_, inputs_.view(), pass, state_.work);
  const double loss = loss_and_gradient(options_.loss, {inputs_.view(), targets_.view(), row_scale_}, state_.work);
  const double decay = decay_term(network_.parameters, options_.weight_decay);
  const std::vector<MatrixOf<double>> all_masks = masks();
  const ReferenceStep reference =
      reference_step(network_.architecture, parameters_, options_.loss, batch_, options_.weight_decay, all_masks);
  const StepBounds bounds = bound_step(network_.architecture, parameters_, options_.loss, batch_, options_.weight_decay,
                                       all_masks, in_, reference);
  add("loss_after", 1, 1, {loss}, {reference.loss}, {bounds.loss});
  add("decay_term_after", 1, 1, {decay}, {reference.decay_term}, {bounds.decay_term});
  add("objective_after", 1, 1, {loss + decay}, {reference.objective()}, {bounds.loss + bounds.decay_term});
}

const Tensor* ExplainedStep::find(std::string_view requested) const {
  const auto found = std::ranges::find(tensors, requested, &Tensor::name);
  return found == tensors.end() ? nullptr : &*found;
}

const Tensor& ExplainedStep::of(std::string_view requested) const {
  const Tensor* found = find(requested);
  if (found == nullptr) throw Error(ErrorCategory::internal, "explain: no quantity " + in_quotes(requested));
  return *found;
}

Explanation explain_steps(const Architecture& architecture, const ReferenceParameters& start,
                          const ReferenceBatch& batch, const TrainOptions& options, std::size_t steps,
                          ReferenceStart reference) {
  validate(architecture);
  validate(options);
  if (batch.inputs.rows() == 0) throw Error(ErrorCategory::input, "rows to explain: expected at least 1, found 0");
  Explanation explanation;
  explanation.architecture = architecture;
  explanation.options = options;
  for (std::size_t i = 0; i < batch.inputs.rows(); ++i) explanation.rows.push_back(i + 1);
  Recorder recorder(architecture, start, batch, options);
  for (std::size_t step = 0; step < steps; ++step) {
    if (step > 0 && reference == ReferenceStart::engine) recorder.restart_reference();
    explanation.steps.push_back(recorder.step());
  }
  return explanation;
}

double decay_in_gradient(const Architecture& architecture, const TrainOptions& options, std::size_t layer) {
  if (std::holds_alternative<AdamW>(options.optimizer)) return 0;
  return options.weight_decay * architecture.layers[layer - 1].decay_multiplier;
}

std::vector<Excess> find_excesses(const Explanation& explanation, std::size_t max_count) {
  std::vector<Excess> excesses;
  // true for NaN
  const auto exceeds = [](double engine, double reference, double bound) {
    const double difference = std::abs(engine - reference);
    return !(difference <= bound || difference == 0);
  };
  for (const ExplainedStep& step : explanation.steps)
    for (const Tensor& tensor : step.tensors)
      for (std::size_t k = 0; k < tensor.engine.size() && excesses.size() < max_count; ++k) {
        const bool judged = !tensor.expected.empty(),
                   is_far = exceeds(tensor.engine[k], tensor.reference[k], tensor.bound[k]);
        if (!is_far && !(judged && exceeds(tensor.engine[k], tensor.expected[k], tensor.running_bound[k]))) continue;
        excesses.push_back({step.step, tensor.name, k / tensor.columns, k % tensor.columns, tensor.engine[k],
                            is_far ? tensor.reference[k] : tensor.expected[k],
                            is_far ? tensor.bound[k] : tensor.running_bound[k]});
      }
  return excesses;
}

}  // namespace chainrule
