// SPDX-License-Identifier: Apache-2.0
#include "chainrule/engine/formulas/schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>

#include "chainrule/base/error.h"

namespace chainrule::schedule_test {
namespace {

constexpr std::uint64_t kPerEpoch = 4, kTotal = 101;

std::vector<double> run(const Schedule& schedule, std::uint64_t per_epoch = kPerEpoch, std::uint64_t total = kTotal) {
  std::vector<double> factors;
  for (std::uint64_t step = 0; step < total; ++step)
    factors.push_back(schedule_factor(schedule, step, per_epoch, total));
  return factors;
}

std::vector<ScheduleKind> all_kinds() {
  std::vector<ScheduleKind> kinds;
  for (const std::string& name : schedule_names()) kinds.push_back(schedule_from_name(name));
  return kinds;
}

}  // namespace

TEST(Schedule, StepFallsEveryFewEpochs) {
  const std::vector<double> f = run({.kind = ScheduleKind::step, .factor = 0.5, .every = 10});
  EXPECT_EQ(f[0], 1);
  EXPECT_EQ(f[39], 1);
  EXPECT_EQ(f[40], 0.5);
  EXPECT_EQ(f[79], 0.5);
  EXPECT_EQ(f[80], 0.25);
}

TEST(Schedule, ExponentialFallsByTheFactorEachEpoch) {
  const std::vector<double> f = run({.kind = ScheduleKind::exponential, .factor = 0.25});
  EXPECT_EQ(f[0], 1);
  EXPECT_NEAR(f[2], 0.5, 1e-15);
  EXPECT_NEAR(f[4], 0.25, 1e-15);
  EXPECT_NEAR(f[8], 0.0625, 1e-15);
}

TEST(Schedule, InverseFallsLikeOneOverTime) {
  const std::vector<double> f = run({.kind = ScheduleKind::inverse, .factor = 0.5, .power = 2});
  EXPECT_EQ(f[0], 1);
  EXPECT_NEAR(f[8], 0.25, 1e-15);      // (1 + 0.5 * 2)^-2
  EXPECT_NEAR(f[16], 1.0 / 9, 1e-15);  // (1 + 0.5 * 4)^-2
  EXPECT_NEAR(f[3], std::pow(1.375, -2), 1e-15);
}

TEST(Schedule, Coslog4RisesAndFallsFourTimesEachTwiceAsLong) {
  constexpr std::uint64_t kSteps = 15 * 8 + 1;  // t = k / 15 falls on a step
  const std::vector<double> f = run({.kind = ScheduleKind::coslog4}, kPerEpoch, kSteps);
  for (const std::size_t end : {0, 1, 3, 7, 15}) EXPECT_NEAR(f[8 * end], 0, 1e-15) << end;
  EXPECT_NEAR(f[60], 0.5 * (1 - std::cos(2 * std::acos(-1) * std::log2(8.5))), 1e-14);
  std::size_t peaks = 0;
  for (std::size_t k = 1; k + 1 < f.size(); ++k) peaks += f[k] > f[k - 1] && f[k] >= f[k + 1] ? 1 : 0;
  EXPECT_EQ(peaks, 4u);
}

TEST(Schedule, PolynomialGoesToItsEnd) {
  const std::vector<double> f = run({.kind = ScheduleKind::polynomial, .power = 2, .final = 0.2});
  EXPECT_EQ(f[0], 1);
  EXPECT_NEAR(f[50], 0.2 + 0.8 * 0.25, 1e-15);
  EXPECT_EQ(f[100], 0.2);
}

TEST(Schedule, CosineGoesToItsEnd) {
  const std::vector<double> f = run({.kind = ScheduleKind::cosine, .final = 0.1});
  EXPECT_EQ(f[0], 1);
  EXPECT_NEAR(f[25], 0.1 + 0.9 * (1 + std::sqrt(0.5)) / 2, 1e-14);
  EXPECT_NEAR(f[50], 0.55, 1e-15);
  EXPECT_NEAR(f[100], 0.1, 1e-16);
}

TEST(Schedule, OneCycleClimbsToOneAndFalls) {
  const std::vector<double> f = run({.kind = ScheduleKind::one_cycle, .final = 0.01}, 1, 11);
  EXPECT_NEAR(f[0], 0.04, 1e-15);
  EXPECT_EQ(f[3], 1);
  EXPECT_NEAR(f[10], 0.01, 1e-15);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_LT(f[i], f[i + 1]) << i;
  for (std::size_t i = 3; i < 10; ++i) EXPECT_GT(f[i], f[i + 1]) << i;
  // Halfway up and halfway down (t = 0.15 and 0.65) it has the middle value.
  const std::vector<double> g = run({.kind = ScheduleKind::one_cycle}, 1, 101);
  EXPECT_NEAR(g[15], 0.52, 1e-14);
  EXPECT_NEAR(g[65], 0.5, 1e-14);
}

TEST(Schedule, RisesOnlyInOneCycleAndCoslog4) {
  for (const ScheduleKind kind : all_kinds()) {
    if (kind == ScheduleKind::one_cycle || kind == ScheduleKind::coslog4) continue;
    const std::vector<double> f = run({.kind = kind, .factor = 0.5, .every = 3});
    EXPECT_EQ(f.front(), 1) << schedule_name(kind);
    for (std::size_t i = 1; i < f.size(); ++i) EXPECT_LE(f[i], f[i - 1]) << schedule_name(kind) << ' ' << i;
    if (kind != ScheduleKind::constant) {
      EXPECT_LT(f.back(), 1) << schedule_name(kind);
    }
  }
}

TEST(Schedule, WarmUpRisesToTheFirstValueAndThenRunsAsWithoutIt) {
  for (const ScheduleKind kind : all_kinds()) {
    const Schedule plain{.kind = kind, .factor = 0.5, .every = 3, .final = 0.1};
    Schedule warm = plain;
    warm.warmup_epochs = 2.5;  // 10 steps
    const std::vector<double> expected = run(plain, kPerEpoch, kTotal - 10), found = run(warm);
    for (std::size_t i = 0; i < 10; ++i)
      EXPECT_DOUBLE_EQ(found[i], static_cast<double>(i + 1) / 10 * expected[0]) << schedule_name(kind) << ' ' << i;
    for (std::size_t i = 10; i < found.size(); ++i) EXPECT_EQ(found[i], expected[i - 10]) << schedule_name(kind) << i;
  }
}

TEST(Schedule, StaysBetweenZeroAndOneForAnyStep) {
  for (const ScheduleKind kind : all_kinds())
    for (const double power : {1e-300, 0.5, 1e300})
      for (const double warmup : {0.0, 0.1, 7.0, 1e300})
        for (const std::uint64_t step : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1000}, ~std::uint64_t{0}})
          for (const std::uint64_t total : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{2}, ~std::uint64_t{0}}) {
            const Schedule schedule{
                .kind = kind, .factor = 0.5, .every = 1e-300, .power = power, .warmup_epochs = warmup};
            const double factor = schedule_factor(schedule, step, total / 2, total);
            EXPECT_TRUE(factor >= 0 && factor <= 1)
                << schedule_name(kind) << ' ' << step << ' ' << total << ' ' << factor;
          }
}

TEST(Schedule, OfOneStepBeginsAtItsBeginning) {
  EXPECT_EQ(schedule_factor({.kind = ScheduleKind::cosine}, 0, 1, 1), 1);
  EXPECT_EQ(schedule_factor({.kind = ScheduleKind::polynomial}, 0, 1, 1), 1);
  EXPECT_EQ(schedule_factor({}, 0, 1, 1), 1);
}

TEST(Schedule, HasNames) {
  EXPECT_EQ(schedule_names().size(), 8u);
  for (const std::string& name : schedule_names()) EXPECT_EQ(schedule_name(schedule_from_name(name)), name);
  EXPECT_EQ(schedule_name(ScheduleKind::one_cycle), "one_cycle");
  EXPECT_EQ(schedule_from_name("one-cycle"), ScheduleKind::one_cycle);
  try {
    schedule_from_name("cosin");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.category(), ErrorCategory::usage);
    EXPECT_NE(std::string(error.what()).find("polynomial"), std::string::npos);
    EXPECT_NE(error.hint().find("cosine"), std::string::npos);
  }
}

}  // namespace chainrule::schedule_test
