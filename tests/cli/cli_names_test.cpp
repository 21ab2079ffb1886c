// SPDX-License-Identifier: Apache-2.0
// Names and labels of data with escape sequences and marks that reorder text: never raw on a terminal, in a document or
// in a page. And names of files that are no UTF-8.
#include <nlohmann/json.hpp>

#include "tests/support/cli_runner.h"

namespace chainrule::cli_names_test {
namespace {

const std::string kMark = "\u202E", kEscape = "\x1b[31m";

struct Names : Dir {
  Names() {
    std::string table = "a" + kEscape + kMark + ",b,kind" + kMark + kEscape + "\n";
    for (int k = 0; k < 60; ++k)
      table += std::to_string(k % 7) + "," + (k % 3 == 0 ? "x" + kMark + kEscape : "y") + "," +
               (k % 2 == 0 ? "no" + kMark + kEscape : "yes") + "\n";
    write("names.csv", table);
    EXPECT_EQ(
        run(*this, {"train", "names.csv", "--run", "a", "--epochs", "2", "--hidden", "2", "--test-split", "0.3"}).code,
        0);
  }
};

void expect_harmless(const std::string& text, const std::string& what) {
  EXPECT_FALSE(contains(text, kMark)) << what << text.substr(0, 2000);
  EXPECT_FALSE(contains(text, "\x1b[31m")) << what << text.substr(0, 2000);
}

TEST(Names, AreEscapedByEveryCommand) {
  const Names dir;
  const std::string model = "runs/a/model.safetensors";
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"train", "names.csv", "-o", "m.safetensors", "--epochs", "1", "--hidden", "2", "-v", "--force"},
           {"train", "names.csv", "-o", "m.safetensors", "--epochs", "1", "--hidden", "2", "--json", "--force"},
           {"inspect", "names.csv"},
           {"inspect", "names.csv", "--json"},
           {"inspect", model},
           {"inspect", model, "--json"},
           {"evaluate", model, "names.csv"},
           {"evaluate", model, "names.csv", "--json"},
           {"evaluate", model, "names.csv", "--by", "b"},
           {"predict", model, "names.csv", "--json"},
           {"explain", model, "names.csv", "--row", "1-3"},
           {"explain", model, "names.csv", "--row", "1-3", "--parameter", "W1[1,1]"},
           {"explain", model, "names.csv", "--json"},
           {"explain", model, "names.csv", "--health"},
           {"explain", model, "names.csv", "--health", "--json"},
           {"check", model, "names.csv"},
           {"check", model, "names.csv", "--json"},
           {"diff", model, "runs/a"},
           {"cv", "names.csv", "--folds", "2", "--epochs", "1", "--hidden", "2"},
           {"predict", model, "names.csv", "--columns", "no such" + kMark + kEscape},
           {"train", "names.csv", "--target", "no such" + kMark + kEscape}}) {
    const Result result = run(dir, words);
    expect_harmless(result.out, ::testing::PrintToString(words));
    expect_harmless(result.err, ::testing::PrintToString(words));
  }
  EXPECT_EQ(run(dir, {"explain", model, "names.csv", "--html", "e.html"}).code, 0);
  EXPECT_EQ(run(dir, {"report", "runs/a", "-o", "r.html"}).code, 0);
  for (const char* const page : {"e.html", "r.html", "runs/a/report.html", "runs/a/metrics.jsonl"})
    expect_harmless(dir.read(page), page);
  // The values are those of the data.
  const std::string line = run(dir, {"predict", model, "names.csv", "--json"}).out;
  EXPECT_TRUE(nlohmann::json::parse(line.substr(0, line.find('\n')))["probabilities"].contains("no" + kMark + kEscape))
      << line.substr(0, 300);
  EXPECT_TRUE(contains(run(dir, {"predict", model, "names.csv"}).out, "no" + kMark + kEscape))
      << "a file has the data as they are";
  const std::string shown = on_terminal(dir, {"predict", model, "names.csv"}, 80, 1);
  if (shown == "(no terminal)") GTEST_SKIP() << shown;
  expect_harmless(shown, "on a terminal");
  EXPECT_TRUE(contains(shown, "no\\xe2\\x80\\xae\\x1b[31m")) << shown.substr(0, 300);
}

TEST(Names, OfFilesThatAreNoUtf8CanBeReplayed) {
  const Names dir;
  const std::string name = "caf\xe9\n.csv";
  fs::copy(dir.path("names.csv"), dir.path(name));
  EXPECT_EQ(run(dir, {"train", name, "--validation", name, "--run", "b", "--epochs", "2", "--hidden", "2"}).code, 0);
  const Result again = run(dir, {"replay", "runs/b"});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_TRUE(contains(again.out, "bit-identical")) << again.out;
  const std::string config = dir.read("runs/b/config.toml");
  EXPECT_TRUE(contains(config, "data_hex = \"636166e90a2e637376\"")) << config;
  dir.write("runs/b/config.toml", config.substr(0, config.find("data_hex")) + "data_hex = \"6\"\n");
  const Result odd = run(dir, {"replay", "runs/b"});
  EXPECT_EQ(odd.code, 3);
  EXPECT_TRUE(contains(odd.err, "data_hex: expected pairs of hexadecimal digits, found \"6\"")) << odd.err;
}

TEST(Names, OfAnOnnxModelIsItsFormat) {
  const Names dir;
  dir.write("net.onnx", std::string("\x08\x07\x12\x07pytorch\x1a\x05", 13) + "2.1.0:\x8b\x01");
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"predict", "net.onnx", "names.csv"}, {"inspect", "net.onnx"}}) {
    const Result result = run(dir, words);
    EXPECT_EQ(result.code, 3);
    EXPECT_TRUE(contains(result.err, "an ONNX model")) << result.err;
  }
}

}  // namespace
}  // namespace chainrule::cli_names_test
