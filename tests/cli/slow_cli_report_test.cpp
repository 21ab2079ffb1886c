// SPDX-License-Identifier: Apache-2.0
// Reports of 100 epochs and 30 columns: their size, the time until they are drawn, and the findings of axe-core
// ($CHAINRULE_AXE: its axe.min.js; without it that part is skipped with a message).
#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "tests/support/browser.h"
#include "tests/support/cli_runner.h"

namespace chainrule::slow_cli_report_test {
namespace {

struct Reports : Dir {
  Reports() {
    constexpr int kColumns = 29, kRows = 2'000;
    std::string text;
    for (int c = 0; c < kColumns; ++c) text += fmt::format("measure {},", c + 1);
    text += "size,ill\n";
    for (int row = 0; row < kRows; ++row) {
      for (int c = 0; c < kColumns; ++c) text += std::to_string((row * (c * 37 + 11) + c * c) % 1009) + ",";
      const int a = row * 11 % 1009, b = (row * 48 + 1) % 1009;
      text += std::to_string(a * 2 + b % 300) + (a + b > 1000 ? ",yes\n" : ",no\n");
    }
    write("table.csv", text);
  }
  ~Reports() { expect_replays(*this); }
  void must(std::vector<std::string> words) const {
    words.insert(words.end(), {"--hidden", "32", "-q"});
    const Result result = run(*this, words);
    ASSERT_EQ(result.code, 0) << result.err;
  }
};

// The violations that axe-core finds: each rule with the first element that breaks it.
constexpr const char* kViolations = R"(axe.run(document, { resultTypes: ['violations'] }).then(found =>
  found.violations.map(one => [one.id, one.help, one.nodes[0].html.slice(0, 120), one.nodes[0].failureSummary])))";

std::string axe() {
  const char* const path = std::getenv("CHAINRULE_AXE");
  if (path == nullptr) return "";
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void look_for_violations(Browser& browser, const fs::path& path, const std::string& script) {
  for (const int width : {380, 1920})
    for (const char* const theme : {"light", "dark"}) {
      browser.size(width, 900);
      browser.open(path);
      browser.theme(theme);
      browser.value("document.querySelectorAll('details').forEach(it => it.open = true)");
      browser.value(script + "\n;0");
      EXPECT_EQ(browser.value(kViolations).dump(1), "[]") << path << " " << width << " " << theme;
    }
}

TEST(SlowReport, OfEachKindIsSmallSoonThereAndOpenToAll) {
  if (Browser::program().empty()) GTEST_SKIP() << "chromium is not there";
  const Reports dir;
  dir.must({"train", "table.csv", "--run", "a", "--epochs", "100", "--test-split", "0.25", "--find-learning-rate"});
  dir.must({"train", "table.csv", "--run", "b", "--epochs", "100", "--test-split", "0.25", "--lr", "0.001"});
  dir.must(
      {"train", "table.csv", "--target", "size", "--task", "number", "--epochs", "100", "--report", "number.html"});
  dir.must({"cv", "table.csv", "--folds", "10", "--epochs", "100", "--report", "cv.html"});
  dir.must({"tune", "table.csv", "--trials", "30", "--epochs", "100", "--folds", "3", "--report", "tune.html", "-o",
            "tuned.safetensors"});
  ASSERT_EQ(run(dir, {"report", "runs/a", "runs/b", "-o", "two.html"}).code, 0);
  const std::string script = axe();
  if (script.empty()) std::cout << "skipped: axe-core, for CHAINRULE_AXE names no axe.min.js\n";
  Browser browser;
  for (const char* const name : {"runs/a/report.html", "number.html", "cv.html", "tune.html", "two.html"}) {
    const fs::path path = dir.path(name);
    std::vector<double> times;
    browser.size(1280, 900);
    for (int k = 0; k < 5; ++k) {
      browser.open(path);
      times.push_back(browser.value(kFirstView));
    }
    std::ranges::sort(times);
    std::cout << name << ": " << fs::file_size(path) << " bytes, first view after " << times[2] << " ms ("
              << times.front() << " to " << times.back() << ")\n";
    EXPECT_LT(times[2], 1000) << name;
    EXPECT_LE(fs::file_size(path), 1'000'000u) << name;
    EXPECT_TRUE(browser.complaints.empty()) << name << browser.complaints[0];
    if (!script.empty()) look_for_violations(browser, path, script);
  }
}

}  // namespace
}  // namespace chainrule::slow_cli_report_test
