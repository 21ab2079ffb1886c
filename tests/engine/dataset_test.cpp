// SPDX-License-Identifier: Apache-2.0
#include "chainrule/engine/dataset.h"
#include "chainrule/data/folds.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "chainrule/base/error.h"
#include "chainrule/data/split.h"

namespace chainrule::dataset_test {
namespace {

using Rows = std::vector<std::size_t>;

// Input j of row i is 10 i + j; the target is the row's number.
Dataset counting(std::size_t rows, std::size_t columns) {
  Matrix inputs(rows, columns), targets(rows, 1);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) inputs(i, j) = static_cast<float>(10 * i + j);
    targets(i, 0) = static_cast<float>(i);
  }
  Dataset data;
  data.inputs = Features(std::move(inputs));
  data.targets.values = std::move(targets);
  return data;
}

Rows in_order(std::size_t count) {
  Rows rows(count);
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  return rows;
}

std::size_t count_of(const Rows& rows, const std::vector<std::uint32_t>& strata, std::uint32_t stratum) {
  return static_cast<std::size_t>(
      std::count_if(rows.begin(), rows.end(), [&](std::size_t row) { return strata[row] == stratum; }));
}

std::vector<std::uint32_t> strata_of(const std::vector<std::size_t>& sizes) {
  std::vector<std::uint32_t> strata;
  for (std::uint32_t k = 0; k < sizes.size(); ++k) strata.insert(strata.end(), sizes[k], k);
  return strata;
}

void expect_parts_of_all(const std::vector<Rows>& parts, std::size_t rows) {
  Rows together;
  for (const Rows& part : parts) {
    EXPECT_TRUE(std::is_sorted(part.begin(), part.end()));
    together.insert(together.end(), part.begin(), part.end());
  }
  std::sort(together.begin(), together.end());
  EXPECT_EQ(together, in_order(rows));
}

ErrorCategory category_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.category();
  }
  ADD_FAILURE() << "no error";
  return ErrorCategory::internal;
}

}  // namespace

TEST(Features, GatherRowsInTheGivenOrder) {
  const Dataset data = counting(4, 2);
  Matrix out(3, 2);
  data.inputs.gather(Rows{2, 0, 2}, out.view());
  EXPECT_EQ(std::vector<float>(out.flat().begin(), out.flat().end()), (std::vector<float>{20, 21, 0, 1, 20, 21}));
}

TEST(Features, GatherBytesScaled) {
  const Features bytes(std::vector<std::uint8_t>{0, 1, 128, 255, 7, 9}, 2, 3, 1.0f / 255);
  EXPECT_EQ(bytes.rows(), 2u);
  EXPECT_EQ(bytes.columns(), 3u);
  Matrix out(2, 3);
  bytes.gather(Rows{1, 0}, out.view());
  EXPECT_EQ(out(0, 0), 255 * (1.0f / 255));
  EXPECT_EQ(out(0, 0), 1.0f);
  EXPECT_EQ(out(0, 1), 7 * (1.0f / 255));
  EXPECT_EQ(out(1, 0), 0.0f);
  EXPECT_EQ(out(1, 2), 128 * (1.0f / 255));
}

TEST(Features, RefuseBytesThatDoNotFit) {
  EXPECT_EQ(category_of([] { Features(std::vector<std::uint8_t>{1, 2, 3}, 2, 2, 1); }), ErrorCategory::usage);
  EXPECT_EQ(category_of([] { Features(SharedBytes(), std::size_t{1} << 40, std::size_t{1} << 40, 1); }),
            ErrorCategory::input);
}

TEST(Dataset, CopiesRowsWithAllThatBelongsToThem) {
  Dataset data = counting(5, 2);
  data.weights = {1, 2, 3, 4, 5};
  data.loss_weights = {6, 7, 8, 9, 10};
  data.targets.scale = 3;
  const Dataset some = copy_rows(data, {4, 1});
  Matrix inputs(2, 2);
  some.inputs.gather(Rows{0, 1}, inputs.view());
  EXPECT_EQ(inputs(0, 1), 41);
  EXPECT_EQ(inputs(1, 0), 10);
  EXPECT_EQ(some.targets.values(0, 0), 4);
  EXPECT_EQ(some.targets.scale, 3);
  EXPECT_EQ(some.weights, (std::vector<float>{5, 2}));
  EXPECT_EQ(some.loss_weights, (std::vector<float>{10, 7}));
  data.targets = {3, {0, 1, 2, 1, 2}, {}};
  EXPECT_EQ(copy_rows(data, {4, 1}).targets.labels, (std::vector<std::uint32_t>{2, 1}));
}

TEST(Features, OfNothingGatherNothing) {
  Matrix out(0, 3);
  Features(Matrix(0, 3)).gather({}, out.view());
  Features(SharedBytes(), 0, 3, 1).gather({}, out.view());
}

TEST(Targets, AreOneOfK) {
  Targets targets;
  targets.classes = 3;
  targets.labels = {2, 0};
  EXPECT_EQ(targets.columns(), 3u);
  Matrix out(2, 3);
  std::fill(out.flat().begin(), out.flat().end(), 9.0f);
  targets.gather(Rows{0, 1}, out.view());
  EXPECT_EQ(std::vector<float>(out.flat().begin(), out.flat().end()), (std::vector<float>{0, 0, 1, 1, 0, 0}));
}

TEST(Split, TakesTheNearestWholeNumber) {
  EXPECT_EQ(split_rows(10, 0.25, {}, 1).validation.size(), 3u);
  EXPECT_EQ(split_rows(10, 0.24, {}, 1).validation.size(), 2u);
  EXPECT_EQ(split_rows(1000, 0.29, {}, 1).validation.size(), 290u);
  EXPECT_EQ(split_rows(10, 0, {}, 1).validation.size(), 0u);
  EXPECT_EQ(split_rows(2, 1e-9, {}, 1).validation.size(), 1u);
  EXPECT_EQ(split_rows(2, 0.999, {}, 1).validation.size(), 1u);
  EXPECT_EQ(split_rows(1, 0.5, {}, 1).validation.size(), 0u);
  EXPECT_EQ(split_rows(0, 0.5, {}, 1).training.size(), 0u);
}

TEST(Split, PutsEveryRowInOnePart) {
  for (const double fraction : {0.0, 0.1, 0.5, 0.9}) {
    const Split split = split_rows(37, fraction, {}, 3);
    expect_parts_of_all({split.training, split.validation}, 37);
  }
}

TEST(Split, DependsOnTheSeedOnly) {
  EXPECT_EQ(split_rows(100, 0.2, {}, 5).validation, split_rows(100, 0.2, {}, 5).validation);
  EXPECT_NE(split_rows(100, 0.2, {}, 5).validation, split_rows(100, 0.2, {}, 6).validation);
  std::vector<std::size_t> times(20);
  for (std::uint64_t seed = 0; seed < 400; ++seed)
    for (const std::size_t row : split_rows(20, 0.25, {}, seed).validation) ++times[row];
  for (const std::size_t count : times) EXPECT_NEAR(static_cast<double>(count), 100, 5 * std::sqrt(75.0));
}

TEST(Split, KeepsClassesInProportion) {
  const std::vector<std::size_t> sizes = {50, 30, 13, 7};
  const std::vector<std::uint32_t> strata = strata_of(sizes);
  const Split split = split_rows(100, 0.2, strata, 1);
  // 10, 6, 2.6 and 1.4 rows: 19 rounded down, the one left goes to the largest remainder.
  const std::vector<std::size_t> expected = {10, 6, 3, 1};
  for (std::uint32_t k = 0; k < 4; ++k) EXPECT_EQ(count_of(split.validation, strata, k), expected[k]) << k;
  expect_parts_of_all({split.training, split.validation}, 100);
}

TEST(Split, LeavesARowOfEachClass) {
  const std::vector<std::uint32_t> strata = strata_of({1, 2, 1, 96});
  const Split split = split_rows(100, 0.97, strata, 1);
  for (std::uint32_t k = 0; k < 4; ++k) EXPECT_GE(count_of(split.training, strata, k), 1u) << k;
  EXPECT_EQ(split.validation.size(), 96u);  // all that can be taken
  EXPECT_TRUE(split_rows(3, 0.5, strata_of({1, 1, 1}), 1).validation.empty());
  // A class that cannot give rows leaves its part to the others.
  EXPECT_EQ(split_rows(10, 0.4, strata_of({1, 1, 1, 1, 1, 5}), 1).validation.size(), 4u);
}

TEST(Split, CountsUnusualStrataNumbers) {
  const std::vector<std::uint32_t> strata = {4'000'000'000, 7, 4'000'000'000, 7};
  const Split split = split_rows(4, 0.5, strata, 1);
  EXPECT_EQ(count_of(split.validation, strata, 7), 1u);
  EXPECT_EQ(split.validation.size(), 2u);
}

TEST(Split, RefusesWhatIsNotAFraction) {
  for (const double fraction : {-0.1, 1.0, 2.0, std::numeric_limits<double>::quiet_NaN()})
    EXPECT_EQ(category_of([&] { split_rows(10, fraction, {}, 1); }), ErrorCategory::usage) << fraction;
  EXPECT_EQ(category_of([] { split_rows(3, 0.5, std::vector<std::uint32_t>{1, 2}, 1); }), ErrorCategory::usage);
}

TEST(Folds, ArePartsOfAllRowsAndEven) {
  const std::vector<std::uint32_t> strata = strata_of({11, 5, 3, 4});
  for (const std::size_t k : {2u, 5u, 10u, 23u}) {
    const std::vector<Rows> folds = fold_rows(23, k, strata, 1);
    ASSERT_EQ(folds.size(), k);
    expect_parts_of_all(folds, 23);
    for (const Rows& fold : folds) {
      EXPECT_GE(fold.size(), 23 / k);
      EXPECT_LE(fold.size(), 23 / k + 1);
      for (std::uint32_t stratum = 0; stratum < 4; ++stratum) {
        const std::size_t all = static_cast<std::size_t>(std::count(strata.begin(), strata.end(), stratum));
        EXPECT_GE(count_of(fold, strata, stratum), all / k);
        EXPECT_LE(count_of(fold, strata, stratum), (all + k - 1) / k);
      }
    }
  }
}

TEST(Folds, DependOnTheSeed) {
  EXPECT_EQ(fold_rows(50, 5, {}, 1), fold_rows(50, 5, {}, 1));
  EXPECT_NE(fold_rows(50, 5, {}, 1), fold_rows(50, 5, {}, 2));
}

TEST(Folds, RefuseNumbersOutOfRange) {
  for (const std::size_t k : {std::size_t{0}, std::size_t{1}, std::size_t{4}})
    EXPECT_EQ(category_of([&] { fold_rows(3, k, {}, 1); }), ErrorCategory::usage) << k;
}

TEST(Weights, HaveMeanOneOverTheChosenRows) {
  std::vector<float> weights = {1, 2, 3, 0, 100};
  scale_weights_to_mean_one(weights, Rows{0, 1, 2, 3});
  EXPECT_FLOAT_EQ(weights[0], 1 / 1.5f);
  EXPECT_FLOAT_EQ(weights[3], 0);
  EXPECT_FLOAT_EQ(weights[4], 100 / 1.5f);
  EXPECT_FLOAT_EQ((weights[0] + weights[1] + weights[2] + weights[3]) / 4, 1);
}

TEST(Weights, OfAnySizeAreScaled) {
  constexpr float kMax = std::numeric_limits<float>::max();
  std::vector<float> weights(1000, kMax);
  scale_weights_to_mean_one(weights, in_order(1000));
  for (const float weight : weights) EXPECT_EQ(weight, 1);
  std::vector<float> none;
  scale_weights_to_mean_one(none, in_order(3));
  EXPECT_TRUE(none.empty());
}

TEST(Weights, ThatCannotBeScaledAreRefused) {
  const auto refused = [](std::vector<float> weights, const Rows& rows) {
    return category_of([&] { scale_weights_to_mean_one(weights, rows); }) == ErrorCategory::input;
  };
  EXPECT_TRUE(refused({1, -1}, {0, 1}));
  EXPECT_TRUE(refused({1, -1}, {0}));
  EXPECT_TRUE(refused({1, std::numeric_limits<float>::quiet_NaN()}, {0, 1}));
  EXPECT_TRUE(refused({1, std::numeric_limits<float>::infinity()}, {0, 1}));
  EXPECT_TRUE(refused({0, 0, 1}, {0, 1}));
  EXPECT_TRUE(refused({1, 1}, {}));
  EXPECT_TRUE(refused({1e-30f, std::numeric_limits<float>::max()}, {0}));
}

TEST(Batcher, CutsRowsInTheGivenOrder) {
  Dataset data = counting(6, 2);
  data.weights = {1, 1, 1, 0, 3, 1};
  const Selection five{&data, {5, 4, 3, 2, 1}};
  Batcher batcher(five, 3);
  EXPECT_EQ(batcher.rows(), 5u);
  EXPECT_EQ(batcher.batches(), 2u);
  const Rows order = {1, 0, 4, 2, 3};  // rows 4, 5, 1 | 3, 2
  const Batch first = batcher.gather(0, order);
  ASSERT_EQ(first.inputs.rows(), 3u);
  EXPECT_EQ(first.inputs(0, 1), 41);
  EXPECT_EQ(first.inputs(2, 0), 10);
  EXPECT_EQ(first.targets(1, 0), 5);
  EXPECT_EQ(std::vector<float>(first.scale.begin(), first.scale.end()), (std::vector<float>{1, 1.0f / 3, 1.0f / 3}));
  const Batch last = batcher.gather(1, order);
  ASSERT_EQ(last.inputs.rows(), 2u);
  ASSERT_EQ(last.targets.rows(), 2u);
  EXPECT_EQ(last.targets(0, 0), 3);
  EXPECT_EQ(last.targets(1, 0), 2);
  EXPECT_EQ(std::vector<float>(last.scale.begin(), last.scale.end()), (std::vector<float>{0, 0.5f}));
}

TEST(Batcher, CutsBatchesOfEverySize) {
  const Dataset data = counting(7, 1);
  const Selection all = all_rows(data);
  const Rows order = in_order(7);
  for (std::size_t size = 0; size <= 9; ++size) {
    Batcher batcher(all, size);
    std::vector<float> seen;
    for (std::size_t b = 0; b < batcher.batches(); ++b) {
      const Batch batch = batcher.gather(b, order);
      for (std::size_t i = 0; i < batch.targets.rows(); ++i) seen.push_back(batch.targets(i, 0));
      for (const float scale : batch.scale) EXPECT_EQ(scale, 1.0f / static_cast<float>(batch.inputs.rows()));
    }
    EXPECT_EQ(seen, (std::vector<float>{0, 1, 2, 3, 4, 5, 6})) << size;
  }
}

TEST(Batcher, DoesWithoutTargetsAndRows) {
  Dataset data = counting(3, 2);
  data.targets = {};
  const Selection all = all_rows(data), none{&data, {}};
  Batcher batcher(all, 2);
  const Batch batch = batcher.gather(0, in_order(3));
  EXPECT_EQ(batch.inputs.rows(), 2u);
  EXPECT_EQ(batch.targets.size(), 0u);
  EXPECT_EQ(Batcher(none, 2).batches(), 0u);
  EXPECT_EQ(Batcher(none, 0).batches(), 0u);
}

}  // namespace chainrule::dataset_test
