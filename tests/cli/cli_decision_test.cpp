// SPDX-License-Identifier: Apache-2.0
// On the command line: validation and test rows by group and time; class weights; the threshold.
#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/support/cli_runner.h"
#include "tests/support/library.h"

namespace chainrule::cli_decision_test {
namespace {

using Json = nlohmann::json;

// The dose decides whether a patient is ill, except in every seventh row; few are ill.
std::string visits(std::size_t rows) {
  std::string text = "patient,day,dose,ill\n";
  for (std::size_t i = 0; i < rows; ++i) {
    const std::size_t dose = i * 37 % 101;
    text += "p" + std::to_string(i * i % 61) + ",2024-0" + std::to_string(1 + i * 7 % 9) + "-0" +
            std::to_string(1 + i * 5 % 9) + "," + std::to_string(dose) +
            ((dose > 80) != (i % 7 == 0) ? ",yes\n" : ",no\n");
  }
  return text;
}

struct Visits : Dir {
  Visits() { write("visits.csv", visits(400)); }
  Result train(std::vector<std::string> options, int code = 0) const {
    std::vector<std::string> words{"train",    "visits.csv", "--target", "ill",           "--hidden", "4",
                                   "--epochs", "5",          "-o",       "m.safetensors", "--force"};
    words.insert(words.end(), options.begin(), options.end());
    const Result result = run(*this, words);
    EXPECT_EQ(result.code, code) << result.err;
    return result;
  }
  Json evaluated(std::vector<std::string> options = {}) const {
    options.insert(options.begin(), {"evaluate", "m.safetensors", "visits.csv", "--json", "-q"});
    const Result result = run(*this, options);
    EXPECT_EQ(result.code, 0) << result.err;
    return Json::parse(result.out);
  }
};

TEST(Decision, RowsThatDoNotCountAreNoValidation) {
  Dir dir;
  dir.write("t.csv", "x,w,y\n1,1,a\n2,1,b\n3,2,a\n4,1,b\n5,0,a\n6,0,b\n");
  const Result result =
      run(dir, {"train", "t.csv", "--weight", "w", "--validation-rows", "last:2", "--epochs", "2", "--hidden", "2"});
  EXPECT_EQ(result.code, 2) << result.err;
  EXPECT_TRUE(contains(result.err, "expected rows with a target inside and outside this range, found none inside"))
      << result.err;
}

TEST(Decision, OneTestRowHasNoInterval) {
  Dir dir;
  dir.write("t.csv", "x,y\n1,1.5\n2,2\n3,3\n4,4\n5,5\n6,6\n7,7\n8,8\n9,9\n10,10\n");
  const Result trained =
      run(dir, {"train", "t.csv", "--test-split", "0.1", "--epochs", "2", "--hidden", "2", "-o", "m.safetensors"});
  EXPECT_TRUE(contains(trained.err, "test, on 1 row not used for training or validation")) << trained.err;
  const Result shown = run(dir, {"inspect", "m.safetensors"});
  EXPECT_TRUE(contains(shown.out, "(1 rows)")) << shown.out;
  EXPECT_FALSE(contains(trained.err + shown.out, "nan to nan")) << shown.out;
}

TEST(Decision, AnEmptyTestPartIsWarnedOf) {
  Dir dir;
  dir.write("t.csv", "g,x,y\np,1,a\np,2,a\nq,3,b\nq,4,b\n");
  const Result result = run(dir, {"train", "t.csv", "--group", "g", "--test-split", "0.3", "--validation-split", "0",
                                  "--epochs", "2", "--hidden", "2"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_TRUE(contains(result.err, "warning: no test rows")) << result.err;
}

TEST(Decision, PrintsTheChosenThresholdAndItsEffectAndKeepsIt) {
  const Visits dir;
  const Result result = dir.train({"--threshold-metric", "f1", "--validation-split", "0.3"});
  EXPECT_TRUE(contains(result.err, " for class yes: f1 0.")) << result.err;
  EXPECT_TRUE(contains(result.err, " on the validation rows"));
  const std::size_t scores = result.err.find("validation: ");
  EXPECT_TRUE(contains(result.err.substr(scores, result.err.find('\n', scores) - scores), "  f1 ")) << result.err;
  const Json model = Json::parse(run(dir, {"inspect", "m.safetensors", "--json"}).out);
  const double threshold = model["threshold"].get<double>();
  EXPECT_GT(threshold, 0);
  EXPECT_EQ(model["configuration"]["threshold_metric"], "f1");
  EXPECT_EQ(dir.evaluated()["threshold"], threshold);
  // predict uses it, and so do the counts of evaluate.
  const std::string predictions = run(dir, {"predict", "m.safetensors", "visits.csv", "--json", "-q"}).out;
  std::stringstream lines(predictions);
  std::size_t yes = 0, row = 0;
  for (std::string line; std::getline(lines, line); ++row) {
    const Json prediction = Json::parse(line);
    EXPECT_EQ(prediction["prediction"] == "yes", prediction["probabilities"]["yes"].get<double>() >= threshold) << line;
    yes += prediction["prediction"] == "yes" ? 1 : 0;
  }
  EXPECT_EQ(row, 400u);
  const Json counts = dir.evaluated()["confusion_matrix"];
  EXPECT_EQ(counts[0][1].get<std::size_t>() + counts[1][1].get<std::size_t>(), yes);
}

TEST(Decision, AThresholdByHandIsStrongerThanTheModels) {
  const Visits dir;
  dir.train({"--threshold", "0.2"});
  const Json kept = dir.evaluated(), other = dir.evaluated({"--threshold", "0.9"});
  EXPECT_EQ(kept["threshold"], 0.2);
  EXPECT_EQ(other["threshold"], 0.9);
  EXPECT_NE(kept["metrics"]["accuracy"], other["metrics"]["accuracy"]);
  EXPECT_EQ(kept["metrics"]["roc_auc"], other["metrics"]["roc_auc"]);
  EXPECT_EQ(kept["metrics"]["log_loss"], other["metrics"]["log_loss"]);
  EXPECT_TRUE(contains(run(dir, {"evaluate", "m.safetensors", "visits.csv"}).out,
                       "Class yes is predicted if its probability is at least 0.2."));
  const auto predicted_yes = [&](const std::string& threshold) {
    const std::string out = run(dir, {"predict", "m.safetensors", "visits.csv", "-q", "--output-columns", "prediction",
                                      "--threshold", threshold})
                                .out;
    std::size_t count = 0;
    for (std::size_t at = out.find("\nyes"); at != std::string::npos; at = out.find("\nyes", at + 1)) ++count;
    return count;
  };
  EXPECT_EQ(predicted_yes("0.000001"), 400u);
  EXPECT_EQ(predicted_yes("0.999999"), 0u);
  const Result refused = run(dir, {"predict", "m.safetensors", "visits.csv", "--threshold", "1"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_TRUE(contains(refused.err, "--threshold: expected a number above 0 and below 1, found \"1\"")) << refused.err;
}

TEST(Decision, RefusalsAreInTheWordsOfTheCommandLine) {
  const Visits dir;
  const auto refused = [&](const std::vector<std::string>& options, const std::string& message) {
    const Result result = dir.train(options, 2);
    EXPECT_TRUE(contains(result.err, message)) << result.err;
    EXPECT_FALSE(dir.has("m.safetensors"));
  };
  refused({"--group", "patient", "--time", "day"}, "--time: expected no group, found \"patient\"");
  refused({"--group", "patient", "--validation-rows", "last:9"},
          "--group: expected no validation_rows together with it, found \"last:9\"");
  refused({"--group", "who"},
          "visits.csv: expected one of \"patient\", \"day\", \"dose\", \"ill\" or a number from 1 to 4");
  refused({"--group", "patient", "--validation", "visits.csv"},
          "--group: expected validation or test rows, found none");
  refused({"--class-weight", "si=2"}, "--class-weight: expected a class (no, yes), found \"si\"");
  refused({"--threshold-metric", "f1", "--validation-split", "0"},
          "--threshold-metric: expected validation rows, found none");
  refused({"--threshold-metric", "rmse"},
          "--threshold-metric: expected none, accuracy, balanced_accuracy, f1, f1_macro "
          "or mcc, found \"rmse\"");
}

TEST(Decision, TestRowsArePrintedWithIntervalsAndKept) {
  const Visits dir;
  const Result result = dir.train({"--group", "patient", "--test-split", "0.25", "--json"});
  EXPECT_TRUE(contains(result.err, "test rows: ")) << result.err;
  EXPECT_TRUE(
      contains(result.err, " rows not used for training or validation (with 95 % confidence intervals): loss 0."));
  const Json document = Json::parse(result.out),
             model = Json::parse(run(dir, {"inspect", "m.safetensors", "--json"}).out);
  EXPECT_NEAR(document["rows"]["test"].get<double>(), 100, 8);
  EXPECT_LT(document["metrics"]["test"]["accuracy"]["low"], document["metrics"]["test"]["accuracy"]["value"]);
  EXPECT_EQ(model["metrics"]["test"], document["metrics"]["test"]);
  EXPECT_EQ(model["test_rows"], document["rows"]["test"]);
  EXPECT_TRUE(contains(run(dir, {"inspect", "m.safetensors"}).out, "\ntest        loss 0."));
}

TEST(Decision, ExplainAndCheckUseClassWeights) {
  const Visits dir;
  dir.train({"--class-weight", "yes=5,no=1"});
  const Result explained = run(dir, {"explain", "m.safetensors", "visits.csv", "--row", "1-8", "--json"});
  EXPECT_EQ(explained.code, 0) << explained.err;
  // The fractions of the rows: 1 and 5 parts of their sum.
  const Json document = Json::parse(explained.out);
  double minimum = 1, maximum = 0;
  for (const Json& tensor : document["steps"][0]["tensors"]) {
    if (tensor["name"] != "share") continue;
    for (const Json& row_scale : tensor["truth"]) {
      minimum = std::min(minimum, row_scale.get<double>());
      maximum = std::max(maximum, row_scale.get<double>());
    }
  }
  EXPECT_NEAR(maximum / minimum, 5, 1e-5);
  EXPECT_EQ(run(dir, {"check", "m.safetensors", "visits.csv", "-q"}).code, 0);
}

}  // namespace
}  // namespace chainrule::cli_decision_test
