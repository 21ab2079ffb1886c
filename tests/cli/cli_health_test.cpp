// SPDX-License-Identifier: Apache-2.0
// The log of a training and `explain --health` on the command line.
#include <nlohmann/json.hpp>
#include <set>

#include "tests/support/cli_runner.h"
#include "tests/support/library.h"

namespace chainrule::cli_health_test {
namespace {

using Json = nlohmann::json;

struct Points : Dir {
  Points() { write("points.csv", points(true, false)); }
  std::vector<Json> log(const std::string& name = "run.jsonl") const {
    std::istringstream lines(read(name));
    std::vector<Json> events;
    for (std::string line; std::getline(lines, line);) events.push_back(Json::parse(line));  // throws unless it is JSON
    return events;
  }
};

std::set<std::string> documented_keys(const std::string& event) {
  std::istringstream page(read_file(CHAINRULE_SOURCE_DIR "/docs/formats.md"));
  std::set<std::string> keys;
  for (std::string line; std::getline(page, line);) {  // | `KEY` | EVENT | ...
    const std::size_t end = line.find("` | ");
    if (!line.starts_with("| `") || end == std::string::npos) continue;
    const std::string where = line.substr(end + 4, line.find(' ', end + 4) - end - 4);
    if (where == "both" || where == event) keys.insert(line.substr(3, end - 3));
  }
  return keys;
}

std::set<std::string> written_keys(const std::vector<Json>& events, const std::string& event) {
  std::set<std::string> keys;
  for (const Json& line : events) {
    if (line["event"] != event) continue;
    for (const auto& [key, value] : line.items())
      keys.insert(key.starts_with("layer_")        ? "layer_L" + key.substr(key.find('/'))
                  : key.starts_with("validation/") ? "validation/METRIC"
                  : key.starts_with("inner/")      ? "inner/METRIC"
                                                   : key);
  }
  return keys;
}

TEST(Log, HasTheDocumentedKeys) {
  const Points dir;
  ASSERT_EQ(run(dir, train_words({"--log", "run.jsonl", "--health-every", "3", "--inner-folds", "2"})).code, 0);
  const std::vector<Json> events = dir.log();
  for (const char* const event : {"epoch", "step"}) {
    EXPECT_GT(documented_keys(event).size(), 6u);
    EXPECT_EQ(written_keys(events, event), documented_keys(event)) << event;
  }
}

TEST(Log, HasALineForEachEpochAndEachMeasuredStep) {
  const Points dir;
  ASSERT_EQ(run(dir, train_words({"--log", "run.jsonl", "--health-every", "7", "--validation-split", "0"})).code, 0);
  std::vector<std::uint64_t> steps;
  std::size_t epochs = 0;
  std::uint64_t before = 0;
  for (const Json& event : dir.log()) {
    EXPECT_EQ(event["schema"], 1);
    const auto step = event["step"].get<std::uint64_t>();
    EXPECT_GE(step, before) << "in the order of time";
    before = step;
    if (event["event"] == "epoch") {
      EXPECT_EQ(event["epoch"], ++epochs);
      EXPECT_EQ(step, 5 * epochs);
      EXPECT_FALSE(event.contains("validation/loss"));
      continue;
    }
    steps.push_back(step);
    EXPECT_EQ(event["epoch"], (step + 4) / 5);
    for (const char* const key : {"layer_1/saturated", "layer_1/dead", "layer_3/weights_norm"})
      EXPECT_FALSE(event.contains(key)) << key << ": there is no such thing";
    EXPECT_GT(event["layer_2/weights_norm"], 0);
  }
  EXPECT_EQ(epochs, 30u);
  ASSERT_EQ(steps.size(), 150u / 7);
  for (std::size_t i = 0; i < steps.size(); ++i) EXPECT_EQ(steps[i], 7 * (i + 1));
}

TEST(Log, WithoutHealthHasEpochsOnly) {
  const Points dir;
  ASSERT_EQ(run(dir, train_words({"--log", "run.jsonl", "-q", "--json"})).code, 0);
  EXPECT_EQ(dir.log().size(), 30u);
  for (const Json& event : dir.log()) EXPECT_EQ(event["event"], "epoch");
}

TEST(Log, WhatIsNotFiniteIsNull) {
  const Points dir;
  ASSERT_EQ(run(dir, train_words({"--log", "run.jsonl", "--health-every", "1"})).code, 0);
  EXPECT_TRUE(dir.log()[0]["layer_1/update_ratio_biases"].is_null()) << "biases start at 0";
  EXPECT_TRUE(dir.log()[1]["layer_1/update_ratio_biases"].is_number());
}

TEST(Log, ChangesNoByteOfTheModel) {
  const Points dir;
  ASSERT_EQ(run(dir, train_words({"-o", "a.safetensors"})).code, 0);
  ASSERT_EQ(run(dir, train_words({"-o", "b.safetensors", "--log", "run.jsonl", "--health-every", "1"})).code, 0);
  EXPECT_EQ(dir.read("a.safetensors"), dir.read("b.safetensors"));
}

TEST(Log, IsRefusedBeforeWork) {
  const Points dir;
  dir.write("there.jsonl", "old\n");
  const auto before = dir.listing();
  const std::pair<std::vector<std::string>, std::string> refused[] = {
      {{"--health-every", "5"}, "--health-every: expected --log FILE or --run NAME together with it, found none"},
      {{"--log", "there.jsonl"}, "there.jsonl: already exists"},
      {{"--log", "-"}, "--log: expected a file, found - (standard output)"},
      {{"--log", "./m.safetensors"}, "--log: expected a file other than \"m.safetensors\", found the same"},
      {{"--log", "points.csv", "--force"}, "points.csv: expected a file other than the input"},
      {{"--log", "no/run.jsonl"}, "folder \"no\" does not exist"},
      {{"--log", "run.jsonl", "--health-every", "0"}, "--health-every: expected a whole number from 1 to 1000000000"},
      {{"--log", "run.jsonl", "--health-every", "many"}, "found \"many\""}};
  for (const auto& [words, message] : refused) {
    std::vector<std::string> all = train_words({"-o", "m.safetensors"});
    all.insert(all.end(), words.begin(), words.end());
    const Result result = run(dir, all);
    EXPECT_EQ(result.code, 2) << message;
    EXPECT_NE(result.err.find(message), std::string::npos) << message << "\n" << result.err;
    EXPECT_EQ(dir.listing(), before) << message;
  }
  EXPECT_EQ(run(dir, train_words({"-o", "m.safetensors", "--log", "there.jsonl", "--force"})).code, 0);
  EXPECT_EQ(dir.log("there.jsonl").size(), 30u) << "nothing old is left";
}

TEST(Log, ATrainingThatFailsAtOnceLeavesAnOldLog) {
  const Points dir;
  dir.write("there.jsonl", "old\n");
  EXPECT_EQ(run(dir, train_words({"--log", "there.jsonl", "--force", "--optimizer", "sgd", "--lr", "1e38"})).code, 4);
  EXPECT_EQ(dir.read("there.jsonl"), "old\n");
  EXPECT_EQ(run(dir, train_words({"--log", "new.jsonl", "--optimizer", "sgd", "--lr", "1e38"})).code, 4);
  EXPECT_FALSE(dir.has("new.jsonl"));
}

TEST(Log, ThatCannotBeWrittenCostsNoModel) {
  const Points dir;
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "there is no /dev/full";
  const Result result = run(dir, train_words({"-o", "m.safetensors", "--log", "/dev/full"}));
  EXPECT_EQ(result.code, 6);
  EXPECT_NE(result.err.find("/dev/full: writing failed"), std::string::npos) << result.err;
  EXPECT_TRUE(dir.has("m.safetensors"));
}

void expect_whole_lines_after(int signals) {
  const Points dir;
  Program program(dir, {"train", "points.csv", "--epochs", "100000000", "--log", "run.jsonl", "--health-every", "2"});
  ASSERT_TRUE(program.start().wait_for("epoch "));
  for (int i = 0; i < 2000 && dir.read("run.jsonl").size() < 20000; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  program.send(SIGINT);
  if (signals > 1) program.send(SIGKILL);
  const Result result = program.wait();
  EXPECT_EQ(result.code, signals > 1 ? 128 + SIGKILL : 130) << result.err;
  const std::string text = dir.read("run.jsonl");
  ASSERT_FALSE(text.empty());
  EXPECT_EQ(text.back(), '\n');
  EXPECT_GT(dir.log().size(), 10u);
}

TEST(Log, CtrlCLeavesWholeLines) { expect_whole_lines_after(1); }

TEST(Log, AKilledTrainingLeavesWholeLines) { expect_whole_lines_after(2); }

// -- explain --health ------------------------------------------------------------------------------------------------

Result explained(const Dir& dir, std::vector<std::string> more) {
  std::vector<std::string> words{"explain", "--health", "m.safetensors", "points.csv"};
  words.insert(words.end(), more.begin(), more.end());
  return run(dir, words);
}

TEST(ExplainHealth, ShowsLayersAndThatNothingIsWrong) {
  const Points dir;
  ASSERT_EQ(run(dir, train_words({"-o", "m.safetensors"})).code, 0);
  const auto before = dir.listing();
  const Result result = explained(dir, {});
  EXPECT_EQ(result.code, 0) << result.err;
  for (const char* const text :
       {"150 rows in 5 steps, batch size 32, adam at learning rate 0.02; the model is unchanged\n", "layer  units",
        "    1      2  inputs", "    2      8  silu", "    3      3  identity", "\n  W(1) ", "\n  b(2) ",
        "baseline loss 1.099\n", "\nNo problems found.\n"})
    EXPECT_NE(result.out.find(text), std::string::npos) << text << "\n" << result.out;
  EXPECT_EQ(dir.listing(), before);
}

TEST(ExplainHealth, PrintsProblemsAndSuggestions) {
  const Points dir;
  ASSERT_EQ(run(dir, train_words({"-o", "m.safetensors", "--epochs", "1", "--optimizer", "sgd", "--lr", "1e-7"})).code,
            0);
  const Result text = explained(dir, {});
  EXPECT_NE(text.out.find("\n* the learning rate 1e-07 is too low: a step changes no weights by more than "),
            std::string::npos)
      << text.out;
  EXPECT_NE(text.out.find("\n  Suggestion: train again with --learning-rate "), std::string::npos) << text.out;
  EXPECT_NE(text.out.find("; loss at the start "), std::string::npos) << text.out;
  EXPECT_EQ(text.out.find("No problems found"), std::string::npos);

  const Json document = Json::parse(explained(dir, {"--json"}).out);
  EXPECT_EQ(document["schema"], 1);
  EXPECT_EQ(document["findings"][0]["kind"], "update_too_low");
  EXPECT_LT(document["findings"][0]["value"], document["findings"][0]["bound"]);
  EXPECT_TRUE(document["findings"][0]["options"].contains("learning_rate")) << document["findings"][0];
  EXPECT_GT(document["trainings"], 0);
  EXPECT_GT(document["start_loss"], 0.5);
  ASSERT_EQ(document["layers"].size(), 3u);
  EXPECT_TRUE(document["layers"][0]["saturated"].is_null());
  EXPECT_GT(document["layers"][0]["weights"]["norm"], 0);
  EXPECT_FALSE(document["layers"][2].contains("weights"));
  EXPECT_EQ(document["inputs"][1]["name"], "y");
  EXPECT_EQ(document["classes"][0]["rows"], 50);
  EXPECT_EQ(document["learning_rate"], 1e-7);
}

// The flags of the first suggestion.
std::vector<std::string> suggested(const std::string& text) {
  const std::string begin = "Suggestion: train again with ";
  const std::size_t from = text.find(begin) + begin.size(), to = text.find_first_of(";\n", from);
  std::istringstream words(text.substr(from, to - from));
  std::vector<std::string> flags;
  for (std::string word; words >> word;)
    if (word != "and") flags.push_back(word.back() == ',' ? word.substr(0, word.size() - 1) : word);
  return flags;
}

// Chapter 11 of the tutorial: five layers of sigmoids learn nothing. The suggestion is a command line that works.
TEST(ExplainHealth, HealsTheTutorialsDeepNetwork) {
  const Points dir;
  const std::string data = CHAINRULE_SOURCE_DIR "/data/digits.csv";
  std::vector<std::string> words{"train", data, "--preset", "classic", "--hidden", "30,30,30,30,30"};
  for (const char* const word :
       {"--output-activation", "identity", "--loss", "softmax_cross_entropy", "--initial-weights", "auto",
        "--learning-rate", "0.1", "--initial-biases", "zero", "--epochs", "10", "-q", "--force", "-o", "m.safetensors"})
    words.push_back(word);
  ASSERT_EQ(run(dir, words).code, 0);
  const std::string sick = run(dir, {"explain", "--health", "m.safetensors", data}).out;
  EXPECT_NE(sick.find("\n\n* the gradient vanishes on its way to the inputs: "), std::string::npos) << sick;
  for (const std::string& word : suggested(sick)) words.push_back(word);
  ASSERT_EQ(run(dir, words).code, 0) << sick;
  const std::string healed = run(dir, {"explain", "--health", "m.safetensors", data}).out;
  EXPECT_NE(healed.find("\nNo problems found.\n"), std::string::npos) << healed;
}

TEST(ExplainHealth, NeedsAModelATargetAndNothingElse) {
  const Points dir;
  ASSERT_EQ(run(dir, train_words({"-o", "m.safetensors"})).code, 0);
  const std::pair<std::vector<std::string>, std::string> idle[] = {
      {{"--row", "3"}, "--health: expected no --row together with it"},
      {{"--lr", "1"}, "expected no --learning-rate together with"}};
  for (const auto& [words, message] : idle) {
    const Result result = explained(dir, words);
    EXPECT_EQ(result.code, 2);
    EXPECT_NE(result.err.find(message), std::string::npos) << result.err;
  }
  const Result fresh = run(dir, {"explain", "--health", "points.csv"});
  EXPECT_EQ(fresh.code, 2);
  EXPECT_NE(fresh.err.find("--health: expected MODEL DATA, found only \"points.csv\""), std::string::npos) << fresh.err;
  dir.write("points.csv", "x,y\n1,2\n");
  const Result without = explained(dir, {});
  EXPECT_EQ(without.code, 3);
  EXPECT_NE(without.err.find("kind"), std::string::npos) << without.err;
}

TEST(ExplainHealth, OfANumber) {
  const Points dir;
  dir.write("points.csv", points(false, true));
  ASSERT_EQ(run(dir, train_words({"-o", "m.safetensors", "--epochs", "100"})).code, 0);
  const Result result = explained(dir, {});
  EXPECT_NE(result.out.find("\nNo problems found.\n"), std::string::npos) << result.out << result.err;
  EXPECT_TRUE(Json::parse(explained(dir, {"--json"}).out)["classes"].empty());
}

}  // namespace
}  // namespace chainrule::cli_health_test
