// SPDX-License-Identifier: Apache-2.0
// The best threshold for a metric, compared with every possible threshold; and which metrics it affects.
#include "chainrule/metrics/threshold.h"
#include "chainrule/metrics/intervals.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "chainrule/base/error.h"
#include "chainrule/base/random.h"
#include "chainrule/metrics/metrics.h"

namespace chainrule::threshold_test {
namespace {

struct Case {
  Dataset data;
  Matrix predictions;

  Selection rows() const { return all_rows(data); }
  double value(const std::string& metric, std::optional<double> threshold) const {
    return find_metric(compute_metrics(predictions.view(), rows(), metric, threshold), metric)->value;
  }
};

Case case_of(const std::vector<std::uint32_t>& labels, const std::vector<float>& probabilities) {
  Case out;
  out.data.inputs = Features(Matrix(labels.size(), 1));
  out.data.targets.classes = 2;
  out.data.targets.labels = labels;
  out.predictions = Matrix(labels.size(), 2);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    out.predictions(i, 0) = 1 - probabilities[i];
    out.predictions(i, 1) = probabilities[i];
  }
  return out;
}

// A rare second class with slightly higher probabilities, in steps of 1/64 so that some are equal.
Case drawn(std::uint64_t seed, std::size_t rows, bool weighted) {
  std::vector<std::uint32_t> labels;
  std::vector<float> probabilities, weights;
  for (std::size_t i = 0; i < rows; ++i) {
    const auto bits = random_bits({seed, Purpose::test, 0, 0}, i);
    labels.push_back(bits[0] % 5 == 0 ? 1 : 0);
    probabilities.push_back(static_cast<float>(bits[1] % 40 + (labels[i] == 1 ? 15 : 0)) / 64.0F);
    weights.push_back(static_cast<float>(bits[2] % 4));
  }
  Case out = case_of(labels, probabilities);
  if (weighted) out.data.weights = weights;
  return out;
}

TEST(Threshold, IsTheBestOfAllThereAre) {
  for (const bool weighted : {false, true})
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      const Case c = drawn(seed, 80, weighted);
      for (const std::string& metric : threshold_metric_names()) {
        const auto choice = choose_threshold(c.predictions.view(), c.rows(), metric);
        ASSERT_TRUE(choice) << metric;
        EXPECT_GT(choice->threshold, 0);
        EXPECT_LT(choice->threshold, 1);
        EXPECT_EQ(choice->value, c.value(metric, choice->threshold));
        EXPECT_EQ(choice->before, c.value(metric, std::nullopt));
        for (int step = 1; step < 128; ++step) {
          const double other = c.value(metric, step / 128.0);
          if (!std::isnan(other)) {
            EXPECT_GE(choice->value, other - 1e-12) << metric << ' ' << step;
          }
        }
      }
    }
}

TEST(Threshold, IsHalfwayBetweenTwoProbabilities) {
  const Case c = case_of({0, 0, 0, 1, 1}, {0.0F, 0.125F, 0.25F, 0.375F, 0.75F});
  EXPECT_EQ(choose_threshold(c.predictions.view(), c.rows(), "f1")->threshold, 0.3125);
  EXPECT_EQ(choose_threshold(c.predictions.view(), c.rows(), "f1")->value, 1);
  // If predicting the likelier class is best anyway, the threshold stays 0.5.
  const Case plain = case_of({0, 0, 1, 1}, {0.0F, 0.25F, 0.75F, 1.0F});
  EXPECT_EQ(choose_threshold(plain.predictions.view(), plain.rows(), "accuracy")->threshold, 0.5);
}

TEST(Threshold, IsNotChosenWhereNothingIsDefined) {
  const Case one_class = case_of({0, 0, 0}, {0.1F, 0.2F, 0.3F});
  EXPECT_FALSE(choose_threshold(one_class.predictions.view(), one_class.rows(), "f1"));
  EXPECT_THROW(choose_threshold(one_class.predictions.view(), one_class.rows(), "roc_auc"), Error);
}

TEST(Threshold, ChangesWhatDependsOnTheClassPredictedAndNothingElse) {
  const Case c = drawn(1, 300, false);
  EstimateOptions with;
  with.threshold = 0.3;
  const Estimates plain = estimate_metrics(c.predictions.view(), c.rows()),
                  other = estimate_metrics(c.predictions.view(), c.rows(), with);
  for (std::size_t m = 0; m < plain.metrics.size(); ++m) {
    const Estimate &a = plain.metrics[m], &b = other.metrics[m];
    const auto& names = threshold_metric_names();
    if (std::find(names.begin(), names.end(), a.name) != names.end()) {
      EXPECT_NE(a.value, b.value) << a.name;
      EXPECT_EQ(b.value, c.value(a.name, 0.3)) << a.name;
    } else {
      EXPECT_EQ(a.value, b.value) << a.name;
      EXPECT_EQ(a.low, b.low) << a.name;
      EXPECT_EQ(a.high, b.high) << a.name;
    }
  }
  const std::vector<std::uint64_t> counts = confusion_matrix(c.predictions.view(), c.rows(), 0.3);
  std::vector<std::uint64_t> expected(4);
  for (std::size_t i = 0; i < 300; ++i)
    ++expected[c.data.targets.labels[i] * 2 + (c.predictions(i, 1) >= 0.3F ? 1 : 0)];
  EXPECT_EQ(counts, expected);
  EXPECT_EQ(predicted_class(std::vector<float>{0.75F, 0.25F}, 0.25), 1u);
  EXPECT_EQ(predicted_class(std::vector<float>{0.75F, 0.25F}, 0.26), 0u);
  EXPECT_EQ(predicted_class(std::vector<float>{0.5F, 0.5F}), 0u);
}

}  // namespace
}  // namespace chainrule::threshold_test
