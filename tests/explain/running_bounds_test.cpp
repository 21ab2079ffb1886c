// SPDX-License-Identifier: Apache-2.0
// Running bounds on networks as users have them: an error of one thousandth in a delta, a gradient or an update is
// found, and steps without an error are not blamed.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/planted_errors.h"

namespace chainrule::running_bounds_test {

using testing::planted_errors;
using testing::user_nets;
using testing::UserNet;

TEST(RunningBounds, FindAnErrorOfOneThousandth) {
  testing::Planted all;
  for (const UserNet& net : user_nets()) {
    const testing::Planted found = planted_errors(net, 100, 1);
    EXPECT_GE(found.caught * 100, found.planted * 97) << net.name;  // 99 of 100 expected
    RecordProperty(net.name, fmt::format("{} {}", found.caught, found.by_worst_case));
    all.planted += found.planted;
    all.caught += found.caught;
    all.by_worst_case += found.by_worst_case;
  }
  EXPECT_GE(all.caught * 100, all.planted * 98);
  EXPECT_LT(all.by_worst_case * 2, all.planted);  // the worst case alone misses most
  RecordProperty("caught", static_cast<int>(all.caught));
}

TEST(RunningBounds, BlameNoHealthyStep) {
  for (const UserNet& net : user_nets()) EXPECT_EQ(testing::excesses_of(net, 3, 3), std::size_t{0}) << net.name;
}

}  // namespace chainrule::running_bounds_test
