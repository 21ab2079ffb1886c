// SPDX-License-Identifier: Apache-2.0
// The output of `evaluate` in addition to values: intervals, the baseline, groups, and why a metric is undefined.
#include <cmath>
#include <nlohmann/json.hpp>

#include "chainrule/metrics/metrics.h"
#include "tests/support/cli_runner.h"

namespace chainrule::cli_evaluate_test {
namespace {

using Json = nlohmann::json;

// A model of `points`, and rows of another kind column: district a has 40 rows, b 20, 10 has 3, 9 has 2.
struct Measured : Dir {
  explicit Measured(bool classes = true) {
    write("points.csv", points(classes, !classes));
    const Result trained = run(*this, train_words({"-o", "m.safetensors", "--quiet"}));
    EXPECT_EQ(trained.code, 0) << trained.err;
    std::istringstream rows(points(classes, !classes, 65));
    std::string line, text;
    for (std::size_t i = 0; std::getline(rows, line); ++i)
      text += line + "," + (i == 0 ? "district" : i <= 40 ? "a" : i <= 60 ? "b" : i <= 63 ? "10" : "9") + "\n";
    write("new.csv", text);
  }
  Result evaluate(std::vector<std::string> more, const std::string& data = "new.csv", int code = 0) const {
    std::vector<std::string> words{"evaluate", "m.safetensors", data};
    words.insert(words.end(), more.begin(), more.end());
    Result result = run(*this, words);
    EXPECT_EQ(result.code, code) << result.err << result.out;
    return result;
  }
  Json document(std::vector<std::string> more, const std::string& data = "new.csv") const {
    more.push_back("--json");
    return Json::parse(evaluate(std::move(more), data).out);
  }
};

void expect_in(const std::string& text, const std::string& all) {
  EXPECT_NE(all.find(text), std::string::npos) << "expected: " << text << "\n" << all;
}

// Few rows of a class allow no interval, but there is a reason.
void expect_metrics(const Json& metrics, const std::vector<std::string>& names, bool has_intervals = true) {
  std::vector<std::string> found;
  for (const auto& [name, metric] : metrics.items()) {
    found.push_back(name);
    for (const char* const key : {"value", "low", "high", "trivial"}) EXPECT_TRUE(metric.contains(key)) << name;
    if (metric["value"].is_null()) continue;
    EXPECT_FALSE(metric.contains("undefined")) << name;
    EXPECT_EQ(metric.contains("no_interval"), metric["low"].is_null()) << name;
    if (!has_intervals && metric["low"].is_null()) continue;
    if (name == "calibration_error") continue;  // its interval is without the bias of the value
    EXPECT_LE(metric["low"].get<double>(), metric["value"].get<double>()) << name;
    EXPECT_GE(metric["high"].get<double>(), metric["value"].get<double>()) << name;
  }
  std::vector<std::string> expected = names;
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(found, expected);
}

const std::vector<std::string> kOfClasses = {
    "loss", "accuracy", "balanced_accuracy", "f1_macro", "log_loss",         "f1",
    "mcc",  "roc_auc",  "average_precision", "brier",    "calibration_error"};
const std::vector<std::string> kOfNumbers = {"loss", "rmse", "mae", "r2", "median_absolute_error", "spearman"};

}  // namespace

TEST(Evaluate, GivesEachMetricOfClassesWithItsInterval) {
  const Measured dir;
  const Json document = dir.document({});
  expect_metrics(document["metrics"], kOfClasses);
  EXPECT_EQ(document["intervals"], (Json{{"level", 0.95}, {"resamples", 1008}, {"method", "percentiles"}}));
  EXPECT_FALSE(document.contains("by"));
  EXPECT_NEAR(document["metrics"]["accuracy"]["trivial"].get<double>(), 22.0 / 65, 1e-12);
  EXPECT_LT(document["metrics"]["accuracy"]["low"].get<double>(), 1);
  EXPECT_EQ(document["metrics"]["roc_auc"]["trivial"], 0.5);
  const std::string text = dir.evaluate({}).out;
  for (const std::string& name : kOfClasses) expect_in("  " + name + " ", text);
  expect_in("95 % confidence interval", text);
  expect_in("baseline", text);
  expect_in("0.338462", text);  // 22 / 65
}

TEST(Evaluate, GivesEachMetricOfNumbersWithItsInterval) {
  const Measured dir(false);
  const Json document = dir.document({});
  expect_metrics(document["metrics"], kOfNumbers);
  EXPECT_EQ(document["metrics"]["r2"]["trivial"], 0.0);
  EXPECT_TRUE(document["metrics"]["spearman"]["trivial"].is_null());
  EXPECT_TRUE(document["metrics"]["loss"]["trivial"].is_null());
  expect_in("It always predicts the mean of these rows,\nor their median for mae and median_absolute_error.",
            dir.evaluate({}).out);
}

TEST(Evaluate, AgreesWithWhatTrainingMeasured) {
  const Dir dir;
  dir.write("points.csv", points(true, false));
  const Result trained =
      run(dir, train_words({"--validation-split=0", "--metric=loss", "--json", "-o", "m.safetensors"}));
  ASSERT_EQ(trained.code, 0) << trained.err;
  const Json training = Json::parse(trained.out)["metrics"]["training"];
  const Json measured = Json::parse(run(dir, {"evaluate", "m.safetensors", "points.csv", "--json"}).out)["metrics"];
  EXPECT_EQ(training.size(), 5u);
  for (const auto& [name, metric] : training.items()) EXPECT_EQ(measured[name]["value"], metric["value"]) << name;
}

TEST(Evaluate, MeasuresEachGroup) {
  const Measured dir;
  const Json by = dir.document({"--by", "district"})["by"];
  EXPECT_EQ(by["column"], "district");
  std::vector<std::string> values;
  std::vector<int> rows;
  for (const Json& group : by["groups"]) {
    values.push_back(group["value"]);
    rows.push_back(group["rows"]);
    EXPECT_EQ(group["few_rows"], group["rows"].get<int>() < 30);
    expect_metrics(group["metrics"], kOfClasses, false);
  }
  EXPECT_EQ(values, (std::vector<std::string>{"9", "10", "a", "b"}));
  EXPECT_EQ(rows, (std::vector<int>{2, 3, 40, 20}));
  const std::string text = dir.evaluate({"--by", "4"}).out;
  expect_in("Metrics of each group", text);
  expect_in("few rows", text);
}

TEST(Evaluate, PrintsWhyThereIsNoInterval) {
  const Measured dir;
  std::istringstream lines(dir.read("new.csv"));
  std::string line, few;
  for (int i = 0; i < 13 && std::getline(lines, line); ++i) few += line + "\n";
  dir.write("few.csv", few);
  const Json metrics = dir.document({}, "few.csv")["metrics"];
  EXPECT_EQ(metrics["log_loss"]["no_interval"], "fewer than 20 rows");
  EXPECT_FALSE(metrics["accuracy"].contains("no_interval"));
  expect_in("none: fewer than 20 rows", dir.evaluate({}, "few.csv").out);
}

TEST(Evaluate, OfAGroupIsThatOfItsRowsAlone) {
  const Measured dir(false);
  const std::string all = dir.read("new.csv");
  std::istringstream lines(all);
  std::string line, alone;
  while (std::getline(lines, line))
    if (alone.empty() || line.ends_with(",b")) alone += line + "\n";
  dir.write("b.csv", alone);
  const Json group = dir.document({"--by=district"})["by"]["groups"][3];
  ASSERT_EQ(group["value"], "b");
  EXPECT_EQ(group["metrics"], dir.document({}, "b.csv")["metrics"]);
}

TEST(Evaluate, GroupsByTheTargetEvenFromStandardInput) {
  const Measured dir;
  const Result result =
      Program(dir, {"evaluate", "m.safetensors", "-", "--by", "kind", "--json"}).input(dir.read("new.csv")).go();
  ASSERT_EQ(result.code, 0) << result.err;
  const Json groups = Json::parse(result.out)["by"]["groups"];
  ASSERT_EQ(groups.size(), 3u);
  const Json& metrics = groups[0]["metrics"];
  EXPECT_TRUE(metrics["mcc"]["value"].is_null());
  EXPECT_EQ(metrics["mcc"]["undefined"], "all rows are of one class");
}

TEST(Evaluate, GroupsByNumbersFromStandardInput) {
  const Measured dir;
  const Result file = dir.evaluate({"--by", "x", "--json"}, "new.csv", 0);
  const Result stream =
      Program(dir, {"evaluate", "m.safetensors", "-", "--by", "x", "--json"}).input(dir.read("new.csv")).go();
  ASSERT_EQ(stream.code, 0) << stream.err;
  EXPECT_EQ(Json::parse(stream.out)["by"], Json::parse(file.out)["by"]);
  EXPECT_GT(Json::parse(file.out)["by"]["groups"].size(), 3u);
}

TEST(Evaluate, RefusesGroupsThatAreNone) {
  const Measured dir;
  expect_in("\"nope\"", dir.evaluate({"--by", "nope"}, "new.csv", 2).err);
  std::string text = "x,y,kind,id\n", hundred = text;
  for (int i = 0; i < 101; ++i) {
    text += "1,2,red," + std::to_string(i) + "\n";
    hundred += "1,2,red," + std::to_string(i % 100) + "\n";
  }
  dir.write("ids.csv", text);
  expect_in("at most 100 different values, found more in \"id\"", dir.evaluate({"--by", "id"}, "ids.csv", 2).err);
  dir.write("ids.csv", hundred);
  EXPECT_EQ(dir.document({"--by", "id"}, "ids.csv")["by"]["groups"].size(), 100u);
}

TEST(Evaluate, PrintsWhyAMetricIsUndefined) {
  const Measured dir;
  dir.write("red.csv", "x,y,kind\n0.1,0.2,red\n0.2,0.1,red\n");
  const Json metrics = dir.document({}, "red.csv")["metrics"];
  for (const char* const name : {"roc_auc", "mcc"}) {
    EXPECT_TRUE(metrics[name]["value"].is_null());
    EXPECT_TRUE(metrics[name]["low"].is_null());
    EXPECT_EQ(metrics[name]["undefined"], "all rows are of one class");
  }
  expect_in("undefined: all rows are of one class", dir.evaluate({}, "red.csv").out);
  expect_in("roc_auc: expected at least 0.5, found none: all rows are of one class",
            dir.evaluate({"--fail-under", "roc_auc=0.5"}, "red.csv", 5).err);
}

TEST(Evaluate, TakesTheNewNamesAsBounds) {
  const Measured dir;
  dir.evaluate({"--fail-under=roc_auc=0.5", "--fail-under=mcc=0.1", "--fail-over=brier=1.9"});
  expect_in("brier: expected at most 0, found ", dir.evaluate({"--fail-over=brier=0"}, "new.csv", 5).err);
  dir.evaluate({"--fail-under=brier=1"}, "new.csv", 2);
  dir.evaluate({"--fail-under=spearman=0"}, "new.csv", 2);
}

TEST(Train, MonitorsAMetricThatIsNotOneOfTheMain) {
  const Dir dir;
  dir.write("points.csv", points(true, false));
  const Result result =
      run(dir, train_words({"--metric", "roc_auc", "--json", "--log", "run.jsonl", "-o", "m.safetensors"}));
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_TRUE(Json::parse(result.out)["metrics"]["validation"].contains("roc_auc"));
  EXPECT_FALSE(Json::parse(result.out)["metrics"]["validation"].contains("mcc"));
  expect_in("\"validation/roc_auc\":", dir.read("run.jsonl"));
  expect_in("(best validation roc_auc)", result.err);
}

}  // namespace chainrule::cli_evaluate_test
