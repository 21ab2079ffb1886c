// SPDX-License-Identifier: Apache-2.0
// Validation and test rows by group and by time. Random splits and folds are in dataset_test.cpp.
#include "chainrule/data/split.h"
#include "chainrule/data/folds.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

#include "chainrule/base/random.h"
#include "tests/support/tables.h"

namespace chainrule::split_test {
namespace {

using Numbers = std::vector<std::uint32_t>;
using Rows = std::vector<std::size_t>;

// Groups of 1 to 9 rows, unordered.
Numbers groups_of(std::size_t count) {
  Numbers in_order, groups;
  for (std::uint32_t group = 0; group < count; ++group) in_order.insert(in_order.end(), 1 + group * 7 % 9, group);
  for (const std::size_t i : random_permutation({3, Purpose::test, 0, 0}, in_order.size()))
    groups.push_back(in_order[i]);
  return groups;
}

void expect_apart(const Split& split, const Numbers& groups) {
  std::set<std::uint32_t> here, there;
  for (const std::size_t row : split.training) here.insert(groups[row]);
  for (const std::size_t row : split.validation) there.insert(groups[row]);
  for (const std::uint32_t group : there) EXPECT_FALSE(here.contains(group)) << group;
  Rows all = split.training;
  all.insert(all.end(), split.validation.begin(), split.validation.end());
  std::sort(all.begin(), all.end());
  ASSERT_EQ(all.size(), groups.size());
  for (std::size_t row = 0; row < all.size(); ++row) EXPECT_EQ(all[row], row);
  EXPECT_TRUE(std::is_sorted(split.validation.begin(), split.validation.end()));
}

TEST(SplitGroups, KeepsEachGroupOnOneSideAndComesNearTheFraction) {
  const Numbers groups = groups_of(100);
  for (const double fraction : {0.05, 0.1, 0.3, 0.5, 0.9}) {
    const Split split = split_groups(groups, fraction, {}, 1);
    expect_apart(split, groups);
    EXPECT_NEAR(static_cast<double>(split.validation.size()), fraction * static_cast<double>(groups.size()),
                4.5);  // half a group of 9
  }
  EXPECT_TRUE(split_groups(groups, 0, {}, 1).validation.empty());
}

TEST(SplitGroups, DependsOnTheSeedAndOnWhatItIsFor) {
  const Numbers groups = groups_of(60);
  const auto validation_rows = [&](std::uint64_t seed, SplitPurpose purpose) {
    return split_groups(groups, 0.2, {}, seed, purpose).validation;
  };
  EXPECT_EQ(validation_rows(1, SplitPurpose::validation), validation_rows(1, SplitPurpose::validation));
  EXPECT_NE(validation_rows(1, SplitPurpose::validation), validation_rows(2, SplitPurpose::validation));
  EXPECT_NE(validation_rows(1, SplitPurpose::validation), validation_rows(1, SplitPurpose::test));
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
      const double validation_rows = of_class(split.validation, k), all = validation_rows + of_class(split.training, k);
      EXPECT_NEAR(validation_rows, 0.2 * all, 4.5) << seed;
    }
  }
}

TEST(SplitGroups, LeavesAGroupAndSomethingOfEachClass) {
  const Numbers two = {0, 0, 0, 1, 1};
  EXPECT_EQ(split_groups(two, 0.01, {}, 1).validation.size(), 2u);  // too large, but the smallest one
  EXPECT_FALSE(split_groups(two, 0.99, {}, 1).training.empty());
  const Numbers class_is_group = {0, 0, 0, 1, 1};
  EXPECT_TRUE(split_groups(two, 0.5, class_is_group, 1).validation.empty());
  EXPECT_EQ(testing::refusal([] { split_groups(Numbers{0, 0, 0}, 0.5, {}, 1); }).category, ErrorCategory::usage);
  EXPECT_EQ(testing::refusal([&] { split_groups(two, 1, {}, 1); }).category, ErrorCategory::usage);
}

TEST(SplitLatest, TakesTheHighestRanksEqualOnesTogether) {
  const Numbers ranks = {5, 0, 3, 3, 4, 1, kNoTime, 2, 3, 0};
  EXPECT_EQ(split_latest(ranks, 0.1).validation, (Rows{0}));
  EXPECT_EQ(split_latest(ranks, 0.2).validation, (Rows{0, 4}));
  EXPECT_EQ(split_latest(ranks, 0.3).validation, (Rows{0, 4}));           // 2 are nearer than 5
  EXPECT_EQ(split_latest(ranks, 0.4).validation, (Rows{0, 2, 3, 4, 8}));  // 5 nearer than 2
  EXPECT_EQ(split_latest(ranks, 0.99).validation, (Rows{0, 2, 3, 4, 5, 7, 8}));
  EXPECT_EQ(split_latest(ranks, 0.99).training, (Rows{1, 6, 9}));
  EXPECT_EQ(split_latest(ranks, 1e-9).validation, (Rows{0}));
  EXPECT_TRUE(split_latest(ranks, 0).validation.empty());
  EXPECT_EQ(testing::refusal([] { split_latest(Numbers{4, 4, kNoTime}, 0.5); }).category, ErrorCategory::usage);
}

// All rows, exactly once.
void expect_all(const std::vector<Rows>& folds, std::size_t rows) {
  Rows all;
  for (const Rows& fold : folds) {
    EXPECT_TRUE(std::is_sorted(fold.begin(), fold.end()));
    EXPECT_FALSE(fold.empty());
    all.insert(all.end(), fold.begin(), fold.end());
  }
  std::sort(all.begin(), all.end());
  ASSERT_EQ(all.size(), rows);
  for (std::size_t row = 0; row < rows; ++row) EXPECT_EQ(all[row], row);
}

TEST(FoldGroups, DealsWholeGroupsIntoLikeFolds) {
  const Numbers groups = groups_of(60);
  const auto folds = fold_groups(groups, 4, {}, 1);
  expect_all(folds, groups.size());
  std::vector<std::size_t> fold_of(groups.size());
  for (std::size_t f = 0; f < folds.size(); ++f) {
    EXPECT_NEAR(static_cast<double>(folds[f].size()), static_cast<double>(groups.size()) / 4, 4.5);  // half of 9
    for (const std::size_t row : folds[f]) fold_of[row] = f;
  }
  for (std::size_t row = 0; row < groups.size(); ++row)
    for (std::size_t other = 0; other < row; ++other)
      EXPECT_TRUE(groups[row] != groups[other] || fold_of[row] == fold_of[other]);
  EXPECT_EQ(fold_groups(groups, 4, {}, 1), folds);
  EXPECT_NE(fold_groups(groups, 4, {}, 2), folds);
  EXPECT_EQ(fold_groups(Numbers{0, 0, 1, 1, 2}, 3, {}, 1).size(), 3u);
  EXPECT_EQ(testing::refusal([] {
              fold_groups(Numbers{0, 0, 1}, 3, {}, 1);
            }).what,
            "folds: expected 2 to 2 (one group each), found 3");
}

TEST(FoldGroups, KeepsClassesInProportion) {
  const Numbers groups = groups_of(120);
  Numbers strata;
  for (const std::uint32_t group : groups) strata.push_back(group % 5 == 0 ? 1 : 0);
  const auto of_class = [&](const Rows& rows, std::uint32_t k) {
    return static_cast<double>(std::ranges::count_if(rows, [&](std::size_t row) { return strata[row] == k; }));
  };
  for (std::uint64_t seed = 0; seed < 10; ++seed)
    for (const Rows& fold : fold_groups(groups, 4, strata, seed))
      for (const std::uint32_t k : {0U, 1U})
        EXPECT_NEAR(of_class(fold, k), static_cast<double>(std::ranges::count(strata, k)) / 4, 4.5) << seed;
}

TEST(PartsByTime, AreInOrderAndNearlyAlike) {
  const Numbers ranks = {5, 0, 3, 3, 4, 1, kNoTime, 2, 3, 0};
  EXPECT_EQ(parts_by_time(ranks, 2), (std::vector<Rows>{{1, 5, 7, 9}, {0, 2, 3, 4, 8}}));
  EXPECT_EQ(parts_by_time(ranks, 3), (std::vector<Rows>{{1, 5, 9}, {2, 3, 7, 8}, {0, 4}}));
  EXPECT_EQ(parts_by_time(ranks, 6), (std::vector<Rows>{{1, 9}, {5}, {7}, {2, 3, 8}, {4}, {0}}));
  EXPECT_EQ(testing::refusal([&] { parts_by_time(ranks, 7); }).what,
            "parts by time: expected 2 to 6 (one time each), found 7");
  Numbers many;
  for (std::uint32_t row = 0; row < 1000; ++row) many.push_back(row * 7 % 1000);
  for (const Rows& part : parts_by_time(many, 8)) EXPECT_EQ(part.size(), 125u);
}

}  // namespace
}  // namespace chainrule::split_test
