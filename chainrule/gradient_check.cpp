// SPDX-License-Identifier: Apache-2.0
#include "chainrule/gradient_check.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

namespace chainrule {
namespace {

struct Numerical {
  double slope = 0;
  bool kink = false;
};

// Derivative of f at 0 from six values: the five-point formula with steps h and h/2 (error h^4 f^(5) / 30). Where the
// two disagree, or the second difference does not shrink by 4 as that of a smooth function does, a kink lies within the
// step.
Numerical five_point(const std::function<double(double)>& f, double f0, double h, double scale) {
  const double p2 = f(2 * h), m2 = f(-2 * h), p1 = f(h), m1 = f(-h), ph = f(h / 2), mh = f(-h / 2);
  const double wide = (8 * (p1 - m1) - (p2 - m2)) / (12 * h);
  const double narrow = (8 * (ph - mh) - (p1 - m1)) / (6 * h);
  const double bend = std::abs((p1 - 2 * f0 + m1) - 4 * (ph - 2 * f0 + mh)) / h;
  const double rounding = 16 * std::numeric_limits<double>::epsilon() * std::abs(f0) / h;
  return {wide, std::abs(wide - narrow) > 5e-9 * scale || bend > 1e-8 * scale + rounding};
}

// Smaller steps where a kink lies within the larger one: less exact, but seldom with a kink.
Numerical central_difference(const std::function<double(double)>& f, double f0, double scale) {
  Numerical numerical;
  for (const double h : {1e-3, 1e-4, 1e-5}) {
    numerical = five_point(f, f0, h, scale);
    if (!numerical.kink) break;
  }
  return numerical;
}

double largest_sum(std::span<const double> x, std::span<const double> y) {
  double largest = 0;
  for (std::size_t k = 0; k < x.size(); ++k) largest = std::max(largest, std::abs(x[k] + y[k]));
  return largest;
}

// What one comparison needs; the parameters are changed and put back.
struct Checker {
  const Architecture& architecture;
  TruthParameters parameters;
  const Loss& loss;
  const TruthBatch& batch;
  double weight_decay;
  CheckMethod method;
  double objective;
  GradientCheck result;

  Numerical derivative(const ParameterPlace& place, double scale) {
    if (method == CheckMethod::complex_step)
      return {truth_complex_step(architecture, parameters, loss, batch, weight_decay, place), false};
    double& p = place.is_bias ? parameters.biases[place.layer][place.row]
                              : parameters.weights[place.layer](place.row, place.column);
    const double before = p;
    const auto f = [&](double shift) {
      p = before + shift;
      const double value = truth_objective(architecture, parameters, loss, batch, weight_decay);
      p = before;
      return value;
    };
    return central_difference(f, objective, scale);
  }

  void compare(const ParameterPlace& place, double computed, double scale) {
    const Numerical numerical = derivative(place, scale);
    if (numerical.kink) {
      ++result.kinks;
      return;
    }
    ++result.checked;
    const double error = entry_error(computed, numerical.slope, scale);
    if (error <= result.worst_error) return;  // also false for NaN, which must win
    result.worst_error = error;
    result.worst = place;
    result.computed = computed;
    result.numerical = numerical.slope;
  }

  void run(std::size_t layer, bool is_bias, std::size_t columns, std::span<const double> gradient,
           std::span<const double> decay) {
    const double scale = std::max(largest_sum(gradient, decay), 1e-3 * std::abs(objective));
    for (std::size_t k = 0; k < gradient.size(); ++k)
      compare({layer, is_bias, is_bias ? k : k / columns, is_bias ? 0 : k % columns}, gradient[k] + decay[k], scale);
  }
};

}  // namespace

double entry_error(double a, double b, double s) {
  const double size = std::max({std::abs(a), std::abs(b), s});
  return size == 0 ? 0 : std::abs(a - b) / size;
}

GradientCheck check_gradients(const Architecture& architecture, const TruthParameters& parameters, const Loss& loss,
                              const TruthBatch& batch, double weight_decay, const TruthParameters& gradients,
                              const TruthParameters& decay_gradients, CheckMethod method) {
  const double objective = truth_objective(architecture, parameters, loss, batch, weight_decay);
  Checker checker{architecture, parameters, loss, batch, weight_decay, method, objective, {}};
  for (std::size_t l = 0; l < architecture.depth(); ++l) {
    checker.run(l, false, architecture.layer_inputs(l), gradients.weights[l].flat(), decay_gradients.weights[l].flat());
    checker.run(l, true, 1, gradients.biases[l], decay_gradients.biases[l]);
  }
  return checker.result;
}

GradientCheck check_gradients(const Architecture& architecture, const TruthParameters& parameters, const Loss& loss,
                              const TruthBatch& batch, double weight_decay, CheckMethod method) {
  const TruthStep step = truth_step(architecture, parameters, loss, batch, weight_decay);
  return check_gradients(architecture, parameters, loss, batch, weight_decay, step.gradients, step.decay_gradients,
                         method);
}

}  // namespace chainrule
