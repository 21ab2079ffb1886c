// SPDX-License-Identifier: Apache-2.0
// The search: its random draws, independence of threads and resumption, and the choice of the winner.
#include "chainrule/training/tune.h"
#include "chainrule/training/search.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "chainrule/base/random.h"
#include "chainrule/base/text.h"
#include "chainrule/training/options/option_table.h"
#include "tests/support/visits.h"

namespace chainrule::testing::tune_test {
namespace {

FitOptions short_fit() {
  FitOptions options = small_fit("ill");
  options.test_split = 0.2;
  return options;
}

TuneOptions small_search(std::size_t trials = 12) {
  TuneOptions how;
  how.trials = trials;
  how.folds = 3;
  for (const char* const text : {"learning_rate=0.0001..0.5", "hidden=2|4|8", "epochs=1|4|16"})
    how.ranges.push_back(range_from_text(text));
  return how;
}

using Scores = std::vector<std::vector<std::optional<double>>>;
Scores scores_of(const TuneResult& found) {
  Scores scores;
  for (const Trial& trial : found.trials) scores.push_back(trial.scores);
  return scores;
}
std::vector<std::vector<std::pair<std::string, std::string>>> settings_of(const TuneResult& found) {
  std::vector<std::vector<std::pair<std::string, std::string>>> settings;
  for (const Trial& trial : found.trials) settings.push_back(trial.settings);
  return settings;
}

TEST(Tune, IsTheSameOnAnyNumberOfThreadsAndAfterAStop) {
  const Table table = visits();
  const FitOptions options = short_fit();
  const TuneOptions how = small_search();
  std::map<std::pair<std::size_t, std::size_t>, double> known;
  TuneObserver observer;
  observer.on_score = [&](std::size_t trial, std::size_t fold, const Trial& now) {
    known[{trial, fold}] = *now.scores[fold];
  };
  const TuneResult alone = tune(table, options, how, observer, 1);
  EXPECT_EQ(alone.trials.size(), 13u);
  EXPECT_EQ(known.size(), planned_trainings(how));
  const TuneResult beside = tune(table, options, how, {}, 5);
  EXPECT_EQ(scores_of(beside), scores_of(alone));
  EXPECT_EQ(settings_of(beside), settings_of(alone));
  EXPECT_EQ(beside.winner, alone.winner);
  for (const std::size_t stop_after : {1U, 4U, 11U, 20U}) {
    std::map<std::pair<std::size_t, std::size_t>, double> kept;
    std::size_t done = 0;
    TuneObserver stopping;
    stopping.on_score = [&](std::size_t trial, std::size_t fold, const Trial& now) {
      kept[{trial, fold}] = *now.scores[fold];
      ++done;
    };
    stopping.should_stop = [&] { return done >= stop_after; };
    EXPECT_TRUE(tune(table, options, how, stopping, 1).interrupted);
    EXPECT_EQ(kept.size(), stop_after);
    TuneObserver resuming;
    resuming.known = [&](std::size_t trial, std::size_t fold, const Trial&) -> std::optional<TrialScore> {
      const auto at = kept.find({trial, fold});
      return at == kept.end() ? std::nullopt : std::optional(TrialScore{at->second, 1.5});
    };
    const TuneResult resumed = tune(table, options, how, resuming, 2);
    EXPECT_EQ(scores_of(resumed), scores_of(alone)) << stop_after;
    EXPECT_EQ(settings_of(resumed), settings_of(alone));
    EXPECT_EQ(resumed.trials[kept.begin()->first.first].seconds[kept.begin()->first.second], 1.5);
    EXPECT_EQ(resumed.winner, alone.winner);
  }
}

TEST(Tune, AGainIsTakenOnFoldsThatBothHave) {
  Trial start, trial;
  start.scores = {1.0, 2.0, 6.0};
  trial.scores = {0.5, std::nullopt, 5.0};
  EXPECT_EQ(gain_over(start, trial, false), 0.75);
  EXPECT_EQ(gain_over(start, trial, true), -0.75);
  trial.scores = {std::nullopt, std::nullopt, std::nullopt};
  EXPECT_TRUE(std::isnan(gain_over(start, trial, false)));
}

TEST(Tune, AScoreIsThatOfAFoldAndRowsKeptForTheTestAreInNone) {
  const Table table = visits();
  const FitOptions options = short_fit();
  const TuneOptions how = small_search(3);
  const TuneResult found = tune(table, options, how, {}, 2);
  const Rows kept = plan_fit(table, options).split.test;
  for (const Trial& trial : found.trials)
    for (std::size_t fold = 0; fold < how.folds; ++fold) {
      if (!trial.scores[fold]) continue;
      FitOptions its = with_settings(options, trial);
      its.test_fold = fold + 1;
      its.test_folds = how.folds;
      const FitResult result = fit(table, its);
      EXPECT_EQ(find_estimate(result.test, "log_loss")->value, *trial.scores[fold]);
      for (const Rows* const rows : {&result.split.training, &result.split.validation, &result.split.test})
        for (const std::size_t row : *rows) EXPECT_FALSE(std::ranges::binary_search(kept, row));
    }
}

TEST(Tune, HalvesTheTrialsOfARound) {
  const Table table = visits();
  TuneOptions how = small_search(10);
  how.folds = 5;
  const TuneResult found = tune(table, short_fit(), how, {}, 2);
  std::vector<std::size_t> folds;
  for (std::size_t t = 1; t < found.trials.size(); ++t) folds.push_back(found.trials[t].folds_done());
  std::sort(folds.begin(), folds.end());
  EXPECT_EQ(folds, (std::vector<std::size_t>{1, 1, 1, 1, 1, 1, 3, 3, 5, 5}));
  EXPECT_EQ(found.trials[0].folds_done(), 5u);
  EXPECT_EQ(planned_trainings(how), 5u + 10 + 4 * 2 + 2 * 2);
  how.trials = 30;
  EXPECT_EQ(planned_trainings(how), 71u);  // as in docs/tune.md
  // Trials that continued were better on the first fold than those that did not.
  double worst_of_the_better = -1, best_of_the_worse = 1e9;
  for (std::size_t t = 1; t < found.trials.size(); ++t) {
    const double first = *found.trials[t].scores[0];
    if (found.trials[t].folds_done() > 1) worst_of_the_better = std::max(worst_of_the_better, first);
    if (found.trials[t].folds_done() == 1) best_of_the_worse = std::min(best_of_the_worse, first);
  }
  EXPECT_LE(worst_of_the_better, best_of_the_worse);
}

TEST(Tune, TrialsDifferAndStayWithinTheirRanges) {
  const Table table = visits();
  const TuneResult found = tune(table, short_fit(), small_search(20), {}, 2);
  std::set<std::vector<std::pair<std::string, std::string>>> different;
  for (const Trial& trial : found.trials) {
    different.insert(trial.settings);
    for (const auto& [key, value] : trial.settings) {
      double number = 0;
      if (key == "learning_rate") {
        ASSERT_TRUE(number_from_text(value, number));
        EXPECT_GE(number, 0.0001);
        EXPECT_LE(number, 0.5);
      } else {
        EXPECT_TRUE(std::set<std::string>({"2", "4", "8", "1", "16"}).contains(value)) << key << value;
      }
    }
  }
  EXPECT_EQ(different.size(), found.trials.size());
  FitOptions other = short_fit();
  other.train.seed = 2;
  EXPECT_NE(settings_of(tune(table, other, small_search(20), {}, 2)), settings_of(found));
}

// The options as given are very bad, then as good as any.
TEST(Tune, AWinnerIsBetterByMoreThanTheStandardError) {
  const Table table = visits();
  FitOptions options = short_fit();
  options.train.learning_rate = 1e-7;
  const TuneResult found = tune(table, options, small_search(), {}, 2);
  EXPECT_NE(found.winner, 0u);
  EXPECT_EQ(found.winner, found.best);
  EXPECT_GT(found.gain, found.error);
  double gain = 0;
  for (std::size_t fold = 0; fold < 3; ++fold)
    gain += (*found.trials[0].scores[fold] - *found.trials[found.winner].scores[fold]) / 3;
  EXPECT_NEAR(found.gain, gain, 1e-15);
  TuneOptions how;
  how.trials = 6;
  how.folds = 3;
  how.score = "accuracy";
  how.ranges = {range_from_text("learning_rate=0.00000001..0.0000001")};
  options.train.learning_rate = 0.01;
  options.train.epochs = 30;
  const TuneResult nothing = tune(table, options, how, {}, 2);
  EXPECT_EQ(nothing.winner, 0u);
  EXPECT_EQ(nothing.score, "accuracy");
}

// Scores of trials that are all as good as the options as given: a winner is rarely called clear.
TEST(Tune, ChanceIsRarelyClear) {
  const Table table = visits();
  TuneOptions how;
  how.folds = 5;
  how.ranges = {range_from_text("learning_rate=0.0001..0.5")};
  std::size_t won = 0, clear = 0;
  constexpr std::uint32_t kSearches = 200;
  for (std::uint32_t search = 0; search < kSearches; ++search) {
    TuneObserver observer;
    observer.known = [&](std::size_t trial, std::size_t fold, const Trial&) {
      const double noise = random_normal({5, Purpose::test, static_cast<std::uint32_t>(trial), search}, fold);
      return TrialScore{100 + noise, 1};
    };
    FitOptions options = small_fit("ill");
    options.train.seed = search;
    const TuneResult found = tune(table, options, how, observer, 1);
    won += found.winner != 0 ? 1 : 0;
    clear += found.winner != 0 && found.is_clear ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(won), 0.68 * kSearches, 20);
  EXPECT_LE(clear, 21u);  // 5 % and three standard deviations
}

TEST(Tune, ATrainingThatFailsCountsAsWorst) {
  const Table table = visits();
  FitOptions options = short_fit();
  options.train.optimizer = Sgd{};
  TuneOptions how;
  how.trials = 6;
  how.folds = 3;
  how.ranges = {range_from_text("learning_rate=0.01|1e30")};
  const TuneResult found = tune(table, options, how, {}, 2);
  std::size_t failed = 0;
  for (const Trial& trial : found.trials) failed += trial.scores[0] && std::isnan(*trial.scores[0]) ? 1 : 0;
  EXPECT_GT(failed, 0u);
  EXPECT_FALSE(std::isnan(found.trials[found.winner].mean()));
}

// docs/tune.md quotes the recorded run: the relative gain of tune, averaged over splits and tables.
TEST(Tune, ThePageQuotesTheRecordedRun) {
  const std::string root = CHAINRULE_SOURCE_DIR;
  std::map<std::string, std::map<std::size_t, std::map<std::string, double>>> found;
  std::ifstream file(root + "/bench/runs/2026-11-28-tuning/results.jsonl");
  for (std::string text; std::getline(file, text);) {
    const nlohmann::json line = nlohmann::json::parse(text);
    const char* const metric = line["task"] == "number" ? "rmse" : "log_loss";
    found[line["table"]][line["seed"]][line["rival"]] = line["metrics"][metric];
  }
  ASSERT_EQ(found.size(), 5u);
  double gain = 0, variance = 0;
  for (const auto& [table, splits] : found) {
    double before = 0, difference = 0, squares = 0;
    const auto count = static_cast<double>(splits.size());
    for (const auto& [seed, of] : splits) before += of.at("default") / count;
    for (const auto& [seed, of] : splits) difference += (of.at("default") - of.at("tune")) / count;
    for (const auto& [seed, of] : splits) squares += std::pow(of.at("default") - of.at("tune") - difference, 2);
    const double error = std::sqrt(squares / (count - 1) / count);
    EXPECT_GE(difference, -error) << table;
    gain += difference / before / 5;
    variance += std::pow(error / before / 5, 2);
  }
  std::ifstream page(root + "/docs/tune.md");
  const std::string text{std::istreambuf_iterator<char>(page), {}};
  EXPECT_NE(text.find(fmt::format("brought on average {:.1f} % less error", 100 * gain)), std::string::npos) << gain;
  EXPECT_NE(text.find(fmt::format("standard error {:.1f} %", 100 * std::sqrt(variance))), std::string::npos);
}

TEST(Tune, RefusesRangesThatCannotBe) {
  const auto refused = [](const char* text) { return refusal([&] { range_from_text(text); }).what; };
  EXPECT_EQ(refused("learning_rate"),
            "range: expected OPTION=LOW..HIGH or OPTION=VALUE|VALUE, found \"learning_rate\"");
  EXPECT_EQ(refused("learning_rat=1..2"), "range: expected an option of train, found \"learning_rat\"");
  EXPECT_EQ(refused("learning_rate=0..1"),
            "range: expected LOW..HIGH, two numbers above 0, of learning_rate, found \"0..1\"");
  EXPECT_EQ(refused("dropout=0.5..3"),
            "range \"dropout=0.5..3\": expected a number of at least 0 and below 1, found \"3\"");
  EXPECT_TRUE(refused("activation=relu|frob").starts_with("range \"activation=relu|frob\": expected identity, "));
  for (const char* const text : {"target=a|b", "seed=1|2", "test-split=0.1|0.2", "group=a|b", "preset=fast|classic",
                                 "task=classes|number", "ignore=a|b", "optimizer=adam|sgd", "validation-split=0.1|0.2"})
    EXPECT_TRUE(refused(text).starts_with("range: expected an option of network or training, found ")) << text;
  EXPECT_EQ(range_text(range_from_text("lr=0.01..0.5")), "learning_rate=0.01..0.5");
  EXPECT_EQ(range_text(range_from_text("momentum=0.5|0.9")), "momentum=0.5|0.9");
  for (const std::string& preset : preset_names()) {
    FitOptions options;
    apply_preset(options, preset);
    for (const Task task : {Task::classes, Task::number})
      for (const SearchRange& range : default_ranges(options, task))
        EXPECT_NO_THROW(range_from_text(range_text(range)));
  }
  const Table table = visits();
  TuneOptions how = small_search();
  how.ranges.push_back(range_from_text("momentum=0.5|0.9"));
  std::size_t trained = 0;
  TuneObserver observer;
  observer.on_score = [&](std::size_t, std::size_t, const Trial&) { ++trained; };
  EXPECT_TRUE(
      refusal([&] { tune(table, short_fit(), how, observer); }).what.starts_with("momentum: expected optimizer "));
  how = small_search();
  FitOptions per_layer = short_fit();
  per_layer.bias_multiplier = {0.1, 1};
  how.ranges.push_back(range_from_text("hidden=4|4,4"));
  EXPECT_TRUE(refusal([&] { tune(table, per_layer, how, observer); }).what.starts_with("bias_multiplier: expected "));
  EXPECT_EQ(trained, 0u);
  how = small_search();
  how.ranges.push_back(range_from_text("hidden=4|512,512"));
  EXPECT_GT(max_trial_memory(table, short_fit(), how),
            plan_fit(table, short_fit()).memory_bytes + (512u * 512 * 4 * 4));
  how = small_search();
  how.score = "rmse";
  EXPECT_TRUE(refusal([&] { tune(table, short_fit(), how); }).what.starts_with("score: expected one of "));
  // Two rows of a class cannot be in three folds.
  Table rare = visits();
  Column& ill = named(rare, "ill");
  for (std::size_t row = 0; row < kRows; ++row) ill.codes[row] = row < 3 ? 1 : 0;
  how.score = "roc_auc";
  EXPECT_TRUE(
      refusal([&] {
        tune(rare, short_fit(), how);
      }).what.starts_with("score: expected a metric that every fold has, found \"roc_auc\", not defined on fold "));
}

}  // namespace
}  // namespace chainrule::testing::tune_test
