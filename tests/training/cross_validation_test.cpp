// SPDX-License-Identifier: Apache-2.0
// Cross-validation: each fold equals a separate training, also with parallel trainings; means and intervals.
#include "chainrule/training/cross_validation.h"
#include "chainrule/model/fingerprint.h"
#include "chainrule/training/fold_trainings.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "tests/support/visits.h"

namespace chainrule::testing::cross_validation_test {
namespace {

FitOptions short_fit() {
  FitOptions options = small_fit("ill");
  options.validation_split = 0.2;
  return options;
}

TEST(CrossValidation, IsTheTrainingsOneByOneOnAnyNumberOfThreads) {
  const Table table = visits();
  const FitOptions options = short_fit();
  const CrossValidationOptions how{.folds = 4, .repeats = 2};
  const CrossValidation alone = cross_validate(table, options, how, {}, 1);
  ASSERT_EQ(alone.folds.size(), 8u);
  for (const std::size_t threads : {2U, 3U, 16U}) {
    const CrossValidation beside = cross_validate(table, options, how, {}, threads);
    ASSERT_EQ(beside.folds.size(), 8u);
    for (std::size_t f = 0; f < 8; ++f) {
      EXPECT_EQ(beside.folds[f].weights_sha256, alone.folds[f].weights_sha256) << threads;
      EXPECT_TRUE(std::ranges::equal(beside.folds[f].predictions.flat(), alone.folds[f].predictions.flat()));
    }
    for (std::size_t m = 0; m < alone.metrics.size(); ++m)
      EXPECT_TRUE(beside.metrics[m].mean == alone.metrics[m].mean || std::isnan(alone.metrics[m].mean));
  }
  for (const FoldResult& fold : alone.folds) {
    FitOptions its = options;
    its.train.seed += fold.repeat - 1;
    its.test_fold = fold.fold;
    its.test_folds = 4;
    const FitResult by_itself = fit(table, its);
    EXPECT_EQ(weights_sha256(by_itself.model.network), fold.weights_sha256);
    EXPECT_EQ(by_itself.split.test, fold.split.test);
    EXPECT_EQ(find_estimate(by_itself.test, "log_loss")->value, find_estimate(fold.test, "log_loss")->value);
  }
}

TEST(CrossValidation, TestsEveryRowOnceByAModelThatDidNotSeeIt) {
  const Table table = visits();
  const CrossValidation found = cross_validate(table, short_fit(), {.folds = 5});
  std::multiset<std::size_t> tested;
  for (const FoldResult& fold : found.folds) {
    tested.insert(fold.split.test.begin(), fold.split.test.end());
    EXPECT_EQ(fold.split.training.size() + fold.split.validation.size() + fold.split.test.size(), kRows);
    std::set<std::size_t> apart(fold.split.test.begin(), fold.split.test.end());
    for (const Rows* const rows : {&fold.split.training, &fold.split.validation})
      for (const std::size_t row : *rows) EXPECT_FALSE(apart.contains(row));
    EXPECT_EQ(fold.predictions.rows(), fold.split.test.size());
    EXPECT_EQ(fold.classes.size(), fold.split.test.size());
  }
  EXPECT_EQ(tested.size(), kRows);
  EXPECT_EQ(std::set<std::size_t>(tested.begin(), tested.end()).size(), kRows);
}

TEST(CrossValidation, KeepsGroupsTogetherAndTimesInOrder) {
  const Table table = visits();
  FitOptions options = short_fit();
  options.group = "patient";
  const Column& patient = table.columns[2];
  for (const FoldResult& fold : cross_validate(table, options, {.folds = 3}).folds)
    for (const std::size_t row : fold.split.test)
      for (const Rows* const rows : {&fold.split.training, &fold.split.validation})
        for (const std::size_t other : *rows) ASSERT_NE(patient.codes[row], patient.codes[other]);
  options.group = "";
  options.time = "day";
  const Column& day = table.columns[3];
  std::size_t trained_before = 0;
  for (const FoldResult& fold : cross_validate(table, options, {.folds = 3}).folds) {
    const auto text = [&](std::size_t row) -> const std::string& { return day.spellings[day.codes[row]]; };
    std::string first = "9";
    for (const std::size_t row : fold.split.test) first = std::min(first, text(row));
    for (const Rows* const rows : {&fold.split.training, &fold.split.validation})
      for (const std::size_t other : *rows) ASSERT_LT(text(other), first);
    EXPECT_GT(fold.split.training.size(), trained_before);
    trained_before = fold.split.training.size();
  }
}

TEST(CrossValidation, LeavesOutWhatIsKeptForALaterTest) {
  const Table table = visits();
  FitOptions options = short_fit();
  options.test_split = 0.2;
  const Rows kept = plan_fit(table, options).split.test;
  std::set<std::size_t> seen;
  for (const FoldResult& fold : cross_validate(table, options, {.folds = 4}).folds)
    for (const Rows* const rows : {&fold.split.training, &fold.split.validation, &fold.split.test})
      seen.insert(rows->begin(), rows->end());
  EXPECT_EQ(seen.size() + kept.size(), kRows);
  for (const std::size_t row : kept) EXPECT_FALSE(seen.contains(row));
}

TEST(CrossValidation, MeansHaveTheIntervalOfNadeauAndBengio) {
  std::vector<FoldResult> folds(5);
  const double values[] = {0.8, 0.9, 0.85, 0.7, std::numeric_limits<double>::quiet_NaN()};
  for (std::size_t f = 0; f < folds.size(); ++f) {
    folds[f].split.training.resize(70);
    folds[f].split.validation.resize(10);
    folds[f].split.test.resize(20);
    folds[f].test.metrics = {{.name = "accuracy", .value = values[f], .baseline = 0.5},
                             {.name = "rmse", .value = 1.0 + static_cast<double>(f)}};
  }
  const std::vector<CrossEstimate> found = cross_estimates(folds);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].folds, 4u);
  EXPECT_DOUBLE_EQ(found[0].mean, 0.8125);
  EXPECT_NEAR(found[0].deviation, 0.085391256382996647, 1e-15);
  // scipy.stats.t.ppf(0.975, 3) * deviation * sqrt(1 / 4 + 20 / 80)
  EXPECT_NEAR(found[0].low, 0.8125 - 0.19215845, 1e-8);
  EXPECT_EQ(found[0].high, 1);  // the maximum accuracy
  EXPECT_DOUBLE_EQ(found[0].baseline, 0.5);
  EXPECT_NEAR(found[1].high, 3 + 2.7764451 * std::sqrt(2.5) * std::sqrt(0.45), 1e-6);
  for (FoldResult& fold : folds) fold.test.metrics[0].name = "calibration_error";
  const std::vector<CrossEstimate> biased = cross_estimates(folds);
  EXPECT_TRUE(std::isnan(biased[0].low) && std::isnan(biased[0].high));
  EXPECT_NE(biased[0].no_interval, "");
  EXPECT_EQ(biased[1].no_interval, "");
  folds.resize(1);
  EXPECT_TRUE(std::isnan(cross_estimates(folds)[0].low));
  EXPECT_TRUE(cross_estimates({}).empty());
  // Many folds: the quantile is an expansion. scipy.stats.t.ppf(0.975, 39) = 2.0226909
  std::vector<FoldResult> many(40);
  for (std::size_t f = 0; f < many.size(); ++f) {
    many[f].split.training.resize(100);
    many[f].test.metrics = {{.name = "rmse", .value = f % 2 == 0 ? 10.0 : 12.0}};
  }
  const CrossEstimate of_many = cross_estimates(many)[0];
  EXPECT_NEAR((of_many.high - 11) / of_many.deviation * std::sqrt(40), 2.0226909, 1e-6);
}

TEST(CrossValidation, StopsOnRequestAndKeepsFinishedFolds) {
  const Table table = visits();
  std::size_t done = 0;
  CrossValidationObserver observer;
  observer.on_fold = [&](const FoldResult&) { ++done; };
  observer.should_stop = [&] { return done >= 2; };
  const CrossValidation found = cross_validate(table, short_fit(), {.folds = 10}, observer, 1);
  EXPECT_TRUE(found.interrupted);
  ASSERT_EQ(found.folds.size(), 2u);
  EXPECT_EQ(found.metrics[0].folds, 2u);
}

TEST(CrossValidation, RefusesWhatATrainingRefuses) {
  const Table table = visits();
  FitOptions options = short_fit();
  const auto refused = [&](const CrossValidationOptions& how) {
    return refusal([&] { cross_validate(table, options, how); });
  };
  EXPECT_EQ(refused({.folds = 1}).what, "folds: expected 2 or more, found 1");
  EXPECT_EQ(refused({.folds = 2, .repeats = 0}).what, "repeats: expected 1 or more, found 0");
  EXPECT_EQ(refused({.folds = 201}).what, "folds: expected 2 to 200 (one row each), found 201");
  options.validation_rows = "last:10";
  EXPECT_EQ(refused({.folds = 2}).what, "test_fold: expected no validation_rows together with it, found \"last:10\"");
  options.validation_rows = "";
  options.train.learning_rate = 1e30;
  options.train.optimizer = Sgd{};
  const Refusal diverged = refused({.folds = 2});
  EXPECT_EQ(diverged.category, ErrorCategory::numerics);
  EXPECT_TRUE(diverged.what.starts_with("fold ")) << diverged.what;
}

}  // namespace
}  // namespace chainrule::testing::cross_validation_test
