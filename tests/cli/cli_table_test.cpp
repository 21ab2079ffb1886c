// SPDX-License-Identifier: Apache-2.0
// A realistic table with text, missing values and an ID, for train, predict, explain and check.
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/cli_runner.h"
#include "tests/support/library.h"
#include "tests/support/recompute.h"

namespace chainrule::cli_table_test {
namespace {

// The price depends on the size, which may be missing, and on the kind of flat.
std::string flats(std::size_t rows) {
  std::string text = "id,kind,size,floor,price\n";
  const char* const kinds[] = {"loft", "studio", ""};
  for (std::size_t i = 0; i < rows; ++i) {
    const std::size_t size = 20 + i * 37 % 81, kind = i % 3;
    text += "flat no " + std::to_string(i) + "," + kinds[kind] + "," +
            (i % 7 == 3 ? std::string("NA") : std::to_string(size)) + "," + std::to_string(i % 4) + "," +
            std::to_string(1000 * size + 20000 * kind) + "\n";
  }
  return text;
}

struct Trained : Dir {
  Trained() {
    write("flats.csv", flats(300));
    result = run(*this, {"train", "flats.csv", "--preset", "fast", "--hidden", "16", "--epochs", "80", "--lr", "0.01",
                         "-o", "m.safetensors"});
    EXPECT_EQ(result.code, 0) << result.err;
  }
  Result result;
};

TEST(Table, TrainsOnTextAndGapsAndPrintsItsDecisions) {
  const Trained dir;
  EXPECT_TRUE(contains(dir.result.err, "left out because nearly every row has a different text: \"id\""))
      << dir.result.err;
  EXPECT_TRUE(
      contains(dir.result.err, "missing values are replaced by the median and flagged by an extra input: \"size\""));
  EXPECT_TRUE(contains(dir.result.err, "network: 7 -> 16"));  // 3 kinds and new ones, size and its gap, floor
  const nlohmann::json document =
      nlohmann::json::parse(run(dir, {"evaluate", "m.safetensors", "flats.csv", "--json"}).out);
  EXPECT_GT(document["metrics"]["r2"]["value"].get<double>(), 0.85) << document.dump();  // a seventh has no size
}

TEST(Table, PredictsAndWarnsOfWhatIsNew) {
  const Trained dir;
  dir.write("new.csv", "floor,size,kind\n1,50,loft\n,60,studio\n2,,castle\n");
  const Result result = run(dir, {"predict", "m.safetensors", "new.csv"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 4);
  EXPECT_TRUE(contains(result.err,
                       "warning: column \"kind\": 1 row with a value not seen in training, first \"castle\" in "
                       "new.csv:4"))
      << result.err;
  EXPECT_TRUE(contains(result.err, "warning: column \"floor\": 1 missing value, where training had none"));
  EXPECT_FALSE(contains(result.err, "\"size\""));
  // In any order of the columns, and one by one: the same bits.
  dir.write("turned.csv", "kind,floor,size\nloft,1,50\n");
  const std::string alone = run(dir, {"predict", "m.safetensors", "turned.csv", "-q"}).out;
  EXPECT_EQ(result.out.substr(0, alone.size()), alone);
}

TEST(Table, TheSameBytesOnAnyNumberOfThreads) {
  const Trained dir;
  const auto train = [&](const std::string& threads, const std::string& file) {
    EXPECT_EQ(run(dir, {"train", "flats.csv", "--preset", "fast", "--hidden", "16", "--epochs", "80", "--lr", "0.01",
                        "-q", "--threads", threads, "-o", file})
                  .code,
              0);
    return dir.read(file);
  };
  const std::string one = train("1", "one.safetensors");
  EXPECT_EQ(one, train("3", "three.safetensors"));
  EXPECT_EQ(one, dir.read("m.safetensors"));
}

TEST(Table, ExplainAndCheckKnowItsInputs) {
  const Trained dir;
  const Result explained = run(dir, {"explain", "m.safetensors", "flats.csv", "--row", "1-5", "--json"});
  ASSERT_EQ(explained.code, 0) << explained.err;
  const recompute::Result recomputed = recompute::whole(explained.out);
  EXPECT_TRUE(recomputed.wrong.empty()) << recomputed.wrong[0];
  const nlohmann::json columns = nlohmann::json::parse(explained.out)["columns"];
  ASSERT_EQ(columns.size(), 7u);
  EXPECT_EQ(columns[0]["name"], "kind is missing");
  EXPECT_EQ(columns[1]["name"], "kind = loft");
  EXPECT_EQ(columns[3]["name"], "kind is new");
  EXPECT_EQ(columns[5]["name"], "size is missing");
  EXPECT_EQ(run(dir, {"check", "m.safetensors", "flats.csv"}).code, 0);
  EXPECT_EQ(run(dir, {"explain", "--health", "m.safetensors", "flats.csv"}).code, 0);
}

TEST(Table, InspectShowsCategories) {
  const Trained dir;
  EXPECT_TRUE(contains(run(dir, {"inspect", "m.safetensors"}).out, "kind (3 categories)"));
  const nlohmann::json document = nlohmann::json::parse(run(dir, {"inspect", "m.safetensors", "--json"}).out);
  EXPECT_EQ(document["inputs"][0]["categories"], nlohmann::json({"", "loft", "studio"}));
  EXPECT_TRUE(document["inputs"][1]["may_miss"].get<bool>());
  const std::string table = run(dir, {"inspect", "flats.csv"}).out;
  EXPECT_TRUE(contains(table, "kind    category")) << table;
}

TEST(Table, NumbersCanBeCategories) {
  const Dir dir;
  dir.write("flats.csv", flats(60));
  const Result result = run(dir, {"train", "flats.csv", "--categorical", "floor", "--epochs", "1"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_TRUE(contains(result.err, "network: 11 -> 256")) << result.err;  // 4 floors and unseen ones
  EXPECT_EQ(run(dir, {"train", "flats.csv", "--categorical", "price"}).code, 2);
}

}  // namespace
}  // namespace chainrule::cli_table_test
