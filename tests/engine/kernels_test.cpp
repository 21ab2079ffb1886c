// SPDX-License-Identifier: Apache-2.0
// Every kernel on every vector unit of this processor, over shapes around the edges of tiles and on views that are not
// aligned: the same bits as the plain loops where the unit has fused multiply-add, near them elsewhere.
#include "chainrule/engine/kernels/kernels.h"
#include "chainrule/engine/formulas/activation_values.h"
#include "chainrule/engine/kernels/copy_weights.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>

#include <atomic>

#include <cmath>
#include <cstring>
#include <numeric>
#include <stdexcept>

#include "chainrule/base/error.h"
#include "chainrule/base/random.h"
#include "chainrule/engine/formulas/activation.h"
#include "chainrule/engine/formulas/optimizer.h"
#include "chainrule/engine/kernels/flush.h"
#include "chainrule/engine/kernels/plain.h"

namespace chainrule::kernels::kernels_test {
namespace {

/// A matrix that starts `off` floats after an aligned address, with a guard after its end.
class Unaligned {
 public:
  Unaligned(std::size_t rows, std::size_t columns, std::uint32_t stream, std::size_t off)
      : rows_(rows), columns_(columns), off_(off), values_(rows * columns + off + 1, kGuard) {
    const Stream numbers{5, Purpose::test, stream, 0};
    for (std::size_t k = 0; k < rows * columns; ++k) values_[off + k] = static_cast<float>(random_normal(numbers, k));
  }
  MatrixView view() { return {values_.data() + off_, rows_, columns_}; }
  bool intact() const {
    for (std::size_t k = 0; k < off_; ++k)
      if (values_[k] != kGuard) return false;
    return values_.back() == kGuard;
  }

 private:
  static constexpr float kGuard = 12345;
  std::size_t rows_, columns_, off_;
  std::vector<float> values_;
};

std::string shape(std::size_t rows, std::size_t inputs, std::size_t outputs) {
  return std::string(target()) + ' ' + std::to_string(rows) + " x " + std::to_string(inputs) + " -> " +
         std::to_string(outputs);
}

void expect_same(MatrixView found, MatrixView expected, std::size_t terms, const std::string& where) {
  if (has_fused_multiply_add()) {
    const bool same = found.size() == 0 || std::memcmp(found.data(), expected.data(), found.flat().size_bytes()) == 0;
    EXPECT_TRUE(same) << where;
    return;
  }
  // Each rounding error changes a sum of normal variates by less than 2^-24 of its bound, 5 sqrt(terms).
  const double bound = 2.0 * static_cast<double>(terms + 4) * 0x1p-24 * 25 * std::sqrt(static_cast<double>(terms + 1));
  for (std::size_t k = 0; k < found.size(); ++k) ASSERT_NEAR(found.flat()[k], expected.flat()[k], bound) << where;
}

/// W in panels, starting `off` floats after an aligned address; the padding of the panels is zero.
class Panels {
 public:
  Panels(std::size_t outputs, std::size_t inputs, std::uint32_t stream, std::size_t off)
      : numbers_(1, WeightsView::stored(outputs, inputs), stream, off), outputs_(outputs), inputs_(inputs) {
    const std::vector<float> drawn(numbers_.view().data(), numbers_.view().data() + outputs * inputs);
    std::ranges::fill(numbers_.view().flat(), 0.0f);
    copy_weights(ConstMatrixView(drawn.data(), outputs, inputs), view());
  }
  WeightsView view() { return {numbers_.view().data(), outputs_, inputs_}; }
  MatrixView flat() { return numbers_.view(); }
  bool intact() const { return numbers_.intact(); }

 private:
  Unaligned numbers_;
  std::size_t outputs_, inputs_;
};

/// Sets most numbers to zero, some of them to -0 or to numbers too small to matter.
void thin_out(MatrixView x, double filled) {
  const Stream numbers{5, Purpose::test, 99, 0};
  for (std::size_t k = 0; k < x.size(); ++k) {
    if (random_uniform(numbers, k) < filled) continue;
    x.flat()[k] = k % 7 == 0 ? -0.0f : k % 11 == 0 ? 0x1p-140f : 0.0f;
  }
}

void check_products(ThreadPool& pool, std::size_t m, std::size_t inputs, std::size_t outputs, double filled = 1,
                    float size = 1) {
  const std::string where = shape(m, inputs, outputs) + (filled < 1 ? ", thin" : "");
  const std::size_t off = (m + inputs + outputs) % 3;
  Unaligned x(m, inputs, 1, off), b(1, outputs, 3, 1), delta(m, outputs, 4, off);
  Panels w(outputs, inputs, 2, off + 1);
  if (filled < 1) thin_out(x.view(), filled);
  for (float& number : delta.view().flat()) number *= size;
  for (float& number : w.flat().flat()) number *= size;
  Unaligned z(m, outputs, 5, off), z_plain(m, outputs, 6, 0);
  plain::affine_forward(x.view(), w.view(), b.view().flat(), z_plain.view());
  affine_forward(pool, x.view(), w.view(), b.view().flat(), z.view());
  expect_same(z.view(), z_plain.view(), inputs, "z of " + where);

  Unaligned d_x(m, inputs, 7, off), d_x_plain(m, inputs, 8, 0);
  plain::affine_backward_input(delta.view(), w.view(), d_x_plain.view());
  affine_backward_input(pool, delta.view(), w.view(), d_x.view());
  expect_same(d_x.view(), d_x_plain.view(), outputs, "d_x of " + where);

  Panels d_w(outputs, inputs, 9, off), d_w_plain(outputs, inputs, 10, 0);
  Unaligned d_b(1, outputs, 11, 1), d_b_plain(1, outputs, 12, 1);
  plain::affine_backward_weights(delta.view(), x.view(), d_w_plain.view(), d_b_plain.view().flat());
  affine_backward_weights(pool, delta.view(), x.view(), d_w.view(), d_b.view().flat());
  expect_same(d_w.flat(), d_w_plain.flat(), m, "d_W of " + where);
  expect_same(d_b.view(), d_b_plain.view(), m, "d_b of " + where);
  EXPECT_TRUE(z.intact() && d_x.intact() && d_w.intact() && d_b.intact()) << where;
}

class EveryTarget : public ::testing::TestWithParam<std::string_view> {
 protected:
  void SetUp() override { use_target(GetParam()); }
  void TearDown() override { use_target(best_); }
  const std::string_view best_ = targets().front();
  const FlushSubnormals flush_;
};

TEST_P(EveryTarget, ProductsOfAllShapes) {
  ASSERT_EQ(target(), GetParam());
  for (const std::size_t members : {1, 3}) {
    ThreadPool pool(members);
    for (const std::size_t m : {0, 1, 2, 11, 12, 13, 31, 32, 33, 63, 64, 65, 129})
      for (const std::size_t inputs : {1, 2, 15, 16, 17, 31, 32, 33, 65, 511, 513})
        for (const std::size_t outputs : {1, 2, 6, 7, 12, 13, 31, 33, 65}) {
          if (m * inputs * outputs > 400'000) continue;  // the plain loops are slow
          check_products(pool, m, inputs, outputs);
        }
  }
}

TEST_P(EveryTarget, ProductsInChunks) {
  ThreadPool pool(2);
  check_products(pool, 100, 784, 70);
  check_products(pool, 257, 40, 200);  // five leaves: a sibling is missing on two levels
  check_products(pool, 33, 1100, 45);
  check_products(pool, 1, 40, 150);     // one row: several panels of outputs at once
  check_products(pool, 130, 530, 530);  // weights that are prefetched while their gradient is summed
  check_products(pool, 70, 30, 545);    // sums over outputs continue from block to block
  check_products(pool, 3, 17, 1040);
  check_products(pool, 1500, 40, 20);     // rows in several blocks
  check_products(pool, 17'000, 129, 33);  // too large to be copied
}

TEST_P(EveryTarget, InputsThatAreMostlyZero) {
  for (const std::size_t members : {1, 2}) {
    ThreadPool pool(members);
    for (const std::size_t m : {1, 2, 3, 10, 63, 65, 129})
      for (const std::size_t inputs : {16, 17, 18, 19, 49, 113, 515, 784})
        for (const std::size_t outputs : {1, 10, 16, 17, 33, 64, 70}) {
          if (m * inputs * outputs > 2'000'000) continue;
          check_products(pool, m, inputs, outputs, 0.15);
          check_products(pool, m, inputs, outputs, 0.02);
        }
    check_products(pool, 40, 784, 130, 0.3);  // lists that do not pay
    check_products(pool, 40, 100, 33, 0);
    check_products(pool, 300, 784, 33, 0.1);             // rows in several blocks
    check_products(pool, 100, 784, 70, 0.1, 0x1p-126f);  // products that are flushed to zero, of either sign
  }
}

TEST_P(EveryTarget, ActivationsAndUpdatesAreTheScalarFormulas) {
  constexpr std::size_t size = 77;
  std::vector<float> z(size), a(size), d(size, 1.0f), delta(size);
  const Stream numbers{6, Purpose::test, 0, 0};
  for (std::size_t k = 0; k < size; ++k) z[k] = static_cast<float>(6 * random_normal(numbers, k));
  for (const std::string& name : activation_names()) {
    const Activation activation = activation_from_name(name);
    activation_forward(activation, z, a);
    activation_backward(activation, z, a, d, delta);
    for (std::size_t k = 0; k < size; ++k) {
      const double value = activation_value(activation, double(z[k]));
      EXPECT_NEAR(a[k], value, 3 * 0x1p-24 * std::abs(value) + 0x1p-126) << name << ' ' << z[k];
      EXPECT_NEAR(delta[k], activation_derivative(activation, z[k], value), 4 * 0x1p-24) << name << ' ' << z[k];
    }
  }
  for (const std::string& name : optimizer_names()) {
    const Optimizer optimizer = optimizer_from_name(name);
    const UpdateRates rates{1, 0.1, 0.01, 0.5};
    std::vector<float> p = z, first(size), second(size);
    optimizer_update(optimizer, rates, p, std::span<const float>(a), first, second);
    for (std::size_t k = 0; k < size; ++k) {  // one at a time: no vector
      std::vector<float> one = {z[k]}, one_first(1), one_second(1);
      optimizer_update(optimizer, rates, one, std::span<const float>(a).subspan(k, 1), one_first, one_second);
      EXPECT_EQ(p[k], one[0]) << name;
    }
  }
}

TEST_P(EveryTarget, SumsAndLooksAtFlatNumbers) {
  for (const std::size_t size : {0, 1, 15, 16, 17, 31, 33, 100}) {
    Unaligned left(1, size, 1, 3), right(1, size, 2, 1);
    const std::span<float> a = left.view().flat(), b = right.view().flat();
    if (size > 9) a[9] = b[9] = -0.0f;  // whose sum is +0
    std::array<double, 16> squares{};
    float largest = 0;
    std::vector<float> sums(size);
    for (std::size_t k = 0; k < size; ++k) {
      squares[k % 16] += double(a[k]) * double(a[k]);
      largest = std::max(largest, std::abs(a[k]));
      sums[k] = (a[k] + b[k]) + 0.0f;
    }
    for (std::size_t width = 8; width > 0; width /= 2)
      for (std::size_t j = 0; j < width; ++j) squares[j] += squares[j + width];
    EXPECT_EQ(sum_of_squares(a), squares[0]) << size;
    EXPECT_EQ(largest_magnitude(a), largest) << size;
    add_up(a, b);
    EXPECT_TRUE(size == 0 || std::memcmp(a.data(), sums.data(), size * sizeof(float)) == 0) << size;
    EXPECT_TRUE(left.intact() && right.intact()) << size;
    if (size == 0) continue;
    for (const float bad : {INFINITY, -INFINITY, NAN}) {
      a[size / 2] = bad;
      EXPECT_EQ(largest_magnitude(a), INFINITY) << size;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, EveryTarget, ::testing::ValuesIn(targets()),
                         [](const auto& of) { return std::string(of.param); });

TEST(Targets, AnUnknownOneIsRefused) {
  try {
    use_target("mmx");
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("found \"mmx\""), std::string::npos) << error.what();
  }
}

TEST(Flush, SetsTheModeAndRestoresIt) {
  volatile float tiny = 0x1p-126f;
  {
    const FlushSubnormals flush;
    EXPECT_EQ(tiny * 0.5f, 0.0f);
    { const FlushSubnormals again; }
    EXPECT_EQ(tiny * 0.5f, 0.0f);
    ThreadPool pool(2);
    std::vector<float> results(2, 1.0f);
    pool.run([&](std::size_t member) { results[member] = tiny * 0.5f; });
    EXPECT_EQ(results, std::vector<float>(2));
  }
  EXPECT_NE(tiny * 0.5f, 0.0f);
}

TEST(Flush, IsDecidedBeforeRoundingOnArmOnly) {
  const FlushSubnormals flush;
  volatile float above = 0x1.0008p-63f, below = 0x1.fffp-64f;  // (1 +- 2^-13) 2^-63: their product rounds to 2^-126
  EXPECT_EQ(above * below, target() == "neon" ? 0.0f : 0x1p-126f);
}

TEST(ThreadPool, EveryThreadDoesItsChunkOnce) {
  for (const std::size_t members : {1, 2, 3, 8}) {
    ThreadPool pool(members);
    EXPECT_EQ(pool.size(), members);
    std::vector<int> done(1000);
    for (int round = 0; round < 200; ++round)
      pool.split(done.size(), 1e9, [&](std::size_t, std::size_t begin, std::size_t end) {
        for (std::size_t k = begin; k < end; ++k) ++done[k];
      });
    EXPECT_EQ(done, std::vector<int>(1000, 200));
    std::size_t calls = 0;  // little work stays with the calling thread, so this is not a race
    pool.split(10, 1, [&](std::size_t member, std::size_t begin, std::size_t end) {
      calls += member == 0 && begin == 0 && end == 10;
    });
    EXPECT_EQ(calls, 1u);
  }
  EXPECT_EQ(ThreadPool(0).size(), usable_threads());
}

TEST(ThreadPool, StartsItsThreadsAnewInAForkedChild) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "the thread sanitizer allows no threads after a fork";
#endif
  ThreadPool pool(3), unused(2);
  auto other = std::make_unique<ThreadPool>(3);
  const auto members_of = [](ThreadPool& one) {
    std::atomic<unsigned> members{0};
    one.run([&](std::size_t member) { members |= 1U << member; });
    return members.load();
  };
  EXPECT_EQ(members_of(pool) | members_of(*other), 7u);
  for (int generation = 0; generation < 2; ++generation) {
    const pid_t child = fork();
    if (child == 0) {
      alarm(30);  // ends a child that waits for threads that it does not have
      other.reset();
      bool right = members_of(unused) == 3;
      for (int task = 0; task < 100; ++task) right = right && members_of(pool) == 7;
      _exit(right ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(members_of(pool) | members_of(*other), 7u) << "the parent keeps its threads";
  }
}

TEST(ThreadPool, WhatAThreadThrowsComesOutAndThePoolGoesOn) {
  for (const std::size_t members : {1, 3}) {
    ThreadPool pool(members);
    for (std::size_t thrower = 0; thrower < members; ++thrower) {
      std::vector<int> done(members);
      const auto task = [&](std::size_t member) {
        if (member == thrower) throw std::runtime_error("member " + std::to_string(member));
        ++done[member];
      };
      try {
        pool.run(task);
        ADD_FAILURE() << "nothing thrown by member " << thrower;
      } catch (const std::runtime_error& error) {
        EXPECT_EQ(error.what(), "member " + std::to_string(thrower));
      }
      EXPECT_EQ(std::accumulate(done.begin(), done.end(), 0), static_cast<int>(members) - 1);  // all had finished
    }
    std::vector<int> done(members);
    pool.run([&](std::size_t member) { ++done[member]; });
    EXPECT_EQ(done, std::vector<int>(members, 1));
  }
}

}  // namespace
}  // namespace chainrule::kernels::kernels_test
