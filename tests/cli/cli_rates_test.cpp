// SPDX-License-Identifier: Apache-2.0
// Learning rates on the command line: range tests before a training, and hints after a failed one.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "chainrule/model/fingerprint.h"
#include "tests/support/cli_runner.h"
#include "tests/support/library.h"

namespace chainrule::cli_rates_test {
namespace {

using json = nlohmann::json;

std::string option_of(const fs::path& model, const std::string& key) {
  for (const auto& [name, value] : formats::load_model(model.string()).provenance.configuration)
    if (name == key) return value;
  return "";
}

struct Points : Dir {
  Points() {
    write("points.csv", points(true, true));
    std::string text = "x,y\n";
    for (int i = 1; i < 40; ++i) text += std::to_string(i) + "e30," + std::to_string(i * i) + "e30\n";
    write("huge.csv", text);
  }
  Result train(std::vector<std::string> words) const {
    words.insert(words.begin(), {"train", "points.csv", "--target", "kind", "--ignore", "price", "--hidden", "8"});
    return run(*this, words);
  }
};

TEST(Rates, FoundBeforeTheTrainingAreTakenRecordedAndReplayed) {
  const Points dir;
  const Result result = dir.train(
      {"--find-learning-rate", "--find-layer-rates", "--run", "found", "--json", "--epochs", "10", "--lr", "0.000001"});
  ASSERT_EQ(result.code, 0) << result.err;
  EXPECT_TRUE(contains(result.err, "instead of 1e-06: the median of three range tests (")) << result.err;
  EXPECT_TRUE(contains(result.err, "layer rates: ")) << result.err;
  const json found = json::parse(result.out)["found_rates"];
  const double suggested = found["learning_rate"]["suggested"];
  EXPECT_GT(suggested, 1e-4);
  EXPECT_EQ(found["learning_rate"]["rates"].size(), found["learning_rate"]["losses"].size());
  EXPECT_EQ(std::stod(option_of(dir.path("runs/found/model.safetensors"), "learning_rate")), suggested);
  EXPECT_TRUE(contains(dir.read("runs/found/config.toml"), "learning_rate = "));
  EXPECT_EQ(run(dir, {"replay", "runs/found"}).code, 0);
  // The same command finds the same rate; so does its configuration.
  const Result again = dir.train({"--find-learning-rate", "--find-layer-rates", "--epochs", "10", "--lr", "0.000001",
                                  "-o", "again.safetensors", "--threads", "1"});
  ASSERT_EQ(again.code, 0) << again.err;
  const auto weights = [&](const char* name) {
    return weights_sha256(formats::load_model(dir.path(name).string()).network);
  };
  EXPECT_EQ(weights("again.safetensors"), weights("runs/found/model.safetensors"));
}

TEST(Rates, OfATrainingThatGoesWrongAreNamed) {
  const Points dir;
  const Result slow = dir.train({"--preset", "fast", "--lr", "1e-7", "--epochs", "10", "-o", "slow.safetensors"});
  EXPECT_EQ(slow.code, 0);
  EXPECT_TRUE(contains(slow.err, "warning: the learning rate 1e-07 is too low: ")) << slow.err;
  const Result wild = dir.train({"--preset", "fast", "--lr", "1e30", "-o", "wild.safetensors"});
  EXPECT_EQ(wild.code, 4);
  EXPECT_TRUE(contains(wild.err, "training diverged")) << wild.err;
  EXPECT_TRUE(contains(wild.err, "hint: a range test suggests the learning rate 0.0")) << wild.err;
  const Result steps = run(dir, {"train", "huge.csv", "--optimizer", "rprop", "--scaling", "none", "--target-scaling",
                                 "none", "--activation", "relu", "--preset", "fast", "-o", "rprop.safetensors"});
  EXPECT_EQ(steps.code, 4) << steps.err;
  EXPECT_TRUE(contains(steps.err, "training diverged")) << steps.err;
  const Result layers = dir.train({"--lr", "1e30", "--find-layer-rates", "--preset", "fast", "-o", "l.safetensors"});
  EXPECT_EQ(layers.code, 4) << layers.err;
  EXPECT_TRUE(contains(layers.err, "a range test suggests the learning rate")) << layers.err;
  const Result good = dir.train({"--preset", "fast", "-o", "good.safetensors"});
  EXPECT_FALSE(contains(good.err, "the learning rate")) << good.err;
}

TEST(Rates, AreNotFoundWhereThatMeansNothing) {
  const Points dir;
  Result result = dir.train({"--find-learning-rate", "--print-config"});
  EXPECT_EQ(result.code, 2);
  EXPECT_TRUE(contains(result.err, "--find-learning-rate: expected no --print-config together with it")) << result.err;
  result = dir.train({"--find-learning-rate=yes"});
  EXPECT_EQ(result.code, 2);
  EXPECT_TRUE(contains(result.err, "--find-learning-rate: expected no value, or true or false, found \"yes\""))
      << result.err;
  result = dir.train({"--find-layer-rates", "--optimizer", "rprop"});
  EXPECT_EQ(result.code, 2);
  EXPECT_TRUE(contains(result.err, "--optimizer: expected one with a learning rate, found rprop")) << result.err;
  EXPECT_FALSE(fs::exists(dir.path("model.safetensors")));
  result = dir.train({"--find-learning-rate", "--weight-multiplier", "0", "--bias-multiplier", "0", "--epochs", "3"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_TRUE(contains(result.err, "found no learning rate that lowers the training loss")) << result.err;
}

TEST(Rates, AreOfTheTrainingsOwnRows) {
  const Points dir;
  dir.write("two.csv", "x,z,y\n1,2.5,yes\n2,3.5,no\n");
  dir.write("other.csv", "x,z,y\n1,2,yes\n3,3,no\n2,4,no\n1,1,yes\n");
  const Result result = run(dir, {"train", "two.csv", "--validation", "other.csv", "--threshold-metric", "f1",
                                  "--preset", "fast", "--epochs", "5", "--find-learning-rate"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_TRUE(dir.has("model.safetensors"));
}

TEST(Rates, CtrlCDuringATestWritesNothing) {
  const Points dir;
  const auto before = dir.listing();
  Program program(dir, {"train", "points.csv", "--target", "kind", "--ignore", "price", "--hidden", "900,900",
                        "--find-learning-rate", "-v"});
  program.start();
  ASSERT_TRUE(program.wait_for("range test of the learning rate"));
  program.send(SIGINT);
  const Result result = program.wait();
  EXPECT_EQ(result.code, 130) << result.err;
  EXPECT_TRUE(contains(result.err, "nothing has been written")) << result.err;
  EXPECT_EQ(dir.listing(), before);
}

}  // namespace
}  // namespace chainrule::cli_rates_test
