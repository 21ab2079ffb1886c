// SPDX-License-Identifier: Apache-2.0
// Runs commands of the program with one allocation that fails, once or for good (failing_allocations.cpp), and checks
// that each ends with exit 6 and one line, or with its whole result; and that nothing is left half written.
#pragma once

#include <algorithm>
#include <random>
#include <set>

#include "tests/support/cli_runner.h"

namespace chainrule {

class AllocationFaults {
 public:
  AllocationFaults() {
    const std::string table = points(true, false, 60);
    dir_.write("points.csv", table);
    must({"train", "points.csv", "-o", "m.safetensors", "--epochs", "2", "--hidden", "3"});
    must({"train", "points.csv", "--run", "old", "--epochs", "2", "--hidden", "3"});
    fs::rename(dir_.path("runs/old"), dir_.outside("old"));
    before_ = names();
  }

  static bool is_possible() {
    return std::getenv("CHAINRULE_PROGRAM") == nullptr;  // sanitizers have their own allocator
  }

  static std::vector<std::vector<std::string>> commands() {
    const std::vector<std::string> small{"--epochs", "2", "--hidden", "2", "--threads", "2"};
    const auto with = [&](std::vector<std::string> words) {
      words.insert(words.end(), small.begin(), small.end());
      return words;
    };
    return {with({"train", "points.csv", "-o", "new.safetensors", "--report", "r.html", "--log", "l.jsonl"}),
            with({"train", "points.csv", "--run", "old", "--force"}),
            with({"train", "points.csv", "--config", "runs/old/config.toml", "-o", "new.safetensors"}),
            with({"cv", "points.csv", "--folds", "2"}),
            with({"tune", "points.csv", "--folds", "2", "--trials", "1"}),
            {"predict", "m.safetensors", "points.csv", "-o", "p.csv"},
            {"evaluate", "m.safetensors", "points.csv"},
            {"explain", "m.safetensors", "points.csv", "--html", "e.html"},
            {"report", "runs/old", "runs/old"},
            {"inspect", "points.csv"},
            {"check", "m.safetensors", "points.csv"},
            {"diff", "m.safetensors", "runs/old"},
            {"replay", "runs/old"}};
  }

  /// Lets allocations of the command fail at `count` drawn points, each once and for good. Returns the number of
  /// points.
  std::size_t attack(const std::vector<std::string>& words, std::size_t count) {
    const std::string counted = dir_.outside("count").string();
    EXPECT_EQ(attempt(words, {{"FAILING_COUNT", counted}}).code, 0) << words[0];
    const std::size_t all = std::strtoul(read_file(counted).c_str(), nullptr, 10);
    EXPECT_GT(all, 1000u) << "allocations are counted";
    std::mt19937 draw(1);
    std::set<std::size_t> points;
    while (points.size() < std::min(count, all)) points.insert(draw() % all + 1);
    for (const std::size_t point : points)
      for (const bool for_good : {false, true}) fail_at(words, point, for_good);
    return 2 * points.size();
  }

 private:
  using Variables = std::vector<std::pair<std::string, std::string>>;

  void must(const std::vector<std::string>& words) const {
    const Result result = run(dir_, words);
    ASSERT_EQ(result.code, 0) << result.err;
  }
  std::set<std::string> names() const {
    std::set<std::string> names;
    for (const auto& [name, sum] : dir_.listing()) names.insert(name);
    return names;
  }
  void restore() const {
    for (const fs::directory_entry& entry : fs::directory_iterator(dir_.path()))
      if (!before_.contains(entry.path().filename().string()) || entry.path().filename() == "runs")
        fs::remove_all(entry.path());
    fs::create_directory(dir_.path("runs"));
    fs::copy(dir_.outside("old"), dir_.path("runs/old"));
  }
  Result attempt(const std::vector<std::string>& words, const Variables& variables) const {
    restore();
    Program program(dir_, words);
    return program
        .before([&] {
          for (const auto& [name, value] : variables) setenv(name.c_str(), value.c_str(), 1);
          setenv("LD_PRELOAD", CHAINRULE_FAILING_ALLOCATIONS, 1);
        })
        .go();
  }
  void fail_at(const std::vector<std::string>& words, std::size_t point, bool for_good) const {
    Variables variables{{"FAILING_AT", std::to_string(point)}};
    if (for_good) variables.emplace_back("FAILING_FOR_GOOD", "1");
    const Result result = attempt(words, variables);
    const std::string shown = words[0] + " " + words[1] + ", allocation " + std::to_string(point) +
                              (for_good ? " and all after it: " : ": ") + result.err;
    const std::size_t error = result.err.find("chainrule: error: ");
    if (result.code == 0) {
      EXPECT_EQ(error, std::string::npos) << shown;
    } else {
      EXPECT_EQ(result.code, 6) << shown;
      ASSERT_NE(error, std::string::npos) << shown;
      EXPECT_EQ(result.err.substr(error), "chainrule: error: out of memory\n") << shown;
    }
    for (const std::string& name : names()) EXPECT_FALSE(contains(name, ".tmp")) << name << " after " << shown;
    if (std::ranges::find(words, "--force") == words.end()) return;
    EXPECT_EQ(run(dir_, {"inspect", "runs/old"}).code, 0) << shown;
  }

  Dir dir_;
  std::set<std::string> before_;
};

}  // namespace chainrule
