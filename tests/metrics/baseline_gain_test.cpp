// SPDX-License-Identifier: Apache-2.0
// Whether a model is better than the baseline beyond chance.
#include <gtest/gtest.h>

#include <cmath>

#include "chainrule/base/random.h"
#include "chainrule/metrics/baseline_loss.h"

namespace chainrule::baseline_gain_test {
namespace {

Dataset numbers(const std::vector<float>& targets) {
  Dataset data;
  data.inputs = Features(Matrix(targets.size(), 1));
  data.targets.values = Matrix(targets.size(), 1);
  std::ranges::copy(targets, data.targets.values.flat().begin());
  return data;
}

Matrix column(const std::vector<float>& values) {
  Matrix matrix(values.size(), 1);
  std::ranges::copy(values, matrix.flat().begin());
  return matrix;
}

// By hand: mean 2, halves of squares of the baseline 2, 0.5, 0.5, 2, of the outputs 0.5, 0, 0, 0.5.
TEST(GainOfLoss, IsTheMeanDifferenceAndItsStandardError) {
  const Dataset data = numbers({0, 1, 3, 4});
  const GainOverBaseline gain = gain_of_loss(LossKind::half_squared_error, column({1, 1, 3, 3}).view(), all_rows(data));
  EXPECT_DOUBLE_EQ(gain.mean, 1);                             // of 1.5, 0.5, 0.5, 1.5
  EXPECT_DOUBLE_EQ(gain.error, std::sqrt(4 * 0.25 / 3) / 2);  // their standard deviation / sqrt(4)
  EXPECT_TRUE(gain.is_clear());
}

TEST(GainOfLoss, OfTheBaselineItselfIsNotClear) {
  const Dataset data = numbers({0, 1, 3, 4});
  const GainOverBaseline same = gain_of_loss(LossKind::half_squared_error, column({2, 2, 2, 2}).view(), all_rows(data));
  EXPECT_EQ(same.mean, 0);
  EXPECT_FALSE(same.is_clear());
  const GainOverBaseline worse =
      gain_of_loss(LossKind::half_squared_error, column({4, 4, 0, 0}).view(), all_rows(data));
  EXPECT_LT(worse.mean, 0);
  EXPECT_FALSE(worse.is_clear());
}

TEST(GainOfLoss, NeedsTwoRows) {
  const Dataset data = numbers({5, 1});
  const GainOverBaseline gain = gain_of_loss(LossKind::absolute_error, column({1}).view(), Selection{&data, {1}});
  EXPECT_TRUE(std::isnan(gain.error));
  EXPECT_FALSE(gain.is_clear());
}

TEST(GainOfLoss, HeedsWeights) {
  Dataset data = numbers({0, 4, 9});
  data.weights = {1, 1, 0};
  const Matrix outputs = column({0, 4, 1000});
  const GainOverBaseline gain = gain_of_loss(LossKind::half_squared_error, outputs.view(), all_rows(data));
  EXPECT_DOUBLE_EQ(gain.mean, 2);  // the third row does not count
  EXPECT_TRUE(gain.is_clear());
}

TEST(GainOfPredictions, OfClassesIsThatOfTheAccuracy) {
  Dataset data;
  data.inputs = Features(Matrix(5, 1));
  data.targets.classes = 2;
  data.targets.labels = {0, 0, 0, 1, 1};
  Matrix predictions(5, 2);
  for (std::size_t i = 0; i < 5; ++i)
    predictions(i, 1) = i < 2 ? 0.2f : 0.6f, predictions(i, 0) = 1 - predictions(i, 1);
  EXPECT_DOUBLE_EQ(gain_of_predictions(predictions.view(), all_rows(data)).mean, 0.2);  // 4 of 5, not 3 of 5
  EXPECT_DOUBLE_EQ(gain_of_predictions(predictions.view(), all_rows(data), 0.7).mean, 0) << "all of class 0";
}

TEST(GainOfPredictions, OfNumbersIsInTheirUnitAndClamped) {
  Dataset data = numbers({-1, 1});
  data.targets.scale = 10;
  data.targets.shift = 100;
  data.targets.maximum = 110;
  const GainOverBaseline gain = gain_of_predictions(column({-1, 5}).view(), all_rows(data));
  EXPECT_DOUBLE_EQ(gain.mean, 100);  // the baseline is off by 10 twice, the model never
}

// A difference of 1e-4 between losses that vary far more is chance; of constant size it is not.
TEST(GainOfLoss, ASmallDifferenceIsClearOnlyIfItIsEverywhere) {
  std::vector<float> targets, outputs, better;
  for (std::size_t i = 0; i < 200; ++i) {
    targets.push_back(i % 2 == 0 ? -1.0f : 1.0f);
    const auto noise = static_cast<float>(random_normal({3, Purpose::test, 0, 0}, i));
    outputs.push_back(0.01f * noise + 1e-4f * targets.back());
    better.push_back(0.01f * targets.back());
  }
  const Dataset data = numbers(targets);
  EXPECT_FALSE(gain_of_loss(LossKind::half_squared_error, column(outputs).view(), all_rows(data)).is_clear());
  EXPECT_TRUE(gain_of_loss(LossKind::half_squared_error, column(better).view(), all_rows(data)).is_clear());
}

}  // namespace
}  // namespace chainrule::baseline_gain_test
