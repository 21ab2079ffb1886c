// SPDX-License-Identifier: Apache-2.0
// Several files as one table: every command that reads DATA, and what a run remembers of them.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tests/support/cli_runner.h"

namespace chainrule::cli_files_test {
namespace {

using nlohmann::json;

// y = 2 x + 10 for "on"; columns in the order of `names`.
std::string sales(std::size_t first, std::size_t last, bool reversed = false) {
  std::string text = reversed ? "y,state,x\n" : "x,state,y\n";
  for (std::size_t i = first; i < last; ++i) {
    const std::size_t x = i * 37 % 101;
    const std::string state = i % 3 == 0 ? "on" : "off";
    const std::string y = fmt::format("{}.5", 2 * x + (i % 3 == 0 ? 10 : 0));
    text += reversed ? fmt::format("{},{},{}\n", y, state, x) : fmt::format("{},{},{}\n", x, state, y);
  }
  return text;
}

struct Sales : Dir {
  Sales() {
    write("all.csv", sales(0, 90));
    write("s-1.csv", sales(0, 30));
    write("s-2.csv", sales(30, 60, true));
    write("s-3.csv", sales(60, 90));
  }
  Result go(std::vector<std::string> words, int code = 0) const {
    const Result result = run(*this, words);
    EXPECT_EQ(result.code, code) << result.err;
    return result;
  }
  Result train(std::vector<std::string> files,
               std::vector<std::string> more = {"-o", "m.safetensors", "--force"}) const {
    files.insert(files.begin(), "train");
    files.insert(files.end(), {"--epochs", "5", "--hidden", "8"});
    files.insert(files.end(), more.begin(), more.end());
    return go(files);
  }
};

std::string weights_in(const std::string& text) {
  const std::size_t at = text.find("weights_sha256: ");
  return at == std::string::npos ? "none in " + text : text.substr(at, 80);
}

const std::vector<std::string> kParts{"s-1.csv", "s-2.csv", "s-3.csv"};

TEST(Files, TrainAsOneFileDoes) {
  const Sales dir;
  const std::string one = weights_in(dir.train({"all.csv"}).err);
  const Result parts = dir.train(kParts);
  EXPECT_EQ(weights_in(parts.err), one);
  EXPECT_TRUE(contains(parts.err,
                       "3 files are read as one table; their columns are matched by name, in another order "
                       "in 1 file (s-2.csv)"))
      << parts.err;
  const Result evaluated = dir.go({"evaluate", "m.safetensors", "s-1.csv", "s-2.csv", "s-3.csv", "--json"});
  EXPECT_TRUE(contains(evaluated.err, "this is the file that the model was trained on")) << evaluated.err;
  EXPECT_EQ(json::parse(evaluated.out)["data"], "s-1.csv, s-2.csv, s-3.csv");
  dir.go({"evaluate", "m.safetensors", "all.csv"});
}

TEST(Files, PredictTheRowsOfEach) {
  const Sales dir;
  dir.train(kParts);
  const std::vector<std::string> columns{"--output-columns", "row,prediction"};
  const std::string whole = dir.go({"predict", "m.safetensors", "all.csv", columns[0], columns[1]}).out;
  EXPECT_EQ(dir.go({"predict", "m.safetensors", "s-1.csv", "s-2.csv", "s-3.csv", columns[0], columns[1]}).out, whole);
  const Result piped = Program(dir, {"predict", "m.safetensors", "s-1.csv", "-", "s-3.csv", columns[0], columns[1]})
                           .input(dir.read("s-2.csv"))
                           .go();
  EXPECT_EQ(piped.out, whole) << piped.err;
  EXPECT_TRUE(contains(dir.go({"predict", "m.safetensors", "-", "-"}, 2).err, "found it twice"));
}

TEST(Files, AreRememberedByARun) {
  const Sales dir;
  dir.write("v \"1\".csv", sales(90, 100));
  dir.write("v\xFF.csv", sales(100, 110));
  const Result trained = dir.train(kParts, {"--run", "a", "--validation", "v \"1\".csv", "--validation", "v\xFF.csv"});
  EXPECT_TRUE(contains(trained.err, "90 for training, 20 for validation")) << trained.err;
  const std::string config = dir.read("runs/a/config.toml");
  EXPECT_TRUE(contains(config, "data = [\"s-1.csv\", \"s-2.csv\", \"s-3.csv\"]\n")) << config;
  EXPECT_TRUE(contains(config, "validation_hex = [\"76202231222e637376\", \"76ff2e637376\"]\n")) << config;
  EXPECT_TRUE(contains(dir.go({"replay", "runs/a"}).out, "bit-identical"));
  const std::string page = dir.read("runs/a/report.html");
  EXPECT_TRUE(contains(page, "s-1.csv, s-2.csv, s-3.csv"));
  EXPECT_TRUE(contains(page, "chainrule train s-1.csv s-2.csv s-3.csv --config"));
  EXPECT_TRUE(contains(dir.go({"replay", "runs/a/model.safetensors", "s-1.csv", "s-2.csv"}, 5).err,
                       "s-1.csv, s-2.csv: expected the training data"));
}

TEST(Files, AreReadByCrossValidationAndSearch) {
  const Sales dir;
  const std::vector<std::string> few{"--epochs", "2", "--hidden", "4", "--json"};
  const auto with = [&](std::vector<std::string> words) {
    words.insert(words.end(), few.begin(), few.end());
    return json::parse(dir.go(words).out);
  };
  const json one = with({"cv", "all.csv"}), parts = with({"cv", "s-1.csv", "s-2.csv", "s-3.csv"});
  EXPECT_EQ(parts["metrics"], one["metrics"]);
  EXPECT_EQ(parts["data"], "s-1.csv, s-2.csv, s-3.csv");
  const json tuned = with({"tune", "s-1.csv", "s-2.csv", "--trials", "1", "--folds", "2", "-o", "t.safetensors"});
  EXPECT_TRUE(contains(tuned["command"].dump(), "\"train\",\"s-1.csv\",\"s-2.csv\"")) << tuned;
}

TEST(Files, AreInspectedTogether) {
  const Sales dir;
  dir.train({"all.csv"});
  const Result parts = dir.go({"inspect", "s-1.csv", "s-2.csv"});
  EXPECT_TRUE(contains(parts.out, "s-1.csv and 1 more: 60 rows, 3 columns")) << parts.out;
  EXPECT_EQ(json::parse(dir.go({"inspect", "s-1.csv", "s-2.csv", "--json"}).out)["files"],
            (json{"s-1.csv", "s-2.csv"}));
  EXPECT_TRUE(
      contains(dir.go({"inspect", "m.safetensors", "s-1.csv"}, 2).err, "expected one model file, or data files"));
  dir.write("bad.csv", "x,state\n1,on\n");
  EXPECT_TRUE(contains(dir.go({"train", "s-1.csv", "bad.csv"}, 3).err,
                       "bad.csv:1: column \"y\": expected in each file, found in s-1.csv but not here"));
  EXPECT_TRUE(contains(dir.go({"explain", "m.safetensors", "s-1.csv", "s-2.csv"}, 2).err, "expected only"));
}

}  // namespace
}  // namespace chainrule::cli_files_test
