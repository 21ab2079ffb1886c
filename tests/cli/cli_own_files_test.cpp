// SPDX-License-Identifier: Apache-2.0
// Files that the program writes and reads again (report pages, configurations, trials), damaged or made to harm: each
// is refused with one error that names the file, and the undamaged one is read.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/support/cli_runner.h"

namespace chainrule::cli_own_files_test {
namespace {

using Json = nlohmann::ordered_json;

std::string repeated(const std::string& text, std::size_t count) {
  std::string all;
  for (std::size_t k = 0; k < count; ++k) all += text;
  return all;
}

struct SomeRun : Dir {
  SomeRun() {
    write("points.csv", points(true, false));
    EXPECT_EQ(run(*this, train_words({"--target", "kind", "--run", "a", "--test-split", "0.3"})).code, 0);
    page = read("runs/a/report.html");
    begin = page.find("id=\"data\">") + 10;
    document = Json::parse(page.substr(begin, page.find("</script>", begin) - begin));
  }
  Result report_of(const std::string& text) const {
    write("runs/a/report.html", page.substr(0, begin) + text + page.substr(page.find("</script>", begin)));
    return run(*this, {"report", "runs/a", "-o", "all.html", "--force"});
  }
  void refused_page(const std::string& text, const std::string& expected) const {
    const Result result = report_of(text);
    EXPECT_EQ(result.code, 3) << text.substr(0, 200) << result.err;
    EXPECT_TRUE(result.err.starts_with("chainrule: error: runs/a/report.html: expected ") ||
                result.err.starts_with("chainrule: error: runs/a/report.html: "))
        << result.err;
    EXPECT_TRUE(contains(result.err, expected)) << result.err;
    EXPECT_FALSE(has("all.html"));
  }

  std::string page;
  std::size_t begin = 0;
  Json document;
};

TEST(OwnFiles, AReportPageThatLacksAMemberIsRefused) {
  const SomeRun dir;
  for (const char* const key : {"program", "data", "data_fingerprint", "target", "task", "how", "options", "rows",
                                "figures", "history", "ended", "command", "weights_sha256"}) {
    Json changed = dir.document;
    changed.erase(key);
    dir.refused_page(changed.dump(), "expected the member \"" + std::string(key) + "\", found none");
    changed[key] = Json::array();
    if (std::string(key) != "options" && std::string(key) != "figures")
      dir.refused_page(changed.dump(), std::string(key) + ": expected");
    changed[key] = nullptr;
    dir.refused_page(changed.dump(), std::string(key) + ": expected");
  }
  for (const char* const place : {"/rows/test", "/ended/stop", "/history/epoch", "/history/validation",
                                  "/figures/0/name", "/figures/0/test/value", "/figures/0/test/low"}) {
    Json changed = dir.document;
    const Json::json_pointer pointer(place);
    changed[pointer.parent_pointer()].erase(pointer.back());
    dir.refused_page(changed.dump(), "expected the member \"" + pointer.back() + "\", found none");
  }
  for (const char* const place : {"/options/0", "/figures/0", "/figures/0/test", "/rows"}) {
    Json changed = dir.document;
    changed[Json::json_pointer(place)] = Json::array();
    dir.refused_page(changed.dump(), "expected");
  }
  EXPECT_EQ(dir.report_of(dir.document.dump()).code, 0);
  EXPECT_TRUE(dir.has("all.html"));
}

TEST(OwnFiles, AReportPageThatIsTooDeepOrNoJsonIsRefused) {
  const SomeRun dir;
  const std::string deep = R"({"kind":"training","history":)" + repeated("[", 80'000) + repeated("]", 80'000) + "}";
  dir.refused_page(deep, "expected at most 16 levels, found more");
  dir.refused_page(repeated("{\"kind\":", 80'000), "expected at most 16 levels, found more");
  dir.refused_page(repeated("[", 80'000), "expected at most 16 levels, found more");
  dir.refused_page("{\"kind\":[0" + repeated(",0", 500'000) + "]}", "expected at most 400000 values, found more");
  std::string members = "{\"kind\":0";
  for (std::size_t k = 0; k < 100'000; ++k) members += ",\"" + std::to_string(k) + "\":0";
  dir.refused_page(members + "}", "expected at most 1000 members, found more");
  dir.refused_page("{\"kind\":1e999}", "expected JSON, found a number out of range");
  dir.refused_page("{\"kind\":", "expected JSON, found something else at byte 9");
  dir.refused_page("[]", "expected the report page of a run, found another page");
  dir.write("runs/a/report.html", "");
  EXPECT_EQ(run(dir, {"report", "runs/a"}).code, 3);
  fs::remove(dir.path("runs/a/report.html"));
  fs::create_directory(dir.path("runs/a/report.html"));
  const Result folder = run(dir, {"report", "runs/a"});
  EXPECT_EQ(folder.code, 3) << folder.err;
  EXPECT_TRUE(contains(folder.err, "runs/a/report.html: expected the report page of a run, found a folder"))
      << folder.err;
}

TEST(OwnFiles, APageBeyondTheAddressSpaceIsRefused) {
  const SomeRun dir;
  const auto limited = [&] {
    return Program(dir, {"report", "runs/a", "-o", "all.html", "--force"})
        .before([] {
          const rlimit small{90'000'000, 90'000'000};
          setrlimit(RLIMIT_AS, &small);
        })
        .go();
  };
  if (limited().code != 0) GTEST_SKIP() << "a sanitizer uses more address space than any limit";
  dir.write("runs/a/report.html",
            dir.page.substr(0, dir.begin) + "{\"x\":\"" + std::string(40'000'000, 'a') + "\"}</script>");
  const Result large = limited();
  EXPECT_EQ(large.code, 3) << large.err;
  EXPECT_TRUE(contains(large.err,
                       "runs/a/report.html: expected a file that fits into the memory of this process, found "
                       "one of 40"))
      << large.err;
}

TEST(OwnFiles, AConfigurationThatIsTooDeepIsRefused) {
  const SomeRun dir;
  const std::string config = dir.read("runs/a/config.toml");
  const std::string dots = repeated("a.", 40'000) + "a";
  for (const std::string& text :
       {dots + " = 1\n", "[" + dots + "]\n", "[[" + dots + "]]\n", "a = {" + dots + " = 1}\n",
        repeated("\"a\" . 'a' . ", 20'000) + "a = 1\n", "x = \"\"\"\n\"\"\"\n" + dots + " = 1\n",
        "a = " + repeated("[", 40'000), "a = " + repeated("{a=", 40'000)}) {
    dir.write("deep.toml", "\n" + text);
    const Result given = run(dir, train_words({"--config", "deep.toml", "--target", "kind"}));
    EXPECT_EQ(given.code, 2) << given.err;
    EXPECT_TRUE(contains(given.err, "deep.toml:")) << given.err;
    EXPECT_TRUE(contains(given.err, ": expected at most 32 levels, found more")) << given.err;
    dir.write("runs/a/config.toml", config + "\n" + text);
    const Result replayed = run(dir, {"replay", "runs/a"});
    EXPECT_EQ(replayed.code, 3) << replayed.err;
    EXPECT_TRUE(contains(replayed.err, ": expected at most 32 levels, found more")) << replayed.err;
  }
  // Texts may hold any number of dots and brackets.
  dir.write("dots.toml", "# " + dots + "\ntarget = \"kind\"\nignore = ['" + repeated("z.", 300) + "', \"\\\"" +
                             repeated("[.", 300) + "\"]\n");
  const Result dotted = run(dir, {"train", "points.csv", "--print-config", "--config", "dots.toml"});
  EXPECT_FALSE(contains(dotted.err, "levels")) << dotted.err;
  dir.write("runs/a/config.toml", config);
  EXPECT_EQ(run(dir, {"replay", "runs/a"}).code, 0);
}

TEST(OwnFiles, TrialsThatWereDamagedAreRefused) {
  const SomeRun dir;
  const std::vector<std::string> words{"tune", "points.csv", "--target", "kind",     "--trials", "2",       "--folds",
                                       "2",    "--epochs",   "2",        "--hidden", "2",        "--resume"};
  EXPECT_EQ(run(dir, words).code, 0);
  const std::string trials = dir.read("trials.jsonl");
  const auto next = 1 + std::count(trials.begin(), trials.end(), '\n');
  fs::remove(dir.path("model.safetensors"));
  for (const auto& [line, expected] : std::vector<std::pair<std::string, std::string>>{
           {repeated("[", 100'000) + repeated("]", 100'000), "expected at most 100000 bytes, found \"[[["},
           {repeated("[", 9'000), "expected at most 16 levels, found more"},
           {repeated("{\"a\":", 9'000), "expected at most 16 levels, found more"},
           {"[" + repeated("0,", 40'000) + "0]", "expected at most 200 values, found more"},
           {"{}", "expected a training run in JSON, found \"{}\""},
           {"[]", "expected a training run in JSON, found \"[]\""},
           {R"({"score":"x","seconds":1})", "expected a score that is a number or null"},
           {R"({"score":1,"seconds":[]})", "expected seconds that are a number"},
           {R"({"score":1,"seconds":1})", "expected a whole number as trial"},
           {R"({"score":1,"seconds":1,"trial":-1,"fold":1})", "expected a whole number as trial"},
           {"x", "expected JSON, found something else at byte 1"}}) {
    dir.write("trials.jsonl", trials + line + "\n");
    const Result result = run(dir, words);
    EXPECT_EQ(result.code, 3) << result.err;
    EXPECT_TRUE(contains(result.err, "chainrule: error: trials.jsonl:" + std::to_string(next) + ": " + expected))
        << result.err;
  }
  dir.write("trials.jsonl", trials);
  EXPECT_EQ(run(dir, words).code, 0) << "the control";
}

}  // namespace
}  // namespace chainrule::cli_own_files_test
