// SPDX-License-Identifier: Apache-2.0
#include "chainrule/explain/gradient_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "chainrule/base/error.h"
#include "chainrule/base/random.h"
#include "chainrule/engine/formulas/activation_values.h"
#include "chainrule/engine/formulas/loss_formulas.h"
#include "chainrule/engine/reference/error_bounds.h"
#include "chainrule/engine/reference/numerical_derivative.h"
#include "chainrule/engine/reference/planted_faults.h"
#include "chainrule/engine/reference/reference.h"
#include "chainrule/explain/explain.h"
#include "chainrule/explain/reference_check.h"

namespace chainrule {

// Internal: compares the engine's gradients with the reference.

/// Per layer weights, then biases. The architecture has no dropout.
std::vector<EngineCheck> check_engine(const Architecture& architecture, const ReferenceParameters& parameters,
                                      const Loss& loss, const ReferenceBatch& batch);

// Internal: finds the reason why a planted fault does not change a gradient.

/// `step` is the step without a fault.
std::string reason_of_no_effect(const PlantedFault& fault, const Architecture& architecture,
                                const ReferenceParameters& parameters, const Loss& loss, const ReferenceBatch& batch,
                                double weight_decay, const ReferenceStep& step);

namespace {

bool all_equal(std::span<const double> values, double to) {
  return std::ranges::all_of(values, [to](double x) { return x == to; });
}

struct Facts {
  const Architecture& architecture;
  const ReferenceParameters& parameters;
  const Loss& loss;
  const ReferenceBatch& batch;
  double weight_decay;
  const ReferenceStep& step;

  std::size_t rows() const { return batch.inputs.rows(); }
  double slope(std::size_t l, double z) const {
    const Activation& f = architecture.layers[l].activation;
    return activation_derivative(f, z, activation_value(f, z));
  }
  bool slope_is_one(std::size_t l) const {
    return std::ranges::all_of(step.z[l].flat(), [&](double z) { return slope(l, z) == 1; });
  }
  bool slope_at_a_is_the_same(std::size_t l) const {
    for (std::size_t k = 0; k < step.z[l].flat().size(); ++k)
      if (slope(l, step.z[l].flat()[k]) != slope(l, step.a[l].flat()[k])) return false;
    return true;
  }
  bool is_linear(std::size_t l) const { return std::ranges::equal(step.z[l].flat(), step.a[l].flat()); }
  bool is_symmetric(std::size_t l) const {
    const MatrixOf<double>& w = parameters.weights[l];
    if (w.rows() != w.columns()) return false;
    for (std::size_t i = 0; i < w.rows(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (w(i, j) != w(j, i)) return false;
    return true;
  }

  std::string of_decay(std::size_t l) const {
    if (weight_decay == 0) return "lambda is 0";
    if (architecture.layers[l].decay_multiplier == 0) return "the decay multiplier of the layer is 0";
    return "";
  }
  std::string of_transposed(std::size_t l) const {
    const MatrixOf<double>& w = parameters.weights[l];
    if (w.rows() == 1 && w.columns() == 1) return fmt::format("W{} is a single number", l + 1);
    if (w.rows() == 1 || w.columns() == 1)
      return fmt::format("W{} has one {}, and its transpose the same numbers in the same order", l + 1,
                         w.rows() == 1 ? "row" : "column");
    return is_symmetric(l) ? fmt::format("W{} is symmetric", l + 1) : "";
  }
  std::string of_network(Fault kind) const {
    switch (kind) {
      case Fault::squared_error:
        if (loss.kind == LossKind::half_squared_error) return "the loss is the half squared error";
        return loss.kind == LossKind::huber ? "no output has an error above huber_delta" : "";
      case Fault::lost_smoothing:
        return loss.label_smoothing == 0 ? "there is no label smoothing" : "";
      case Fault::lost_weights:
        return all_equal(batch.weights, 1) ? "every sample weighs 1" : "";
      case Fault::lost_sample:
        if (!batch.weights.empty() && batch.weights.back() == 0) return "the last sample weighs 0";
        return all_equal(step.delta.back().row(rows() - 1), 0) ? "the delta of the last sample is 0" : "";
      case Fault::missing_mean:
        return rows() == 1 ? "m is 1" : "";
      default:
        return "";
    }
  }
  std::string of_layer(Fault kind, std::size_t l) const {
    const std::string same_slope = slope_at_a_is_the_same(l) ? "f'(a) is f'(z) for every unit and row" : "";
    switch (kind) {
      case Fault::dropped_slope:
        return slope_is_one(l) ? "f' is 1 for every unit and row" : "";
      case Fault::slope_of_a:
        return same_slope;
      case Fault::slope_elsewhere:
        if (architecture.depth() == 1) return "there is no other layer";
        return slope_is_one(l) ? "f' is 1 for every unit and row" : "f' is the same at both";
      case Fault::transposed_weight:
        return of_transposed(l);
      case Fault::lost_sum:
        return architecture.layers[l].outputs == 1 ? "there is one unit above" : "";
      case Fault::z_for_a:
        return is_linear(l - 1) ? "a is z in the layer below" : "";
      case Fault::one_sample_bias:
        return rows() == 1 ? "m is 1" : "";
      case Fault::averaged_decay:
        return rows() == 1 ? "m is 1" : of_decay(l);
      case Fault::forgotten_decay:
      case Fault::halved_decay:
        return all_equal(parameters.weights[l].flat(), 0) ? "all weights are 0" : of_decay(l);
      case Fault::decayed_bias:
        return all_equal(parameters.biases[l], 0) ? "all biases are 0" : of_decay(l);
      default:
        return "";
    }
  }
};

// Whether the delta that a fault of this layer works with is 0 everywhere.
bool has_no_delta(const PlantedFault& fault, const ReferenceStep& step) {
  switch (fault.kind) {
    case Fault::forgotten_decay:
    case Fault::halved_decay:
    case Fault::averaged_decay:
    case Fault::decayed_bias:
      return false;
    default:
      return all_equal(step.delta[is_of_layer(fault.kind) ? fault.layer : step.delta.size() - 1].flat(), 0);
  }
}

}  // namespace

std::string reason_of_no_effect(const PlantedFault& fault, const Architecture& architecture,
                                const ReferenceParameters& parameters, const Loss& loss, const ReferenceBatch& batch,
                                double weight_decay, const ReferenceStep& step) {
  const Facts facts{architecture, parameters, loss, batch, weight_decay, step};
  const std::string reason =
      is_of_layer(fault.kind) ? facts.of_layer(fault.kind, fault.layer) : facts.of_network(fault.kind);
  if (!reason.empty()) return reason;
  if (has_no_delta(fault, step)) return "delta is 0 for every unit and row";
  return "its change has no effect on these rows";
}

namespace {

EngineCheck compare(const Tensor& tensor, std::size_t layer, bool is_bias) {
  EngineCheck check;
  check.layer = layer;
  check.is_bias = is_bias;
  check.worst_ratio = -1;
  const auto judge = [&](std::size_t k, double reference, double bound) {
    const double off = std::abs(tensor.engine[k] - reference);
    const double ratio = off == 0 ? 0 : off / bound;
    if (ratio <= check.worst_ratio || std::isnan(check.worst_ratio)) return;  // NaN wins
    check.worst_ratio = ratio;
    check.worst = {layer, is_bias, is_bias ? k : k / tensor.columns, is_bias ? 0 : k % tensor.columns};
    check.engine = tensor.engine[k];
    check.reference = reference;
    check.bound = bound;
  };
  for (std::size_t k = 0; k < tensor.engine.size(); ++k) {
    judge(k, tensor.reference[k], tensor.bound[k]);
    judge(k, tensor.expected[k], tensor.running_bound[k]);
  }
  return check;
}

}  // namespace

std::vector<EngineCheck> check_engine(const Architecture& architecture, const ReferenceParameters& parameters,
                                      const Loss& loss, const ReferenceBatch& batch) {
  TrainOptions options;
  options.loss = loss;
  options.optimizer = Sgd{};
  const Explanation explanation = explain_steps(architecture, parameters, batch, options);
  std::vector<EngineCheck> checks;
  for (std::size_t l = 0; l < architecture.depth(); ++l)
    for (const bool is_bias : {false, true})
      checks.push_back(compare(explanation.steps[0].of(fmt::format("d{}{}", is_bias ? "b" : "W", l + 1)), l, is_bias));
  return checks;
}
namespace {

constexpr double kWithinRounding = 1e-12;  // accuracy of correct double code
constexpr double kOfDifferences = 1e-8;    // accuracy of central differences

struct Numerical {
  double slope = 0;
  bool kink = false;
};

// Derivative at 0 of f - f(0) from six values: the five-point formula with steps h and h/2 (error h^4 f^(5) / 30).
// A kink of a custom function lies within the step if the two disagree, or if the second difference does not shrink by
// 4 as it does for a smooth function. Kinks of built-in functions are detected when a step crosses them.
template <class Function>
Numerical five_point(const Function& f, double h, double scale, double rounding) {
  const ReferenceProbe::Change p2 = f(2 * h), m2 = f(-2 * h);
  if (p2.crossing || m2.crossing) return {0, true};
  const double p1 = f(h).objective, m1 = f(-h).objective, ph = f(h / 2).objective, mh = f(-h / 2).objective;
  const double wide = (8 * (p1 - m1) - (p2.objective - m2.objective)) / (12 * h);
  const double narrow = (8 * (ph - mh) - (p1 - m1)) / (6 * h);
  const double bend = std::abs((p1 + m1) - 4 * (ph + mh)) / h;
  const bool is_smooth = std::abs(wide - narrow) <= 5e-9 * scale && bend <= 1e-8 * scale + 16 * rounding / h;
  return {wide, !is_smooth};
}

// Tries smaller steps if a kink lies within the larger one: less exact, but rarely with a kink.
template <class Function>
Numerical central_difference(const Function& f, double scale, double rounding) {
  Numerical numerical;
  for (const double h : {1e-3, 1e-4, 1e-5}) {
    numerical = five_point(f, h, scale, rounding);
    if (!numerical.kink) break;
  }
  return numerical;
}

// dJ/dp of one tensor, decay included, and the s of its errors.
struct GradientTensor {
  std::size_t layer;
  bool is_bias;
  std::size_t columns;
  std::vector<double> gradient;
  std::vector<double> rounding;  // its rounding error bound
  double scale = 0;
  double largest = 0;  // |dJ/dp| without decay

  double error(std::size_t k, double other) const { return entry_error(gradient[k], other, scale); }

  ParameterIndex index(std::size_t k) const { return {layer, is_bias, k / columns, is_bias ? 0 : k % columns}; }
};

GradientTensor tensor_of(std::size_t layer, bool is_bias, std::size_t columns, std::span<const double> gradient,
                         std::span<const double> decay, double objective) {
  GradientTensor tensor{layer, is_bias, columns, {gradient.begin(), gradient.end()}, {}, 1e-3 * std::abs(objective)};
  for (const double d : gradient) tensor.largest = std::max(tensor.largest, std::abs(d));
  for (std::size_t k = 0; k < decay.size(); ++k) {
    tensor.gradient[k] += decay[k];
    tensor.scale = std::max(tensor.scale, std::abs(tensor.gradient[k]));
  }
  return tensor;
}

std::vector<GradientTensor> tensors_of(const Architecture& architecture, const ReferenceStep& step, double objective) {
  std::vector<GradientTensor> tensors;
  for (std::size_t l = 0; l < architecture.depth(); ++l) {
    tensors.push_back(tensor_of(l, false, architecture.layer_inputs(l), step.gradients.weights[l].flat(),
                                step.decay_gradients.weights[l].flat(), objective));
    tensors.push_back(tensor_of(l, true, 1, step.gradients.biases[l], step.decay_gradients.biases[l], objective));
  }
  return tensors;
}

// The engine's rounding error bound, scaled from float to double; doubled, since two derivatives are compared.
void add_roundings(std::vector<GradientTensor>& tensors, const StepBounds& bounds) {
  constexpr double kDoubleOfFloat = 0x1p-29;
  for (GradientTensor& tensor : tensors) {
    const std::span<const double> bound = tensor.is_bias ? std::span(bounds.gradients.biases[tensor.layer])
                                                         : bounds.gradients.weights[tensor.layer].flat();
    for (const double b : bound) tensor.rounding.push_back(2 * kDoubleOfFloat * b);
  }
}

// How many entries are sampled from each tensor: equally many, and large tensors fill up for small ones.
std::vector<std::size_t> counts_per_tensor(const std::vector<GradientTensor>& tensors, std::size_t max_parameters) {
  std::vector<std::size_t> order(tensors.size()), counts(tensors.size());
  for (std::size_t t = 0; t < order.size(); ++t) order[t] = t;
  std::ranges::stable_sort(order, {}, [&](std::size_t t) { return tensors[t].gradient.size(); });
  std::size_t left = max_parameters;
  for (std::size_t n = 0; n < order.size(); ++n) {
    const std::size_t size = tensors[order[n]].gradient.size();
    counts[order[n]] = max_parameters == 0 ? size : std::min(size, std::max<std::size_t>(1, left / (order.size() - n)));
    left -= std::min(left, counts[order[n]]);
  }
  return counts;
}

bool has_a_complex_form(const Architecture& architecture, const Loss& loss) {
  const auto is_smooth = [](const Layer& layer) {
    return layer.activation.kind != ActivationKind::custom && activation_is_smooth(layer.activation);
  };
  return loss_is_smooth(loss) && std::ranges::all_of(architecture.layers, is_smooth);
}

// An entry of a faulty gradient, and its error.
struct Candidate {
  double effect = 0;
  std::size_t tensor = 0, entry = 0;
};

struct Checker {
  const Architecture& architecture;
  const ReferenceParameters& parameters;
  const Loss& loss;
  const ReferenceBatch& batch;
  double weight_decay;
  ReferenceStep step = reference_step(architecture, parameters, loss, batch, weight_decay);
  ReferenceProbe probe{architecture, parameters, loss, batch, weight_decay};
  std::vector<GradientTensor> right = tensors_of(architecture, step, step.objective());
  std::vector<std::map<std::size_t, Numerical>> found = std::vector<std::map<std::size_t, Numerical>>(right.size());
  CheckReport report = {};

  double accuracy() const { return report.method == CheckMethod::complex_step ? kWithinRounding : kOfDifferences; }
  double tolerance(std::size_t t, std::size_t k) const {
    const double size = std::max(right[t].scale, std::abs(right[t].gradient[k]));
    return accuracy() + (size == 0 ? 0 : right[t].rounding[k] / size);
  }

  const Numerical& numerical(std::size_t t, std::size_t k) {
    const auto [at, is_new] = found[t].try_emplace(k);
    if (!is_new) return at->second;
    const ParameterIndex index = right[t].index(k);
    if (report.method == CheckMethod::complex_step)
      at->second = {probe.complex_step(index), false};
    else
      at->second = central_difference([&](double shift) { return probe.change(index, shift); }, right[t].scale,
                                      std::numeric_limits<double>::epsilon() * std::abs(step.objective()));
    return at->second;
  }

  // Divides the tensor into equal parts, one per sampled entry, and samples one entry from each.
  void choose(std::size_t max_parameters, std::uint64_t seed) {
    const std::vector<std::size_t> counts = counts_per_tensor(right, max_parameters);
    for (std::size_t t = 0; t < right.size(); ++t) {
      const Stream stream{seed, Purpose::check, static_cast<std::uint32_t>(t), 0};
      const std::size_t size = right[t].gradient.size();
      for (std::size_t k = 0; k < counts[t]; ++k) {
        const std::size_t first = k * size / counts[t], next = (k + 1) * size / counts[t];
        numerical(t, first + static_cast<std::size_t>(random_uniform(stream, k) * static_cast<double>(next - first)));
      }
      report.chosen += counts[t];
    }
  }

  // The most affected entries of each tensor, the worst first.
  std::vector<Candidate> candidates(const std::vector<GradientTensor>& faulty) const {
    constexpr std::size_t kPerTensor = 16;  // more than one, since some may lie at kinks
    std::vector<Candidate> all;
    const auto worse = [](const Candidate& a, const Candidate& b) { return a.effect > b.effect; };
    for (std::size_t t = 0; t < right.size(); ++t) {
      std::vector<Candidate> of_tensor;
      for (std::size_t k = 0; k < right[t].gradient.size(); ++k) {
        const double effect = right[t].error(k, faulty[t].gradient[k]);
        of_tensor.push_back({std::isnan(effect) ? HUGE_VAL : effect, t, k});
      }
      const auto kept = of_tensor.begin() + static_cast<std::ptrdiff_t>(std::min(kPerTensor, of_tensor.size()));
      std::partial_sort(of_tensor.begin(), kept, of_tensor.end(), worse);
      all.insert(all.end(), of_tensor.begin(), kept);
    }
    std::ranges::stable_sort(all, worse);
    return all;
  }

  // The worst entry that is not at a kink decides.
  void compare_fault(const std::vector<GradientTensor>& faulty, const std::vector<Candidate>& worst,
                     FaultCheck& check) {
    check.verdict = FaultVerdict::too_small;
    for (const auto& [effect, t, k] : worst) {
      // An error within the tolerance may hide an effect of the same size.
      if (effect <= 2 * tolerance(t, k)) continue;
      check.verdict = FaultVerdict::at_kinks;
      const Numerical& there = numerical(t, k);
      if (there.kink) continue;
      check.where = right[t].index(k);
      check.error = entry_error(faulty[t].gradient[k], there.slope, right[t].scale);
      check.verdict = check.error <= tolerance(t, k) ? FaultVerdict::missed : FaultVerdict::caught;
      return;
    }
  }

  FaultCheck try_fault(const PlantedFault& fault) {
    const ReferenceStep faulty_step = reference_step(architecture, parameters, loss, batch, weight_decay, {}, fault);
    const std::vector<GradientTensor> faulty = tensors_of(architecture, faulty_step, step.objective());
    const std::vector<Candidate> worst = candidates(faulty);
    FaultCheck check;
    check.fault = fault_name(fault.kind);
    check.description = fault_words(fault.kind);
    check.location = fault_location(fault);
    check.layer = fault.layer;
    check.effect = worst.front().effect;
    if (check.effect > kWithinRounding) {
      compare_fault(faulty, worst, check);
      return check;
    }
    check.verdict = FaultVerdict::no_effect;
    check.reason = check.effect > 0
                       ? "its change is below the rounding errors"
                       : reason_of_no_effect(fault, architecture, parameters, loss, batch, weight_decay, step);
    return check;
  }

  TensorCheck compare(std::size_t t) const {
    TensorCheck check;
    check.layer = right[t].layer;
    check.is_bias = right[t].is_bias;
    check.parameters = right[t].gradient.size();
    check.is_zero = right[t].largest <= accuracy() * right[t].scale;
    double worst_ratio = -1;
    for (const auto& [k, there] : found[t]) {
      ++(there.kink ? check.kinks : check.checked);
      const double error = right[t].error(k, there.slope), ratio = error / tolerance(t, k);
      if (there.kink || ratio <= worst_ratio || std::isnan(worst_ratio)) continue;  // NaN wins
      worst_ratio = ratio;
      check.worst_error = error;
      check.tolerance = tolerance(t, k);
      check.worst = right[t].index(k);
      check.computed = right[t].gradient[k];
      check.numerical = there.slope;
    }
    return check;
  }

  void run(const CheckOptions& options) {
    report.method =
        has_a_complex_form(architecture, loss) ? CheckMethod::complex_step : CheckMethod::central_differences;
    add_roundings(right, bound_step(architecture, parameters, loss, batch, weight_decay, {},
                                    no_bounds(architecture, batch), step));
    report.objective = step.objective();
    report.rows = batch.inputs.rows();
    report.parameters = parameter_count(architecture);
    choose(options.max_parameters, options.seed);
    if (options.plant_faults)
      for (const PlantedFault& fault : all_faults(architecture)) report.faults.push_back(try_fault(fault));
    for (std::size_t t = 0; t < right.size(); ++t) {
      report.tensors.push_back(compare(t));
      report.checked += report.tensors.back().checked;
      report.kinks += report.tensors.back().kinks;
    }
    if (options.compare_engine) report.engine = check_engine(architecture, parameters, loss, batch);
  }
};

void require_fitting(const Architecture& architecture, const ReferenceBatch& batch) {
  const std::size_t m = batch.inputs.rows();
  if (m == 0) throw Error(ErrorCategory::input, "gradient check: expected at least one row, found none");
  const bool fits = batch.inputs.columns() == architecture.inputs && batch.targets.rows() == m &&
                    batch.targets.columns() == architecture.outputs() &&
                    (batch.weights.empty() || batch.weights.size() == m);
  if (!fits)
    throw Error(ErrorCategory::input,
                fmt::format("gradient check: expected {0} rows of {1} inputs and {2} targets, and {0} weights or none, "
                            "found {3} x {4} inputs, {5} x {6} targets, {7} weights",
                            m, architecture.inputs, architecture.outputs(), m, batch.inputs.columns(),
                            batch.targets.rows(), batch.targets.columns(), batch.weights.size()));
}

constexpr std::array<std::string_view, 5> kVerdicts = {"caught", "no_effect", "too_small", "at_kinks", "missed"};

std::vector<std::string> failures_of(const CheckReport& report) {
  std::vector<std::string> failures;
  for (const TensorCheck& tensor : report.tensors)
    if (!(tensor.worst_error <= tensor.tolerance))
      failures.push_back(fmt::format("dJ/d{}: expected {} within {:.1e}, found {} (error {:.1e})",
                                     parameter_name(tensor.worst), tensor.numerical, tensor.tolerance, tensor.computed,
                                     tensor.worst_error));
  for (const FaultCheck& check : report.faults)
    if (check.verdict == FaultVerdict::missed)
      failures.push_back(fmt::format("planted fault {} in {}: expected to be caught, found an error of {:.1e} only",
                                     check.fault, check.location, check.error));
  for (const EngineCheck& check : report.engine)
    if (!(check.worst_ratio <= 1))
      failures.push_back(fmt::format("the engine's dJ/d{}: expected {} within {:.1e}, found {}",
                                     parameter_name(check.worst), check.reference, check.bound, check.engine));
  if (!report.tensors.empty() && report.checked > 0 && std::ranges::all_of(report.tensors, &TensorCheck::is_zero))
    failures.push_back(fmt::format(
        "gradient check: expected derivatives other than 0, found 0, or numbers too small to tell from 0, for all {} "
        "parameters on these rows: comparing them proves nothing, and the network cannot learn from these rows",
        report.parameters));
  if (report.checked == 0)
    failures.push_back("gradient check: expected parameters to compare, found a kink at each of them");
  return failures;
}

}  // namespace

double entry_error(double a, double b, double s) {
  const double size = std::max({std::abs(a), std::abs(b), s});
  return size == 0 ? 0 : std::abs(a - b) / size;
}

std::string_view method_name(CheckMethod method) {
  return method == CheckMethod::complex_step ? "complex_step" : "central_differences";
}

std::string_view verdict_name(FaultVerdict verdict) { return kVerdicts.at(static_cast<std::size_t>(verdict)); }

std::string CheckReport::failure() const {
  const std::vector<std::string> failures = failures_of(*this);
  if (failures.empty()) return "";
  return failures.front() + (failures.size() == 1 ? "" : fmt::format("; and {} more", failures.size() - 1));
}

CheckReport check_gradients(const Architecture& architecture, const ReferenceParameters& parameters, const Loss& loss,
                            const ReferenceBatch& batch, double weight_decay, const CheckOptions& options) {
  validate(architecture);
  require_fitting(architecture, batch);
  Architecture as_checked = architecture;  // without dropout and max-norm: one is random, one acts after the gradient
  as_checked.input_dropout = 0;
  for (Layer& layer : as_checked.layers) layer.dropout = layer.max_norm = 0;
  Checker checker{as_checked, parameters, loss, batch, weight_decay};
  if (!std::isfinite(checker.step.objective()))
    throw Error(ErrorCategory::numerics,
                fmt::format("gradient check: expected a finite objective, found {}", checker.step.objective()));
  checker.run(options);
  const auto drops = [](const Layer& layer) { return layer.dropout > 0; };
  checker.report.dropout_left_out = architecture.input_dropout > 0 || std::ranges::any_of(architecture.layers, drops);
  return std::move(checker.report);
}

GradientCheck check_gradients(const Network& network, const Loss& loss, const Selection& rows, double weight_decay,
                              const CheckOptions& options) {
  validate(network);
  validate(rows);
  const std::size_t count = rows.rows.size();
  if (count == 0) throw Error(ErrorCategory::input, "gradient check: expected rows, found none");
  Batcher batcher(rows, 0);
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  const Batch batch = batcher.gather(0, order);
  ReferenceBatch exact{
      MatrixOf<double>(count, batch.inputs.columns()), MatrixOf<double>(count, batch.targets.columns()), {}};
  std::ranges::copy(batch.inputs.flat(), exact.inputs.flat().begin());
  std::ranges::copy(batch.targets.flat(), exact.targets.flat().begin());
  const std::vector<float>& weights = rows.data->weights_of_loss();
  if (!weights.empty())
    for (const std::size_t row : rows.rows) exact.weights.push_back(static_cast<double>(weights[row]));
  const CheckReport report =
      check_gradients(network.architecture, reference_parameters(network), loss, exact, weight_decay, options);
  return {report.rows, report.objective, report.parameters, report.checked, report.kinks, report.failure()};
}

}  // namespace chainrule
