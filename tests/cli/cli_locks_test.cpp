// SPDX-License-Identifier: Apache-2.0
// Two programs on one trials file, log or run: the second is refused by the file's name, and the first is undisturbed.
// A trials file that cannot be written ends the search.
#include <algorithm>

#include "tests/support/cli_runner.h"

namespace chainrule::cli_locks_test {
namespace {

struct Points : Dir {
  Points() { write("points.csv", points(true, false)); }
  // `second` while `first` runs, which then ends by a signal with what it has.
  void expect_refused(const std::vector<std::string>& first, const std::vector<std::string>& second,
                      const std::string& named) const {
    Program program(*this, first);
    // A second folder for the output of the second program.
    ASSERT_TRUE(program.start().wait_for(first[0] == "tune" ? "2/" : "epoch "));
    const Dir beside;
    Program other(beside, second);
    const Result result = other
                              .before([this] {
                                if (chdir(path().c_str()) != 0) _exit(127);
                              })
                              .go();
    EXPECT_EQ(result.code, 2) << result.err;
    EXPECT_TRUE(contains(result.err, "chainrule: error: " + named + ": expected ")) << result.err;
    EXPECT_TRUE(contains(result.err, "no other program is writing, found one in use")) << result.err;
    EXPECT_TRUE(program.is_running());
    program.send(SIGINT);
    EXPECT_EQ(program.wait().code, 130);
  }
};

TEST(Locks, OneTrialsFile) {
  const Points dir;
  const std::vector<std::string> words{"tune",     "points.csv", "--trials",      "100000",  "--epochs",  "5",
                                       "--hidden", "2",          "--trials-file", "t.jsonl", "--threads", "1"};
  std::vector<std::string> again = words, forced = words;
  again.push_back("--resume");
  forced.push_back("--force");
  dir.expect_refused(words, again, "t.jsonl");
  const std::string lines = dir.read("t.jsonl");
  EXPECT_GE(std::count(lines.begin(), lines.end(), '\n'), 3);
  dir.expect_refused(again, forced, "t.jsonl");
  EXPECT_TRUE(dir.read("t.jsonl").starts_with(lines));
}

TEST(Locks, OneLog) {
  const Points dir;
  const std::vector<std::string> words{"train", "points.csv", "--epochs", "100000000", "--log", "log.jsonl"};
  std::vector<std::string> first = words, second = words;
  first.insert(first.end(), {"-o", "a.safetensors"});
  second.insert(second.end(), {"-o", "b.safetensors", "--force"});
  dir.expect_refused(first, second, "log.jsonl");
}

TEST(Locks, OneRun) {
  const Points dir;
  const std::vector<std::string> words{"train", "points.csv", "--epochs", "100000000", "--run", "a"};
  std::vector<std::string> forced = words;
  forced.push_back("--force");
  dir.expect_refused(words, forced, "runs/a");   // made in place
  dir.expect_refused(forced, forced, "runs/a");  // made beside the old one
  EXPECT_EQ(std::distance(fs::directory_iterator(dir.path("runs")), fs::directory_iterator()), 1);
}

TEST(Trials, ThatCannotBeWrittenEndTheSearch) {
  const Points dir;
  const Result full = run(dir, {"tune", "points.csv", "--trials", "100000", "--epochs", "5", "--hidden", "2",
                                "--trials-file", "/dev/full", "--force", "-o", "m.safetensors"});
  EXPECT_EQ(full.code, 6) << full.err;
  EXPECT_TRUE(contains(full.err, "chainrule: error: /dev/full: writing failed: No space left on device")) << full.err;
  EXPECT_FALSE(dir.has("m.safetensors"));
}

}  // namespace
}  // namespace chainrule::cli_locks_test
