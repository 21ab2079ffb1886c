// SPDX-License-Identifier: Apache-2.0
// The words of the program: what errors name, and what notes and warnings say about data and options.
#include "cli_runner.h"

namespace chainrule {
namespace {

struct Points : Dir {
  Points() { write("points.csv", points(true, false)); }
  // What standard error says; the exit code must be `code`.
  std::string said(std::vector<std::string> words, int code = 0) const {
    const std::string shown = ::testing::PrintToString(words);
    const Result result = run(*this, std::move(words));
    EXPECT_EQ(result.code, code) << shown << "\n" << result.err;
    return result.err;
  }
  // The same of a training that takes no time.
  std::string trained(std::vector<std::string> more, int code = 0, const std::string& data = "points.csv") const {
    std::vector<std::string> words{"train", data, "--epochs", "1", "--hidden", "2", "-o", "m.safetensors", "--force"};
    words.insert(words.end(), more.begin(), more.end());
    return said(words, code);
  }
};

void expect_in(const std::string& text, const std::string& all) {
  EXPECT_NE(all.find(text), std::string::npos) << "expected: " << text << "\n" << all;
}
void expect_not_in(const std::string& text, const std::string& all) {
  EXPECT_EQ(all.find(text), std::string::npos) << "not expected: " << text << "\n" << all;
}

TEST(NoEffect, IsRefusedOrSaid) {
  const Points dir;
  const std::string idle = "target_scaling has no effect: the target is a class";
  expect_in(idle, dir.trained({"--target-scaling", "none"}));
  expect_not_in(idle, dir.trained({}));
  expect_not_in(idle, dir.trained({"--preset", "classic"}));
  for (const char* const flag : {"--target=x", "--no-header", "--delimiter=comma", "--labels=y"})
    expect_in("expected a data file to use it for, found a model", dir.said({"inspect", "m.safetensors", flag}, 2));
  expect_in("--json: expected no --print-config beside it", dir.said({"train", "--print-config", "--json"}, 2));
}

TEST(Rprop, SaysWhatItBrings) {
  const Points dir;
  expect_in("optimizer rprop: every step takes all rows, and the schedule is constant",
            dir.trained({"--optimizer", "rprop"}));
  expect_in("--batch-size: expected all beside optimizer rprop, found \"8\"",
            dir.trained({"--optimizer", "rprop", "--batch-size", "8"}, 2));
}

TEST(Metrics, OfTheTaskAreListed) {
  const Points dir;
  expect_in("expected one of loss, accuracy, balanced_accuracy, f1_macro, log_loss for classes, found \"rmse\"",
            dir.trained({"--metric", "rmse"}, 2));
  expect_in("expected one of loss, rmse, mae, r2 for a number as target, found \"accuracy\"",
            dir.trained({"--metric", "accuracy", "--target", "x", "--ignore", "kind"}, 2));
  expect_in("for numbers loss, rmse, mae or r2", run(dir, {"help", "--markdown"}).out);
}

}  // namespace
}  // namespace chainrule
