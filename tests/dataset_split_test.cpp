// SPDX-License-Identifier: Apache-2.0
// Rows held out by groups and by time. Random splits and folds are in dataset_test.cpp.
#include "chainrule/dataset_split.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

#include "chainrule/random.h"
#include "tables.h"

namespace chainrule {
namespace {

using Numbers = std::vector<std::uint32_t>;
using Rows = std::vector<std::size_t>;

// Groups of 1 to 9 rows, in no order.
Numbers groups_of(std::size_t count) {
  Numbers in_order, groups;
  for (std::uint32_t group = 0; group < count; ++group) in_order.insert(in_order.end(), 1 + group * 7 % 9, group);
  for (const std::size_t i : random_permutation({3, Purpose::test, 0, 0}, in_order.size()))
    groups.push_back(in_order[i]);
  return groups;
}

void expect_apart(const Split& split, const Numbers& groups) {
  std::set<std::uint32_t> here, there;
  for (const std::size_t row : split.rest) here.insert(groups[row]);
  for (const std::size_t row : split.held_out) there.insert(groups[row]);
  for (const std::uint32_t group : there) EXPECT_FALSE(here.contains(group)) << group;
  Rows all = split.rest;
  all.insert(all.end(), split.held_out.begin(), split.held_out.end());
  std::sort(all.begin(), all.end());
  ASSERT_EQ(all.size(), groups.size());
  for (std::size_t row = 0; row < all.size(); ++row) EXPECT_EQ(all[row], row);
  EXPECT_TRUE(std::is_sorted(split.held_out.begin(), split.held_out.end()));
}

TEST(SplitGroups, KeepsEachGroupOnOneSideAndComesNearTheShare) {
  const Numbers groups = groups_of(100);
  for (const double share : {0.05, 0.1, 0.3, 0.5, 0.9}) {
    const Split split = split_groups(groups, share, {}, 1);
    expect_apart(split, groups);
    EXPECT_NEAR(static_cast<double>(split.held_out.size()), share * static_cast<double>(groups.size()),
                4.5);  // half a group of 9
  }
  EXPECT_TRUE(split_groups(groups, 0, {}, 1).held_out.empty());
}

TEST(SplitGroups, DependsOnTheSeedAndOnWhatItIsFor) {
  const Numbers groups = groups_of(60);
  const auto held_out = [&](std::uint64_t seed, HeldOutFor purpose) {
    return split_groups(groups, 0.2, {}, seed, purpose).held_out;
  };
  EXPECT_EQ(held_out(1, HeldOutFor::validation), held_out(1, HeldOutFor::validation));
  EXPECT_NE(held_out(1, HeldOutFor::validation), held_out(2, HeldOutFor::validation));
  EXPECT_NE(held_out(1, HeldOutFor::validation), held_out(1, HeldOutFor::test));
}

TEST(SplitGroups, KeepsClassesInProportionAsFarAsGroupsAllow) {
  const Numbers groups = groups_of(120);
  Numbers strata;
  for (std::size_t row = 0; row < groups.size(); ++row) strata.push_back(groups[row] % 5 == 0 ? 1 : 0);
  const auto of_class = [&](const Rows& rows, std::uint32_t k) {
    return static_cast<double>(
        std::count_if(rows.begin(), rows.end(), [&](std::size_t row) { return strata[row] == k; }));
  };
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Split split = split_groups(groups, 0.2, strata, seed);
    expect_apart(split, groups);
    for (const std::uint32_t k : {0U, 1U}) {
      const double held_out = of_class(split.held_out, k), all = held_out + of_class(split.rest, k);
      EXPECT_NEAR(held_out, 0.2 * all, 4.5) << seed;
    }
  }
}

TEST(SplitGroups, LeavesAGroupAndSomethingOfEachClass) {
  const Numbers two = {0, 0, 0, 1, 1};
  EXPECT_EQ(split_groups(two, 0.01, {}, 1).held_out.size(), 2u);  // too large, but the smaller one
  EXPECT_FALSE(split_groups(two, 0.99, {}, 1).rest.empty());
  const Numbers class_is_group = {0, 0, 0, 1, 1};
  EXPECT_TRUE(split_groups(two, 0.5, class_is_group, 1).held_out.empty());
  EXPECT_EQ(testing::refusal([] { split_groups(Numbers{0, 0, 0}, 0.5, {}, 1); }).category, ErrorCategory::usage);
  EXPECT_EQ(testing::refusal([&] { split_groups(two, 1, {}, 1); }).category, ErrorCategory::usage);
}

TEST(SplitLatest, HoldsOutTheHighestRanksEqualOnesTogether) {
  const Numbers ranks = {5, 0, 3, 3, 4, 1, kNoTime, 2, 3, 0};
  EXPECT_EQ(split_latest(ranks, 0.1).held_out, (Rows{0}));
  EXPECT_EQ(split_latest(ranks, 0.2).held_out, (Rows{0, 4}));
  EXPECT_EQ(split_latest(ranks, 0.3).held_out, (Rows{0, 4}));           // 2 are nearer than 5
  EXPECT_EQ(split_latest(ranks, 0.4).held_out, (Rows{0, 2, 3, 4, 8}));  // 5 nearer than 2
  EXPECT_EQ(split_latest(ranks, 0.99).held_out, (Rows{0, 2, 3, 4, 5, 7, 8}));
  EXPECT_EQ(split_latest(ranks, 0.99).rest, (Rows{1, 6, 9}));
  EXPECT_EQ(split_latest(ranks, 1e-9).held_out, (Rows{0}));
  EXPECT_TRUE(split_latest(ranks, 0).held_out.empty());
  EXPECT_EQ(testing::refusal([] { split_latest(Numbers{4, 4, kNoTime}, 0.5); }).category, ErrorCategory::usage);
}

}  // namespace
}  // namespace chainrule
