// SPDX-License-Identifier: Apache-2.0
// A search that is killed at ten random moments and resumed each time has the same trials, scores and winner as an
// undisturbed one.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include "tests/support/cli_runner.h"

namespace chainrule::slow_cli_tune_test {
namespace {

using Json = nlohmann::json;

std::vector<std::string> search(std::vector<std::string> more) {
  std::vector<std::string> words{"tune",  "points.csv", "--trials", "30",        "--folds", "3",      "--hidden",
                                 "64,64", "--epochs",   "2000",     "--threads", "2",       "--json", "--trials-file"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

// The trainings of a file, whatever their order and their times.
std::multiset<std::string> trainings_of(const std::string& text) {
  std::multiset<std::string> lines;
  std::stringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    Json read = Json::parse(line);
    read.erase("seconds");
    lines.insert(read.dump());
  }
  return lines;
}

TEST(SlowTune, KilledAtTenMomentsItFindsTheSame) {
  const Dir dir;
  dir.write("points.csv", points(true, false));
  const auto begin = std::chrono::steady_clock::now();
  const Result whole = run(dir, search({"whole.jsonl", "-o", "whole.safetensors"}));
  ASSERT_EQ(whole.code, 0) << whole.err;
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::mt19937 draw(std::random_device{}());
  std::uniform_real_distribution<double> moment(0, seconds / 7);
  std::size_t torn = 0;
  for (int k = 0; k < 10; ++k) {
    Program program(dir, search({"torn.jsonl", "-o", "torn.safetensors", "--resume"}));
    program.start();
    const double wait = moment(draw);
    std::this_thread::sleep_for(std::chrono::duration<double>(wait));
    program.send(SIGKILL);
    program.wait();
    const std::string text = dir.has("torn.jsonl") ? dir.read("torn.jsonl") : "";
    torn += !text.empty() && text.back() != '\n' ? 1 : 0;
    std::cout << "killed after " << wait << " s with " << std::ranges::count(text, '\n') << " lines\n";
  }
  const Result last = run(dir, search({"torn.jsonl", "-o", "last.safetensors", "--resume"}));
  ASSERT_EQ(last.code, 0) << last.err;
  std::cout << seconds << " s undisturbed, " << torn << " lines cut off\n";
  const Json then = Json::parse(whole.out), now = Json::parse(last.out);
  for (const char* const key : {"trials", "winner", "best", "gain", "standard_error", "test", "settings", "ranges"})
    EXPECT_EQ(now[key], then[key]) << key;
  EXPECT_EQ(trainings_of(dir.read("torn.jsonl")), trainings_of(dir.read("whole.jsonl")));
  EXPECT_TRUE(dir.read("last.safetensors") == dir.read("whole.safetensors"));
}

}  // namespace
}  // namespace chainrule::slow_cli_tune_test
