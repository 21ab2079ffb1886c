// SPDX-License-Identifier: Apache-2.0
// How the program reads tables with missing targets, other marks of missing values, text among numbers and decimal
// commas; the reading options of training apply to every later table.
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include <algorithm>

#include "tests/support/cli_runner.h"

namespace chainrule::cli_reading_test {
namespace {

using Words = std::vector<std::string>;

Words training(const std::string& data, Words more = {}) {
  Words words{"train", data,   "--preset", "fast", "--hidden",      "4",      "--epochs",
              "20",    "--lr", "0.02",     "-o",   "m.safetensors", "--force"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

// y is whether x is large; every tenth row has no y.
std::string with_gaps(std::size_t rows, bool without_them = false) {
  std::string text = "x,part,y\n";
  for (std::size_t i = 1; i <= rows; ++i)
    if (i % 10 != 0 || !without_them)
      text += std::to_string(i * 7 % 20) + "," + (i % 3 == 0 ? "left" : "right") + "," +
              (i % 10 == 0       ? "NA"
               : i * 7 % 20 < 10 ? "low"
                                 : "high") +
              "\n";
  return text;
}

TEST(Reading, TrainLeavesOutRowsWithoutATarget) {
  const Dir dir;
  dir.write("gaps.csv", with_gaps(100));
  dir.write("full.csv", with_gaps(100, true));
  const Result gaps = run(dir, training("gaps.csv"));
  EXPECT_EQ(gaps.code, 0);
  EXPECT_TRUE(contains(gaps.err, "10 of 100 rows have no target and are left out (first: gaps.csv:11)")) << gaps.err;
  const std::string model = dir.read("m.safetensors");
  EXPECT_EQ(run(dir, training("full.csv")).code, 0);
  EXPECT_EQ(model, dir.read("m.safetensors")) << "the same model as without them, its fingerprint too";
}

TEST(Reading, EveryVerbThatNeedsATargetLeavesThemOut) {
  const Dir dir;
  dir.write("gaps.csv", with_gaps(100));
  ASSERT_EQ(run(dir, training("gaps.csv", {"--validation", "gaps.csv"})).code, 0);
  const Result evaluated = run(dir, {"evaluate", "m.safetensors", "gaps.csv", "--by", "part", "--json"});
  ASSERT_EQ(evaluated.code, 0) << evaluated.err;
  EXPECT_TRUE(contains(evaluated.err, "10 of 100 rows have no target and are left out")) << evaluated.err;
  EXPECT_TRUE(contains(evaluated.err, "the file that the model was trained on")) << evaluated.err;
  const nlohmann::json document = nlohmann::json::parse(evaluated.out);
  EXPECT_EQ(document["rows"], 90);
  const nlohmann::json& groups = document["by"]["groups"];
  EXPECT_EQ(groups[0]["rows"].get<int>() + groups[1]["rows"].get<int>(), 90);
  const Result explained = run(dir, {"explain", "m.safetensors", "gaps.csv", "--row", "11", "--json"});
  ASSERT_EQ(explained.code, 0) << explained.err;
  EXPECT_EQ(nlohmann::json::parse(explained.out)["rows"], nlohmann::json({11}));
  const Result none = run(dir, {"explain", "m.safetensors", "gaps.csv", "--row", "10"});
  EXPECT_EQ(none.code, 2);
  EXPECT_TRUE(contains(none.err, "--row: expected rows with a target, found row 10 without one")) << none.err;
  EXPECT_EQ(run(dir, {"check", "m.safetensors", "gaps.csv", "--row", "9,11"}).code, 0);
  EXPECT_EQ(run(dir, {"explain", "--health", "m.safetensors", "gaps.csv"}).code, 0);
  EXPECT_EQ(run(dir, {"explain", "gaps.csv", "--hidden", "3", "--row", "100"}).code, 2);
  const Result predicted = run(dir, {"predict", "m.safetensors", "gaps.csv", "-q"});
  EXPECT_EQ(std::count(predicted.out.begin(), predicted.out.end(), '\n'), 101) << "every row has a prediction";
  EXPECT_TRUE(contains(run(dir, {"inspect", "gaps.csv"}).out, "10 of 100 rows have no target"));
}

TEST(Reading, ValidationDataLoseTheirRowsToo) {
  const Dir dir;
  dir.write("full.csv", with_gaps(100, true));
  dir.write("gaps.csv", with_gaps(30));
  const Result result = run(dir, training("full.csv", {"--validation", "gaps.csv"}));
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_TRUE(contains(result.err,
                       "gaps.csv: warning: 3 of 30 rows have no target and are left out (first: gaps.csv:11): \"NA\" "
                       "counts as missing; --no-default-missing reads it as text\n"));
  EXPECT_TRUE(contains(result.err, "rows: 90 for training, 27 for validation")) << result.err;
}

TEST(Reading, OneErrorWhereNoRowHasATarget) {
  const Dir dir;
  dir.write("none.csv", "x,y\n1,\n2,NA\n");
  const Result result = run(dir, training("none.csv"));
  EXPECT_EQ(result.code, 3);
  EXPECT_TRUE(
      contains(result.err, "none.csv:2:2: missing target in column \"y\": expected a value, found an empty field"))
      << result.err;
  EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 3) << result.err;  // a note, the error, its hint
}

// size is a number with marks: -99 (a gap), "n.d." (text); 3,5 where `comma`.
std::string marked(std::size_t rows, bool comma, bool with_price = true) {
  std::string text = with_price ? "size;kind;price\n" : "kind;size\n";
  for (std::size_t i = 0; i < rows; ++i) {
    const std::size_t whole = 10 + i * 37 % 50;
    const std::string number = std::to_string(whole) + (comma ? ",5" : ".5");
    const std::string size = i % 9 == 4 ? "-99" : i % 11 == 5 ? "n.d." : number;
    const std::string kind = i % 5 == 0 ? "unknown" : i % 2 == 0 ? (with_price ? " a" : "a ") : "b ";
    text += with_price ? size + ";" + kind + ";" + std::to_string(whole * 3) + (comma ? ",25" : ".25") + "\n"
                       : kind + ";" + size + "\n";
  }
  return text;
}

Words with_marks(Words words) {
  words.insert(words.end(), {"--missing", "-99.0,Unknown", "--numeric", "size"});
  return words;
}

TEST(Reading, PredictReadsAsTheTrainingDid) {
  const Dir dir;
  dir.write("t.csv", marked(200, true));
  dir.write("new.csv", marked(40, true, false));
  dir.write("plain.csv", marked(200, false));
  dir.write("newplain.csv", marked(40, false, false));
  const Result trained = run(dir, with_marks(training("t.csv", {"--decimal-comma"})));
  ASSERT_EQ(trained.code, 0) << trained.err;
  EXPECT_TRUE(contains(trained.err, "column \"size\": 16 texts count as missing (first: \"n.d.\" in t.csv:7:1)"))
      << trained.err;
  EXPECT_TRUE(contains(trained.err, "task: number")) << trained.err;
  const Result predictions = run(dir, {"predict", "m.safetensors", "new.csv"});
  ASSERT_EQ(predictions.code, 0) << predictions.err;
  EXPECT_FALSE(contains(predictions.err, "warning")) << predictions.err;
  EXPECT_EQ(run(dir, {"evaluate", "m.safetensors", "t.csv", "--fail-under", "r2=0.5"}).code, 0);
  EXPECT_EQ(run(dir, {"explain", "m.safetensors", "t.csv", "--row", "6"}).code, 0);
  // The same with decimal points: the same model except for that option, and the same predictions.
  ASSERT_EQ(run(dir, with_marks(training("plain.csv"))).code, 0);
  EXPECT_EQ(run(dir, {"predict", "m.safetensors", "newplain.csv"}).out, predictions.out);
  EXPECT_EQ(run(dir, {"predict", "m.safetensors", "new.csv", "--decimal-comma"}).out, predictions.out);
  const Result wrong = run(dir, {"predict", "m.safetensors", "newplain.csv", "--missing", "x"});
  EXPECT_EQ(wrong.code, 0);
  EXPECT_TRUE(contains(wrong.err, "column \"kind\": 8 rows with a value not seen in training")) << wrong.err;
}

TEST(Reading, AColumnByNumberIsNumericInAnotherTableToo) {
  const Dir dir;
  std::string text, fresh;
  for (int i = 0; i < 60; ++i) {
    text += std::to_string(i % 7 * 3) + (i == 9 ? ",x," : ",2,") + (i == 11 ? "bad" : std::to_string(i % 5)) + "\n";
    if (i % 3 == 0) fresh += std::string("x,") + (i == 12 ? "bad" : "3") + "\n";
  }
  dir.write("t.csv", text);
  dir.write("fresh.csv", fresh);  // without the target, which is the first column
  ASSERT_EQ(run(dir, training("t.csv", {"--no-header", "--target", "1", "--numeric", "2,3"})).code, 0);
  const Result predictions = run(dir, {"predict", "m.safetensors", "fresh.csv", "--no-header"});
  EXPECT_EQ(predictions.code, 0) << predictions.err;
  EXPECT_TRUE(
      contains(predictions.err, "column \"column 1\": 20 texts count as missing (first: \"x\" in fresh.csv:1:1)"))
      << predictions.err;
  EXPECT_TRUE(contains(predictions.err, "column \"column 2\": 1 text counts as missing")) << predictions.err;
}

TEST(Reading, TextInANumericTargetIsAMissingTarget) {
  const Dir dir;
  std::string text = "x,y\n";
  for (int i = 0; i < 50; ++i) text += std::to_string(i) + "," + (i == 7 ? "sold" : std::to_string(i * 1.5)) + "\n";
  dir.write("t.csv", text);
  EXPECT_EQ(run(dir, training("t.csv")).code, 0) << "a class for each text";
  const Result result = run(dir, training("t.csv", {"--numeric", "y"}));
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_TRUE(contains(result.err, "1 of 50 rows has no target and is left out (t.csv:9)")) << result.err;
  EXPECT_TRUE(contains(result.err, "task: number")) << result.err;
}

TEST(Reading, ADateIsBlamedInItsOwnLineThoughRowsAreLeftOut) {
  Dir dir;
  std::string text = "when,y\n";
  for (int row = 0; row < 40; ++row)
    text += (row == 30 ? std::string("never") : fmt::format("2024-01-{:02}", 1 + row % 28)) +
            (row < 3 ? ",\n" : fmt::format(",{}.5\n", row));
  dir.write("t.csv", text);
  const Result result = run(dir, {"train", "t.csv", "--date", "when", "--epochs", "1"});
  EXPECT_EQ(result.code, 3);
  EXPECT_TRUE(contains(result.err, "t.csv:32:1: column \"when\"")) << result.err;
}

TEST(Reading, WrongWishesAreRefused) {
  const Dir dir;
  dir.write("t.csv", "x,kind,y\n1,a,2\n2,b,3.5\n4,a,7\n5,b,1\n");
  const Result both = run(dir, training("t.csv", {"--numeric", "x", "--categorical", "x"}));
  EXPECT_EQ(both.code, 2);
  EXPECT_TRUE(contains(both.err, "--numeric: expected a column not listed in categorical, found column \"x\""))
      << both.err;
  const Result unknown = run(dir, training("t.csv", {"--numeric", "knd"}));
  EXPECT_EQ(unknown.code, 2);
  EXPECT_TRUE(contains(unknown.err, "did you mean \"kind\"?")) << unknown.err;
  const Result commas = run(dir, training("t.csv", {"--decimal-comma"}));
  EXPECT_EQ(commas.code, 3);
  EXPECT_TRUE(contains(commas.err, "decimal comma: expected semicolons or tabs between fields, or numbers in quotes"))
      << commas.err;
  EXPECT_EQ(run(dir, {"predict", "m.safetensors", "t.csv", "--numeric", "x"}).code, 2);
}

// What the model was trained on says whether the first line of new data is a header.
TEST(Reading, AHeaderOfNewDataIsKnownByTheModel) {
  const Dir dir;
  std::string rows;
  for (int row = 0; row < 30; ++row) rows += fmt::format("{},{},{}\n", 2000 + row % 7, 2010 + row % 5, 2020 + row % 9);
  dir.write("years.csv", "2021,2022,2023\n" + rows);
  ASSERT_EQ(run(dir, training("years.csv", {"--header", "--task", "number"})).code, 0);
  const std::string predictions = run(dir, {"predict", "m.safetensors", "years.csv", "-q"}).out;
  EXPECT_EQ(std::ranges::count(predictions, '\n'), 31);
  EXPECT_EQ(nlohmann::json::parse(run(dir, {"evaluate", "m.safetensors", "years.csv", "--json"}).out)["rows"], 30);
  dir.write("none.csv", "2022,2021\n");
  const Result empty = run(dir, {"predict", "m.safetensors", "none.csv", "-q"});
  EXPECT_EQ(empty.code, 0) << empty.err;
  EXPECT_EQ(empty.out, "prediction\n");
  const Result refused = run(dir, {"evaluate", "m.safetensors", "none.csv", "-q"});
  EXPECT_EQ(refused.code, 3);
  EXPECT_EQ(refused.out, "");
  const Result missing = run(dir, {"predict", "m.safetensors", "nowhere.csv"});
  EXPECT_EQ(missing.code, 3);
}

}  // namespace
}  // namespace chainrule::cli_reading_test
