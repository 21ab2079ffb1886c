// SPDX-License-Identifier: Apache-2.0
// Intervals: coverage, width and edge cases; and the baseline.

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "chainrule/base/error.h"
#include "chainrule/base/random.h"
#include "chainrule/metrics/intervals.h"
#include "chainrule/metrics/metrics.h"

namespace chainrule::intervals_test {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct Case {
  Dataset data;
  Matrix predictions;
  Estimates estimates(EstimateOptions options = {}) const {
    return estimate_metrics(predictions.view(), all_rows(data), options);
  }
};

// Two classes, each half of the rows; the score of the second is normal, one deviation higher for its own rows. A row
// is of the second class with exactly its predicted probability, so that the calibration error is 0.
Case drawn_classes(std::size_t rows, std::uint32_t which) {
  Case c;
  c.data.inputs = Features(Matrix(rows, 1));
  c.data.targets.classes = 2;
  c.predictions = Matrix(rows, 2);
  for (std::size_t i = 0; i < rows; ++i) {
    const bool second = random_uniform({7, Purpose::test, 1, which}, i) < 0.5;
    const double score = random_normal({7, Purpose::test, 2, which}, i) + (second ? 0.5 : -0.5);
    const double probability = 1 / (1 + std::exp(-score));
    c.data.targets.labels.push_back(second ? 1 : 0);
    c.predictions(i, 1) = static_cast<float>(probability);
    c.predictions(i, 0) = static_cast<float>(1 - probability);
  }
  return c;
}

// Targets are standard normal; prediction errors are standard normal too.
Case drawn_numbers(std::size_t rows, std::uint32_t which) {
  Case c;
  c.data.inputs = Features(Matrix(rows, 1));
  c.data.targets.values = Matrix(rows, 1);
  c.predictions = Matrix(rows, 1);
  for (std::size_t i = 0; i < rows; ++i) {
    const double actual = random_normal({8, Purpose::test, 1, which}, i);
    c.data.targets.values(i, 0) = static_cast<float>(actual);
    c.predictions(i, 0) = static_cast<float>(actual + random_normal({8, Purpose::test, 2, which}, i));
  }
  return c;
}

Case classes_of(std::vector<std::uint32_t> labels, const std::vector<std::vector<float>>& scores) {
  Case c;
  c.data.inputs = Features(Matrix(labels.size(), 1));
  c.data.targets.classes = scores[0].size();
  c.data.targets.labels = std::move(labels);
  c.predictions = Matrix(scores.size(), scores[0].size());
  for (std::size_t i = 0; i < scores.size(); ++i)
    std::copy(scores[i].begin(), scores[i].end(), c.predictions.row(i).begin());
  return c;
}

Case numbers_of(const std::vector<float>& actual, const std::vector<float>& predictions) {
  Case c;
  c.data.inputs = Features(Matrix(actual.size(), 1));
  c.data.targets.values = Matrix(actual.size(), 1);
  c.predictions = Matrix(actual.size(), 1);
  std::copy(actual.begin(), actual.end(), c.data.targets.values.flat().begin());
  std::copy(predictions.begin(), predictions.end(), c.predictions.flat().begin());
  return c;
}

const Estimate& of(const Estimates& estimates, std::string_view name) {
  const Estimate* found = find_estimate(estimates, name);
  if (found == nullptr) throw std::runtime_error("no estimate " + std::string(name));
  return *found;
}

// How many of 200 intervals contain the value of 400,000 rows.
template <class Drawn>
void expect_coverage(const Drawn& drawn, std::size_t rows, const std::vector<std::string>& names) {
  constexpr std::uint32_t kTrials = 200;
  EstimateOptions plain;
  plain.intervals = false;
  const Estimates actual = drawn(400'000, 1'000'000).estimates(plain);
  std::vector<int> held(names.size());
  for (std::uint32_t trial = 0; trial < kTrials; ++trial) {
    const Estimates found = drawn(rows, trial).estimates();
    for (std::size_t m = 0; m < names.size(); ++m) {
      const Estimate& estimate = of(found, names[m]);
      EXPECT_EQ(estimate.no_interval, "") << names[m];
      const double value = of(actual, names[m]).value;
      held[m] += estimate.low <= value && value <= estimate.high ? 1 : 0;
      EXPECT_LE(estimate.low, estimate.value) << names[m];
      EXPECT_GE(estimate.high, estimate.value) << names[m];
    }
  }
  // 190 of 200 are expected; 9 is three standard deviations of that count, 6 more are the tolerance for few rows.
  for (std::size_t m = 0; m < names.size(); ++m) {
    EXPECT_GE(held[m], 175) << names[m];
    EXPECT_LE(held[m], 199) << names[m];
    testing::Test::RecordProperty(names[m], held[m]);
  }
}

}  // namespace

TEST(Estimates, ContainTheTrueScoreOfClassesAsOftenAsTheySay) {
  expect_coverage(
      drawn_classes, 150,
      {"accuracy", "balanced_accuracy", "f1_macro", "log_loss", "f1", "mcc", "roc_auc", "average_precision", "brier"});
}

TEST(Estimates, ContainTheTrueScoreOfNumbersAsOftenAsTheySay) {
  expect_coverage(drawn_numbers, 150, {"rmse", "mae", "r2", "median_absolute_error", "spearman"});
}

TEST(Estimates, AreAsWideAsTheoryForManyRows) {
  for (const std::size_t rows : {std::size_t{19'000}, std::size_t{30'000}, std::size_t{300'000}}) {
    const Estimates found = drawn_numbers(rows, 3).estimates();
    EXPECT_EQ(found.normal, rows > 19'000);
    EXPECT_EQ(found.resamples, rows > 100'000 ? 160u : rows > 19'000 ? 16u * 41 : 1008u);
    const double root = std::sqrt(static_cast<double>(rows));
    // Errors are standard normal: their sizes have deviation sqrt(1 - 2 / pi); of 160 resamples, 6 % is one deviation.
    const double due = 1.96 * std::sqrt(1 - 2 / 3.14159265) / root;
    const Estimate& mae = of(found, "mae");
    EXPECT_NEAR((mae.high - mae.low) / 2 / due, 1, 0.15);
    const Estimate& rmse = of(found, "rmse");
    EXPECT_NEAR((rmse.high - rmse.low) / 2 / (1.96 * std::sqrt(0.5) / root), 1, 0.15);
  }
}

TEST(Estimates, AreTheSameForTheSameSeed) {
  const Case c = drawn_classes(120, 1);
  EstimateOptions other;
  other.seed = 2;
  const Estimates first = c.estimates(), second = c.estimates(), third = c.estimates(other);
  for (const Estimate& estimate : first.metrics) {
    EXPECT_EQ(estimate.low, of(second, estimate.name).low) << estimate.name;
    EXPECT_EQ(estimate.high, of(second, estimate.name).high) << estimate.name;
    EXPECT_EQ(estimate.value, of(third, estimate.name).value) << estimate.name;
    // The interval of a fraction and that of the calibration error are formulas.
    if (estimate.name != "accuracy" && estimate.name != "calibration_error") {
      EXPECT_NE(estimate.low, of(third, estimate.name).low) << estimate.name;
    }
  }
}

TEST(Estimates, HaveTheValuesOfTheMetrics) {
  for (const Case& c : {drawn_classes(60, 5), drawn_numbers(60, 5)}) {
    const Estimates found = c.estimates();
    EXPECT_EQ(found.rows, 60u);
    const std::vector<std::string>& names = metric_names(c.data.targets.classes > 0);
    ASSERT_EQ(found.metrics.size() + 1, names.size());
    for (std::size_t m = 1; m < names.size(); ++m) {
      EXPECT_EQ(found.metrics[m - 1].name, names[m]);
      const Metrics metrics = compute_metrics(c.predictions.view(), all_rows(c.data), names[m]);
      EXPECT_EQ(found.metrics[m - 1].value, find_metric(metrics, names[m])->value) << names[m];
    }
  }
}

TEST(Estimates, OfTheLossAreThoseOfItsMean) {
  const std::vector<float> some(24, 1);
  const Case c = numbers_of(some, some);
  std::vector<double> losses(24, 3);
  losses[0] = 6;
  losses[1] = 0;
  EstimateOptions options;
  options.losses = losses;
  const Estimates found = c.estimates(options);
  EXPECT_EQ(found.metrics[0].name, "loss");
  EXPECT_DOUBLE_EQ(found.metrics[0].value, 3);
  EXPECT_LT(found.metrics[0].low, 3);
  EXPECT_GT(found.metrics[0].high, 3);
  EXPECT_EQ(find_estimate(c.estimates(), "loss"), nullptr);
}

TEST(Estimates, OfFractionsAreAgrestiAndCoulls) {
  // 8 of 10 and 10 of 10 right, by the formula of Agresti and Coull in double precision.
  std::vector<std::vector<float>> scores(10, {0.75f, 0.25f});
  const Estimates some = classes_of({0, 0, 0, 0, 0, 0, 0, 0, 1, 1}, scores).estimates();
  EXPECT_NEAR(of(some, "accuracy").low, 0.479367590566151, 1e-12);
  EXPECT_NEAR(of(some, "accuracy").high, 0.954112729516116, 1e-12);
  const Case all = classes_of(std::vector<std::uint32_t>(10, 0), scores);
  EXPECT_NEAR(of(all.estimates(), "accuracy").low, 0.679112694249454, 1e-12);
  EXPECT_EQ(of(all.estimates(), "accuracy").high, 1);
}

TEST(Estimates, SayWhyThereIsNoValue) {
  const Estimates one_class = classes_of({0, 0, 0}, {{3, 1}, {2, 1}, {9, 1}}).estimates();
  EXPECT_EQ(of(one_class, "roc_auc").undefined, "all rows are of one class");
  EXPECT_EQ(of(one_class, "mcc").undefined, "all rows are of one class");
  EXPECT_EQ(of(one_class, "average_precision").undefined, "no row is of the second class");
  EXPECT_EQ(of(one_class, "f1").undefined, "no row is of the second class, or predicted as it");
  EXPECT_EQ(of(one_class, "accuracy").undefined, "");
  for (const char* const name : {"roc_auc", "mcc", "average_precision", "f1"}) {
    EXPECT_TRUE(std::isnan(of(one_class, name).value)) << name;
    EXPECT_TRUE(std::isnan(of(one_class, name).low)) << name;
  }
  const Estimates constant = numbers_of({2, 2, 2}, {1, 2, 4}).estimates();
  EXPECT_EQ(of(constant, "r2").undefined, "the target is constant");
  EXPECT_EQ(of(constant, "spearman").undefined, "the target or the prediction is constant");
  EXPECT_TRUE(std::isnan(of(constant, "r2").baseline));
  EXPECT_EQ(of(numbers_of({1, 2}, {1, static_cast<float>(kNaN)}).estimates(), "mae").undefined,
            "a prediction is not a number");
  Case weightless = numbers_of({1, 2}, {1, 2});
  weightless.data.weights = {0, 0};
  EXPECT_EQ(of(weightless.estimates(), "mae").undefined, "all rows have weight 0");
  EXPECT_EQ(of(numbers_of({}, {}).estimates(), "mae").undefined, "there are no rows");
}

TEST(Estimates, OfOneRowHaveNoInterval) {
  const Estimates found = numbers_of({1}, {3}).estimates();
  EXPECT_EQ(of(found, "mae").value, 2);
  EXPECT_TRUE(std::isnan(of(found, "mae").low));
  EXPECT_TRUE(std::isnan(of(found, "mae").high));
}

TEST(Estimates, StayWithinWhatAMetricCanBe) {
  for (std::uint32_t which = 0; which < 20; ++which)
    for (const Estimate& estimate : drawn_classes(12, which).estimates().metrics) {
      if (std::isnan(estimate.low)) continue;
      EXPECT_GE(estimate.low, estimate.name == "mcc" ? -1 : 0) << estimate.name;
      EXPECT_TRUE(estimate.high <= 1 || estimate.name == "log_loss") << estimate.name;
    }
}

// The value is about 0.1 though the error is 0: noise only adds to it.
TEST(Estimates, OfTheCalibrationErrorAreWithoutItsBias) {
  int held = 0;
  for (std::uint32_t which = 0; which < 100; ++which) {
    const Estimates found = drawn_classes(100, which).estimates();
    const Estimate& estimate = of(found, "calibration_error");
    EXPECT_GT(estimate.high, 0);
    held += estimate.low == 0 ? 1 : 0;
  }
  EXPECT_GE(held, 90);
}

TEST(Estimates, SayWhyTheseRowsAllowNoInterval) {
  const Estimates few = drawn_classes(19, 1).estimates();
  EXPECT_EQ(of(few, "log_loss").no_interval, "fewer than 20 rows");
  EXPECT_EQ(of(few, "accuracy").no_interval, "");
  EXPECT_FALSE(std::isnan(of(few, "accuracy").low));
  const Estimates some = drawn_classes(60, 1).estimates();
  EXPECT_EQ(of(some, "calibration_error").no_interval, "fewer than 100 rows");
  EXPECT_EQ(of(some, "roc_auc").no_interval, "");
  std::vector<std::vector<float>> scores(40, {0.75f, 0.25f});
  std::vector<std::uint32_t> labels(40, 0);
  for (std::size_t i = 0; i < 10; ++i) labels[i] = 1;
  const Estimates rare = classes_of(labels, scores).estimates();
  EXPECT_EQ(of(rare, "f1").no_interval, "a class has fewer than 11 rows");
  EXPECT_EQ(of(rare, "roc_auc").no_interval, "a class has fewer than 11 rows");
  EXPECT_TRUE(std::isnan(of(rare, "f1").low));
  labels[10] = 1;
  EXPECT_EQ(of(classes_of(labels, scores).estimates(), "f1").no_interval, "");
  const Case few_numbers = drawn_numbers(19, 1), enough_numbers = drawn_numbers(20, 1);
  for (const char* const name : {"rmse", "mae", "r2", "spearman"}) {
    EXPECT_EQ(of(few_numbers.estimates(), name).no_interval, "fewer than 20 rows");
    EXPECT_EQ(of(enough_numbers.estimates(), name).no_interval, "");
  }
  std::vector<float> zero(100, 0), errors(100, 1);
  for (std::size_t i = 0; i < 100; ++i)
    errors[i] = static_cast<float>(random_normal({8, Purpose::test, 3, 0}, i) * (i % 9 == 0 ? 100 : 1));
  const Estimates heavy = numbers_of(zero, errors).estimates();
  EXPECT_EQ(of(heavy, "rmse").no_interval, "too many large errors for so few rows");
  EXPECT_EQ(of(numbers_of(errors, errors).estimates(), "rmse").no_interval, "all errors are 0");
}

TEST(Estimates, CompareWithTheBestConstant) {
  const Estimates classes =
      classes_of({0, 0, 0, 1, 2}, {{3, 1, 1}, {2, 1, 1}, {9, 1, 1}, {1, 3, 1}, {1, 1, 3}}).estimates();
  const auto expect = [&](const Estimates& found, std::string_view name, double value) {
    EXPECT_NEAR(of(found, name).baseline, value, 1e-12) << name;
  };
  expect(classes, "accuracy", 0.6);
  expect(classes, "balanced_accuracy", 1.0 / 3);
  expect(classes, "f1_macro", 0.75 / 3);
  expect(classes, "log_loss", -0.6 * std::log(0.6) - 0.4 * std::log(0.2));
  expect(classes, "brier", 1 - 0.36 - 2 * 0.04);
  expect(classes, "mcc", 0);
  expect(classes, "roc_auc", 0.5);
  expect(classes, "average_precision", 1.0 / 3);
  EXPECT_EQ(of(classes, "calibration_error").baseline, 0);
  const Estimates numbers = numbers_of({0, 1, 2, 9}, {0, 1, 2, 9}).estimates();
  expect(numbers, "rmse", std::sqrt((9 + 4 + 1 + 36) / 4.0));
  expect(numbers, "mae", (1.5 + 0.5 + 0.5 + 7.5) / 4);
  expect(numbers, "median_absolute_error", 1);
  EXPECT_EQ(of(numbers, "r2").baseline, 0);
  EXPECT_TRUE(std::isnan(of(numbers, "spearman").baseline));
}

TEST(Estimates, CountWeightsAsRepeatedRows) {
  Case weighed = numbers_of({1, 4, 2, 7}, {2, 3, 2, 9});
  weighed.data.weights = {1, 3, 0, 2};
  const Case repeated = numbers_of({1, 4, 4, 4, 7, 7}, {2, 3, 3, 3, 9, 9});
  const Estimates one = weighed.estimates(), other = repeated.estimates();
  for (const Estimate& estimate : one.metrics) {
    EXPECT_NEAR(estimate.value, of(other, estimate.name).value, 1e-12) << estimate.name;
    const double baseline = of(other, estimate.name).baseline;
    EXPECT_TRUE(std::isnan(baseline) || std::fabs(estimate.baseline - baseline) < 1e-12) << estimate.name;
  }
}

TEST(Estimates, RefusePredictionsThatDoNotFit) {
  const Case c = numbers_of({1, 2}, {1, 2});
  EXPECT_THROW(estimate_metrics(Matrix(3, 1).view(), all_rows(c.data)), Error);
  EXPECT_THROW(estimate_metrics(Matrix(2, 1).view(), Selection{}), Error);
}

}  // namespace chainrule::intervals_test
