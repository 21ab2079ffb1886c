// SPDX-License-Identifier: Apache-2.0
// Internal: exp, log, tanh, erf ... in double, made of + - * / and integer operations only, so that every compiler and
// every build gives the same bits. Only .cpp files of the library include it, never a public header: inline numerics
// compiled with a user's flags (-ffast-math, contraction) could replace ours at link time.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <limits>

/// All but the powers have no branches (comparisons select), so that compilers turn loops over them into vector code
/// (g++ with the option that comparisons do not trap). NaN passes through. Errors stated in ulp are bounds on the
/// errors measured against references in higher precision. Subnormal results may be zero (a thread may flush them).
///
/// The polynomials are our own: weighted minimax fits, by the Remez exchange in 60 digits, rounded to double. Each
/// comment gives the function that it fits, the interval, and the largest error relative to the function that uses it.
/// tests/vectors/make_elementary_coefficients.py computes and prints all constants below.
namespace chainrule::elementary {

inline constexpr double kLog2E = 0x1.71547652b82fep+0;
inline constexpr double kLn2High = 0x1.62e42fefa3800p-1;  // 42 bits: its product with any exponent is exact
inline constexpr double kLn2Low = 0x1.ef35793c76730p-45;
inline constexpr double kTwoPi = 0x1.921fb54442d18p+2;
inline constexpr double kTwoPiLow = 0x1.1a62633145c07p-52;
inline constexpr double kTwoThirds = 0x1.5555555555555p-1;
inline constexpr double kTwoThirdsLow = 0x1.5555555555555p-55;
inline constexpr double kInverseSqrt2 = 0x1.6a09e667f3bcdp-1;
inline constexpr double kTwoOverSqrtPi = 0x1.20dd750429b6dp+0;
inline constexpr double kInverseSqrt2Pi = 0x1.9884533d43651p-2;

// (e^r - 1 - r) / r^2 on |r| <= ln(2) / 2; 2^-60.6 relative to e^r - 1
inline constexpr std::array<double, 11> kExpTail{0x1.0000000000000p-1,  0x1.5555555555559p-3,  0x1.555555555555ap-5,
                                                 0x1.111111110f6a9p-7,  0x1.6c16c16c1445cp-10, 0x1.a01a01afe7839p-13,
                                                 0x1.a01a01b0b3fbap-16, 0x1.71ddf84d16c66p-19, 0x1.27e4c5a6a6c9ap-22,
                                                 0x1.af5ecb570ce50p-26, 0x1.1f955b49dc6a9p-29};
// erf(x) / x - 1 in x^2 on [0, 1]; 2^-55.1
inline constexpr std::array<double, 12> kErfRatio{
    0x1.06eba8214db68p-3,  -0x1.812746b0379bdp-2,  0x1.ce2f21a040d16p-4,  -0x1.b82ce311fa93cp-6,
    0x1.565bccf92b2c2p-8,  -0x1.c02db03dd6879p-11, 0x1.f9a2baa8efa67p-14, -0x1.f4ca4d6e465acp-17,
    0x1.b97fd3cf9882bp-20, -0x1.5c0726b124af7p-23, 0x1.d71b0d5ad1a9ep-27, -0x1.abae43c781af9p-31};
// (1 + x) e^(x^2) erfc(x) in (x - 3) / (x + 3), x in [0, 28.5]; 2^-53.79
inline constexpr std::array<double, 23> kErfcx{
    0x1.6e9827d229d2dp-1,   -0x1.d8f06dfac7985p-3,  0x1.9596c92adb022p-4,   -0x1.4f64aa4aa5a45p-7,
    -0x1.8600d914648abp-6,  0x1.67c189952e7bep-6,   -0x1.3f82b5cff6d54p-7,  0x1.a84c55aaad3eep-10,
    0x1.5297b6f99755ap-11,  -0x1.81213958e5c93p-12, -0x1.58cc65bfa8a5dp-16, 0x1.d6c2581b6d90bp-15,
    -0x1.968c760f6a524p-20, -0x1.2d99720875239p-17, 0x1.18776736641cbp-22,  0x1.a97759f0fe767p-20,
    0x1.fd678f03c63bep-25,  -0x1.3538ec9ad5d5ep-22, -0x1.7dc92cfca5e01p-25, 0x1.8b85a6cdd4353p-25,
    0x1.d1c42e92b9031p-27,  -0x1.37ca593b50fc2p-28, -0x1.0bb340c8c3b7fp-29};
// (ln((1 + s) / (1 - s)) / s - 2) / s^2 in s^2, |s| <= (sqrt(2) - 1) / (sqrt(2) + 1); 2^-58.9
inline constexpr std::array<double, 7> kLogSeries{0x1.5555555555592p-1, 0x1.999999997fd77p-2, 0x1.24924941f4f9ap-2,
                                                  0x1.c71c5206090c9p-3, 0x1.74663fa1fa5f3p-3, 0x1.39a1a6faa1df0p-3,
                                                  0x1.2f06346bb211dp-3};
// the same without its first term, (... - 2 - 2 s^2 / 3) / s^4; 2^-66.5
inline constexpr std::array<double, 9> kLogSeriesRest{0x1.999999999999ap-2, 0x1.2492492492481p-2, 0x1.c71c71c720361p-3,
                                                      0x1.745d1742b1d05p-3, 0x1.3b13b2b1d262cp-3, 0x1.1110a688a5339p-3,
                                                      0x1.e2075bbd92b05p-4, 0x1.ab2e51e33fd3bp-4, 0x1.c158cf835ec7ep-4};
// (sin(2 pi d) / d - 2 pi) / d^2 in d^2 on |d| <= 1/8; 2^-57.5
inline constexpr std::array<double, 7> kSinRest{-0x1.4abbce625be53p+5, 0x1.466bc6775aaddp+6,  -0x1.32d2cce62b196p+6,
                                                0x1.507834863d617p+5,  -0x1.e3074bead44d9p+3, 0x1.e8ef3b7d105b5p+1,
                                                -0x1.6c787fa1c2547p-1};
// (cos(2 pi d) - 1) / d^2 in d^2 on |d| <= 1/8; 2^-55.8
inline constexpr std::array<double, 7> kCosRest{-0x1.3bd3cc9be45dep+4, 0x1.03c1f081b5ab0p+6,  -0x1.55d3c7e3c95bcp+6,
                                                0x1.e1f50683b42c5p+5,  -0x1.a6d1ecb73fce9p+4, 0x1.f9cc6acf8adcdp+2,
                                                -0x1.b26fe84938730p+0};

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
inline constexpr double kSmallestNormal = std::numeric_limits<double>::min();
// Added to a number below 2^50, it rounds to a whole number, whose bits are then the lowest bits of the sum.
inline constexpr double kToWhole = 0x1.8p52;

// -- parts -----------------------------------------------------------------------------------------------------------

[[gnu::always_inline]] inline std::uint64_t bits(double x) { return std::bit_cast<std::uint64_t>(x); }
[[gnu::always_inline]] inline double from_bits(std::uint64_t b) { return std::bit_cast<double>(b); }
[[gnu::always_inline]] inline double magnitude(double x) { return from_bits(bits(x) & ~(1ull << 63)); }
/// Computes both sides, then selects one, as vector code does.
[[gnu::always_inline]] inline double choose(bool condition, double yes, double no) { return condition ? yes : no; }
[[gnu::always_inline]] inline double at_most(double x, double high) { return choose(x > high, high, x); }
[[gnu::always_inline]] inline double limit(double x, double low, double high) {  // NaN stays NaN
  return at_most(choose(x < low, low, x), high);
}
/// The leading 26 bits: the product of two such numbers is exact.
[[gnu::always_inline]] inline double leading_half(double x) { return from_bits(bits(x) & ~0x7ffffffull); }

/// Coefficients First ... First + Count - 1, by halves (Estrin's scheme): short chains of dependent operations.
/// powers = x, x^2, x^4, x^8, x^16.
template <std::size_t First, std::size_t Count, class T, std::size_t N>
[[gnu::always_inline]] inline T polynomial_part(const std::array<T, N>& c, const T* powers) {
  if constexpr (Count == 1) {
    return c[First];
  } else {
    constexpr std::size_t half = std::bit_ceil(Count) / 2;
    return polynomial_part<First, half>(c, powers) +
           powers[std::bit_width(half) - 1] * polynomial_part<First + half, Count - half>(c, powers);
  }
}
/// c[0] + c[1] x + ... + c[N - 1] x^(N - 1)
template <class T, std::size_t N>
[[gnu::always_inline]] inline T polynomial(const std::array<T, N>& c, T x) {
  static_assert(N <= 32);
  const T x2 = x * x, x4 = x2 * x2, x8 = x4 * x4;
  const T powers[5] = {x, x2, x4, x8, x8 * x8};
  return polynomial_part<0, N>(c, powers);
}

/// A number as an unevaluated sum of two; |low| is far below |high|.
struct Pair {
  double high, low;
};
[[gnu::always_inline]] inline Pair exact_sum(double a, double b) {  // Knuth's two-sum
  const double sum = a + b, part = sum - a;
  return {sum, (a - (sum - part)) + (b - part)};
}
inline Pair exact_product(double a, double b) {  // Dekker's product
  const double product = a * b, ah = leading_half(a), bh = leading_half(b), al = a - ah, bl = b - bh;
  return {product, ((ah * bh - product) + ah * bl + al * bh) + al * bl};
}

// -- exp and its family ----------------------------------------------------------------------------------------------

/// x = k ln(2) + r + low, |r| <= ln(2) / 2; tail = e^(r + low) - 1 - r.
struct Reduced {
  double shifted, r, tail;  // k = shifted - kToWhole
};
[[gnu::always_inline]] inline Reduced reduce(Pair x) {
  const double shifted = x.high * kLog2E + kToWhole, k = shifted - kToWhole;
  const double high = x.high - k * kLn2High, low = x.low - k * kLn2Low, r = high + low;
  const double lost = (high - r) + low;
  return {shifted, r, lost + (r * r) * polynomial(kExpTail, r)};
}
/// 2^(k + offset), which must be a normal number.
[[gnu::always_inline]] inline double power_of_two(double shifted, int offset) {
  return from_bits((bits(shifted) + static_cast<std::uint64_t>(1023 + offset)) << 52);
}
/// e^(r + low) after reduce()
[[gnu::always_inline]] inline double exp_rest(const Reduced& z) {
  const double sum = 1.0 + z.r, lost = z.r - (sum - 1.0);
  return sum + (lost + z.tail);
}
/// e^(x.high + x.low) for |x.high| <= 1000
[[gnu::always_inline]] inline double exp_of(Pair x) {
  const Reduced z = reduce(x);
  // 2^k in two factors, since it can be infinite or subnormal although the result is neither.
  const std::uint64_t exponents = bits(z.shifted) - bits(kToWhole) + 2 * 1023, half = exponents / 2;
  return exp_rest(z) * from_bits(half << 52) * from_bits((exponents - half) << 52);
}

/// e^x, to 0.7 ulp
[[gnu::always_inline]] inline double exp(double x) { return exp_of({limit(x, -1000.0, 1000.0), 0.0}); }

/// 2^64 e^x for x <= 0, to 0.7 ulp: keeps products such as z e^z exact where e^z alone would be subnormal.
[[gnu::always_inline]] inline double exp_up(double x) {
  const Reduced z = reduce({limit(x, -746.0, 0.0), 0.0});
  return choose(x < -746.0, 0.0, exp_rest(z) * power_of_two(z.shifted, 64));
}
inline constexpr double kDown = 0x1p-64;  // removes the factor of exp_up

/// (e^x - 1) / 2; half, since 2^1024 is infinite
[[gnu::always_inline]] inline Pair half_expm1(double x) {
  const Reduced z = reduce({limit(x, -50.0, 710.0), 0.0});
  const double half_power = power_of_two(z.shifted, -1);
  const Pair sum = exact_sum(half_power - 0.5, half_power * z.r);
  return {sum.high, sum.low + half_power * z.tail};
}
/// e^x - 1, to 1.2 ulp
[[gnu::always_inline]] inline double expm1(double x) {
  const Pair half = half_expm1(x);
  return choose(magnitude(x) < 0x1p-54, x, 2.0 * (half.high + half.low));
}

/// (e^x - e^-x) / (e^x + e^-x), to 1.4 ulp
[[gnu::always_inline]] inline double tanh(double x) {
  // h / (h + 1), h = (e^2|x| - 1) / 2; then a correction for the rounding of h and h + 1, with 1 / (h + 1) = 1 -
  // quotient.
  const Pair half = half_expm1(2.0 * at_most(magnitude(x), 20.0));
  const double h = half.high + half.low, h_lost = (half.high - h) + half.low;
  const Pair below = exact_sum(h, 1.0);
  const double quotient = h / below.high;
  const double correction = (h_lost - quotient * (below.low + h_lost)) * (1.0 - quotient);
  return choose(magnitude(x) < 0x1p-28, x, std::copysign(quotient + correction, x));
}

/// e^(-factor x^2), factor 1 or 1/2, factor x^2 <= 1000: x^2 in two parts, since e^ magnifies its rounding error.
[[gnu::always_inline]] inline double exp_minus_square(double x, double factor) {
  const double high = leading_half(x);
  return exp_of({-factor * (high * high), -factor * ((x - high) * (x + high))});
}
/// e^(-z^2 / 2), to 0.7 ulp
[[gnu::always_inline]] inline double gauss(double z) { return exp_minus_square(at_most(magnitude(z), 40.0), 0.5); }

// -- log -------------------------------------------------------------------------------------------------------------

/// x = 2^k m, sqrt(1/2) <= m < sqrt(2), for positive normal x.
struct Scaled {
  double k, m;
};
[[gnu::always_inline]] inline Scaled scale(double x) {
  constexpr std::uint64_t one = 0x3ff0000000000000, sqrt_half = 0x3fe6a09e667f3bcd;
  const std::uint64_t exponent = (bits(x) + (one - sqrt_half)) >> 52;  // k + 1023
  const double k = from_bits(exponent | 0x4330000000000000) - (0x1p52 + 1023.0);
  return {k, from_bits(bits(x) - (exponent << 52) + one)};
}
/// The same for any positive finite x.
[[gnu::always_inline]] inline Scaled scale_any(double x) {
  const bool tiny = x < kSmallestNormal;
  const Scaled y = scale(choose(tiny, x * 0x1p54, x));
  return {choose(tiny, y.k - 54.0, y.k), y.m};
}
/// k ln(2) + ln(1 + f) + c for a c that is tiny compared with the sum
[[gnu::always_inline]] inline double log_from(double k, double f, double c) {
  const double s = f / (2.0 + f), s2 = s * s, half_square = 0.5 * f * f;
  const double rest = s * (half_square + s2 * polynomial(kLogSeries, s2));
  return k * kLn2High - ((half_square - (rest + (k * kLn2Low + c))) - f);
}

/// ln(x), to 0.9 ulp; -infinity at 0, NaN below
[[gnu::always_inline]] inline double log(double x) {
  const Scaled y = scale_any(x);
  const double result = log_from(y.k, y.m - 1.0, 0.0);
  const double at_edge = choose(x == 0, -kInfinity, choose(x < kInfinity, kNan, x));  // x: infinity or NaN
  return choose((x > 0) & (x < kInfinity), result, at_edge);
}

/// ln(1 + x) for finite x > -1, to 0.9 ulp; undefined for NaN
[[gnu::always_inline]] inline double log1p_finite(double x) {
  const Pair sum = exact_sum(1.0, x);
  const Scaled y = scale(sum.high);
  const double f = choose(y.k == 0, x, y.m - 1.0);
  const double correction = choose(y.k == 0, 0.0, sum.low / sum.high);
  return choose(magnitude(x) < 0x1p-54, x, log_from(y.k, f, correction));
}
/// ln(1 + x), to 0.9 ulp; -infinity at -1, NaN below
[[gnu::always_inline]] inline double log1p(double x) {
  const double at_edge = choose(x == -1, -kInfinity, choose(x < kInfinity, kNan, x));
  return choose((x > -1) & (x < kInfinity), log1p_finite(x), at_edge);
}

// -- error function --------------------------------------------------------------------------------------------------

/// e^(x^2) erfc(x) for 0 <= x <= 28.5, to 4 ulp
[[gnu::always_inline]] inline double erfcx(double x) { return polynomial(kErfcx, (x - 3.0) / (x + 3.0)) / (1.0 + x); }

/// erf(x), to 1.4 ulp
[[gnu::always_inline]] inline double erf(double x) {
  const double t = at_most(magnitude(x), 28.0);
  const double near = t + t * polynomial(kErfRatio, t * t);
  const double far = 1.0 - exp_minus_square(t, 1.0) * erfcx(t);
  return std::copysign(choose(t < 1.0, near, far), x);
}

/// 1 - erf(x), to 6 ulp, also far in the tail
[[gnu::always_inline]] inline double erfc(double x) {
  const double t = at_most(magnitude(x), 28.0);
  const double tail = exp_minus_square(t, 1.0) * erfcx(t);
  const double near = 1.0 - (x + x * polynomial(kErfRatio, x * x));
  const double far = choose(x < 0, 2.0 - tail, tail);
  return choose(t < 0.5, near, far);
}

/// e^(t^2 / 2) times the probability that a normal variate exceeds t, for t >= 0 (beyond 40 the
/// value at 40), to 6 ulp.
[[gnu::always_inline]] inline double normal_tail_over_gauss(double t) {
  return 0.5 * erfcx(at_most(t, 40.0) * kInverseSqrt2);
}

// -- whole turns, powers ---------------------------------------------------------------------------------------------

/// x = quadrant / 4 + d turns, |d| <= 1/8; d is exact.
struct Turn {
  std::uint64_t quadrant;  // modulo 4
  double sin, cos;         // of 2 pi d
};
[[gnu::always_inline]] inline Turn turn(double x) {
  const double shifted = 4.0 * x + kToWhole, d = x - 0.25 * (shifted - kToWhole), u = d * d;
  return {bits(shifted) & 3, d * kTwoPi + d * (kTwoPiLow + u * polynomial(kSinRest, u)),
          1.0 + u * polynomial(kCosRest, u)};
}
/// cos(2 pi x) for x in [0, 1), to 1.7 ulp; exactly 0, 1, -1 where they are due
[[gnu::always_inline]] inline double cos_turns(double x) {
  const Turn t = turn(x);
  const double size = choose((t.quadrant & 1) != 0, t.sin, t.cos);
  return choose(((t.quadrant + 1) & 2) != 0, 0.0 - size, 0.0 + size);
}
/// sin(2 pi x) for x in [0, 1), to 1.7 ulp; exactly 0, 1, -1 where they are due
[[gnu::always_inline]] inline double sin_turns(double x) {
  const Turn t = turn(x);
  const double size = choose((t.quadrant & 1) != 0, t.cos, t.sin);
  return choose((t.quadrant & 2) != 0, 0.0 - size, 0.0 + size);
}

/// ln(x) for positive finite x, with a relative error below 2^-63.
inline Pair log_pair(double x) {
  const Scaled y = scale_any(x);
  const double f = y.m - 1.0;
  const Pair d = exact_sum(2.0, f);
  const double s = f / d.high;
  const Pair back = exact_product(s, d.high);
  const double s_low = (((f - back.high) - back.low) - s * d.low) / d.high;
  Pair square = exact_product(s, s);
  square.low += 2.0 * s * s_low;
  Pair cube = exact_product(square.high, s);
  cube.low += square.low * s + square.high * s_low;
  Pair second = exact_product(cube.high, kTwoThirds);  // 2 s^3 / 3
  second.low += cube.low * kTwoThirds + cube.high * kTwoThirdsLow;
  const double rest = cube.high * square.high * polynomial(kLogSeriesRest, square.high);
  const Pair first = exact_sum(y.k * kLn2High, 2.0 * s), sum = exact_sum(first.high, second.high);
  return exact_sum(sum.high, sum.low + (first.low + (y.k * kLn2Low + (2.0 * s_low + (second.low + rest)))));
}
/// x^y for x >= 0 and finite y, to 0.9 ulp; NaN for negative x, infinity for 0 to a negative power
inline double pow(double x, double y) {
  if (y == 0) return 1.0;
  if (!(x >= 0) || y != y) return kNan;
  if (x == 0 || x == kInfinity) return (x == 0) == (y > 0) ? 0.0 : kInfinity;
  const Pair log_x = log_pair(x);
  const double estimate = log_x.high * y;
  if (magnitude(estimate) > 1000.0) return exp(estimate);  // 0 or infinity; exact_product could overflow
  const Pair product = exact_product(log_x.high, y);
  return exp_of({product.high, product.low + log_x.low * y});
}
/// x^n by squaring; relative error below n 2^-53.
inline double power(double x, std::uint64_t n) {
  double result = 1.0;
  for (; n != 0; n >>= 1, x *= x) {
    if ((n & 1) != 0) result *= x;
  }
  return result;
}

// -- in float, for arrays of activations ----------------------------------------------------------------------------

// (e^r - 1 - r) / r^2 on |r| <= ln(2) / 2; 2^-32.5 relative to e^r
inline constexpr std::array<float, 6> kExpTailFloat{0x1.000000p-1f, 0x1.555556p-3f,  0x1.5554e8p-5f,
                                                    0x1.1110acp-7f, 0x1.6d43b2p-10f, 0x1.a17eb0p-13f};
// (tanh(x) / x - 1) / x^2 in x^2 on [0, 0.390625]; 2^-26 relative to tanh(x) / x
inline constexpr std::array<float, 5> kTanhRatioFloat{-0x1.555552p-2f, 0x1.110e3ep-3f, -0x1.b92c2cp-5f, 0x1.583aacp-6f,
                                                      -0x1.90a25ap-8f};

[[gnu::always_inline]] inline float choose(bool condition, float yes, float no) { return condition ? yes : no; }

/// 2^offset e^x, offset a whole number, for x that give a normal number; to 1.1 ulp
[[gnu::always_inline]] inline float exp_times_power(float x, std::uint32_t offset) {
  const float shifted = x * 0x1.715476p+0f + 0x1.8p23f, k = shifted - 0x1.8p23f;
  const float r = (x - k * 0x1.62e4p-1f) - k * 0x1.7f7d1cp-20f;  // 15 bits: the first product is exact
  const float rest = 1.0f + (r + r * r * polynomial(kExpTailFloat, r));
  return rest * std::bit_cast<float>((std::bit_cast<std::uint32_t>(shifted) + 127 + offset) << 23);
}
/// e^x, to 1.1 ulp; below -87.3 the smallest normal number, above 88 e^88
[[gnu::always_inline]] inline float exp(float x) {
  return exp_times_power(choose(x > 88.0f, 88.0f, choose(x < -87.33654f, -87.33654f, x)), 0);
}
/// 2^64 e^x for x <= 0, to 1.1 ulp
[[gnu::always_inline]] inline float exp_up(float x) {
  return choose(x < -104.0f, 0.0f, exp_times_power(choose(x < -104.0f, -104.0f, x), 64));
}

/// (e^x - e^-x) / (e^x + e^-x), to 1.6 ulp
[[gnu::always_inline]] inline float tanh(float x) {
  const float size = std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) & 0x7fffffffu), square = x * x;
  const float near = x + x * (square * polynomial(kTanhRatioFloat, square));
  const float far = 1.0f - 2.0f / (exp(2.0f * size) + 1.0f);
  return choose(size < 0.625f, near, std::copysign(far, x));
}

// -- first order in the imaginary part: f(x + i h) = f(x) + i h f'(x), for the complex step ---------------------------

using Complex = std::complex<double>;

inline Complex first_order(Complex z, double value, double derivative) { return {value, z.imag() * derivative}; }
inline Complex choose(bool condition, Complex yes, Complex no) { return condition ? yes : no; }
inline Complex exp(Complex z) { return first_order(z, exp(z.real()), exp(z.real())); }
inline Complex exp_up(Complex z) { return first_order(z, exp_up(z.real()), exp_up(z.real())); }
inline Complex expm1(Complex z) { return first_order(z, expm1(z.real()), exp(z.real())); }
inline Complex log(Complex z) { return first_order(z, log(z.real()), 1.0 / z.real()); }
inline Complex log1p(Complex z) { return first_order(z, log1p(z.real()), 1.0 / (1.0 + z.real())); }
inline Complex log1p_finite(Complex z) { return log1p(z); }
inline Complex tanh(Complex z) {
  const double e = exp(-2.0 * magnitude(z.real()));
  return first_order(z, tanh(z.real()), 4.0 * e / ((1.0 + e) * (1.0 + e)));
}
inline Complex erf(Complex z) {
  return first_order(z, erf(z.real()), kTwoOverSqrtPi * exp_minus_square(limit(z.real(), -28.0, 28.0), 1.0));
}
inline Complex erfc(Complex z) { return first_order(z, erfc(z.real()), -erf({z.real(), 1.0}).imag()); }
inline Complex gauss(Complex z) { return first_order(z, gauss(z.real()), -z.real() * gauss(z.real())); }
inline Complex normal_tail_over_gauss(Complex t) {
  const double value = normal_tail_over_gauss(t.real());
  return first_order(t, value, t.real() * value - kInverseSqrt2Pi);
}

}  // namespace chainrule::elementary
