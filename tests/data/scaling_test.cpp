// SPDX-License-Identifier: Apache-2.0
// Scalings of numbers, compared with NumPy, SciPy and formulas.
#include "chainrule/data/scaling.h"
#include "chainrule/data/columns/column_inputs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <vector>

#include "chainrule/data/encoder.h"

namespace chainrule::scaling_test {
namespace {

using Numbers = std::vector<double>;

std::vector<std::size_t> rows_of(const Numbers& numbers) {
  std::vector<std::size_t> rows(numbers.size());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  return rows;
}

InputColumn scaled(const Numbers& numbers, Scaling scaling) {
  const Scale scale = take_scale(numbers, rows_of(numbers), scaling);
  InputColumn column;
  column.shift = scale.shift;
  column.scale = scale.scale;
  column.clipped = scale.clipped;
  column.landmarks = scale.landmarks;
  column.scores = scale.scores;
  return column;
}

TEST(Scaling, QuantilesLieOnStraightLines) {
  const Numbers numbers{7, 1, 4, 2};  // numpy.quantile([7, 1, 4, 2], [0, .25, .5, .75, 1])
  const Numbers expected{1, 1.75, 3, 4.75, 7};
  for (std::size_t k = 0; k < expected.size(); ++k)
    EXPECT_DOUBLE_EQ(quantile_of(numbers, rows_of(numbers), 0.25 * static_cast<double>(k)), expected[k]);
  EXPECT_EQ(quantile_of(numbers, std::vector<std::size_t>{2}, 0.3), 4);
  EXPECT_EQ(quantile_of(numbers, std::vector<std::size_t>{0, 1}, 0.5), 4);
}

TEST(Scaling, RobustDividesByTheQuartiles) {
  const Numbers numbers{7, 1, 4, 2};
  const Scale scale = take_scale(numbers, rows_of(numbers), Scaling::robust);
  EXPECT_DOUBLE_EQ(scale.shift, 3);
  EXPECT_DOUBLE_EQ(scale.scale, 3);
  EXPECT_TRUE(scale.clipped);
  const InputColumn column = scaled(numbers, Scaling::robust);
  EXPECT_EQ(encode_number(column, 3), 0);
  EXPECT_FLOAT_EQ(encode_number(column, 6), static_cast<float>(1 / std::sqrt(1 + 1.0 / 9)));
  EXPECT_FLOAT_EQ(encode_number(column, 3e300), 3);
  EXPECT_FLOAT_EQ(encode_number(column, -std::numeric_limits<double>::infinity()), -3);
}

TEST(Scaling, RobustTakesHalfTheRangeWhereQuartilesFallTogether) {
  Numbers numbers(100, 5);
  numbers[17] = 25;
  const Scale scale = take_scale(numbers, rows_of(numbers), Scaling::robust);
  EXPECT_EQ(scale.shift, 5);
  EXPECT_EQ(scale.scale, 10);
  EXPECT_FALSE(scale.constant);
}

TEST(Scaling, SmoothClipIsOddRisesAndStaysInside) {
  double before = -3;
  for (double v = -60; v <= 60; v += 0.25) {
    const double clipped = smooth_clip(v);
    EXPECT_GT(clipped, before);
    EXPECT_LT(std::fabs(clipped), 3);
    EXPECT_EQ(clipped, -smooth_clip(-v));
    EXPECT_NEAR(clipped, v / std::sqrt(1 + v * v / 9), 1e-15);
    before = clipped;
  }
  EXPECT_EQ(smooth_clip(1e200), 3);
}

// scipy.stats.norm.ppf
TEST(Scaling, NormalQuantilesAreThoseOfOthers) {
  EXPECT_EQ(normal_quantile(0.5), 0);
  EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-14);
  EXPECT_NEAR(normal_quantile(0.025), -1.959963984540054, 1e-14);
  EXPECT_NEAR(normal_quantile(0.0005), -3.2905267314918945, 1e-14);
  EXPECT_NEAR(normal_quantile(1e-12), -7.034483825301132, 1e-13);
  EXPECT_NEAR(normal_quantile(0.6), 0.2533471031357997, 1e-15);
}

TEST(Scaling, QuantileMakesAnyDistributionNormal) {
  Numbers numbers;
  for (int k = 0; k < 20000; ++k) numbers.push_back(std::exp(std::fmod(k * 0.6180339887498949, 1.0) * 20));
  const InputColumn column = scaled(numbers, Scaling::quantile);
  EXPECT_EQ(column.landmarks.size(), kMaxLandmarks);
  double sum = 0, squares = 0;
  std::size_t inside = 0;
  for (const double x : numbers) {
    const double v = encode_number(column, x);
    sum += v;
    squares += v * v;
    inside += std::fabs(v) < 1 ? 1 : 0;
  }
  EXPECT_NEAR(sum / 20000, 0, 1e-3);
  EXPECT_NEAR(squares / 20000, 1, 0.01);
  EXPECT_NEAR(static_cast<double>(inside) / 20000, 0.6827, 0.002);
  EXPECT_NEAR(encode_number(column, -1e9), normal_quantile(0.0005), 1e-6);  // clamped at the ends
  EXPECT_NEAR(encode_number(column, 1e300), -normal_quantile(0.0005), 1e-6);
}

TEST(Scaling, QuantileGivesEqualValuesOneScore) {
  const Numbers numbers{0, 0, 0, 5};  // fractions 1/8, 3/8, 5/8, 7/8
  const Scale scale = take_scale(numbers, rows_of(numbers), Scaling::quantile);
  EXPECT_EQ(scale.landmarks, (Numbers{0, 5}));
  EXPECT_NEAR(scale.scores[0], normal_quantile(0.125) / 3, 1e-15);
  EXPECT_NEAR(scale.scores[1], normal_quantile(0.875), 1e-15);
  EXPECT_NEAR(score_of(scale.landmarks, scale.scores, 2.5), (scale.scores[0] + scale.scores[1]) / 2, 1e-15);
  EXPECT_NEAR(score_of(Numbers{-1e308, 1e308}, Numbers{-1, 1}, 5e307), 0.5, 1e-15);
}

TEST(Scaling, LandmarksRiseThoughManyValuesAreEqual) {
  Numbers numbers;
  for (int k = 0; k < 1501; ++k) numbers.push_back(k % 3 == 0 ? 1.7 : k % 3 == 1 ? 3.3 : 9.9);
  const Scale scale = take_scale(numbers, rows_of(numbers), Scaling::quantile);
  EXPECT_LT(scale.landmarks.size(), 6u);
  EXPECT_EQ(std::ranges::adjacent_find(scale.landmarks, std::greater_equal()), scale.landmarks.end());
}

TEST(Scaling, KeepsTheOrderOfNumbersWhateverTheScaling) {
  const Numbers numbers{3, -8, 1e6, 0.5, 0.5, 7, -2, 40};
  for (std::size_t k = 0; k < scaling_names().size(); ++k) {
    const InputColumn column = scaled(numbers, static_cast<Scaling>(k));
    for (const double x : numbers)
      for (const double y : numbers)
        if (x < y) {
          EXPECT_LT(encode_number(column, x), encode_number(column, y)) << scaling_names()[k];
        }
  }
}

}  // namespace
}  // namespace chainrule::scaling_test
