// SPDX-License-Identifier: Apache-2.0
// Failed trainings of more than ten kinds and healthy ones: the diagnosis names the cause of each failure first, its
// advice heals, and nothing is blamed in healthy networks.
#include <gtest/gtest.h>

#include <iterator>
#include <set>

#include "tests/support/sick_nets.h"

namespace chainrule::slow_remedies_test {
namespace {

TEST(SlowRemedies, NameTheCauseAndHeal) {
  std::set<FindingKind> kinds;
  for (const testing::Trained& one : testing::sick_nets()) {
    testing::expect_diagnosed_and_healed(one);
    kinds.insert(one.causes.begin(), one.causes.end());
  }
  EXPECT_GE(testing::sick_nets().size(), 30u);
  EXPECT_GE(kinds.size(), 10u);
}

TEST(SlowRemedies, BlameNothingInHealthyNetworks) {
  for (const testing::Trained& one : testing::healthy_nets()) testing::expect_healthy(one);
  EXPECT_GE(testing::healthy_nets().size(), 30u);
}

}  // namespace
}  // namespace chainrule::slow_remedies_test
