// SPDX-License-Identifier: Apache-2.0
// Ctrl-C and SIGTERM: the first writes the best model so far; the second ends the program at once without partial
// files.
#include <sys/stat.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "chainrule/model/fingerprint.h"
#include "tests/support/cli_runner.h"
#include "tests/support/library.h"

namespace chainrule::cli_signal_test {
namespace {

struct LongTraining : Dir {
  LongTraining() { write("points.csv", points(true, false)); }
  std::vector<std::string> words = {"train", "points.csv", "--epochs", "100000000", "-o", "m.safetensors", "--json"};
};

void expect_written_after(int signal, int code) {
  const LongTraining dir;
  Program program(dir, dir.words);
  ASSERT_TRUE(program.start().wait_for("epoch "));
  program.send(signal);
  const Result result = program.wait();
  EXPECT_EQ(result.code, code) << result.err;
  EXPECT_EQ(result.signal, 0) << "it left by itself";
  EXPECT_EQ(dir.listing().size(), 2u);
  const Model model = formats::load_model(dir.path("m.safetensors").string());
  EXPECT_EQ(model.provenance.stop, "interrupted");
  const nlohmann::json document = nlohmann::json::parse(result.out);
  EXPECT_EQ(document["stop"], "interrupted");
  EXPECT_EQ(document["weights_sha256"], weights_sha256(model.network));
  EXPECT_GE(document["epochs"].get<int>(), 1);
  EXPECT_EQ(run(dir, {"evaluate", "-q", "m.safetensors", "points.csv"}).code, 0);
}

TEST(Interrupted, OnceWritesTheModelAndPrintsIt) { expect_written_after(SIGINT, 130); }

TEST(Terminated, OnceWritesTheModelAndPrintsIt) { expect_written_after(SIGTERM, 143); }

TEST(HungUp, OnceWritesTheModelAndPrintsIt) { expect_written_after(SIGHUP, 129); }

// A named pipe that nobody reads must not keep the program from ending.
TEST(Interrupted, WhileALogWaitsForItsReaderWritesTheModel) {
  const LongTraining dir;
  ASSERT_EQ(mkfifo(dir.path("log").c_str(), 0600), 0);
  std::vector<std::string> words = dir.words;
  words.insert(words.end(), {"--log", "log"});
  Program program(dir, words);
  ASSERT_TRUE(program.start().wait_for("memory:"));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  program.send(SIGINT);
  const Result result = program.wait();
  EXPECT_EQ(result.code, 130) << result.err;
  EXPECT_EQ(result.signal, 0);
  EXPECT_EQ(formats::load_model(dir.path("m.safetensors").string()).provenance.stop, "interrupted");
}

TEST(Interrupted, WhileThePipeOfAnOutputWaitsForItsReader) {
  const LongTraining dir;
  ASSERT_EQ(run(dir, train_words({"-o", "model.safetensors"})).code, 0);
  ASSERT_EQ(mkfifo(dir.path("pipe").c_str(), 0600), 0);
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"predict", "model.safetensors", "points.csv", "-o", "pipe"},
        std::vector<std::string>{"train", "points.csv", "--epochs", "1", "-o", "pipe"},
        std::vector<std::string>{"explain", "model.safetensors", "points.csv", "--html", "pipe"}}) {
    Program program(dir, words);
    program.start();
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    ASSERT_TRUE(program.is_running()) << words[0];
    program.send(SIGINT);
    EXPECT_EQ(program.wait().code, 130) << words[0];
  }
  // A reader that comes later gets everything.
  Program program(dir, {"predict", "model.safetensors", "points.csv", "-o", "pipe"});
  program.start();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  const std::string read = read_file(dir.path("pipe"));
  EXPECT_EQ(program.wait().code, 0);
  EXPECT_EQ(std::count(read.begin(), read.end(), '\n'), 151);
}

TEST(Interrupted, APageLeavesNoTemporaryFile) {
  const LongTraining dir;
  ASSERT_EQ(run(dir, train_words({"-o", "model.safetensors"})).code, 0);
  const auto before = dir.listing();
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    Program program(
        dir, {"explain", "model.safetensors", "points.csv", "--html", "page.html", "--row", "1-150", "--steps", "60"});
    program.start();
    const auto begun = [&] {
      const auto files = fs::directory_iterator(dir.path());
      return std::any_of(begin(files), end(files), [](const auto& f) { return f.path().extension() == ".tmp"; });
    };
    for (int i = 0; i < 10000 && !begun() && program.is_running(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    program.send(signal);
    const Result result = program.wait();
    if (result.code == 0) GTEST_SKIP() << "it was done before the signal came";
    EXPECT_EQ(result.signal, signal);
    EXPECT_EQ(dir.listing(), before);
  }
}

TEST(Interrupted, TwiceLeavesAtOnce) {
  // One step takes long, so that the second signal comes before the program reacts to the first.
  const LongTraining dir;
  dir.write("points.csv", points(true, false, 3000));
  dir.write("m.safetensors", "old");
  const auto before = dir.listing();
  std::vector<std::string> words = dir.words;
  words.insert(words.end(), {"--hidden", "2000,2000", "--batch-size", "all", "--force"});
  Program program(dir, words);
  ASSERT_TRUE(program.start().wait_for("memory:"));
  program.send(SIGINT);
  ASSERT_TRUE(program.wait_for("press Ctrl-C again to quit at once"));  // two pending signals would be merged into one
  program.send(SIGINT);
  const Result result = program.wait();
  EXPECT_EQ(result.code, 130);
  EXPECT_EQ(result.signal, SIGINT) << "it did not wait for the step";
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(dir.listing(), before);
}

TEST(Interrupted, AtAnyMomentLeavesWholeFilesOnly) {
  const LongTraining dir;
  ASSERT_EQ(run(dir, train_words({"-o", "whole.safetensors"})).code, 0);
  for (int moment = 0; moment < 12; ++moment) {
    Program program(dir, {"train", "points.csv", "--epochs", "3", "-o", "m.safetensors", "-q", "--force"});
    program.start();
    std::this_thread::sleep_for(std::chrono::milliseconds(2 * moment));
    program.send(SIGINT);
    program.send(SIGTERM);
    const Result result = program.wait();
    EXPECT_TRUE(result.code == 0 || result.code == 130 || result.code == 143) << result.code << result.err;
    for (const auto& [name, sum] : dir.listing())
      EXPECT_TRUE(name == "points.csv" || name == "whole.safetensors" || name == "m.safetensors") << name;
    if (!dir.has("m.safetensors")) continue;
    EXPECT_NO_THROW(formats::load_model(dir.path("m.safetensors").string()));
  }
}

TEST(Interrupted, PredictionsAppearWholeOrNotAtAll) {
  const LongTraining dir;
  ASSERT_EQ(run(dir, train_words({"-o", "model.safetensors"})).code, 0);
  dir.write("many.csv", points(true, false, 100000));
  const auto before = dir.listing();
  Program program(dir, {"predict", "model.safetensors", "many.csv", "--json", "-o", "predictions.jsonl"});
  program.start();
  // The temporary file shows that the writing has begun.
  const auto begun = [&] {
    const auto files = fs::directory_iterator(dir.path());
    return std::any_of(begin(files), end(files), [](const auto& f) { return f.path().extension() == ".tmp"; });
  };
  for (int i = 0; i < 5000 && !begun() && program.is_running(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  program.send(SIGINT);
  const Result result = program.wait();
  const std::string predictions = dir.has("predictions.jsonl") ? dir.read("predictions.jsonl") : "";
  const auto lines = std::count(predictions.begin(), predictions.end(), '\n');
  EXPECT_TRUE(lines == 0 || lines == 100000) << lines;
  if (result.code == 0 && lines == 100000) GTEST_SKIP() << "it was done before the signal came";
  EXPECT_EQ(result.code, 130);
  EXPECT_EQ(dir.listing(), before);
}

}  // namespace
}  // namespace chainrule::cli_signal_test
