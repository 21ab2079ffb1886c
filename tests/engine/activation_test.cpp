// SPDX-License-Identifier: Apache-2.0
// M1: every activation against 50-digit values in double and float, finite everywhere, f' the derivative of f, and the
// same bits from every compiler.
#include "chainrule/engine/formulas/activation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "chainrule/base/error.h"
#include "chainrule/engine/formulas/activation_values.h"
#include "chainrule/engine/kernels/kernels.h"
#include "tests/support/reference_values.h"

namespace chainrule::activation_test {
namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
constexpr float kFloatEpsilon = std::numeric_limits<float>::epsilon();
constexpr double kLargestFloat = std::numeric_limits<float>::max();

/// Largest error of f(z) in double, in ulp. As floats all are within 0.5 ulp plus the double-precision error.
const std::map<std::string, double> kUlp{{"identity", 0}, {"relu", 0},    {"leaky_relu", 1}, {"elu", 1.2},
                                         {"selu", 2.2},   {"sigmoid", 3}, {"tanh", 1.4},     {"softplus", 2},
                                         {"silu", 4},     {"gelu", 7},    {"mish", 5}};
// In float: double rounded once, or computed in float.
double float_ulp(const std::string& name) {
  static const std::map<std::string, double> in_float{
      {"identity", 0}, {"relu", 0}, {"sigmoid", 2.1}, {"tanh", 1.3}, {"silu", 2.6}};
  const auto found = in_float.find(name);
  return found == in_float.end() ? 0.5 + 8 * 0x1p-29 : found->second;
}

long double sigmoid(long double z) { return 1 / (1 + std::exp(-z)); }

/// f(z) in long double, by formulas that do not cancel.
long double reference_value(const std::string& name, long double z) {
  const long double e = std::exp(-std::fabs(z)), p = z < 0 ? e : 1, q = z < 0 ? 1 : e;  // e^z = p / q
  if (name == "identity") return z;
  if (name == "relu") return z > 0 ? z : 0;
  if (name == "leaky_relu") return z > 0 ? z : z / 100;
  if (name == "elu") return z > 0 ? z : std::expm1(z);
  if (name == "selu") return 1.0507009873554805 * (z > 0 ? z : 1.6732632423543772 * std::expm1(z));
  if (name == "sigmoid") return sigmoid(z);
  if (name == "tanh") return std::tanh(z);
  if (name == "softplus") return std::max(z, 0.0L) + std::log1p(e);
  if (name == "silu") return z * sigmoid(z);
  if (name == "gelu") return z / 2 * std::erfc(-z / std::sqrt(2.0L));
  return z * (p * (p + 2 * q)) / (p * (p + 2 * q) + 2 * q * q);
}

float forward_one(const Activation& activation, float z) {
  float a = 0;
  activation_forward(activation, {&z, 1}, {&a, 1});
  return a;
}

float backward_one(const Activation& activation, float z, float d_a) {
  const float a = forward_one(activation, z);
  float delta = 0;
  activation_backward(activation, {&z, 1}, {&a, 1}, {&d_a, 1}, {&delta, 1});
  return delta;
}

/// Calls `use` with each built-in activation and its name.
template <class Use>
void for_each_activation(Use use) {
  for (const std::string& name : activation_names()) use(activation_from_name(name), name);
}

const CustomActivation kSine{"sine", [](double z) { return std::sin(z); }, [](double z) { return std::cos(z); }};

std::string error_of(const std::function<void()>& action, ErrorCategory category) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.category(), category);
    return std::string(error.what()) + (error.hint().empty() ? "" : " | " + error.hint());
  }
  return "no error";
}

}  // namespace

TEST(Activation, M1FiftyDigitValuesInDouble) {
  const nlohmann::json tables = reference_values()["activations"];
  ASSERT_EQ(tables.size(), activation_names().size());
  for_each_activation([&](const Activation& activation, const std::string& name) {
    ASSERT_GE(tables.at(name).size(), 70u);
    for (const auto& row : tables.at(name)) {
      const double z = row[0].get<double>(), a = activation_value(activation, z);
      EXPECT_LE(error_in_ulp(a, from_digits(row[1])), kUlp.at(name)) << name << "(" << z << ")";
      const double slope = static_cast<double>(from_digits(row[2]));
      EXPECT_NEAR(activation_derivative(activation, z, a), slope, 3 * kEpsilon) << name << "'(" << z << ")";
    }
  });
}

TEST(Activation, M1FiftyDigitValuesInFloat) {
  const nlohmann::json tables = reference_values()["activations"];
  for_each_activation([&](const Activation& activation, const std::string& name) {
    for (const auto& row : tables.at(name)) {
      const double wide = row[0].get<double>();
      if (std::fabs(wide) > kLargestFloat || static_cast<double>(static_cast<float>(wide)) != wide) continue;
      const float z = static_cast<float>(wide);
      const long double value = from_digits(row[1]);
      const bool overflows = std::fabs(value) > static_cast<long double>(kLargestFloat);
      EXPECT_LE(error_in_ulp(forward_one(activation, z), overflows ? kLargestFloat : value), float_ulp(name))
          << name << "(" << z << ")";
      const double slope = static_cast<double>(from_digits(row[2]));
      EXPECT_NEAR(backward_one(activation, z, 1.0f), slope, 1.5 * kFloatEpsilon) << name << "'(" << z << ")";
    }
  });
}

TEST(Activation, SignedZerosAndNan) {
  for_each_activation([&](const Activation& activation, const std::string& name) {
    EXPECT_EQ(forward_one(activation, -0.0f), forward_one(activation, 0.0f)) << name;
    EXPECT_EQ(backward_one(activation, -0.0f, 1.0f), backward_one(activation, 0.0f, 1.0f)) << name;
    for (const float nan : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::quiet_NaN()}) {
      EXPECT_TRUE(std::isnan(forward_one(activation, nan))) << name << " hides a NaN";
    }
  });
  EXPECT_EQ(backward_one(ActivationKind::relu, 0.0f, 1.0f), 0.0f);
  EXPECT_EQ(backward_one(ActivationKind::leaky_relu, 0.0f, 1.0f), 0.01f);
}

// Random bit patterns cover the whole range of floats; half of the numbers are within +-20, where f is not flat.
TEST(Activation, M1FloatSweepIsFiniteAndExact) {
  TestNumbers numbers;
  std::vector<float> z;
  while (z.size() < 30000) {
    const float any = std::bit_cast<float>(static_cast<std::uint32_t>(numbers.next()));
    if (std::isfinite(any)) z.push_back(any);
    z.push_back(static_cast<float>(numbers.uniform(-20, 20)));
  }
  const std::vector<float> ones(z.size(), 1.0f);
  for_each_activation([&](const Activation& activation, const std::string& name) {
    std::vector<float> a(z.size()), delta(z.size());
    activation_forward(activation, z, a);
    activation_backward(activation, z, a, ones, delta);
    double worst = 0, worst_at = 0;
    for (std::size_t i = 0; i < z.size(); ++i) {
      ASSERT_TRUE(std::isfinite(a[i]) && std::isfinite(delta[i])) << name << " at " << z[i];
      if (!kLongDoubleIsLonger || std::fabs(z[i]) < std::numeric_limits<float>::min()) continue;
      const long double reference = std::min<long double>(reference_value(name, z[i]), kLargestFloat);
      const double error = error_in_ulp(a[i], reference);
      if (error > worst) worst = error, worst_at = z[i];
    }
    EXPECT_LE(worst, float_ulp(name)) << name << " at " << worst_at;
  });
}

TEST(Activation, M1DoubleSweepIsFiniteAndExact) {
  TestNumbers numbers;
  for_each_activation([&](const Activation& activation, const std::string& name) {
    double worst = 0, worst_at = 0;
    for (int i = 0; i < 30000; ++i) {
      const double any = std::bit_cast<double>(numbers.next()), low = name == "gelu" ? -10 : -720;
      const double z =
          i % 3 == 0 && std::isfinite(any) ? any : numbers.uniform(i % 3 == 1 ? -5 : low, i % 3 == 1 ? 5 : 720);
      const double a = activation_value(activation, z), slope = activation_derivative(activation, z, a);
      ASSERT_TRUE(std::isfinite(slope)) << name << " at " << z;
      const double limit = std::numeric_limits<double>::max();
      ASSERT_TRUE(std::isfinite(a)) << name << " at " << z;
      if (!kLongDoubleIsLonger || std::fabs(z) < std::numeric_limits<double>::min() || (z < low && name == "gelu"))
        continue;
      const double error = error_in_ulp(a, std::min<long double>(reference_value(name, z), limit));
      if (error > worst) worst = error, worst_at = z;
    }
    EXPECT_LE(worst, kUlp.at(name)) << name << " at " << worst_at;
  });
}

TEST(Activation, DerivativeByComplexStep) {
  TestNumbers numbers;
  for_each_activation([&](const Activation& activation, const std::string& name) {
    for (int i = 0; i < 2000; ++i) {
      const double z = i % 2 == 0 ? numbers.uniform(-4, 4) : numbers.spread(-30, 1020);
      const std::complex<double> a = activation_value(activation, std::complex<double>(z, 1e-150));
      if (std::isfinite(a.real())) {
        ASSERT_LE(error_in_ulp(a.real(), activation_value(activation, z)), 2) << name << " at " << z;
      }
      const double slope = activation_derivative(activation, z, activation_value(activation, z));
      ASSERT_NEAR(a.imag() * 1e150, slope, 8 * kEpsilon) << name << "' at " << z;
    }
  });
}

// The complex step shares formulas with f'; differences of f share none.
TEST(Activation, DerivativeByCentralDifferences) {
  TestNumbers numbers;
  for_each_activation([&](const Activation& activation, const std::string& name) {
    for (int i = 0; i < 2000; ++i) {
      const double z = numbers.uniform(-8, 8), h = 1e-3;
      const bool turns = !activation_is_smooth(activation) || name == "elu";  // f or f' has a corner at 0
      if (turns && std::fabs(z) < 3 * h) continue;
      const auto f = [&](double x) { return activation_value(activation, x); };
      const double slope = (8 * (f(z + h) - f(z - h)) - (f(z + 2 * h) - f(z - 2 * h))) / (12 * h);
      EXPECT_NEAR(activation_derivative(activation, z, f(z)), slope, 1e-10) << name << "' at " << z;
    }
  });
}

TEST(Activation, SmoothAreThoseWithoutAKink) {
  for_each_activation([](const Activation& activation, const std::string& name) {
    const double left = activation_derivative(activation, -1e-9, activation_value(activation, -1e-9));
    const double right = activation_derivative(activation, 1e-9, activation_value(activation, 1e-9));
    EXPECT_EQ(activation_is_smooth(activation), std::fabs(left - right) < 1e-6) << name;
  });
}

// Lengths around the block size of the loops; in place; every element as if computed alone.
TEST(Activation, ElementsDoNotDependOnTheirIndex) {
  TestNumbers numbers;
  for_each_activation([&](const Activation& activation, const std::string& name) {
    for (const std::size_t size : {0u, 1u, 31u, 32u, 33u, 64u, 67u}) {
      std::vector<float> z(size), d_a(size);
      for (float& x : z) x = static_cast<float>(numbers.uniform(-6, 6));
      for (float& x : d_a) x = static_cast<float>(numbers.uniform(-1, 1));
      std::vector<float> a = z, delta = d_a;
      activation_forward(activation, a, a);
      activation_backward(activation, z, a, delta, delta);
      for (std::size_t i = 0; i < size; ++i) {
        EXPECT_EQ(a[i], forward_one(activation, z[i])) << name << " of " << size;
        EXPECT_EQ(delta[i], backward_one(activation, z[i], d_a[i])) << name << " of " << size;
      }
    }
  });
}

TEST(Activation, RefusesArraysOfDifferentLengths) {
  std::array<float, 3> three{};
  std::array<float, 2> two{};
  const Activation relu = ActivationKind::relu;
  EXPECT_THROW(activation_forward(relu, three, two), Error);
  EXPECT_THROW(activation_backward(relu, three, two, three, three), Error);
  EXPECT_THROW(activation_backward(relu, three, three, two, three), Error);
  EXPECT_THROW(activation_backward(relu, three, three, three, two), Error);
}

TEST(Activation, NamesAndAliases) {
  EXPECT_EQ(activation_names().size(), static_cast<std::size_t>(ActivationKind::custom));
  for (std::size_t i = 0; i < activation_names().size(); ++i) {
    const Activation activation = activation_from_name(activation_names()[i]);
    EXPECT_EQ(activation.kind, static_cast<ActivationKind>(i));
    EXPECT_EQ(activation_name(activation), activation_names()[i]);
  }
  EXPECT_EQ(activation_name(ActivationKind::mish), "mish");
  EXPECT_EQ(activation_from_name("logistic").kind, ActivationKind::sigmoid);
  EXPECT_EQ(activation_from_name("linear").kind, ActivationKind::identity);
  EXPECT_EQ(activation_from_name("none").kind, ActivationKind::identity);
  EXPECT_EQ(activation_from_name("swish").kind, ActivationKind::silu);
  EXPECT_EQ(activation_from_name("leaky-relu").kind, ActivationKind::leaky_relu);
}

TEST(Activation, UnknownNameSuggestsTheNearest) {
  const std::string message = error_of([] { activation_from_name("sigmoyd"); }, ErrorCategory::usage);
  EXPECT_EQ(
      message,
      "activation: expected one of identity, relu, leaky_relu, elu, selu, sigmoid, tanh, softplus, silu, gelu, mish, "
      "found \"sigmoyd\" | did you mean sigmoid?");
  EXPECT_EQ(error_of([] { activation_from_name("\x1b[31m"); }, ErrorCategory::usage).find('\x1b'), std::string::npos);
  EXPECT_NE(error_of([] { activation_from_name(""); }, ErrorCategory::usage), "no error");
  EXPECT_NE(error_of([] { activation_from_name("custom"); }, ErrorCategory::usage), "no error");
}

TEST(Activation, CustomRunsItsOwnFunctions) {
  const Activation sine(kSine);
  EXPECT_EQ(sine.kind, ActivationKind::custom);
  EXPECT_EQ(activation_name(sine), "sine");
  EXPECT_EQ(activation_value(sine, 0.5), std::sin(0.5));
  EXPECT_EQ(activation_derivative(sine, 0.5, 0.0), std::cos(0.5));
  const Activation copy = sine;
  EXPECT_EQ(forward_one(copy, 0.5f), static_cast<float>(std::sin(0.5)));
  EXPECT_EQ(backward_one(copy, 0.5f, 2.0f), static_cast<float>(2 * std::cos(0.5)));
  error_of([&] { activation_value(sine, std::complex<double>(1, 1)); }, ErrorCategory::internal);
  EXPECT_THROW(activation_value(sine, std::complex<double>(1, 1)), Error);
}

TEST(Activation, CustomNeedsBothFunctions) {
  const std::string message = error_of(
      [] {
        Activation(CustomActivation{"half", [](double z) { return z; }, nullptr});
      },
      ErrorCategory::usage);
  EXPECT_EQ(message, "activation \"half\": expected a value and a derivative, found an empty function");
  EXPECT_THROW(activation_value(ActivationKind::custom, 1.0), Error);
}

// As Elementary.GoldenBits: these are the numbers that training sees, from the vector loops.
TEST(Activation, GoldenBits) {
  const std::map<std::string, std::uint64_t> golden{
      {"identity", 0x5fb4da708016a590u}, {"relu", 0x2848ba3593f086bdu},     {"leaky_relu", 0xddf799e1b2dab55au},
      {"elu", 0xe8c93078f381f1cbu},      {"selu", 0x4fc4538176659250u},     {"sigmoid", 0x7f11fec1baf05865u},
      {"tanh", 0x8769f07d7999a2e8u},     {"softplus", 0xc173836652fc45eau}, {"silu", 0x7b473ea7bcb46189u},
      {"gelu", 0x5b2d228f6dba5c92u},     {"mish", 0x3aed90b5fbda7b5bu}};
  std::vector<float> z, d_a;
  for (int i = -2000; i <= 2000; ++i) {
    z.push_back(static_cast<float>(i) * 0.0078125f);
    z.push_back(static_cast<float>(i * i) * static_cast<float>(i) * 0x1p-24f);
    d_a.push_back(static_cast<float>(i % 17) * 0.37f);
    d_a.push_back(1.0f);
  }
  for_each_activation([&](const Activation& activation, const std::string& name) {
    std::vector<float> a(z.size()), delta(z.size());
    activation_forward(activation, z, a);
    activation_backward(activation, z, a, d_a, delta);
    BitHash hash;
    for (const float x : a) hash.add(x);
    for (const float x : delta) hash.add(x);
    for (const float x : z) {
      const double value = activation_value(activation, x * 1.1);
      hash.add(value);
      hash.add(activation_derivative(activation, x * 1.1, value));
    }
    const auto found = golden.find(name);
    EXPECT_EQ(hash.value(), found == golden.end() ? 0u : found->second) << name;
  });
}

}  // namespace chainrule::activation_test
