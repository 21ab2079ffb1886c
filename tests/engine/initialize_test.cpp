// SPDX-License-Identifier: Apache-2.0
// M3: the initial weights are random, with the stated spread, and the same on every platform.
#include "chainrule/engine/initialize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "chainrule/base/random.h"

namespace chainrule::initialize_test {
namespace {

Network network_of(std::size_t inputs, std::size_t outputs, ActivationKind activation) {
  Architecture architecture;
  architecture.inputs = inputs;
  architecture.layers.resize(1);
  architecture.layers[0].outputs = outputs;
  architecture.layers[0].activation = activation;
  return Network(architecture);
}

struct Moments {
  double mean = 0, deviation = 0, largest = 0;
};

Moments moments(std::span<const float> values) {
  Moments m;
  for (const float x : values) {
    m.mean += x / static_cast<double>(values.size());
    m.largest = std::max(m.largest, std::abs(double(x)));
  }
  for (const float x : values) m.deviation += (x - m.mean) * (x - m.mean) / static_cast<double>(values.size());
  m.deviation = std::sqrt(m.deviation);
  return m;
}

TEST(Random, PhiloxKnownAnswers) {  // published test vectors of Random123 (kat_vectors, philox4x32 10)
  const auto zero = random_bits({0, static_cast<Purpose>(0), 0, 0}, 0);
  EXPECT_EQ(zero[0], 0x6627e8d5u);
  EXPECT_EQ(zero[1], 0xe169c58du);
  EXPECT_EQ(zero[2], 0xbc57ac4cu);
  EXPECT_EQ(zero[3], 0x9b00dbd8u);
}

TEST(Random, UniformFillsTheIntervalEvenly) {
  const Stream stream{1, Purpose::test, 0, 0};
  std::vector<int> bins(10);
  for (std::uint64_t i = 0; i < 100000; ++i) {
    const double u = random_uniform(stream, i);
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    ++bins[static_cast<std::size_t>(u * 10)];
  }
  for (const int count : bins) EXPECT_NEAR(count, 10000, 5 * std::sqrt(9000));  // five standard deviations
}

TEST(Random, PermutationHasEachNumberOnceAndEveryIndexIsReached) {
  std::set<std::size_t> firsts;
  for (std::uint32_t epoch = 0; epoch < 200; ++epoch) {
    const std::vector<std::size_t> order = random_permutation({9, Purpose::shuffle, 0, epoch}, 20);
    EXPECT_EQ(std::set<std::size_t>(order.begin(), order.end()).size(), 20u);
    firsts.insert(order[0]);
  }
  EXPECT_EQ(firsts.size(), 20u);  // missed by chance with probability below 20 (19/20)^200 = 7e-4, and seeds are fixed
  EXPECT_TRUE(random_permutation({9, Purpose::shuffle, 0, 0}, 0).empty());
}

TEST(Initialize, SpreadIsThatOfTheScheme) {
  const double i = 300, o = 200;
  const std::vector<std::pair<WeightScheme, double>> expected = {{WeightScheme::glorot_normal, std::sqrt(2 / (i + o))},
                                                                 {WeightScheme::glorot_uniform, std::sqrt(2 / (i + o))},
                                                                 {WeightScheme::he_normal, std::sqrt(2 / i)},
                                                                 {WeightScheme::he_uniform, std::sqrt(2 / i)},
                                                                 {WeightScheme::lecun_normal, std::sqrt(1 / i)},
                                                                 {WeightScheme::lecun_uniform, std::sqrt(1 / i)},
                                                                 {WeightScheme::normal, 1},
                                                                 {WeightScheme::orthogonal, std::sqrt(1 / i)}};
  for (const auto& [scheme, deviation] : expected) {
    Network network = network_of(300, 200, ActivationKind::tanh);
    initialize(network, scheme, BiasScheme::zero, 1);
    const Moments m = moments(in_rows(network.parameters, network.parameters.segments()[0]));
    EXPECT_NEAR(m.mean, 0, 5 * deviation / std::sqrt(i * o)) << name_of(scheme);
    EXPECT_NEAR(m.deviation, deviation, 5 * deviation / std::sqrt(2 * i * o)) << name_of(scheme);
    if (name_of(scheme).ends_with("uniform")) {
      EXPECT_LE(m.largest, deviation * std::sqrt(3.0) * (1 + 1e-6)) << name_of(scheme);
    }
  }
}

TEST(Initialize, AutomaticFollowsTheActivation) {
  for (const auto& [activation, deviation] :
       {std::pair{ActivationKind::relu, std::sqrt(2 / 300.0)}, std::pair{ActivationKind::selu, std::sqrt(1 / 300.0)},
        std::pair{ActivationKind::sigmoid, std::sqrt(2 / 500.0)}}) {
    Network network = network_of(300, 200, activation);
    initialize(network, WeightScheme::automatic, BiasScheme::zero, 1);
    EXPECT_NEAR(moments(in_rows(network.parameters, network.parameters.segments()[0])).deviation, deviation,
                deviation * 0.02);
  }
}

TEST(Initialize, OrthogonalRowsAndColumns) {
  for (const auto& [inputs, outputs] : {std::pair<std::size_t, std::size_t>{40, 25}, {25, 40}}) {
    Network network = network_of(inputs, outputs, ActivationKind::identity);
    initialize(network, WeightScheme::orthogonal, BiasScheme::zero, 3);
    const WeightsView w = network.parameters.weights(0);
    const bool by_rows = outputs <= inputs;
    const std::size_t count = std::min(inputs, outputs), length = std::max(inputs, outputs);
    for (std::size_t a = 0; a < count; ++a)
      for (std::size_t b = 0; b <= a; ++b) {
        double sum = 0;
        for (std::size_t k = 0; k < length; ++k) sum += by_rows ? double(w(a, k)) * w(b, k) : double(w(k, a)) * w(k, b);
        EXPECT_NEAR(sum, a == b ? 1 : 0, 1e-6);
      }
  }
}

TEST(Initialize, BiasSchemes) {
  Network network = network_of(400, 10000, ActivationKind::relu);
  initialize(network, WeightScheme::he_normal, BiasScheme::zero, 1);
  EXPECT_EQ(moments(network.parameters.biases(0)).largest, 0);
  initialize(network, WeightScheme::he_normal, BiasScheme::normal, 1);
  EXPECT_NEAR(moments(network.parameters.biases(0)).deviation, 1, 0.05);
  initialize(network, WeightScheme::he_normal, BiasScheme::uniform, 1);
  EXPECT_LE(moments(network.parameters.biases(0)).largest, 1 / 20.0);
  EXPECT_GE(moments(network.parameters.biases(0)).largest, 0.99 / 20.0);
}

TEST(Initialize, SameSeedSameStartOtherSeedOtherStart) {
  Network a = network_of(7, 5, ActivationKind::relu), b = a, c = a;
  initialize(a, WeightScheme::automatic, BiasScheme::normal, 42);
  initialize(b, WeightScheme::automatic, BiasScheme::normal, 42);
  initialize(c, WeightScheme::automatic, BiasScheme::normal, 43);
  EXPECT_TRUE(std::ranges::equal(a.parameters.flat(), b.parameters.flat()));
  EXPECT_FALSE(std::ranges::equal(a.parameters.flat(), c.parameters.flat()));
}

}  // namespace
}  // namespace chainrule::initialize_test
