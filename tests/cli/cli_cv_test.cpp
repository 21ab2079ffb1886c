// SPDX-License-Identifier: Apache-2.0
// cv: its output and files, equality of each fold with train --test-fold, Ctrl-C, refusals.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/cli_runner.h"
#include "tests/support/library.h"

namespace chainrule::cli_cv_test {
namespace {

using Json = nlohmann::json;

struct Points : Dir {
  explicit Points(std::size_t rows = 150) { write("points.csv", points(true, false, rows)); }
  Result cv(const std::vector<std::string>& more, int code = 0) const {
    std::vector<std::string> words{"cv", "points.csv", "--hidden", "4", "--epochs", "6"};
    words.insert(words.end(), more.begin(), more.end());
    const Result result = run(*this, words);
    EXPECT_EQ(result.code, code) << result.err;
    return result;
  }
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::stringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(Cv, PrintsMeanDeviationAndIntervalOfEachMetric) {
  const Points dir;
  const Result result = dir.cv({"--folds", "5"});
  EXPECT_TRUE(contains(result.err, "5 training runs, ")) << result.err;
  EXPECT_TRUE(contains(result.err, "fold 5 of 5: accuracy ")) << result.err;
  EXPECT_FALSE(contains(result.err, "test rows: fold")) << result.err;
  const std::vector<std::string> lines = lines_of(result.out);
  EXPECT_TRUE(contains(lines[0], "Metrics over 5 folds:")) << result.out;
  for (const char* const heading : {"mean", "sd", "95 % confidence interval", "baseline"})
    EXPECT_TRUE(contains(lines[1], heading));
  EXPECT_TRUE(contains(lines[3], "accuracy ")) << result.out;
  EXPECT_TRUE(contains(result.out, "(150 predictions in total)"));
  EXPECT_EQ(dir.cv({"--folds", "5", "--threads", "1", "-q"}).out, result.out);
}

// A single fold can be reproduced: its metrics, weights and predictions.
TEST(Cv, AFoldIsWhatTrainWithTestFoldGives) {
  const Points dir;
  const Json found = Json::parse(dir.cv({"--folds", "3", "--repeats", "2", "--json", "--predictions", "p.csv"}).out);
  ASSERT_EQ(found["trainings"].size(), 6u);
  for (const Json& fold : found["trainings"]) {
    const std::string number = std::to_string(fold["fold"].get<int>());
    const std::string seed = std::to_string(fold["repeat"].get<int>());  // the default seed is 1
    const Result result = run(dir, {"train", "points.csv", "--hidden", "4", "--epochs", "6", "--test-fold",
                                    number + "/3", "--seed", seed, "--json", "-o", "m.safetensors", "--force"});
    ASSERT_EQ(result.code, 0) << result.err;
    const Json alone = Json::parse(result.out);
    EXPECT_EQ(alone["weights_sha256"], fold["weights_sha256"]);
    EXPECT_EQ(alone["metrics"]["test"], fold["metrics"]);
    EXPECT_EQ(alone["rows"], fold["rows"]);
    const std::vector<std::string> predictions =
        lines_of(run(dir, {"predict", "m.safetensors", "points.csv", "-q"}).out);
    std::size_t seen = 0;
    for (const std::string& line : lines_of(dir.read("p.csv"))) {  // row,repeat,fold,kind,prediction,...
      const std::size_t row_end = line.find(',');
      const std::string its = "," + seed + "," + number + ",";
      if (line.compare(row_end, its.size(), its) != 0) continue;
      const std::string& prediction = predictions[std::stoul(line)];
      EXPECT_TRUE(line.ends_with("," + prediction)) << line << " " << prediction;
      ++seen;
    }
    EXPECT_EQ(seen, 50u);
  }
  const Json& accuracy = found["metrics"]["accuracy"];
  EXPECT_EQ(accuracy["folds"], 6);
  EXPECT_LE(accuracy["low"], accuracy["mean"]);
  EXPECT_EQ(found["configuration"]["epochs"], "6");
}

TEST(Cv, WritesPredictionsOfAllRowsInTheOrderOfTheFile) {
  const Dir dir;
  std::string text = "name,x,price\n";
  for (int i = 0; i < 40; ++i)  // a row without a target is dropped, and the others keep their numbers
    text +=
        "n" + std::to_string(i) + "," + std::to_string(i * 7 % 40) + "," + (i == 5 ? "" : std::to_string(i * 3)) + "\n";
  dir.write("t.csv", text);
  const Result result = run(dir, {"cv", "t.csv", "--hidden", "2", "--epochs", "2", "--ignore", "name", "--id", "name",
                                  "--predictions", "p.csv", "--task", "number"});
  ASSERT_EQ(result.code, 0) << result.err;
  const std::vector<std::string> lines = lines_of(dir.read("p.csv"));
  EXPECT_EQ(lines[0], "name,row,fold,price,prediction");
  ASSERT_EQ(lines.size(), 40u);
  EXPECT_TRUE(lines[5].starts_with("n4,5,")) << lines[5];
  EXPECT_TRUE(lines[6].starts_with("n6,7,")) << lines[6];
  EXPECT_TRUE(contains(lines[6], ",18,")) << lines[6];
  const Result again = run(dir, {"cv", "t.csv", "--predictions", "p.csv"});
  EXPECT_EQ(again.code, 2);
  EXPECT_TRUE(contains(again.err, "p.csv: ")) << again.err;
}

TEST(Cv, CtrlCEndsWithTheFoldsThatAreDone) {
  const Points dir;
  Program program(dir, {"cv", "points.csv", "--folds", "100", "--hidden", "64,64", "--epochs", "200", "--threads", "1",
                        "--json", "--predictions", "p.csv"});
  program.start();
  ASSERT_TRUE(program.wait_for("fold 2 of 100: "));
  program.send(SIGINT);
  const Result result = program.wait();
  EXPECT_EQ(result.code, 130) << result.err;
  const Json found = Json::parse(result.out);
  EXPECT_EQ(found["interrupted"], true);
  EXPECT_GE(found["trainings"].size(), 2u);
  EXPECT_LT(found["trainings"].size(), 100u);
  EXPECT_TRUE(contains(result.err, "interrupted: ")) << result.err;
  EXPECT_GE(lines_of(dir.read("p.csv")).size(), 3u);
}

TEST(Cv, ShowsABarOnATerminal) {
  const Points dir;
  const std::string output =
      on_terminal(dir, {"cv", "points.csv", "--hidden", "32", "--epochs", "300", "--folds", "4", "--color", "never"});
  if (output == "(no terminal)") GTEST_SKIP() << output;
  EXPECT_TRUE(contains(output, " of 4 training runs [")) << output;
  EXPECT_TRUE(contains(output, " left")) << output;
}

TEST(Cv, RefusesInTheWordsOfTheCommandLine) {
  const Points dir;
  const auto refused = [&](const std::vector<std::string>& options, const std::string& message) {
    const Result result = dir.cv(options, 2);
    EXPECT_TRUE(contains(result.err, message)) << result.err;
    EXPECT_EQ(result.out, "");
    EXPECT_FALSE(dir.has("p.csv"));
  };
  refused({"--folds", "1"}, "--folds: expected a whole number of at least 2, found 1");
  refused({"--folds", "x"}, "--folds: expected a whole number from 1 to 1000000, found \"x\"");
  refused({"--folds", "151"}, "folds: expected 2 to 150 (one row each), found 151");
  refused({"--repeats", "0"}, "--repeats: ");
  refused({"--test-fold", "1/2"}, "--test-fold");
  refused({"--id", "x"}, "--id: expected --predictions together with it, found none");
  refused({"--id", "who", "--predictions", "p.csv"}, "--id");
  refused({"--predictions", "points.csv"}, "points.csv");
  refused({"--predictions", "-"}, "--predictions: expected a file, found - (standard output)");
  refused({"--max-memory", "1"}, "memory: expected at most 1 bytes (--max-memory)");
  const Result bad = run(dir, {"train", "points.csv", "--test-fold", "4/3"});
  EXPECT_EQ(bad.code, 2);
  EXPECT_TRUE(
      contains(bad.err, "--test-fold: expected K/N, K from 1 to N and N from 2 up, such as 3/10, found \"4/3\""))
      << bad.err;
}

}  // namespace
}  // namespace chainrule::cli_cv_test
