// SPDX-License-Identifier: Apache-2.0
// Dates, booleans, IDs, constants and copies of the target: the output of inspect, and a model from train to explain.
// docs/tables.md describes them.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/cli_runner.h"
#include "tests/support/library.h"
#include "tests/support/recompute.h"

namespace chainrule::cli_columns_test {
namespace {

using nlohmann::json;

// Sales depend on the hour, the weekday and whether there is a sale.
std::string shop(std::size_t rows) {
  std::string text = "nr,customer,opened,on_sale,country,note,staff,sold\n";
  for (std::size_t i = 0; i < rows; ++i) {
    const std::size_t day = i % 28, hour = 8 + i * 5 % 12, sale = i * 7 % 3 == 0 ? 1 : 0;
    const std::string date = fmt::format("2024-{:02}-{:02} {:02}:30", 1 + i / 28 % 12, day + 1, hour);
    text += fmt::format("{},c{:05},{},{},DE,\"it was day {}, as said\",{},{}\n", i + 1, i * 7919 % 99991,
                        i % 11 == 5 ? std::string() : date, sale ? "yes" : "no", i,
                        i % 9 == 4 ? std::string("NA") : std::to_string(2 + i % 4), 20 + hour + 10 * sale + day % 7);
  }
  return text;
}

struct Shop : Dir {
  explicit Shop(std::size_t rows = 300) { write("shop.csv", shop(rows)); }
  json inspected(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"inspect", "shop.csv", "--json"});
    const Result result = run(*this, more);
    EXPECT_EQ(result.code, 0) << result.err;
    return json::parse(result.out);
  }
  Result trained(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"train", "shop.csv", "--preset", "fast", "--hidden", "16", "--epochs", "60", "--lr",
                               "0.01", "--force", "-o", "m.safetensors"});
    return run(*this, more);
  }
};

TEST(Columns, InspectPrintsTypeAndUseOfEach) {
  const json columns = Shop().inspected()["columns"];
  const auto of = [&](std::size_t c) {
    return columns[c]["type"].get<std::string>() + ": " + columns[c]["training"].get<std::string>();
  };
  EXPECT_EQ(of(0), "running number: left out: numbers the rows");
  EXPECT_EQ(of(1), "id: left out: unique text, looks like an id");
  EXPECT_EQ(of(2), "date: 8 inputs: linear, time of day, day of week, day of year, gaps");
  EXPECT_EQ(of(3), "boolean: 1 input: yes or no");
  EXPECT_EQ(of(4), "constant: 1 input: constant, nothing to learn");
  EXPECT_EQ(of(5), "free text: left out: free text");
  EXPECT_EQ(of(6), "number: 2 inputs: robust scaling, gaps");
  EXPECT_EQ(of(7), "number: target: a number");
  EXPECT_EQ(columns[2]["inputs"], 8);
  EXPECT_EQ(columns[2]["first"], "2024-01-01T08:30:00");
  EXPECT_EQ(columns[2]["last"], "2024-11-20T15:30:00");
  EXPECT_EQ(columns[2]["missing"], 27);
  EXPECT_EQ(columns[2]["present"], 273);
  EXPECT_EQ(columns[3]["values"], json({{{"value", "no"}, {"rows", 200}}, {{"value", "yes"}, {"rows", 100}}}));
  EXPECT_EQ(columns[6]["smallest"], 2);
  EXPECT_EQ(columns[6]["largest"], 5);
  EXPECT_EQ(columns[6]["distinct"], 4);
  EXPECT_EQ(columns[0]["median"], 150.5);
  EXPECT_EQ(columns[1]["values"][0]["value"], "c00000");
  EXPECT_EQ(columns[1]["kind"], "text");
}

TEST(Columns, InspectTakesWhatTrainTakes) {
  const Shop dir;
  const json columns =
      dir.inspected({"--numeric", "nr", "--categorical", "staff", "--ignore", "note,country"})["columns"];
  EXPECT_EQ(columns[0]["training"], "1 input: robust scaling");
  EXPECT_EQ(columns[6]["training"], "one-hot, 6 inputs");
  EXPECT_EQ(columns[4]["training"], "left out");
  dir.write("days.csv", "day,y\n20240131,1\n20240201,2\n20240301,1\n");
  EXPECT_TRUE(
      contains(run(dir, {"inspect", "days.csv", "--date", "day"}).out, "5 inputs: linear, day of week, day of year"));
}

TEST(Columns, InspectTakesWhatHoldsRowsOut) {
  const Shop shop;
  const json document = shop.inspected({"--group", "staff", "--weight", "nr"});
  EXPECT_EQ(document["columns"][6]["training"], "defines the groups");
  EXPECT_EQ(document["columns"][0]["training"], "weight of the row");
  const Result refused = run(shop, {"inspect", "shop.csv", "--time", "country"});
  EXPECT_TRUE(contains(refused.out, "time: expected a number or a date such as 2024-03-31, found \"DE\""))
      << refused.out;
}

TEST(Columns, InspectIsReadInAPipeAndOnATerminal) {
  const Shop dir;
  const std::string piped = run(dir, {"inspect", "shop.csv"}).out;
  EXPECT_TRUE(contains(piped, "c00000")) << piped;
  EXPECT_TRUE(contains(piped, "no 200, yes 100")) << piped;
  EXPECT_TRUE(contains(piped, "2 to 5, median 4")) << piped;
  EXPECT_TRUE(contains(piped, "1, 2 ... 300")) << piped;
  for (const unsigned short width : std::initializer_list<unsigned short>{80, 200}) {
    std::istringstream lines(on_terminal(dir, {"inspect", "shop.csv"}, width, 1));
    if (lines.str().starts_with("(no terminal)")) GTEST_SKIP() << lines.str();
    std::string line, table;
    while (std::getline(lines, line) && !line.starts_with("Training with these options"))
      table += line.substr(0, line.find('\r')) + "\n";
    std::istringstream rows(table);
    while (std::getline(rows, line)) EXPECT_LE(line.size(), width) << line;
    // The use in training is never truncated; values without space move to the next line.
    EXPECT_TRUE(contains(table, "8 inputs: linear, time of day, day of week, day of year, gaps\n")) << table;
    EXPECT_EQ(contains(table, "\n       2024-01-01T08:30:00 to 2024-11-20T15:30:00\n"), width == 80) << table;
  }
}

TEST(Columns, InspectIsReadableForAThousandColumns) {
  const Dir dir;
  std::string names, first, second;
  for (int c = 0; c < 1000; ++c) {
    names += fmt::format("{}c{}", c > 0 ? "," : "", c);
    first += fmt::format("{}{}", c > 0 ? "," : "", c * c % 7);
    second += fmt::format("{}{}", c > 0 ? "," : "", c % 10 == 0 ? "red" : "5");
  }
  dir.write("wide.csv", names + "\n" + first + "\n" + second + "\n");
  const auto lines = [](const std::string& text) { return std::count(text.begin(), text.end(), '\n'); };
  const std::string piped = run(dir, {"inspect", "wide.csv"}).out;
  EXPECT_TRUE(contains(piped, "types: ")) << piped.substr(0, 400);
  EXPECT_GT(lines(piped), 1000);  // a pipe gets all columns
  const std::string shown = on_terminal(dir, {"inspect", "wide.csv"}, 80, 1);
  if (shown == "(no terminal)") GTEST_SKIP() << shown;
  EXPECT_TRUE(contains(shown, "and 940 more columns (--json or a pipe prints all)")) << shown;
  EXPECT_LT(lines(shown), 200);
}

TEST(Columns, TrainNamesEachOnceAndLearnsFromDates) {
  const Shop dir;
  const Result result = dir.trained();
  ASSERT_EQ(result.code, 0) << result.err;
  for (const char* const line :
       {"warning: left out because nearly every row has a different text: \"customer\"\n",
        "warning: left out because it is free text: \"note\"\n",
        "warning: left out because it numbers the rows: \"nr\" (--numeric nr uses it as a number)\n",
        "warning: constant on the training rows, so nothing is learned from it: \"country\"\n"}) {
    EXPECT_TRUE(contains(result.err, line)) << result.err;
    EXPECT_EQ(result.err.find(line), result.err.rfind(line));
  }
  EXPECT_TRUE(contains(result.err, "network: 12 -> 16")) << result.err;
  const json measured = json::parse(run(dir, {"evaluate", "m.safetensors", "shop.csv", "--json"}).out);
  EXPECT_GT(measured["metrics"]["r2"]["value"].get<double>(), 0.8) << measured.dump();
  EXPECT_EQ(run(dir, {"check", "m.safetensors", "shop.csv"}).code, 0);
  EXPECT_EQ(run(dir, {"explain", "--health", "m.safetensors", "shop.csv"}).code, 0);
  EXPECT_TRUE(contains(run(dir, {"inspect", "m.safetensors"}).out, "opened (date), on_sale (boolean)"));
  const json inputs = json::parse(run(dir, {"inspect", "m.safetensors", "--json"}).out)["inputs"];
  EXPECT_EQ(inputs[0]["date"], "plain");
  EXPECT_EQ(inputs[0]["cycles"], json({"time of day", "day of week", "day of year"}));
  EXPECT_TRUE(inputs[1]["boolean"].get<bool>());
}

TEST(Columns, ExplainKnowsDates) {
  const Shop dir;
  ASSERT_EQ(dir.trained().code, 0);
  const Result explained = run(dir, {"explain", "m.safetensors", "shop.csv", "--row", "1-6", "--json"});
  ASSERT_EQ(explained.code, 0) << explained.err;
  const recompute::Result recomputed = recompute::whole(explained.out);
  EXPECT_TRUE(recomputed.wrong.empty()) << recomputed.wrong[0];
  const json columns = json::parse(explained.out)["columns"];
  ASSERT_EQ(columns.size(), 12u);
  EXPECT_EQ(columns[0]["name"], "opened (linear)");
  EXPECT_EQ(columns[3]["name"], "opened (day of week, sin)");
  EXPECT_EQ(columns[7]["name"], "opened is missing");
  EXPECT_EQ(columns[8]["name"], "on_sale");
  EXPECT_TRUE(contains(run(dir, {"explain", "m.safetensors", "shop.csv"}).out, "opened (linear) = (1704097800 - "));
}

TEST(Columns, PredictReadsDatesAsTheModelDoes) {
  const Shop dir;
  ASSERT_EQ(dir.trained().code, 0);
  dir.write("new.csv", "opened,on_sale,country,staff\n2024-05-06T10:30:00Z,TRUE,FR,3\n\"6 May 2024, 12:30\",n,DE,\n");
  const Result good = run(dir, {"predict", "m.safetensors", "new.csv"});
  EXPECT_EQ(good.code, 0) << good.err;
  EXPECT_EQ(std::count(good.out.begin(), good.out.end(), '\n'), 3);
  dir.write("bad.csv", "on_sale,opened,country,staff\nyes,2024-05-06,DE,3\nno,2024-02-30,DE,3\n");
  const Result bad = run(dir, {"predict", "m.safetensors", "bad.csv"});
  EXPECT_EQ(bad.code, 3);
  EXPECT_TRUE(
      contains(bad.err, "bad.csv:3:2: column \"opened\": expected a date such as 2024-01-31, found \"2024-02-30\"\n"))
      << bad.err;
  EXPECT_EQ(bad.out, "");
}

TEST(Columns, BlanksAroundADateMeanNothing) {
  const Dir dir;
  dir.write("days.csv", "a,day,y\n1, 02/03/2024,1.5\n3,,2.5\n2, 01/12/2024 ,0.5\n");
  const std::string either = run(dir, {"inspect", "days.csv"}).out;
  EXPECT_TRUE(contains(either, "found \"02/03/2024\": 2024-02-03 or 2024-03-02")) << either;
  const std::string shown = run(dir, {"inspect", "days.csv", "--date-order", "mdy"}).out;
  EXPECT_TRUE(contains(shown, "2024-01-12 to 2024-02-03")) << shown;
}

TEST(Columns, ACopyOfTheTargetIsNamedByInspectAndTrain) {
  const Shop dir;
  std::string text = "hour,cents,price\n";
  for (int i = 0; i < 60; ++i) text += fmt::format("{},{},{}\n", i * 5 % 12, 100 * (i * i % 31 + 1), i * i % 31 + 1);
  dir.write("copy.csv", text);
  const std::string line =
      "warning: column \"cents\" duplicates the target (leakage); the model may be useless on new data";
  const std::string train = run(dir, {"train", "copy.csv", "--epochs", "1", "--task", "number"}).err;
  EXPECT_TRUE(contains(train, line)) << train;
  EXPECT_EQ(train.find(line), train.rfind(line));
  EXPECT_TRUE(contains(run(dir, {"inspect", "copy.csv"}).out, line));
}

TEST(Columns, TheSameBytesOnAnyNumberOfThreads) {
  const Shop dir;
  ASSERT_EQ(dir.trained({"--threads", "1"}).code, 0);
  const std::string one = dir.read("m.safetensors");
  ASSERT_EQ(dir.trained({"--threads", "3"}).code, 0);
  EXPECT_EQ(one, dir.read("m.safetensors"));
}

}  // namespace
}  // namespace chainrule::cli_columns_test
