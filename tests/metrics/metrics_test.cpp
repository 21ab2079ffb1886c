// SPDX-License-Identifier: Apache-2.0
// Metrics against scikit-learn (tests/vectors/make_metric_values.py), and undefined metrics.
#include "chainrule/metrics/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>

#include "chainrule/base/error.h"

namespace chainrule::metrics_test {
namespace {

using Json = nlohmann::json;

Json scikit_learn_values() {
  std::ifstream file(CHAINRULE_SOURCE_DIR "/tests/vectors/metric_values.json");
  return Json::parse(file);
}

Matrix matrix_of(const Json& rows) {
  Matrix out(rows.size(), rows.at(0).size());
  for (std::size_t i = 0; i < out.rows(); ++i)
    for (std::size_t j = 0; j < out.columns(); ++j) out(i, j) = rows[i][j].get<float>();
  return out;
}

// Metrics look at targets and weights only; the inputs give the number of rows.
Dataset dataset_of(Targets targets, std::size_t rows, const Json& weights = nullptr) {
  Dataset data;
  data.inputs = Features(Matrix(rows, 1));
  data.targets = std::move(targets);
  if (!weights.is_null()) data.weights = weights.get<std::vector<float>>();
  return data;
}

Dataset classes_of(const Json& test, std::size_t classes) {
  Targets targets;
  targets.classes = classes;
  targets.labels = test.at("labels").get<std::vector<std::uint32_t>>();
  return dataset_of(std::move(targets), test.at("labels").size(), test.at("weights"));
}

Dataset numbers_of(const Json& test) {
  Targets targets;
  targets.values = matrix_of(test.at("truth"));
  targets.scale = test.at("scale").get<double>();
  targets.shift = test.at("shift").get<double>();
  return dataset_of(std::move(targets), test.at("truth").size(), test.at("weights"));
}

// The main metrics, and each of the others on request: equal to scikit-learn's, NaN if undefined.
void expect_values(const Matrix& predictions, const Dataset& data, const Json& expected) {
  const bool classes = data.targets.classes > 0;
  ASSERT_EQ(expected.size() + 1, metric_names(classes).size());
  for (const auto& [name, value] : expected.items()) {
    const Metrics found = compute_metrics(predictions.view(), all_rows(data), name);
    const Metric* metric = find_metric(found, name);
    ASSERT_NE(metric, nullptr) << name;
    if (value.is_string()) continue;  // no reference
    if (value.is_null()) {
      EXPECT_TRUE(std::isnan(metric->value)) << name << " " << metric->value;
      continue;
    }
    const double known = value.get<double>();
    EXPECT_NEAR(metric->value, known, 1e-12 * std::max(1.0, std::fabs(known))) << name;
  }
}

Dataset two_classes(std::vector<std::uint32_t> labels) {
  Targets targets;
  targets.classes = 2;
  const std::size_t rows = labels.size();
  targets.labels = std::move(labels);
  return dataset_of(std::move(targets), rows);
}

Dataset numbers(std::initializer_list<float> values) {
  Targets targets;
  targets.values = Matrix(values.size(), 1);
  std::copy(values.begin(), values.end(), targets.values.flat().begin());
  return dataset_of(std::move(targets), values.size());
}

Matrix column(std::initializer_list<float> values) {
  Matrix out(values.size(), 1);
  std::copy(values.begin(), values.end(), out.flat().begin());
  return out;
}

double value_of(const Metrics& metrics, std::string_view name) {
  const Metric* metric = find_metric(metrics, name);
  return metric == nullptr ? std::numeric_limits<double>::quiet_NaN() : metric->value;
}

}  // namespace

TEST(Metrics, AgreeWithScikitLearnOnClasses) {
  const Json cases = scikit_learn_values().at("classes");
  ASSERT_GE(cases.size(), 22u);
  for (const Json& test : cases) {
    SCOPED_TRACE(test.at("name").get<std::string>());
    const Matrix scores = matrix_of(test.at("scores"));
    const Dataset data = classes_of(test, scores.columns());
    expect_values(scores, data, test.at("expected"));
    EXPECT_EQ(confusion_matrix(scores.view(), all_rows(data)), test.at("confusion").get<std::vector<std::uint64_t>>());
  }
}

TEST(Metrics, AgreeWithScikitLearnOnNumbers) {
  const Json cases = scikit_learn_values().at("numbers");
  ASSERT_GE(cases.size(), 14u);
  for (const Json& test : cases) {
    SCOPED_TRACE(test.at("name").get<std::string>());
    const Matrix predictions = matrix_of(test.at("predictions"));
    const Dataset data = numbers_of(test);
    expect_values(predictions, data, test.at("expected"));
  }
}

TEST(Metrics, AreTheMainOnesInPrintedOrderAndTheRequestedOne) {
  const Dataset classes = two_classes({0, 1}), targets = numbers({1, 2});
  const Matrix scores(2, 2), guesses = column({1, 2});
  const auto names_with = [&](bool of_classes, std::string_view also) {
    std::vector<std::string> names = {"loss"};
    for (const Metric& metric : of_classes ? compute_metrics(scores.view(), all_rows(classes), also)
                                           : compute_metrics(guesses.view(), all_rows(targets), also))
      names.push_back(metric.name);
    return names;
  };
  for (const bool of_classes : {true, false}) {
    const std::vector<std::string>& all = metric_names(of_classes);
    const std::vector<std::string> main(all.begin(), all.begin() + (of_classes ? 5 : 4));
    for (const std::string other : {"", "loss", "no_metric", of_classes ? "rmse" : "accuracy"})
      EXPECT_EQ(names_with(of_classes, other), main) << other;
    for (const std::string& name : all) {
      std::vector<std::string> expected = main;
      if (std::find(main.begin(), main.end(), name) == main.end()) expected.push_back(name);
      EXPECT_EQ(names_with(of_classes, name), expected) << name;
    }
  }
}

TEST(Metrics, BelongToTheRowsOfTheSelection) {
  const Dataset data = numbers({10, 20, 30, 40});
  const Selection two{&data, {3, 1}};
  const Metrics metrics = compute_metrics(column({41, 20}).view(), two);
  EXPECT_DOUBLE_EQ(value_of(metrics, "mae"), 0.5);
  EXPECT_DOUBLE_EQ(value_of(metrics, "r2"), 1 - 1.0 / 200);
}

TEST(Metrics, AreNotANumberWhereRowsWeighNothing) {
  Dataset classes = two_classes({0, 1});
  Dataset targets = numbers({1, 2});
  classes.weights = targets.weights = {0, 0};
  const auto expect_nothing = [](const Matrix& predictions, const Selection& rows) {
    for (const std::string& name : metric_names(rows.data->targets.classes > 0))
      for (const Metric& metric : compute_metrics(predictions.view(), rows, name))
        EXPECT_TRUE(std::isnan(metric.value)) << metric.name;
  };
  expect_nothing(Matrix(2, 2), all_rows(classes));
  expect_nothing(column({1, 2}), all_rows(targets));
  expect_nothing(Matrix(0, 1), Selection{&targets, {}});
  expect_nothing(Matrix(0, 2), Selection{&classes, {}});
}

TEST(Metrics, OfOneRowHaveNoR2) {
  const Dataset data = numbers({3});
  const Metrics metrics = compute_metrics(column({5}).view(), all_rows(data));
  EXPECT_DOUBLE_EQ(value_of(metrics, "rmse"), 2);
  EXPECT_DOUBLE_EQ(value_of(metrics, "mae"), 2);
  EXPECT_TRUE(std::isnan(value_of(metrics, "r2")));
}

TEST(Metrics, PassOnWhatIsNotANumber) {
  constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
  Matrix scores(1, 2);
  scores(0, 0) = 0.5f;
  scores(0, 1) = kNaN;
  const Dataset classes = two_classes({0});
  EXPECT_TRUE(std::isnan(value_of(compute_metrics(scores.view(), all_rows(classes)), "log_loss")));
  const Dataset constant = numbers({1, 1}), rising = numbers({1, 2});
  for (const char* const also : {"roc_auc", "average_precision", "brier", "calibration_error"})
    EXPECT_TRUE(std::isnan(value_of(compute_metrics(scores.view(), all_rows(classes), also), also))) << also;
  for (const Dataset* const targets : {&constant, &rising})
    for (const char* const also : {"", "median_absolute_error", "spearman"})
      for (const Metric& metric : compute_metrics(column({1, kNaN}).view(), all_rows(*targets), also))
        EXPECT_TRUE(std::isnan(metric.value)) << metric.name;
}

TEST(Metrics, AreFiniteForTheLargestFloats) {
  constexpr float kMax = std::numeric_limits<float>::max();
  const Dataset data = numbers({kMax, -kMax, kMax});
  const Metrics metrics = compute_metrics(column({-kMax, kMax, kMax}).view(), all_rows(data));
  EXPECT_NEAR(value_of(metrics, "rmse") / static_cast<double>(kMax), std::sqrt(8.0 / 3), 1e-12);
  EXPECT_NEAR(value_of(metrics, "r2"), -2, 1e-12);
}

TEST(Metrics, RefusePredictionsThatDoNotFit) {
  const Dataset data = two_classes({0, 1});
  EXPECT_THROW(compute_metrics(Matrix(2, 3).view(), all_rows(data)), Error);
  EXPECT_THROW(compute_metrics(Matrix(1, 2).view(), all_rows(data)), Error);
  EXPECT_THROW(compute_metrics(Matrix(1, 2).view(), Selection{&data, {2}}), Error);
  EXPECT_THROW(compute_metrics(Matrix(0, 0).view(), Selection{}), Error);
  EXPECT_THROW(confusion_matrix(Matrix(2, 3).view(), all_rows(data)), Error);
}

TEST(MetricNames, SayWhatIsBetter) {
  for (const bool classes : {true, false})
    for (const std::string& name : metric_names(classes))
      EXPECT_EQ(larger_is_better(name), name.find("loss") == std::string::npos && name != "brier" && name != "rmse" &&
                                            name != "mae" && name.find("error") == std::string::npos)
          << name;
  EXPECT_TRUE(larger_is_better("balanced-accuracy"));
}

TEST(MetricNames, ListTheKnownOnesWhenOneIsUnknown) {
  try {
    larger_is_better("acuracy");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.category(), ErrorCategory::usage);
    EXPECT_NE(std::string(error.what()).find("balanced_accuracy"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("rmse"), std::string::npos) << error.what();
    EXPECT_NE(error.hint().find("accuracy"), std::string::npos) << error.hint();
  }
}

TEST(FindMetric, FindsByName) {
  const Metrics metrics = {{"rmse", 1}, {"mae", 2}};
  ASSERT_NE(find_metric(metrics, "mae"), nullptr);
  EXPECT_EQ(find_metric(metrics, "mae")->value, 2);
  EXPECT_EQ(find_metric(metrics, "r2"), nullptr);
}

TEST(PredictedClass, IsTheFirstOfEquals) {
  EXPECT_EQ(predicted_class(std::vector<float>{0.25f, 0.5f, 0.5f}), 1u);
  EXPECT_EQ(predicted_class(std::vector<float>{-3, -2, -5}), 1u);
  EXPECT_EQ(predicted_class(std::vector<float>{0.5f}), 0u);
}

}  // namespace chainrule::metrics_test
