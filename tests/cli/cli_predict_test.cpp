// SPDX-License-Identifier: Apache-2.0
// The output of predict: selected and copied columns, warnings per row, and how data columns are found.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tests/support/cli_runner.h"
#include "tests/support/library.h"

namespace chainrule::cli_predict_test {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::stringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// The age, 18 to 77, decides whether somebody bought; the color has two values and no missing ones.
std::string customers(std::size_t rows) {
  std::string text = "age,color,income,bought\n";
  for (std::size_t i = 0; i < rows; ++i) {
    const std::size_t age = 18 + i * 7 % 60;
    text += std::to_string(age) + (i % 2 == 0 ? ",red," : ",blue,") + std::to_string(1000 + i % 10) +
            (age > 60 ? ",yes\n" : ",no\n");
  }
  return text;
}

struct Bought : Dir {
  explicit Bought(const std::vector<std::string>& options = {}) {
    write("train.csv", customers(240));
    std::vector<std::string> words{"train", "train.csv", "--hidden", "8", "--epochs", "20", "-o", "m.safetensors"};
    words.insert(words.end(), options.begin(), options.end());
    result = run(*this, words);
    EXPECT_EQ(result.code, 0) << result.err;
    write("new.csv",
          "name,income,color,age,note\n"
          "007,1001,red,30,\"a, \"\"b\"\"\"\n"
          "\" Bo \",1002,green, 99 ,NA\n"
          "\"two\nlines\",,blue,5,\n");
  }
  Result predict(std::vector<std::string> words) const {
    words.insert(words.begin(), {"predict", "m.safetensors", "new.csv"});
    return run(*this, words);
  }
  Result result;
};

TEST(Predict, WarnsInAColumnOfEachRowAndInAFewLines) {
  const Bought dir;
  const Result result = dir.predict({"--output-columns", "warnings"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.out,
            "warnings\n\"\"\nage above the training range; color is new\n"
            "age below the training range; income is missing\n");
  EXPECT_TRUE(contains(result.err,
                       "warning: column \"age\": 1 row above the training range (18 to 77), first \"99\" in new.csv:3"))
      << result.err;
  EXPECT_TRUE(
      contains(result.err, "column \"age\": 1 row below the training range (18 to 77), first \"5\" in new.csv:4"));
  const std::vector<std::string> plain = lines_of(dir.predict({}).out),
                                 more = lines_of(dir.predict({"--warnings"}).out);
  ASSERT_EQ(plain.size(), 4u);
  ASSERT_EQ(more.size(), 4u);
  EXPECT_EQ(plain[0], "prediction,probability_no,probability_yes");
  EXPECT_EQ(more[0], plain[0] + ",warnings");
  EXPECT_EQ(more[1], plain[1] + ",");
  EXPECT_EQ(more[2], plain[2] + ",age above the training range; color is new");
}

TEST(Predict, CarriesColumnsThroughAsTheyAreWritten) {
  const Bought dir;
  const Result result = dir.predict({"--id", "name", "--output-columns", "note,row,income", "-q"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.out,
            "name,note,row,income\n"
            "007,\"a, \"\"b\"\"\",1,1001\n"
            "\" Bo \",NA,2,1002\n"
            "\"two\nlines\",,3,\n");
  // Before the default columns.
  const Result id = dir.predict({"--id", "1", "-q"});
  EXPECT_EQ(id.out.substr(0, id.out.find('\n')), "name,prediction,probability_no,probability_yes");
  EXPECT_TRUE(contains(id.out, "\n007,no,")) << id.out;
}

TEST(Predict, CarriesNumbersThroughAsTheyAreWritten) {
  const Bought dir;
  dir.write("new.csv", "id,income,color,age\n007,1001,red,30\n+5,1002,blue,40\n1.50,1002,red,31\n");
  const Result result = dir.predict({"--output-columns", "id", "-q"});
  EXPECT_EQ(result.out, "id\n007\n+5\n1.50\n") << result.err;
}

TEST(Predict, WritesTheSameKeysAsJson) {
  const Bought dir;
  const auto first = [&](const std::vector<std::string>& words) {
    const Result result = dir.predict(words);
    EXPECT_EQ(result.code, 0) << result.err;
    return nlohmann::ordered_json::parse(lines_of(result.out).at(0));
  };
  const auto keys = [](const nlohmann::ordered_json& json) {
    std::vector<std::string> names;
    for (const auto& [key, value] : json.items()) names.push_back(key);
    return names;
  };
  using Keys = std::vector<std::string>;
  EXPECT_EQ(keys(first({"--json"})), (Keys{"row", "prediction", "probabilities"}));
  const auto json =
      first({"--json", "--id", "name", "--output-columns", "probability_yes,note,prediction", "--warnings"});
  EXPECT_EQ(keys(json), (Keys{"name", "probability_yes", "note", "prediction", "warnings"}));
  EXPECT_EQ(json["name"], "007");
  EXPECT_EQ(json["note"], "a, \"b\"");
  EXPECT_EQ(json["warnings"], "");
  EXPECT_EQ(json["probability_yes"], first({"--json"})["probabilities"]["yes"]);
}

TEST(Predict, RefusesColumnsThatAreNotThereWithThoseThatAre) {
  const Bought dir;
  const auto refused = [&](const std::vector<std::string>& words, const std::string& message) {
    const Result result = dir.predict(words);
    EXPECT_EQ(result.code, 2);
    EXPECT_EQ(result.out, "");
    EXPECT_TRUE(contains(result.err, message)) << result.err;
  };
  refused({"--output-columns", "prediction,colour"},
          "--output-columns: expected one of \"prediction\", \"probability\", \"warnings\", \"row\", "
          "\"probability_no\", \"probability_yes\", \"name\", \"income\", \"color\", \"age\", \"note\", found "
          "\"colour\"");
  refused({"--output-columns", "prediction,colour"}, "hint: did you mean \"color\"?");
  refused({"--id", "nam"}, "--id: expected one of \"name\", \"income\", \"color\", \"age\", \"note\", found \"nam\"");
  refused({"--output-columns", ""}, "--output-columns: expected names separated by commas, found none");
  refused({"--output-columns", "row,row"}, "expected each name at most once, found \"row\" twice");
  refused({"--output-columns", "probability,probability_no"}, "found \"probability_no\" twice");
}

TEST(Predict, FindsColumnsByNameInAnyOrderAndNamesTheMissingOne) {
  const Bought dir;
  dir.write("turned.csv", "color,age,income\nred,30,1001\n");
  dir.write("without.csv", "age,income\n30,1001\n");
  const std::string straight = lines_of(dir.predict({"-q"}).out).at(1);
  EXPECT_EQ(lines_of(run(dir, {"predict", "m.safetensors", "turned.csv", "-q"}).out).at(1), straight);
  dir.write("bare.csv", "30,red,1001\n30,red,1001\n");  // by column number, without the target
  EXPECT_EQ(lines_of(run(dir, {"predict", "m.safetensors", "bare.csv", "--no-header", "-q"}).out).at(1), straight);
  const Result bare = run(dir, {"predict", "m.safetensors", "bare.csv", "--no-header", "-q", "--id", "2"});
  EXPECT_EQ(lines_of(bare.out).at(1), "red," + straight) << bare.err;
  const Result missing = run(dir, {"predict", "m.safetensors", "without.csv"});
  EXPECT_EQ(missing.code, 3);
  EXPECT_TRUE(contains(missing.err, "without.csv: missing column: expected \"color\", found \"age\", \"income\""))
      << missing.err;
}

// Predictions beyond the training targets are clamped and counted, but not where time splits the rows.
TEST(Clamped, PredictionsAreCounted) {
  const Dir dir;
  std::string rising = "day,x,y\n", later = rising;
  for (int row = 0; row < 60; ++row)
    rising += fmt::format("2024-{:02}-{:02},{},{}\n", row / 28 + 1, row % 28 + 1, row, row);
  for (int row = 200; row < 205; ++row) later += fmt::format("2024-09-{:02},{},{}\n", row - 199, row, row);
  dir.write("rising.csv", rising);
  dir.write("later.csv", later);
  const auto trained = [&](std::vector<std::string> more) {
    std::vector<std::string> words{
        "train",    "rising.csv", "--preset", "tabular", "--scaling", "standard",      "--numeric", "x",
        "--target", "y",          "--ignore", "day",     "-o",        "m.safetensors", "--force",   "-q"};
    words.insert(words.end(), more.begin(), more.end());
    EXPECT_EQ(run(dir, words).code, 0);
    return nlohmann::json::parse(run(dir, {"evaluate", "m.safetensors", "later.csv", "--json"}).out)["clamped"];
  };
  EXPECT_EQ(trained({}), 5);
  const std::string said = "warning: 5 of 5 predictions clamped to the range of the training targets (0 to ";
  for (const char* const command : {"predict", "evaluate"}) {
    const Result result = run(dir, {command, "m.safetensors", "later.csv"});
    EXPECT_NE(result.err.find(said), std::string::npos) << result.err;
  }
  EXPECT_EQ(run(dir, {"predict", "m.safetensors", "rising.csv"}).err.find("5 of 5"), std::string::npos);
  EXPECT_EQ(trained({"--no-clamp-predictions"}), 0);
  EXPECT_EQ(trained({"--time", "day"}), 0);
  EXPECT_EQ(trained({"--time", "day", "--clamp-predictions"}), 5) << "if requested";
}

}  // namespace
}  // namespace chainrule::cli_predict_test
