// SPDX-License-Identifier: Apache-2.0
// Internal: the activations as formulas, one struct each, value next to derivative, sorted by rising difficulty.
// Included by .cpp files only: activation_values.cpp for one number, the kernels for arrays.
#pragma once

#include <complex>
#include <limits>
#include <type_traits>

#include "chainrule/base/elementary.h"
#include "chainrule/base/error.h"
#include "chainrule/engine/formulas/activation.h"

namespace chainrule::formulas {

using elementary::choose;
using elementary::exp;
using elementary::exp_up;
using elementary::expm1;
using elementary::gauss;
using elementary::kDown;
using elementary::log1p_finite;
using elementary::normal_tail_over_gauss;
using elementary::tanh;
using Complex = std::complex<double>;

// T is double or, for the complex step, Complex: then comparisons and |z| use the real part. Comparisons are written so
// that NaN stays NaN.
inline float real_part(float z) { return z; }
inline double real_part(double z) { return z; }
inline double real_part(Complex z) { return z.real(); }
template <class T>
bool is_negative(T z) {
  return real_part(z) < 0;
}
template <class T>
T minus_magnitude(T z) {
  return choose(is_negative(z), z, -z);
}

// -- the formulas ----------------------------------------------------------------------------------------------------
// derivative(z, a) may use a = f(z) where that is cheaper. Every f is finite for finite z, with an error of a few ulp.
// This also holds in float for those with kInFloat, whose arrays are computed in float; others in double, rounded once.

struct Identity {
  template <class T>
  static T value(T z) {
    return z;
  }
  template <class T>
  static T derivative(T, T) {
    return 1;
  }
  static constexpr bool kInFloat = true;
};

struct Relu {
  template <class T>
  static T value(T z) {
    return choose(real_part(z) <= 0, T(0.0), z);
  }
  template <class T>
  static T derivative(T z, T) {
    return choose(z <= 0, T(0), T(1));
  }
  static constexpr bool kInFloat = true;
  static constexpr bool kHasKink = true;  // at 0
};

struct LeakyRelu {
  static constexpr double kSlope = 0.01;
  template <class T>
  static T value(T z) {
    return choose(real_part(z) <= 0, kSlope * z, z);
  }
  static double derivative(double z, double) { return choose(z <= 0, kSlope, 1.0); }
  static constexpr bool kHasKink = true;  // at 0
};

// M1, (1), (2).
struct Sigmoid {
  template <class T>
  static T value(T z) {
    return T(1) / (T(1) + exp(-z));
  }
  template <class T>
  static T derivative(T, T a) {
    return a * (T(1) - a);
  }
  static constexpr bool kInFloat = true;
};

struct Tanh {
  template <class T>
  static T value(T z) {
    return tanh(z);
  }
  template <class T>
  static T derivative(T, T a) {
    return (T(1) - a) * (T(1) + a);
  }
  static constexpr bool kInFloat = true;
};

struct Elu {
  template <class T>
  static T value(T z) {
    return choose(real_part(z) <= 0, expm1(z), z);
  }
  static double derivative(double z, double a) { return choose(z <= 0, a + 1.0, 1.0); }
};

struct Selu {
  static constexpr double kScale = 1.0507009873554805, kAlpha = 1.6732632423543772;
  static constexpr double kScaleAlpha = kScale * kAlpha;
  template <class T>
  static T value(T z) {
    return choose(real_part(z) <= 0, kScaleAlpha * expm1(z), kScale * z);
  }
  static double derivative(double z, double a) { return choose(z <= 0, a + kScaleAlpha, kScale); }
  static constexpr bool kHasKink = true;  // at 0
};

struct Softplus {
  // max(z, 0) + ln(1 + e^-|z|): the exponential never overflows.
  template <class T>
  static T value(T z) {
    return choose(is_negative(z), T(0.0), z) + log1p_finite(exp(minus_magnitude(z)));
  }
  static double derivative(double z, double) { return Sigmoid::value(z); }
};

/// e^z = p / q where the larger of the two is 1, so that neither overflows. p_up = p / down is never subnormal; it
/// serves the products z p.
template <class T>
struct Ratio {
  T p, q, p_up;
  std::conditional_t<std::is_same_v<T, float>, float, double> down;
};
template <class T>
Ratio<T> exp_as_ratio(T z) {
  const bool negative = is_negative(z);
  const decltype(Ratio<T>::down) one = 1, down = static_cast<decltype(one)>(kDown);
  const T e_up = exp_up(minus_magnitude(z)), e = e_up * down;
  return {choose(negative, e, T(1)), choose(negative, T(1), e), choose(negative, e_up, T(1)),
          choose(negative, down, one)};
}

struct Silu {
  // The sigmoid is p / (p + q).
  template <class T>
  static T value(T z) {
    const Ratio<T> e = exp_as_ratio(z);
    return z * e.p_up / (e.p + e.q) * e.down;
  }
  // s + z s (1 - s), s the sigmoid; 1 - s = q / (p + q) avoids cancellation.
  template <class T>
  static T derivative(T z, T) {
    const Ratio<T> e = exp_as_ratio(z);
    const T inverse = T(1) / (e.p + e.q);
    return e.p * inverse + z * (e.p * e.q * inverse * inverse);
  }
  static constexpr bool kInFloat = true;
};

struct Gelu {
  // With the tail Q(t) = 1 - Phi(t): z (1 - Q(z)) for z >= 0, z Q(-z) below. Q is e^(-t^2/2) times a slowly varying
  // function: neither loses digits for large t, as erfc of a rounded argument would.
  template <class T>
  static T value(T z) {
    const T g = gauss(z), ratio = normal_tail_over_gauss(-minus_magnitude(z));
    const T above = z * (1.0 - g * ratio), below = (z * g) * ratio;
    return choose(is_negative(z), below, above);
  }
  // Phi(z) + z phi(z)
  static double derivative(double z, double) {
    const double g = gauss(z), tail = g * normal_tail_over_gauss(-minus_magnitude(z));
    return choose(is_negative(z), tail, 1.0 - tail) + z * (g * elementary::kInverseSqrt2Pi);
  }
};

struct Mish {
  // tanh(softplus(z)) = n / (n + 2), n = e^z (e^z + 2); with e^z = p / q it is p (p + 2q) / (p (p + 2q) + 2 q^2).
  template <class T>
  static T value(T z) {
    const Ratio<T> e = exp_as_ratio(z);
    const T sum = e.p + 2.0 * e.q;
    return z * (e.p_up * sum) / (e.p * sum + 2.0 * e.q * e.q) * e.down;
  }
  // t + z (1 - t^2) s, t = tanh(softplus(z)), s = p / (p + q); 1 - t^2 = 4 q^2 (p + q)^2 / denominator^2.
  static double derivative(double z, double) {
    const Ratio<double> e = exp_as_ratio(z);
    const double numerator = e.p * (e.p + 2.0 * e.q), inverse = 1.0 / (numerator + 2.0 * e.q * e.q);
    return numerator * inverse + z * (4.0 * (e.p + e.q) * e.p * (e.q * e.q) * (inverse * inverse));
  }
};

/// Calls `use` with the struct of the kind. Only this function maps a kind to code.
template <class Use>
auto with_formula(ActivationKind kind, Use use) {
  switch (kind) {
    case ActivationKind::identity:
      return use(Identity{});
    case ActivationKind::relu:
      return use(Relu{});
    case ActivationKind::leaky_relu:
      return use(LeakyRelu{});
    case ActivationKind::elu:
      return use(Elu{});
    case ActivationKind::selu:
      return use(Selu{});
    case ActivationKind::sigmoid:
      return use(Sigmoid{});
    case ActivationKind::tanh:
      return use(Tanh{});
    case ActivationKind::softplus:
      return use(Softplus{});
    case ActivationKind::silu:
      return use(Silu{});
    case ActivationKind::gelu:
      return use(Gelu{});
    case ActivationKind::mish:
      return use(Mish{});
    case ActivationKind::custom:
      break;
  }
  throw Error(ErrorCategory::internal, "activation: no formula for a custom activation or an unknown kind");
}

/// f(z), with the largest finite Number instead of infinity for finite z. Only SELU needs it.
template <class Number, class Formula>
double finite_value(Formula f, double z) {
  const double value = f.value(z);
  if constexpr (std::is_same_v<Formula, Selu>) {
    constexpr double largest = std::numeric_limits<Number>::max();
    return choose((value > largest) & (z <= largest), largest, value);
  }
  return value;
}

}  // namespace chainrule::formulas
