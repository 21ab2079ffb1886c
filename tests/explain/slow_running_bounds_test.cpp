// SPDX-License-Identifier: Apache-2.0
// Running bounds, with many planted errors and many healthy steps.

#include <gtest/gtest.h>

#include <atomic>
#include <iostream>

#include "chainrule/base/parallel_jobs.h"
#include "tests/support/planted_errors.h"

namespace chainrule::slow_running_bounds_test {

TEST(RunningBounds, Find990Of1000ErrorsOfOneThousandth) {
  testing::Planted all;
  for (const testing::UserNet& net : testing::user_nets())
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      const testing::Planted found = testing::planted_errors(net, 34, seed);
      all.planted += found.planted;
      all.caught += found.caught;
      all.by_worst_case += found.by_worst_case;
    }
  std::cout << all.caught << " of " << all.planted << " found; by the worst case " << all.by_worst_case << std::endl;
  EXPECT_GE(all.planted, 1000u);
  EXPECT_GE(all.caught * 100, all.planted * 99);
}

TEST(RunningBounds, BlameNoneOf10000HealthySteps) {
  constexpr std::size_t kStepsOfNet = 20;
  const std::vector<testing::UserNet> nets = testing::user_nets();
  std::atomic<std::size_t> steps{0}, excesses{0};
  run_in_parallel(
      501, 2, [] { return false; },
      [&](std::size_t job) {
        excesses += testing::excesses_of(nets[job % nets.size()], job, kStepsOfNet);
        steps += kStepsOfNet;
        if (steps % 1000 == 0) std::cout << steps << " steps, " << excesses << " excesses" << std::endl;
      });
  EXPECT_EQ(excesses, 0u);
  EXPECT_GE(steps, 10'000u);
}

}  // namespace chainrule::slow_running_bounds_test
