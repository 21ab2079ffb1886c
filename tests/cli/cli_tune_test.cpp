// SPDX-License-Identifier: Apache-2.0
// tune: its files and output, a search that is killed and resumed, refusals.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>
#include <sstream>

#include "tests/support/cli_runner.h"
#include "tests/support/library.h"

namespace chainrule::cli_tune_test {
namespace {

using Json = nlohmann::json;

std::vector<Json> lines_of(const std::string& text) {
  std::vector<Json> lines;
  std::stringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(Json::parse(line));
  return lines;
}

struct Points : Dir {
  Points() { write("points.csv", points(true, false)); }
  std::vector<std::string> words(const std::vector<std::string>& more) const {
    std::vector<std::string> words{"tune", "points.csv", "--trials",   "8",        "--folds",
                                   "3",    "--range",    "hidden=2|4", "--epochs", "5"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  Result tune(const std::vector<std::string>& more, int code = 0) const {
    const Result result = run(*this, words(more));
    EXPECT_EQ(result.code, code) << result.err;
    return result;
  }
};

TEST(TuneCommand, WritesTrialsAndTheWinnersModel) {
  const Points dir;
  const Result result = dir.tune({"--json"});
  const Json found = Json::parse(result.out);
  EXPECT_EQ(found["trials"].size(), 9u);
  EXPECT_EQ(found["test"]["rows"], 30);
  EXPECT_EQ(found["beats_the_start"], found["winner"] != 0);
  const std::vector<Json> lines = lines_of(dir.read("trials.jsonl"));
  EXPECT_EQ(lines[0]["event"], "search");
  std::size_t scores = 0;
  for (const Json& trial : found["trials"]) scores += trial["scores"].size();
  EXPECT_EQ(lines.size(), 1 + scores);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const Json& line = lines[i];
    const Json& trial = found["trials"][line["trial"].get<std::size_t>()];
    EXPECT_EQ(line["score"], trial["scores"][line["fold"].get<std::size_t>() - 1]);
    for (const auto& [key, value] : trial["settings"].items()) EXPECT_EQ(line[key], value);
    EXPECT_TRUE(line.contains("learning_rate"));
    EXPECT_FALSE(line.contains("epochs"));  // set by hand: not varied
  }
  // The printed command reproduces the model, and the score is that of its test rows.
  std::vector<std::string> words = found["command"];
  words.erase(words.begin());
  words.insert(words.end(), {"-o", "again.safetensors", "--json"});
  words.erase(std::ranges::find(words, "model.safetensors") - 1, std::ranges::find(words, "model.safetensors") + 1);
  const Result again = run(dir, words);
  ASSERT_EQ(again.code, 0) << again.err;
  const Json trained = Json::parse(again.out),
             model = Json::parse(run(dir, {"inspect", "model.safetensors", "--json"}).out);
  EXPECT_EQ(trained["weights_sha256"], model["weights_sha256"]);
  EXPECT_EQ(trained["metrics"]["test"]["log_loss"]["value"], found["test"]["winner"]["value"]);
}

TEST(TuneCommand, PrintsWhetherItBeatTheOptionsAsGiven) {
  const Points dir;
  const Result bad = dir.tune({"--range", "learning_rate=1e-9..1e-8"});
  EXPECT_TRUE(contains(bad.out, "Tuning did not beat the options as given")) << bad.out;
  EXPECT_TRUE(contains(bad.out, "log_loss on 30 test rows that the search did not use: ")) << bad.out;
  const Result good = dir.tune({"--range", "learning_rate=0.001..0.1", "--force"});
  EXPECT_TRUE(contains(good.out, "chainrule train points.csv --test-split 0.2 --epochs 5")) << good.out;
}

TEST(TuneCommand, AKilledSearchGoesOnAsIfNothingHadHappened) {
  const Points undisturbed;
  const Json whole =
      Json::parse(undisturbed.tune({"--json", "--hidden", "48,48", "--epochs", "60", "--threads", "2"}).out);
  for (const int lines : {1, 3, 6, 9, 12}) {
    const Points dir;
    {
      Program program(dir, dir.words({"--json", "--hidden", "48,48", "--epochs", "60", "--threads", "2"}));
      program.start();
      for (int i = 0; i < 5000 && program.is_running(); ++i) {
        const std::string text = dir.has("trials.jsonl") ? dir.read("trials.jsonl") : "";
        if (std::ranges::count(text, '\n') > lines) break;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      program.send(SIGKILL);
      program.wait();
    }
    if (lines == 6) {  // killed in the middle of a line
      const std::string text = dir.read("trials.jsonl");
      dir.write("trials.jsonl", text.substr(0, text.size() - 9));
    }
    const Result result = dir.tune({"--json", "--hidden", "48,48", "--epochs", "60", "--threads", "2", "--resume",
                                    "--output", "other.safetensors"});
    EXPECT_TRUE(contains(result.err, "resumed: ")) << result.err;
    const Json resumed = Json::parse(result.out);
    for (const char* const key : {"trials", "winner", "best", "gain", "standard_error", "test", "settings"})
      EXPECT_EQ(resumed[key], whole[key]) << key << " " << lines;
    for (const Json& line : lines_of(dir.read("trials.jsonl"))) EXPECT_TRUE(line.contains("event"));
  }
}

TEST(TuneCommand, WritesTheModelThoughTheOptionsAsGivenFail) {
  const Points dir;
  const Result diverging =
      dir.tune({"--optimizer", "momentum", "--lr", "1e30", "--range", "learning_rate=0.001..0.1", "--json"});
  const Json found = Json::parse(diverging.out);
  EXPECT_NE(found["winner"], 0);
  EXPECT_TRUE(found["test"]["start"].is_null());
  EXPECT_TRUE(dir.has("model.safetensors"));
}

TEST(TuneCommand, ItsCommandKeepsEmptyValuesAndNamesThatLookLikeSwitches) {
  const Dir dir;
  std::string text = points(true, false);
  text.replace(text.find("kind"), 4, "true");
  dir.write("false", text);
  const Result result = run(dir, {"tune", "false", "--target", "true", "--trials", "2", "--folds", "2", "--hidden", "2",
                                  "--epochs", "2", "--no-stratify", "--weight", "", "--json"});
  ASSERT_EQ(result.code, 0) << result.err;
  const std::vector<std::string> words = Json::parse(result.out)["command"];
  EXPECT_TRUE(std::ranges::equal(std::span(words).first(5),
                                 std::vector<std::string>{"chainrule", "train", "false", "--test-split", "0.2"}));
  EXPECT_NE(std::ranges::find(words, "--no-stratify"), words.end());
  EXPECT_EQ(*(std::ranges::find(words, "--target") + 1), "true");
  EXPECT_EQ(*(std::ranges::find(words, "--weight") + 1), "");
}

TEST(TuneCommand, GoesOnAfterAFirstLineThatWasCutOff) {
  const Points dir;
  dir.tune({"--json"});
  dir.write("cut.jsonl", dir.read("trials.jsonl").substr(0, 40));
  dir.tune({"--trials-file", "cut.jsonl", "--resume", "-o", "m.safetensors", "--threads", "1"});
  EXPECT_EQ(lines_of(dir.read("cut.jsonl")).size(), lines_of(dir.read("trials.jsonl")).size());
}

TEST(TuneCommand, CtrlCKeepsWhatIsMeasured) {
  const Points dir;
  Program program(dir, dir.words({"--hidden", "64,64", "--epochs", "400", "--threads", "1"}));
  program.start();
  ASSERT_TRUE(program.wait_for("2/"));
  program.send(SIGINT);
  const Result result = program.wait();
  EXPECT_EQ(result.code, 130) << result.err;
  EXPECT_TRUE(
      contains(result.err, "interrupted: completed training runs are in trials.jsonl; --resume continues the search"));
  EXPECT_GE(lines_of(dir.read("trials.jsonl")).size(), 3u);
  EXPECT_FALSE(dir.has("model.safetensors"));
}

TEST(TuneCommand, EndsWithWhatThereIsWhenTheTimeIsOver) {
  const Points dir;
  const Result result = dir.tune({"--trials", "100000", "--minutes", "0.03", "--json"});
  const Json found = Json::parse(result.out);
  EXPECT_EQ(found["out_of_time"], true);
  EXPECT_LT(found["trials"].size(), 100000u);
  EXPECT_TRUE(dir.has("model.safetensors"));
}

TEST(TuneCommand, RefusesInTheWordsOfTheCommandLine) {
  const Points dir;
  dir.write("t.jsonl", "{}\n");
  const auto listing = dir.listing();
  const auto refused = [&](const std::vector<std::string>& options, const std::string& message, int code = 2) {
    const Result result = dir.tune(options, code);
    EXPECT_TRUE(contains(result.err, message)) << result.err;
    EXPECT_EQ(dir.listing(), listing);
  };
  refused({"--trials", "0"}, "--trials: expected a whole number from 1");
  refused({"--folds", "1"}, "--folds: expected a whole number of at least 2, found 1");
  refused({"--minutes", "0"}, "--minutes: expected a number above 0, found \"0\"");
  refused({"--range", "hiden=2|3"}, "--range: expected an option of train, found \"hiden\"");
  refused({"--score", "rmse"}, "score: expected one of ");
  refused({"--trials-file", "t.jsonl"}, "t.jsonl: already exists");
  refused({"--trials-file", "t.jsonl", "--resume"}, "t.jsonl:1: expected the trials of this search");
  refused({"--resume", "--force"}, "--resume: expected no --force together with it");
  refused({"--trials-file", "points.csv", "--force"}, "points.csv");
  refused({"--trials-file", "./model.safetensors"}, "--trials-file: expected a file other than the model file");
  refused({"--test-fold", "1/2"}, "--test-fold");
}

}  // namespace
}  // namespace chainrule::cli_tune_test
