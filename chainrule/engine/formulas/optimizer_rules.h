// SPDX-License-Identifier: Apache-2.0
// Internal: each update rule as a loop over parameters, for float (the engine, compiled once per vector unit) and
// double (the reference). Included by .cpp files only.
#pragma once

#include <cassert>
#include <cmath>
#include <span>

#include "chainrule/engine/formulas/optimizer_update.h"

namespace chainrule::rules {

// The numbers of one update in the type of the parameters, each rounded once.
template <class T>
struct Step {
  std::span<T> p;
  std::span<const T> gradient;
  std::span<T> first, second;
  T rate, decay, scale, correction1, correction2;
  std::uint64_t count;

  /// g of the formulas: the (clipped) gradient of the mean loss plus lambda W by (8): (11) and (12).
  T g(T of_loss, T at) const { return scale * of_loss + decay * at; }
  T g(std::size_t k) const { return g(gradient[k], p[k]); }
};

// M11, (9), (10), (24), (25): p = p - alpha (1/m sum of gradients + lambda p).
template <class T>
void apply(const Sgd&, const Step<T>& s) {
  for (std::size_t k = 0; k < s.p.size(); ++k) s.p[k] -= s.rate * s.g(k);
}

template <class T>
void apply(const Momentum& o, const Step<T>& s) {
  const T mu = static_cast<T>(o.momentum);
  for (std::size_t k = 0; k < s.p.size(); ++k) {
    s.first[k] = mu * s.first[k] + s.g(k);
    s.p[k] -= s.rate * s.first[k];
  }
}

template <class T>
void apply(const Nesterov& o, const Step<T>& s) {
  const T mu = static_cast<T>(o.momentum);
  for (std::size_t k = 0; k < s.p.size(); ++k) {
    const T g = s.g(k);
    s.first[k] = mu * s.first[k] + g;
    s.p[k] -= s.rate * (g + mu * s.first[k]);
  }
}

template <class T>
void apply(const Adagrad& o, const Step<T>& s) {
  const T epsilon = static_cast<T>(o.epsilon);
  for (std::size_t k = 0; k < s.p.size(); ++k) {
    const T g = s.g(k);
    s.first[k] += g * g;
    s.p[k] -= s.rate * g / (std::sqrt(s.first[k]) + epsilon);
  }
}

template <class T>
void apply(const RmsProp& o, const Step<T>& s) {
  const T rho = static_cast<T>(o.rho), rest = static_cast<T>(1 - o.rho), epsilon = static_cast<T>(o.epsilon);
  for (std::size_t k = 0; k < s.p.size(); ++k) {
    const T g = s.g(k);
    s.first[k] = rho * s.first[k] + rest * (g * g);
    s.p[k] -= s.rate * g / (std::sqrt(s.first[k]) + epsilon);
  }
}

// Adam and AdamW differ in where lambda enters: in g, or straight into p with the p before the update.
template <class T, class Rule>
void apply_adam(const Rule& o, const Step<T>& s, T decay_in_g, T decay_of_p) {
  const T b1 = static_cast<T>(o.beta1), rest1 = static_cast<T>(1 - o.beta1);
  const T b2 = static_cast<T>(o.beta2), rest2 = static_cast<T>(1 - o.beta2);
  const T epsilon = static_cast<T>(o.epsilon);
  for (std::size_t k = 0; k < s.p.size(); ++k) {
    const T g = s.scale * s.gradient[k] + decay_in_g * s.p[k];
    s.first[k] = b1 * s.first[k] + rest1 * g;
    s.second[k] = b2 * s.second[k] + rest2 * (g * g);
    const T direction = s.correction1 * s.first[k] / (std::sqrt(s.correction2 * s.second[k]) + epsilon);
    s.p[k] -= s.rate * (direction + decay_of_p * s.p[k]);
  }
}

template <class T>
void apply(const Adam& o, const Step<T>& s) {
  apply_adam(o, s, s.decay, T{0});
}

template <class T>
void apply(const AdamW& o, const Step<T>& s) {
  apply_adam(o, s, T{0}, s.decay);
}

// iRPROP-: if the sign of the gradient changed, this step does not change the parameter and sets the stored gradient to
// 0.
template <class T>
void apply(const Rprop& o, const Step<T>& s) {
  const T up = static_cast<T>(o.increase), down = static_cast<T>(o.decrease);
  const T minimum = static_cast<T>(o.smallest), maximum = static_cast<T>(o.largest);
  for (std::size_t k = 0; k < s.p.size(); ++k) {
    T g = s.g(k);
    T& size = s.first[k];
    T& last = s.second[k];
    if (s.count == 1) size = s.rate;
    const bool kept = (g > 0 && last > 0) || (g < 0 && last < 0);
    const bool turned = (g > 0 && last < 0) || (g < 0 && last > 0);
    if (kept) size = size * up < maximum ? size * up : maximum;
    if (turned) size = size * down > minimum ? size * down : minimum;
    if (turned) g = 0;
    s.p[k] -= g > 0 ? size : g < 0 ? -size : T{0};
    last = g;
  }
}

template <class T>
void update(const Optimizer& optimizer, const UpdateRates& given, std::span<T> parameters, std::span<const T> gradient,
            std::span<T> first, std::span<T> second) {
  assert(gradient.size() == parameters.size() && given.step >= 1);
  UpdateRates rates = given;
  if (rates.correction1 == 0) prepare(optimizer, rates);
  const Step<T> step{parameters,
                     gradient,
                     first,
                     second,
                     static_cast<T>(rates.learning_rate),
                     static_cast<T>(rates.weight_decay),
                     static_cast<T>(rates.gradient_scale),
                     static_cast<T>(rates.correction1),
                     static_cast<T>(rates.correction2),
                     rates.step};
  std::visit([&](const auto& rule) { apply(rule, step); }, optimizer);
}

}  // namespace chainrule::rules
