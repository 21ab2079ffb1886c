// SPDX-License-Identifier: Apache-2.0
// report.html of a run, in a browser: it loads nothing, logs no errors, fits every width, is readable in both themes,
// and its drawings match the numbers.
#include <fmt/format.h>

#include "tests/support/browser.h"
#include "tests/support/cli_runner.h"
#include "tests/support/library.h"

namespace chainrule::cli_report_test {
namespace {

// Every text whose contrast with its background is below WCAG's AA.
constexpr const char* kFaint = R"((() => {
  const channels = (text) => text.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, k) => sum + c * [0.2126, 0.7152, 0.0722][k], 0);
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const found = channels(getComputedStyle(at).backgroundColor);
      if (found.length < 4 || found[3] > 0) return found;
    }
    return [255, 255, 255];
  };
  const faint = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode.parentElement;
    if (!texts.currentNode.textContent.trim() || ['SCRIPT', 'STYLE'].includes(node.tagName) || !node.checkVisibility()) continue;
    const one = light(channels(getComputedStyle(node).color)), other = light(behind(node));
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) faint.push([texts.currentNode.textContent.slice(0, 40), ratio]);
  }
  return faint; })())";

// How many pixels of each chart are not empty.
constexpr const char* kDrawn = R"([...document.querySelectorAll('.plot canvas')].map((canvas) => {
  const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  let count = 0;
  for (let k = 3; k < pixels.length; k += 4) count += pixels[k] > 0 ? 1 : 0;
  return count; }))";

struct Runs : Dir {
  Runs() {
    write("points.csv", points(true, true));
    std::string visits = "who,dose,</script><b>,ill\n";
    for (std::size_t i = 0; i < 300; ++i)
      visits += "p" + std::to_string(i % 7) + "," + std::to_string(i * 37 % 101) + "," +
                (i % 9 == 4 ? "" : std::to_string(i % 5)) + ((i * 37 % 101 > 60) != (i % 7 == 0) ? ",yes\n" : ",no\n");
    write("visits.csv", visits);
  }
  ~Runs() { expect_replays(*this); }
  // The report of cv or tune, which goes to a file.
  fs::path page(const std::string& name, std::vector<std::string> words) const {
    words.insert(words.end(), {"--report", name, "--hidden", "8", "-q"});
    const Result result = run(*this, words);
    EXPECT_EQ(result.code, 0) << result.err;
    return path(name);
  }
  fs::path report(const std::string& name, std::vector<std::string> words) const {
    words.insert(words.begin(), "train");
    words.insert(words.end(), {"--run", name, "--hidden", "8", "--epochs", "12", "-q"});
    const Result result = run(*this, words);
    EXPECT_EQ(result.code, 0) << result.err;
    return path("runs/" + name + "/report.html");
  }
};

TEST(Report, OfEachKindIsSoundAtEveryWidthInBothThemes) {
  if (Browser::program().empty()) GTEST_SKIP() << "chromium is not there";
  const Runs dir;
  const std::map<std::string, fs::path> pages{
      {"many classes", dir.report("kinds", {"points.csv", "--target", "kind", "--ignore", "price"})},
      {"two classes, tested", dir.report("ill", {"visits.csv", "--test-split", "0.3"})},
      {"a number", dir.report("price", {"points.csv", "--target", "price", "--task", "number"})},
      {"no rows held out", dir.report("none", {"points.csv", "--target", "price", "--validation-split", "0"})},
      {"validation file", dir.report("other", {"visits.csv", "--validation", "visits.csv"})},
      {"rates found", dir.report("rates", {"visits.csv", "--find-learning-rate", "--find-layer-rates"})},
      {"folds of two classes", dir.page("cv.html", {"cv", "visits.csv", "--folds", "3", "--epochs", "12"})},
      {"folds of a number", dir.page("cv2.html", {"cv", "points.csv", "--target", "price", "--task", "number",
                                                  "--repeats", "2", "--folds", "4", "--epochs", "5"})},
      {"a search",
       dir.page("tune.html", {"tune", "visits.csv", "--trials", "12", "--folds", "3", "--range", "epochs=4|8|12"})}};
  Browser browser;
  for (const auto& [name, path] : pages) {
    EXPECT_LT(fs::file_size(path), 1u << 20) << name;
    browser.size(1280, 900);
    browser.open(path);
    EXPECT_EQ(browser.requests.size(), 1u) << name;  // the page itself
    for (const int width : {380, 800, 1920}) {
      browser.size(width, 900);
      EXPECT_LE(browser.value("document.documentElement.scrollWidth"), width) << name;
      EXPECT_EQ(browser.value(
                    "[...document.querySelectorAll('.plot')].filter(p => p.scrollWidth > p.clientWidth + 1).length"),
                0)
          << name << width;
    }
    for (const char* const theme : {"light", "dark"}) {
      browser.theme(theme);
      browser.value("document.querySelectorAll('details').forEach(it => it.open = true)");
      EXPECT_EQ(browser.value(kFaint), json::array()) << name << theme;
    }
    EXPECT_FALSE(contains(browser.text("main"), "undefined")) << name;
    EXPECT_FALSE(contains(browser.text("main"), "NaN")) << name;
    EXPECT_TRUE(browser.complaints.empty()) << name << ": " << browser.complaints[0];
    for (const char* const theme : {"light", "dark"}) {  // Chromium logs a warning when pixels are read
      browser.theme(theme);
      for (const json& pixels : browser.value(kDrawn)) EXPECT_GT(pixels, 500) << name << theme;
    }
  }
}

TEST(Report, ShowsWhatTheRunFound) {
  if (Browser::program().empty()) GTEST_SKIP() << "chromium is not there";
  const Runs dir;
  const fs::path page = dir.report("ill", {"visits.csv", "--test-split", "0.3"});
  const Model model = formats::load_model(dir.path("runs/ill/model.safetensors").string());
  const auto score = [&](const char* name) { return find_estimate(model.provenance.test, name)->value; };
  Browser browser;
  browser.open(page);
  EXPECT_TRUE(contains(
      browser.text("#summary"),
      fmt::format("Accuracy for ill on 90 test rows: {:.1f} % (95 % confidence interval ", 100 * score("accuracy"))));
  // The area under the ROC curve drawn is the metric; the matrix has the accuracy.
  const json area =
      browser.value(R"((() => { const { roc } = ranking(report.answers.probability, report.answers.positive);
    let sum = 0; for (let k = 1; k < roc.x.length; ++k) sum += (roc.x[k] - roc.x[k - 1]) * (roc.y[k] + roc.y[k - 1]) / 2; return sum; })())");
  EXPECT_NEAR(area.get<double>(), score("roc_auc"), 1e-9);
  const json confusion = browser.value("report.answers.confusion");
  EXPECT_DOUBLE_EQ((confusion[0][0].get<double>() + confusion[1][1].get<double>()) / 90, score("accuracy"));
  EXPECT_TRUE(contains(browser.text("#figures"), "roc_auc"));
  EXPECT_TRUE(
      contains(browser.text("#columns"), "</script><b>"));  // a name is displayed as text, even if it looks like HTML
  EXPECT_TRUE(contains(browser.text("#command"), "chainrule replay runs/ill"));
  // The numbers behind a chart are those of the log.
  std::stringstream log(dir.read("runs/ill/metrics.jsonl"));
  std::string first;
  std::getline(log, first);
  EXPECT_NEAR(browser.value("report.history.train_loss[0]").get<double>(),
              json::parse(first)["train/loss"].get<double>(), 1e-5);
  EXPECT_EQ(browser.value("document.querySelectorAll('#curves figure:first-child tbody tr').length"), 12);
  // By keyboard: the first stop skips to the report, the button changes the theme.
  browser.key("Tab");
  EXPECT_EQ(browser.value("document.activeElement.className"), "skip");
  const std::string before = browser.value("getComputedStyle(document.body).color");
  EXPECT_TRUE(browser.click("#theme"));
  EXPECT_NE(browser.value("getComputedStyle(document.body).color"), before);
}

TEST(Report, OfFoldsShowsWhatCvPrints) {
  if (Browser::program().empty()) GTEST_SKIP() << "chromium is not there";
  const Runs dir;
  const Result printed = run(dir, {"cv", "visits.csv", "--folds", "4", "--repeats", "2", "--hidden", "8", "--epochs",
                                   "12", "--json", "--report", "cv.html", "-q"});
  ASSERT_EQ(printed.code, 0) << printed.err;
  const json document = json::parse(printed.out);
  Browser browser;
  browser.open(dir.path("cv.html"));
  const json& accuracy = document["metrics"]["accuracy"];
  EXPECT_TRUE(
      contains(browser.text("#summary"),
               fmt::format("Cross-validated accuracy for ill: {:.1f} % (95 % confidence interval {:.1f} to {:.1f} %; ",
                           100 * accuracy["mean"].get<double>(), 100 * accuracy["low"].get<double>(),
                           100 * accuracy["high"].get<double>())))
      << browser.text("#summary");
  EXPECT_EQ(browser.value("document.querySelectorAll('#figures tbody tr').length"), document["metrics"].size());
  EXPECT_EQ(browser.value("document.querySelectorAll('#figures + details tbody tr').length"), 8);
  // Every row has one prediction in each repeat.
  EXPECT_EQ(browser.value("report.answers.confusion.flat().reduce((a, b) => a + b)"), 600);
  double right = 0;
  for (const json& fold : document["trainings"])
    right += fold["metrics"]["accuracy"]["value"].get<double>() * fold["rows"]["test"].get<double>();
  EXPECT_NEAR(browser.value("report.answers.confusion[0][0] + report.answers.confusion[1][1]").get<double>(), right,
              1e-9);
  const std::string again = browser.text("#command");
  EXPECT_EQ(again, "chainrule cv visits.csv --hidden 8 --epochs 12 --folds 4 --repeats 2");
}

TEST(Report, OfASearchDrawsEveryTrial) {
  if (Browser::program().empty()) GTEST_SKIP() << "chromium is not there";
  const Runs dir;
  const Result printed = run(dir, {"tune", "visits.csv", "--trials", "12", "--folds", "3", "--range", "epochs=4|8|12",
                                   "--hidden", "8", "--json", "--report", "tune.html", "-q"});
  ASSERT_EQ(printed.code, 0) << printed.err;
  const json document = json::parse(printed.out);
  Browser browser;
  browser.open(dir.path("tune.html"));
  std::size_t measured = 0;
  for (const json& trial : document["trials"]) measured += trial["mean"].is_number() ? 1 : 0;
  EXPECT_EQ(measured, 13u);
  EXPECT_EQ(browser.value("document.querySelectorAll('.parallel polyline').length"), measured);
  EXPECT_EQ(browser.value("document.querySelectorAll('.parallel .winner').length"), 1);
  EXPECT_EQ(browser.value("document.querySelectorAll('.parallel .axis').length"), document["ranges"].size() + 1);
  EXPECT_TRUE(contains(browser.text("#verdict"), document["winner"] == 0 ? "did not beat the options as given"
                                                 : document["is_clear"]  ? "beats the options as given"
                                                                         : "seems better than the options as given"));
  // The trial with the largest gain touches the top of the last axis.
  EXPECT_EQ(browser.value("Math.min(...[...document.querySelectorAll('.parallel polyline')].map(line => "
                          "Number(line.getAttribute('points').split(',').at(-1))))"),
            34);
  browser.value("document.querySelectorAll('details').forEach(it => it.open = true)");
  EXPECT_EQ(browser.value("document.querySelectorAll('#trials tbody tr').length"), 13);
  for (const json& trial : document["trials"]) EXPECT_TRUE(trial["trial"] != 0 || trial["gain"] == 0);
  EXPECT_TRUE(browser.text("#again-search")
                  .starts_with("chainrule tune visits.csv --test-split 0.2 --hidden 8 --trials 12 "
                               "--folds 3 --score log_loss --range 'epochs=4|8|12'"))
      << browser.text("#again-search");
  EXPECT_EQ(browser.value("Math.max(...report.health.steps.map((step, k, all) => step - (all[k - 1] ?? 0))) > 0"),
            true);
  const double score = document["test"]["winner"]["value"];
  EXPECT_TRUE(contains(browser.text("#search-note"),
                       fmt::format("log_loss on 60 test rows that the search did not use: {:.5g}", score)))
      << browser.text("#search-note");
}

TEST(Report, ShowsTheRangeTestAndTheLayers) {
  if (Browser::program().empty()) GTEST_SKIP() << "chromium is not there";
  const Runs dir;
  const fs::path page = dir.report("ill", {"visits.csv", "--find-learning-rate", "--activation", "relu"});
  Browser browser;
  browser.open(page);
  const Model model = formats::load_model(dir.path("runs/ill/model.safetensors").string());
  double taken = 0;
  for (const auto& [key, value] : model.provenance.configuration)
    if (key == "learning_rate") taken = std::stod(value);
  EXPECT_EQ(browser.value("report.found_rates.learning_rate.suggested"), taken);
  EXPECT_TRUE(contains(browser.text("#curves"), "Range test of the learning rate"));
  EXPECT_EQ(browser.value("report.health.layers.length"), 3);
  EXPECT_EQ(browser.value("report.health.steps.length"), 12);  // one in each epoch
  EXPECT_TRUE(contains(browser.text("#layers"), "Updates of the weights"));
  browser.value("document.querySelectorAll('details').forEach(it => it.open = true)");
  EXPECT_EQ(browser.value("document.querySelectorAll('#layer-table tbody tr').length"), 3);
  // Problems of a network are reported.
  const fs::path ill = dir.report("wild", {"visits.csv", "--lr", "1e-9", "--optimizer", "adam"});
  browser.open(ill);
  EXPECT_TRUE(contains(browser.text("#findings"), "train again with learning_rate=")) << browser.text("#findings");
  EXPECT_TRUE(browser.complaints.empty()) << browser.complaints[0];
}

TEST(Report, ShowsRunsSideBySide) {
  if (Browser::program().empty()) GTEST_SKIP() << "chromium is not there";
  const Runs dir;
  dir.report("a", {"visits.csv", "--test-split", "0.3"});
  dir.report("b", {"visits.csv", "--test-split", "0.3", "--lr", "0.03"});
  dir.report("c", {"visits.csv", "--test-split", "0.3", "--lr", "0.001"});
  const Result result = run(dir, {"report", "runs/a", "runs/b", "runs/c/"});
  ASSERT_EQ(result.code, 0) << result.err;
  Browser browser;
  browser.open(dir.path("report.html"));
  std::vector<Estimate> scores;
  for (const char* const name : {"a", "b", "c"}) {
    const Model model = formats::load_model(dir.path("runs/" + std::string(name) + "/model.safetensors").string());
    scores.push_back(*find_estimate(model.provenance.test, "accuracy"));
  }
  const auto by_value = [](const Estimate& x, const Estimate& y) { return x.value < y.value; };
  const auto best = std::ranges::max_element(scores, by_value);
  const auto as_good = std::ranges::count(scores, best->value, &Estimate::value);
  const auto close = std::ranges::count_if(scores, [&](const Estimate& one) { return one.value >= best->low; }) - 1;
  std::string expected =
      as_good > 1
          ? fmt::format("Of 3 runs, {} have the same best accuracy on their test rows: {:.4g}.", as_good, best->value)
          : fmt::format("Of 3 runs, {} has the best accuracy on its test rows: {:.4g}.", "abc"[best - scores.begin()],
                        best -> value);
  if (as_good == 1 && close > 0)
    expected +=
        fmt::format(" {} of the others lie{} within its 95 % confidence interval, so the difference may be chance.",
                    close, close == 1 ? "s" : "");
  EXPECT_EQ(browser.text("#summary"), expected);
  EXPECT_TRUE(contains(browser.text("#differences"), "learning_rate"));
  EXPECT_FALSE(contains(browser.text("#differences"), "dropout"));
  EXPECT_EQ(browser.value("document.querySelectorAll('#figures thead th').length"), 4);
  EXPECT_EQ(browser.value("report.runs[1].history.epoch.length"), 12);
  for (const int width : {380, 1920}) {
    browser.size(width, 900);
    EXPECT_LE(browser.value("document.documentElement.scrollWidth"), width);
  }
  for (const char* const theme : {"light", "dark"}) {
    browser.theme(theme);
    EXPECT_EQ(browser.value(kFaint), json::array()) << theme;
  }
  EXPECT_FALSE(contains(browser.text("main"), "undefined"));
  EXPECT_TRUE(browser.complaints.empty()) << browser.complaints[0];
  dir.report("d", {"visits.csv", "--test-split", "0.3", "--seed", "5"});
  ASSERT_EQ(run(dir, {"report", "runs/a", "runs/d", "-o", "seeds.html"}).code, 0);
  browser.open(dir.path("seeds.html"));
  EXPECT_TRUE(contains(browser.text("#summary"), "They were not scored on the same test rows."));
  EXPECT_EQ(run(dir, {"report", "runs/a"}).code, 2);  // the page exists
  EXPECT_TRUE(contains(run(dir, {"report", "runs/none", "--force"}).err,
                       "runs/none/report.html: expected the report page of a run"));
  EXPECT_EQ(run(dir, {"report", "runs/a", "-o", "runs/a/report.html", "--force"}).code, 2);
  const std::string page = dir.read("runs/a/report.html");
  for (const char* const key : {"\"history\":", "\"options\":", "\"rows\":", "\"kind\":"}) {
    std::string lacking = page;
    lacking.replace(lacking.find(key), 2, "\"x");
    dir.write("runs/a/report.html", lacking);
    const Result refused = run(dir, {"report", "runs/a", "runs/b", "--force"});
    EXPECT_EQ(refused.code, 3) << key << refused.err;
  }
  dir.write("runs/a/report.html", "<html></html>");
  EXPECT_EQ(run(dir, {"report", "runs/a", "runs/b", "--force"}).code, 3);
}

TEST(Report, DrawsSomeOfVeryManyEpochsWhereTheyAre) {
  if (Browser::program().empty()) GTEST_SKIP() << "chromium is not there";
  const Runs dir;
  for (const auto& [name, epochs] : {std::pair("long", "2500"), {"longer", "3000"}})
    ASSERT_EQ(run(dir, {"train", "visits.csv", "--run", name, "--epochs", epochs, "--hidden", "2", "-q"}).code, 0);
  Browser browser;
  browser.open(dir.path("runs/long/report.html"));
  EXPECT_EQ(browser.value("report.history.epoch.length"), 1000);
  EXPECT_GE(browser.value("report.health.steps.length"), 200);
  EXPECT_LT(browser.value("report.health.steps.length"), 400);
  EXPECT_EQ(browser.value("new Set(report.health.steps.slice(1).map((step, k) => step - report.health.steps[k])).size"),
            1);  // evenly
  ASSERT_EQ(run(dir, {"report", "runs/long", "runs/longer"}).code, 0);
  browser.open(dir.path("report.html"));
  EXPECT_GT(browser.value("plots[0].made.data[0].at(-1)"), 2990);
  // Each number is at its own epoch.
  EXPECT_EQ(browser.value("report.runs.every((run, r) => run.history.epoch.every((epoch, k) => "
                          "plots[0].made.data[r + 1][plots[0].made.data[0].indexOf(epoch)] === "
                          "run.history.validation.loss[k]))"),
            true);
  EXPECT_TRUE(browser.complaints.empty()) << browser.complaints[0];
}

TEST(Report, IsThereAfterCtrlC) {
  const Runs dir;
  Program program(dir, {"train", "visits.csv", "--run", "cut", "--hidden", "64,64", "--epochs", "100000"});
  program.start();
  ASSERT_TRUE(program.wait_for("epoch "));
  program.send(SIGINT);
  EXPECT_EQ(program.wait().code, 130);
  EXPECT_TRUE(contains(dir.read("runs/cut/report.html"), "interrupted"));
}

}  // namespace
}  // namespace chainrule::cli_report_test
