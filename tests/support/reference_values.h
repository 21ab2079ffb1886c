// SPDX-License-Identifier: Apache-2.0
// For tests of numbers: distances in ulp, the file of 50-digit values, a hash of bit patterns.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

namespace chainrule {

/// |value - reference| in ulp of the reference as a Number; infinite if only one of them is
/// finite. A reference below the normal range allows any value below it.
template <class Number>
double error_in_ulp(Number value, long double reference) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (std::isnan(value)) return infinity;
  if (std::fabs(reference) < static_cast<long double>(std::numeric_limits<Number>::min())) {
    return std::fabs(value) <= std::numeric_limits<Number>::min() ? 0.0 : infinity;
  }
  if (std::isinf(static_cast<Number>(reference)) || std::isinf(value)) {
    return value == static_cast<Number>(reference) ? 0.0 : infinity;
  }
  const int exponent = std::ilogb(reference) - (std::numeric_limits<Number>::digits - 1);
  return static_cast<double>(std::fabs(std::scalbn(static_cast<long double>(value) - reference, -exponent)));
}

/// Decimal digits, rounded to long double: wrong by less than 2^-64 of it.
inline long double from_digits(const std::string& digits) { return std::strtold(digits.c_str(), nullptr); }

/// Whether long double is precise enough to test double.
inline constexpr bool kLongDoubleIsLonger = std::numeric_limits<long double>::digits >= 64;

inline nlohmann::json reference_values() {
  std::ifstream file(std::string(CHAINRULE_SOURCE_DIR) + "/tests/vectors/activation_values.json");
  EXPECT_TRUE(file) << "tests/vectors/activation_values.json is missing";
  return nlohmann::json::parse(file);
}

/// FNV-1a over the bytes of bit patterns, lowest byte first.
class BitHash {
 public:
  void add(double x) { add_bytes(std::bit_cast<std::uint64_t>(x), 8); }
  void add(float x) { add_bytes(std::bit_cast<std::uint32_t>(x), 4); }
  std::uint64_t value() const { return hash_; }

 private:
  void add_bytes(std::uint64_t bits, int count) {
    for (int i = 0; i < count; ++i) hash_ = (hash_ ^ ((bits >> (8 * i)) & 255)) * 1099511628211u;
  }
  std::uint64_t hash_ = 14695981039346656037u;
};

/// Numbers that do not depend on the standard library's distributions: a 64-bit linear congruential generator with an
/// output mix.
class TestNumbers {
 public:
  std::uint64_t next() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    const std::uint64_t mixed = (state_ ^ (state_ >> 29)) * 0xbf58476d1ce4e5b9u;
    return mixed ^ (mixed >> 32);
  }
  double uniform(double low, double high) { return low + (high - low) * static_cast<double>(next() >> 11) * 0x1p-53; }
  /// Either sign, logarithm uniform between the two powers of two.
  double spread(double low_exponent, double high_exponent) {
    const double size = std::exp2(uniform(low_exponent, high_exponent));
    return (next() & 1) != 0 ? -size : size;
  }

 private:
  std::uint64_t state_ = 1;
};

}  // namespace chainrule
