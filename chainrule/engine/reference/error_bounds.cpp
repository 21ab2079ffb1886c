// SPDX-License-Identifier: Apache-2.0
#include "chainrule/engine/reference/error_bounds.h"
#include "chainrule/base/elementary.h"
#include "chainrule/engine/formulas/activation_values.h"
#include "chainrule/engine/formulas/loss_formulas.h"
#include "chainrule/engine/formulas/optimizer_update.h"
#include "chainrule/engine/train_step.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace chainrule {
namespace {

constexpr double kRound = 0x1p-24;  // relative rounding error of one operation
constexpr double kRoundOfDouble = 0x1p-53;
constexpr double kFlushed = 0x1p-126;  // smaller numbers become 0
constexpr double kFew = 8 * kRound;    // an elementary function, or a handful of operations

// A sum of products whose factors both have errors.
struct SumOfProducts {
  double size = 0, carried = 0, terms = 0;

  void add(double x, double x_error, double w, double w_error) {
    ++terms;
    size += std::abs(x * w);
    carried += std::abs(x) * w_error + std::abs(w) * x_error + x_error * w_error;
  }
  double error() const {
    const double relative = (terms + 2) * kRound;
    return carried + relative / (1 - relative) * (size + carried) + terms * kFlushed;
  }
};

// The largest change of f between x - error, x and x + error; a side where f is NaN does not count.
template <class Function>
double change(Function f, double x, double error) {
  if (error == 0) return 0;
  const double here = f(x);
  double maximum = 0;
  for (const double there : {f(x - error), f(x + error)})
    if (!std::isnan(there)) maximum = std::max(maximum, std::abs(there - here));
  return maximum;
}

// The inputs of a layer, with their errors.
struct Fed {
  MatrixOf<double> values, errors;
};

Fed feed(const MatrixOf<double>& values, const MatrixOf<double>& errors, const std::vector<MatrixOf<double>>& masks,
         std::size_t index) {
  Fed fed{values, errors};
  if (masks.empty() || masks[index].rows() == 0) return fed;
  for (std::size_t k = 0; k < values.flat().size(); ++k) {
    const double mask = masks[index].flat()[k];
    fed.values.flat()[k] *= mask;
    fed.errors.flat()[k] = mask * errors.flat()[k] + kRound * std::abs(fed.values.flat()[k]);
  }
  return fed;
}

// How far d loss / d output and the loss of one sample may move if outputs and targets have these errors.
struct MovedLoss {
  std::vector<double> gradient;
  double value = 0;
};

// Moves one number after the other to both ends of its error; each may move all derivatives.
MovedLoss moved_by_all(const Loss& loss, std::vector<double> a, std::vector<double> y, std::span<const double> error_a,
                       std::span<const double> error_y) {
  MovedLoss moved{std::vector<double>(a.size()), 0};
  std::vector<double> here(a.size()), there(a.size());
  loss_gradient(loss, a, y, here);
  const double value = loss_value(loss, a, y);
  const auto move = [&](double& x, double error) {
    if (error == 0) return;
    std::vector<double> maximum(a.size());
    double maximum_of_value = 0;
    const double before = x;
    for (const double side : {-error, error}) {
      x = before + side;
      loss_gradient(loss, a, y, there);
      for (std::size_t k = 0; k < a.size(); ++k) maximum[k] = std::max(maximum[k], std::abs(there[k] - here[k]));
      maximum_of_value = std::max(maximum_of_value, std::abs(loss_value(loss, a, y) - value));
      x = before;
    }
    for (std::size_t k = 0; k < a.size(); ++k) moved.gradient[k] += maximum[k];
    moved.value += maximum_of_value;
  };
  for (std::size_t k = 0; k < a.size(); ++k) move(a[k], error_a[k]);
  for (std::size_t k = 0; k < y.size(); ++k) move(y[k], error_y[k]);
  return moved;
}

// The same for the softmax with exact targets, in time proportional to the outputs instead of their square. If a_j
// moves by e, with q = p_j (exp(e) - 1), every p_k is divided by 1 + q, p_j is multiplied by exp(e) besides, and ln sum
// exp(a) grows by ln(1 + q).
MovedLoss moved_softmax(const Loss& loss, std::span<const double> a, std::span<const double> y,
                        std::span<const double> error) {
  MovedLoss moved{std::vector<double>(a.size()), 0};
  std::vector<double> p(a.size()), of_others(a.size());
  const double largest = *std::ranges::max_element(a);
  double sum = 0, mass = 0, all = 0;
  const auto target = [&](std::size_t k) {
    return (1 - loss.label_smoothing) * y[k] + loss.label_smoothing / static_cast<double>(a.size());
  };
  for (std::size_t k = 0; k < a.size(); ++k) {
    sum += p[k] = elementary::exp(a[k] - largest);
    mass += target(k);
  }
  for (std::size_t k = 0; k < a.size(); ++k) {
    p[k] /= sum;
    double own = 0, of_value = 0;
    for (const double side : {-error[k], error[k]}) {
      const double growth = elementary::exp(side), q = p[k] * (growth - 1);
      of_others[k] = std::max(of_others[k], std::abs(q / (1 + q)));
      own = std::max(own, std::abs(p[k] * (growth / (1 + q) - 1)));
      of_value = std::max(of_value, std::abs(mass * elementary::log1p(q) - target(k) * side));
    }
    all += of_others[k];
    moved.gradient[k] = mass * own;
    moved.value += of_value;
  }
  for (std::size_t k = 0; k < a.size(); ++k) moved.gradient[k] += mass * p[k] * (all - of_others[k]);
  return moved;
}

MovedLoss moved_loss(const Loss& loss, const std::vector<double>& a, const std::vector<double>& y,
                     std::span<const double> error_a, std::span<const double> error_y) {
  const bool exact = std::ranges::all_of(error_y, [](double error) { return error == 0; });
  constexpr std::size_t kMany = 64;  // outputs; from there on the square counts
  if (a.size() < kMany || loss.kind == LossKind::custom) return moved_by_all(loss, a, y, error_a, error_y);
  if (loss.kind == LossKind::softmax_cross_entropy && exact) return moved_softmax(loss, a, y, error_a);
  if (loss.kind == LossKind::softmax_cross_entropy) return moved_by_all(loss, a, y, error_a, error_y);
  MovedLoss moved{std::vector<double>(a.size()), 0};  // all other losses are sums over the outputs
  for (std::size_t k = 0; k < a.size(); ++k) {
    const MovedLoss one = moved_by_all(loss, {a[k]}, {y[k]}, error_a.subspan(k, 1), error_y.subspan(k, 1));
    moved.gradient[k] = one.gradient[0];
    moved.value += one.value;
  }
  return moved;
}

struct Bounder {
  const Architecture& architecture;
  const ReferenceParameters& parameters;
  const Loss& loss;
  const ReferenceBatch& batch;
  const std::vector<MatrixOf<double>>& masks;
  const InputBounds& in;
  const ReferenceStep& reference;
  StepBounds bound;
  std::vector<Fed> fed;

  double rows() const { return static_cast<double>(batch.inputs.rows()); }
  double row_scale(std::size_t row) const { return (batch.weights.empty() ? 1 : batch.weights[row]) / rows(); }

  void forward_layer(std::size_t l) {
    const MatrixOf<double>& w = parameters.weights[l];
    for (std::size_t row = 0; row < batch.inputs.rows(); ++row)
      for (std::size_t i = 0; i < w.rows(); ++i) {
        SumOfProducts sum;
        for (std::size_t j = 0; j < w.columns(); ++j)
          sum.add(fed[l].values(row, j), fed[l].errors(row, j), w(i, j), in.parameters.weights[l](i, j));
        sum.add(1, 0, parameters.biases[l][i], in.parameters.biases[l][i]);
        bound.z[l](row, i) = sum.error();
      }
    const Activation& activation = architecture.layers[l].activation;
    const auto value = [&](double z) { return activation_value(activation, z); };
    const auto slope = [&](double z) { return activation_derivative(activation, z, value(z)); };
    for (std::size_t k = 0; k < bound.z[l].flat().size(); ++k) {
      const double z = reference.z[l].flat()[k], error = bound.z[l].flat()[k];
      const bool copied = activation.kind == ActivationKind::identity;
      // Second order, for a slope that is 0 here but not nearby.
      bound.a[l].flat()[k] = copied ? error
                                    : change(value, z, error) + 0.5 * error * change(slope, z, error) +
                                          kFew * std::abs(reference.a[l].flat()[k]) + kFlushed;
      bound.slope[l].flat()[k] =
          copied ? 0 : 2 * change(slope, z, error) + kFew * (1 + std::abs(reference.slope[l].flat()[k]));
    }
  }

  void output_row(std::size_t row) {
    const std::vector<double> a(reference.a.back().row(row).begin(), reference.a.back().row(row).end());
    const std::vector<double> y(batch.targets.row(row).begin(), batch.targets.row(row).end());
    std::vector<double> here(a.size());
    loss_gradient(loss, a, y, here);
    const double value = loss_value(loss, a, y);
    const auto [moved, of_value] = moved_loss(loss, a, y, bound.a.back().row(row), in.targets.row(row));
    for (std::size_t k = 0; k < a.size(); ++k)
      bound.d_a.back()(row, k) = row_scale(row) * (1.01 * moved[k] + kFew * std::abs(here[k])) + kFlushed;
    double size = std::abs(value);  // bound on the terms of the loss, which are double on both sides
    for (std::size_t k = 0; k < a.size(); ++k) size += std::abs(a[k]) * (1 + std::abs(y[k]));
    const double terms = static_cast<double>(a.size());
    bound.sample_losses.push_back(1.01 * of_value + 8 * (terms + 8) * kRoundOfDouble * size);
    bound.loss += row_scale(row) * (bound.sample_losses.back() + kFew * std::abs(value));
  }

  void delta_of(std::size_t l) {
    for (std::size_t row = 0; row < batch.inputs.rows(); ++row)
      for (std::size_t i = 0; i < reference.delta[l].columns(); ++i) {
        SumOfProducts product;
        product.add(reference.d_a[l](row, i) / rows(), bound.d_a[l](row, i), reference.slope[l](row, i),
                    bound.slope[l](row, i));
        bound.delta[l](row, i) = product.error();
      }
  }

  void d_a_below(std::size_t l) {
    const MatrixOf<double>& w = parameters.weights[l];
    const bool dropped = !masks.empty() && masks[l].rows() > 0;
    for (std::size_t row = 0; row < batch.inputs.rows(); ++row)
      for (std::size_t j = 0; j < w.columns(); ++j) {
        SumOfProducts sum;
        for (std::size_t i = 0; i < w.rows(); ++i)
          sum.add(reference.delta[l](row, i) / rows(), bound.delta[l](row, i), w(i, j), in.parameters.weights[l](i, j));
        const double mask = dropped ? masks[l](row, j) : 1;
        bound.d_a[l - 1](row, j) = mask * sum.error() * (1 + kRound) + kRound * mask * sum.size;
      }
  }

  void gradients_of(std::size_t l) {
    for (std::size_t i = 0; i < reference.delta[l].columns(); ++i) {
      SumOfProducts of_bias;
      for (std::size_t row = 0; row < batch.inputs.rows(); ++row)
        of_bias.add(reference.delta[l](row, i) / rows(), bound.delta[l](row, i), 1, 0);
      bound.gradients.biases[l][i] = of_bias.error();
      for (std::size_t j = 0; j < fed[l].values.columns(); ++j) {
        SumOfProducts sum;
        for (std::size_t row = 0; row < batch.inputs.rows(); ++row)
          sum.add(reference.delta[l](row, i) / rows(), bound.delta[l](row, i), fed[l].values(row, j),
                  fed[l].errors(row, j));
        bound.gradients.weights[l](i, j) = sum.error();
      }
    }
  }

  void run(double weight_decay) {
    const std::size_t depth = architecture.depth();
    bound.z = bound.a = bound.slope = bound.d_a = bound.delta = reference.z;
    bound.gradients = reference_parameters(architecture);
    fed.push_back(feed(batch.inputs, in.inputs, masks, 0));
    for (std::size_t l = 0; l < depth; ++l) {
      forward_layer(l);
      if (l + 1 < depth) fed.push_back(feed(reference.a[l], bound.a[l], masks, l + 1));
    }
    for (std::size_t row = 0; row < batch.inputs.rows(); ++row) output_row(row);
    for (std::size_t l = depth; l-- > 0;) {
      delta_of(l);
      if (l > 0) d_a_below(l);
      gradients_of(l);
    }
    // The engine and the reference both add up squares in double, each in its own order.
    const double of_sums = 2 * (static_cast<double>(parameter_count(architecture)) + 8) * kRoundOfDouble;
    for (std::size_t l = 0; l < depth; ++l)
      for (std::size_t k = 0; k < parameters.weights[l].flat().size(); ++k) {
        const double w = parameters.weights[l].flat()[k], error = in.parameters.weights[l].flat()[k];
        bound.decay_term += weight_decay * architecture.layers[l].decay_multiplier *
                            (std::abs(w) * error + 0.5 * error * error + of_sums * w * w);
      }
    // |norm(x) - norm(y)| <= norm(x - y)
    bound.gradient_norm = reference_norm(bound.gradients) + of_sums * reference_norm(reference.gradients);
  }
};

// The numbers of an update of weights or biases: parameters, their gradient, the optimizer's memory.
struct UpdateNumbers {
  std::vector<double> p, g, first, second;
};

std::vector<double> copy_of(std::span<const double> values) { return {values.begin(), values.end()}; }

// Applies the rule to these numbers, one of the four (none: 4) moved by `side` times its errors; for side 0, moved to 0
// where the error allows it.
UpdateNumbers updated(const Optimizer& optimizer, const UpdateRates& rates, UpdateNumbers from,
                      const UpdateNumbers& errors, std::size_t which, double side) {
  const std::array<std::vector<double>*, 4> numbers = {&from.p, &from.g, &from.first, &from.second};
  const std::array<const std::vector<double>*, 4> moves = {&errors.p, &errors.g, &errors.first, &errors.second};
  if (which < numbers.size())
    for (std::size_t k = 0; k < from.p.size(); ++k) {
      double& number = (*numbers[which])[k];
      const double move = (*moves[which])[k];
      if (side != 0)
        number += side * move;
      else if (std::abs(number) <= move)
        number = 0;  // the worst case for a sign or a root
    }
  optimizer_update(optimizer, rates, std::span(from.p), std::span<const double>(from.g), std::span(from.first),
                   std::span(from.second));
  return from;
}

void keep_larger(std::vector<double>& maximum, const std::vector<double>& there, const std::vector<double>& here) {
  for (std::size_t k = 0; k < maximum.size(); ++k) {
    const double moved = std::abs(there[k] - here[k]);
    if (moved > maximum[k]) maximum[k] = moved;  // NaN (the root of a negative number) does not count
  }
}

// Every number of the update has its own error and a few rounding errors of its terms; each changes the result.
UpdateNumbers bounds_of(const Optimizer& optimizer, const UpdateRates& rates, const UpdateNumbers& reference,
                        UpdateNumbers errors) {
  const std::size_t size = reference.p.size();
  for (std::size_t k = 0; k < size; ++k) {
    errors.g[k] += kFew * std::abs(reference.g[k]) + kFew * std::abs(rates.weight_decay * reference.p[k]) + kFlushed;
    errors.first[k] += kFew * std::abs(reference.first[k]) + kFlushed;
    errors.second[k] += kFew * std::abs(reference.second[k]) + kFlushed;
  }
  const UpdateNumbers here = updated(optimizer, rates, reference, errors, 4, 0);
  UpdateNumbers sum;
  sum.p.assign(size, 0);
  sum.first = sum.second = sum.p;
  for (std::size_t which = 0; which < 4; ++which) {
    UpdateNumbers maximum = sum;
    for (std::vector<double>* of : {&maximum.p, &maximum.first, &maximum.second}) of->assign(size, 0);
    for (const double side : {-1.0, 0.0, 1.0}) {
      const UpdateNumbers there = updated(optimizer, rates, reference, errors, which, side);
      keep_larger(maximum.p, there.p, here.p);
      keep_larger(maximum.first, there.first, here.first);
      keep_larger(maximum.second, there.second, here.second);
    }
    for (std::size_t k = 0; k < size; ++k) {
      sum.p[k] += maximum.p[k];
      sum.first[k] += maximum.first[k];
      sum.second[k] += maximum.second[k];
    }
  }
  for (std::size_t k = 0; k < size; ++k) {
    // The step and decoupled decay may cancel: the rounding error of each is relative to its own size.
    const double decayed = std::abs(rates.learning_rate * rates.weight_decay * reference.p[k]);
    sum.p[k] = 1.01 * sum.p[k] + kRound * std::abs(here.p[k]) +
               2 * kFew * (std::abs(here.p[k] - reference.p[k]) + 2 * decayed) + kFlushed;
    sum.first[k] = 1.01 * sum.first[k] + kFew * std::abs(here.first[k]) + kFlushed;
    sum.second[k] = 1.01 * sum.second[k] + kFew * std::abs(here.second[k]) + kFlushed;
  }
  return sum;
}

// A clipped gradient also has the error of its factor.
void add_clipping(double norm, double norm_bound, double clip_norm, std::span<const double> g,
                  std::span<double> error) {
  if (clip_norm <= 0 || norm + norm_bound <= clip_norm) return;
  const double relative = norm > norm_bound ? norm_bound / (norm - norm_bound) : 1;
  for (std::size_t k = 0; k < g.size(); ++k) error[k] += relative * std::abs(g[k]);
}

// Max-norm scales the rows that are too long.
void bound_units(double bound, const MatrixOf<double>& before, MatrixOf<double>& errors) {
  for (std::size_t i = 0; i < before.rows(); ++i) {
    double norm = 0, error = 0;
    for (const double w : before.row(i)) norm += w * w;
    for (const double e : errors.row(i)) error += e * e;
    norm = std::sqrt(norm);
    error = std::sqrt(error);
    if (norm + error <= bound) continue;
    const double relative = norm > error ? error / (norm - error) : 1;
    for (std::size_t j = 0; j < before.columns(); ++j) errors(i, j) += (relative + kFew) * std::abs(before(i, j));
  }
}

void put(std::span<double> to, const std::vector<double>& from) { std::ranges::copy(from, to.begin()); }

}  // namespace

InputBounds no_bounds(const Architecture& architecture, const ReferenceBatch& batch) {
  return {MatrixOf<double>(batch.inputs.rows(), batch.inputs.columns()),
          MatrixOf<double>(batch.targets.rows(), batch.targets.columns()), reference_parameters(architecture)};
}

StepBounds bound_step(const Architecture& architecture, const ReferenceParameters& parameters, const Loss& loss,
                      const ReferenceBatch& batch, double weight_decay, const std::vector<MatrixOf<double>>& masks,
                      const InputBounds& in, const ReferenceStep& reference) {
  Bounder bounder{architecture, parameters, loss, batch, masks, in, reference, {}, {}};
  bounder.run(weight_decay);
  return std::move(bounder.bound);
}

void bound_update(const Architecture& architecture, const Optimizer& optimizer, double learning_rate,
                  double weight_decay, double clip_norm, const ReferenceStep& reference, const StepBounds& step,
                  const ReferenceOptimizer& state, const ReferenceParameters& parameters,
                  ReferenceOptimizer& state_bounds, ReferenceParameters& parameter_bounds) {
  const double norm = reference_norm(reference.gradients), clip = reference_clip(norm, clip_norm);
  const auto bound = [&](const UpdateRates& rates, std::span<const double> p, std::span<const double> g,
                         std::span<const double> first, std::span<const double> second, std::span<const double> g_error,
                         std::span<double> p_error, std::span<double> first_error, std::span<double> second_error) {
    const UpdateNumbers tensor{copy_of(p), copy_of(g), copy_of(first), copy_of(second)};
    UpdateNumbers errors{copy_of(p_error), copy_of(g_error), copy_of(first_error), copy_of(second_error)};
    add_clipping(norm, step.gradient_norm, clip_norm, g, errors.g);
    const UpdateNumbers after = bounds_of(optimizer, rates, tensor, std::move(errors));
    put(p_error, after.p);
    put(first_error, after.first);
    put(second_error, after.second);
  };
  for (std::size_t l = 0; l < architecture.depth(); ++l) {
    const Layer& layer = architecture.layers[l];
    const UpdateRates of_weights{state.step + 1, learning_rate * layer.weight_multiplier,
                                 weight_decay * layer.decay_multiplier, clip};
    const UpdateRates of_biases{state.step + 1, learning_rate * layer.bias_multiplier, 0, clip};
    bound(of_weights, parameters.weights[l].flat(), reference.gradients.weights[l].flat(),
          state.first.weights[l].flat(), state.second.weights[l].flat(), step.gradients.weights[l].flat(),
          parameter_bounds.weights[l].flat(), state_bounds.first.weights[l].flat(),
          state_bounds.second.weights[l].flat());
    bound(of_biases, parameters.biases[l], reference.gradients.biases[l], state.first.biases[l], state.second.biases[l],
          step.gradients.biases[l], parameter_bounds.biases[l], state_bounds.first.biases[l],
          state_bounds.second.biases[l]);
    if (layer.max_norm == 0) continue;
    MatrixOf<double> before = parameters.weights[l];  // the weights before max-norm
    MatrixOf<double> first = state.first.weights[l], second = state.second.weights[l];
    optimizer_update(optimizer, of_weights, before.flat(), reference.gradients.weights[l].flat(), first.flat(),
                     second.flat());
    bound_units(layer.max_norm, before, parameter_bounds.weights[l]);
  }
}

}  // namespace chainrule
