// SPDX-License-Identifier: Apache-2.0
// The elementary functions: against 50-digit values and long double sweeps, at their edges, and the same bits from
// every compiler and optimization level.
#include "chainrule/base/elementary.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/support/reference_values.h"

namespace chainrule::elementary_test {
namespace {

constexpr double kPi = 3.14159265358979323846;

struct Function {
  std::string name;
  double (*value)(double);
  long double (*reference)(long double);  // none for arguments in turns: long double pi is not exact enough
  double bound;                           // in ulp, as elementary.h states it
};

// One row per function of one real argument.
const std::vector<Function>& functions() {
  static const std::vector<Function> rows{
      {"exp", [](double x) { return elementary::exp(x); }, [](long double x) { return std::exp(x); }, 0.7},
      {"exp_up", [](double x) { return elementary::exp_up(x) * elementary::kDown; },
       [](long double x) { return std::exp(std::min(x, 0.0L)); }, 0.75},
      {"expm1", [](double x) { return elementary::expm1(x); }, [](long double x) { return std::expm1(x); }, 1.2},
      {"log", [](double x) { return elementary::log(x); }, [](long double x) { return std::log(x); }, 0.9},
      {"log1p", [](double x) { return elementary::log1p(x); }, [](long double x) { return std::log1p(x); }, 0.9},
      {"tanh", [](double x) { return elementary::tanh(x); }, [](long double x) { return std::tanh(x); }, 1.4},
      {"erf", [](double x) { return elementary::erf(x); }, [](long double x) { return std::erf(x); }, 1.4},
      {"erfc", [](double x) { return elementary::erfc(x); }, [](long double x) { return std::erfc(x); }, 6.0},
      {"gauss", [](double x) { return elementary::gauss(x); }, [](long double x) { return std::exp(-x * x / 2); },
       0.75},
      {"normal_tail_over_gauss", [](double x) { return elementary::normal_tail_over_gauss(x); },
       [](long double x) { return std::exp(x * x / 2) * std::erfc(x / std::sqrt(2.0L)) / 2; }, 6.0},
      {"cos_turns", [](double x) { return elementary::cos_turns(x); }, nullptr, 1.7},
      {"sin_turns", [](double x) { return elementary::sin_turns(x); }, nullptr, 1.7}};
  return rows;
}

const Function& function(const std::string& name) {
  return *std::find_if(functions().begin(), functions().end(), [&](const Function& f) { return f.name == name; });
}

/// The largest error over the arguments that `argument` makes.
void expect_within_bound(const std::string& name, const std::function<double()>& argument, int count = 20000) {
  const Function& f = function(name);
  double worst = 0, worst_at = 0;
  for (int i = 0; i < count; ++i) {
    const double x = argument(), error = error_in_ulp(f.value(x), f.reference(x));
    if (error > worst) worst = error, worst_at = x;
  }
  EXPECT_LE(worst, f.bound) << name << " at " << worst_at;
}

}  // namespace

TEST(Elementary, FiftyDigitValues) {
  const nlohmann::json tables = reference_values()["elementary"];
  EXPECT_EQ(tables.size(), 9u);
  for (const auto& [name, rows] : tables.items()) {
    const Function& f = function(name);
    for (const auto& row : rows) {
      const double x = row[0].get<double>();
      EXPECT_LE(error_in_ulp(f.value(x), from_digits(row[1])), f.bound) << name << "(" << x << ")";
    }
  }
}

TEST(Elementary, SweepsAgainstLongDouble) {
  if (!kLongDoubleIsLonger) GTEST_SKIP() << "long double is no longer than double here";
  TestNumbers numbers;
  const auto between = [&](double low, double high) {
    return [&numbers, low, high] { return numbers.uniform(low, high); };
  };
  const auto spread = [&](double low, double high) {
    return [&numbers, low, high] { return numbers.spread(low, high); };
  };
  const auto positive = [&](double low, double high) {
    return [&numbers, low, high] { return std::fabs(numbers.spread(low, high)); };
  };
  expect_within_bound("exp", between(-750, 715));
  expect_within_bound("exp", spread(-60, 9));
  expect_within_bound("exp_up", between(-708, 0));
  expect_within_bound("expm1", between(-2, 2));
  expect_within_bound("expm1", between(-60, 715));
  expect_within_bound("expm1", spread(-1000, 9));
  expect_within_bound("log", between(0.5, 2));
  expect_within_bound("log", positive(-1074, 1023.9));
  expect_within_bound("log1p", between(-1, 3));
  expect_within_bound("log1p", positive(-1000, 1023.9));
  expect_within_bound("tanh", between(-1, 1));
  expect_within_bound("tanh", between(-25, 25));
  expect_within_bound("tanh", spread(-1000, 1000));
  expect_within_bound("erf", between(-3, 3));
  expect_within_bound("erf", spread(-1000, 1000));
  expect_within_bound("erfc", between(-3, 3));
  expect_within_bound("erfc", between(-7, 28));
  expect_within_bound("gauss", between(-3, 3));  // farther out the reference's rounded square spoils it
  expect_within_bound("normal_tail_over_gauss", between(0, 4));
}

TEST(Elementary, Edges) {
  const double infinity = elementary::kInfinity, largest = std::numeric_limits<double>::max();
  EXPECT_EQ(elementary::exp(0.0), 1.0);
  EXPECT_EQ(elementary::exp(-746.0), 0.0);
  EXPECT_EQ(elementary::exp(710.0), infinity);
  EXPECT_EQ(elementary::exp(-largest), 0.0);
  EXPECT_EQ(elementary::exp(largest), infinity);
  EXPECT_EQ(elementary::exp(-infinity), 0.0);
  EXPECT_EQ(elementary::exp(infinity), infinity);
  EXPECT_EQ(elementary::exp_up(-largest), 0.0);
  EXPECT_EQ(elementary::exp_up(0.0), 0x1p64);
  EXPECT_EQ(elementary::expm1(-largest), -1.0);
  EXPECT_EQ(elementary::expm1(largest), infinity);
  EXPECT_TRUE(std::signbit(elementary::expm1(-0.0)));
  EXPECT_EQ(elementary::log(1.0), 0.0);
  EXPECT_EQ(elementary::log(0.0), -infinity);
  EXPECT_EQ(elementary::log(infinity), infinity);
  EXPECT_EQ(elementary::log1p(-1.0), -infinity);
  EXPECT_EQ(elementary::log1p(infinity), infinity);
  EXPECT_TRUE(std::signbit(elementary::log1p(-0.0)));
  EXPECT_EQ(elementary::tanh(infinity), 1.0);
  EXPECT_EQ(elementary::tanh(-largest), -1.0);
  EXPECT_TRUE(std::signbit(elementary::tanh(-0.0)));
  EXPECT_EQ(elementary::erf(-infinity), -1.0);
  EXPECT_EQ(elementary::erfc(0.0), 1.0);
  EXPECT_EQ(elementary::erfc(infinity), 0.0);
  EXPECT_EQ(elementary::erfc(-largest), 2.0);
  EXPECT_EQ(elementary::gauss(0.0), 1.0);
  EXPECT_EQ(elementary::gauss(largest), 0.0);
  EXPECT_TRUE(std::isnan(elementary::log(-1.0)));
  EXPECT_TRUE(std::isnan(elementary::log1p(-1.5)));
}

TEST(Elementary, NanPasses) {
  for (const double nan : {elementary::kNan, -elementary::kNan}) {
    for (const Function& f : functions()) EXPECT_TRUE(std::isnan(f.value(nan))) << f.name;
    EXPECT_TRUE(std::isnan(elementary::pow(nan, 2.0)));
    EXPECT_TRUE(std::isnan(elementary::pow(2.0, nan)));
  }
}

TEST(Elementary, TurnsAreExactAtQuartersAndAgreeWithRadians) {
  EXPECT_EQ(elementary::cos_turns(0.0), 1.0);
  EXPECT_EQ(elementary::cos_turns(0.5), -1.0);
  EXPECT_EQ(elementary::sin_turns(0.25), 1.0);
  EXPECT_EQ(elementary::sin_turns(0.75), -1.0);
  for (const double zero : {elementary::cos_turns(0.25), elementary::cos_turns(0.75), elementary::sin_turns(0.5)}) {
    EXPECT_EQ(zero, 0.0);
    EXPECT_FALSE(std::signbit(zero));
  }
  TestNumbers numbers;
  for (int i = 0; i < 20000; ++i) {
    const double x = numbers.uniform(0, 1);
    EXPECT_NEAR(elementary::cos_turns(x), std::cos(2 * kPi * x), 3e-15);
    EXPECT_NEAR(elementary::sin_turns(x), std::sin(2 * kPi * x), 3e-15);
  }
}

TEST(Elementary, Pow) {
  const nlohmann::json powers = reference_values()["pow"];
  EXPECT_EQ(powers.size(), 9u);
  for (const auto& row : powers) {
    const double x = row[0].get<double>(), y = row[1].get<double>();
    EXPECT_LE(error_in_ulp(elementary::pow(x, y), from_digits(row[2])), 0.9) << x << " ^ " << y;
  }
  EXPECT_EQ(elementary::pow(2.0, 10.0), 1024.0);
  EXPECT_EQ(elementary::pow(0.0, 2.0), 0.0);
  EXPECT_EQ(elementary::pow(0.0, 0.0), 1.0);
  EXPECT_EQ(elementary::pow(0.0, -1.0), elementary::kInfinity);
  EXPECT_EQ(elementary::pow(0.5, 1e300), 0.0);
  EXPECT_EQ(elementary::pow(0.5, -1e300), elementary::kInfinity);
  EXPECT_TRUE(std::isnan(elementary::pow(-1.0, 2.0)));
  if (!kLongDoubleIsLonger) GTEST_SKIP() << "long double is no longer than double here";
  TestNumbers numbers;
  for (int i = 0; i < 40000; ++i) {  // powl has its own error of some 2^-62, hence the margin
    const double x = i % 2 == 0 ? numbers.uniform(0.5, 2) : std::fabs(numbers.spread(-1070, 1020));
    const double y = numbers.spread(-20, i % 2 == 0 ? 10 : 1);
    EXPECT_LE(error_in_ulp(elementary::pow(x, y), std::pow(static_cast<long double>(x), static_cast<long double>(y))),
              0.91)
        << x << " ^ " << y;
  }
}

TEST(Elementary, WholePowers) {
  EXPECT_EQ(elementary::power(0.9, 0), 1.0);
  EXPECT_EQ(elementary::power(0.0, 0), 1.0);
  EXPECT_EQ(elementary::power(-3.0, 5), -243.0);
  for (const std::uint64_t n : {1u, 2u, 3u, 7u, 100u, 4097u}) {
    const double expected = elementary::pow(0.999, static_cast<double>(n));
    EXPECT_NEAR(elementary::power(0.999, n), expected, expected * static_cast<double>(n) * 0x1p-53 + 0x1p-53);
  }
  EXPECT_EQ(elementary::power(0.9, 1000000000000u), 0.0);
}

TEST(Elementary, ImaginaryPartsAreDerivatives) {
  using elementary::Complex;
  const std::map<std::string, Complex (*)(Complex)> complex_functions{
      {"exp", [](Complex z) { return elementary::exp(z); }},
      {"expm1", [](Complex z) { return elementary::expm1(z); }},
      {"log", [](Complex z) { return elementary::log(z); }},
      {"log1p", [](Complex z) { return elementary::log1p(z); }},
      {"tanh", [](Complex z) { return elementary::tanh(z); }},
      {"erf", [](Complex z) { return elementary::erf(z); }},
      {"erfc", [](Complex z) { return elementary::erfc(z); }},
      {"gauss", [](Complex z) { return elementary::gauss(z); }},
      {"normal_tail_over_gauss", [](Complex z) { return elementary::normal_tail_over_gauss(z); }}};
  for (const auto& [name, f] : complex_functions) {
    const double(&points)[5] = {0.01, 0.3, 0.9, 1.7, 4.0};
    for (const double x : points) {
      const double step = 1e-4 * x;  // fourth-order central difference: error about step^4
      const auto at = [&, &g = function(name)](double k) { return g.value(x + k * step); };
      const double slope = (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * step);
      const Complex result = f({x, 1e-200});
      EXPECT_EQ(result.real(), function(name).value(x)) << name << " at " << x;
      EXPECT_NEAR(result.imag() * 1e200, slope, 1e-10 * (1 + std::fabs(at(0)) / x)) << name << " at " << x;
    }
  }
}

// The same bits from g++ and clang, -O0 to -O3, with and without vector code. A change of these numbers changes every
// trained network: announce it.
TEST(Elementary, GoldenBits) {
  const std::map<std::string, std::uint64_t> golden{
      {"exp", 0xbf53500ca4a54230u},       {"exp_up", 0xefb4c5609b6b12adu},
      {"expm1", 0xf27e6b55f3b6e408u},     {"log", 0x06af893279b35600u},
      {"log1p", 0x32a0a7ba79a436c5u},     {"tanh", 0xe56f6bc6eacbdfecu},
      {"erf", 0x33f48504203e734du},       {"erfc", 0x05877bfbd3bdf425u},
      {"gauss", 0x54f1ba0e6096c6a7u},     {"normal_tail_over_gauss", 0x8841721e262902feu},
      {"cos_turns", 0xa42e91749ed0b4ddu}, {"sin_turns", 0xbdee6b1f6b50ac6du}};
  for (const Function& f : functions()) {
    const bool turns = f.reference == nullptr, positive = f.name == "log" || f.name == "normal_tail_over_gauss";
    BitHash hash;
    for (int i = 0; i < 4096; ++i) {
      const double unit = i / 4096.0, wide = 1500 * (unit - 0.5) * unit, scaled = 5 * (unit - 0.5);
      if (turns) hash.add(f.value(unit));
      if (turns || (f.name == "log1p" && wide <= -1)) continue;
      hash.add(f.value(positive ? std::fabs(wide) + 0x1p-70 : wide));
      hash.add(f.value(positive ? std::fabs(scaled) + 0.25 : scaled * 0.19));
    }
    const auto found = golden.find(f.name);
    EXPECT_EQ(hash.value(), found == golden.end() ? 0u : found->second) << f.name;
  }
  BitHash hash;
  for (int i = 1; i < 4096; ++i) {
    hash.add(elementary::pow(i / 1024.0, (i % 41) - 20.375));
    hash.add(elementary::power(i / 4096.0, static_cast<std::uint64_t>(i % 61)));
  }
  EXPECT_EQ(hash.value(), 0xb9f320105ccb13d0u) << "pow, power";
}

}  // namespace chainrule::elementary_test
