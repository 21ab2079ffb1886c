// SPDX-License-Identifier: Apache-2.0
// The range test, layer rates, and the warning about a rate that is far off.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <sstream>

#include "chainrule/training/rates/rate_warning.h"
#include "tests/support/library.h"
#include "tests/support/real_tables.h"
#include "tests/support/tables.h"

namespace chainrule::learning_rate_finder_test {
namespace {

using testing::load;

FitOptions small() {
  FitOptions options;
  options.hidden = {16};
  options.train.epochs = 20;
  options.train.optimizer = Sgd{};
  options.train.learning_rate = 0.1;
  options.train.schedule.kind = ScheduleKind::constant;
  return options;
}

LearningRateFinderOptions with_threads(std::size_t threads) { return {threads, {}}; }

// The same of a table, planned and encoded for them.
LearningRateFinderResult find_learning_rate(const Table& table, const FitOptions& options,
                                            const LearningRateFinderOptions& how = {},
                                            const Table* validation = nullptr) {
  const FitPlan plan = plan_fit(table, options, validation);
  return find_learning_rate(plan, encode_fit(plan, table, validation), options, how);
}
LayerRates find_layer_rates(const Table& table, const FitOptions& options, const LearningRateFinderOptions& how = {}) {
  const FitPlan plan = plan_fit(table, options);
  return find_layer_rates(plan, encode_fit(plan, table), options, how);
}
auto warning_of_rate(const Table& table, const FitOptions& options, const FitResult& result) {
  const FitPlan plan = plan_fit(table, options);
  return warning_of_rate(plan, encode_fit(plan, table), options, result);
}

double loss_at(const Table& table, FitOptions options, double rate) {
  options.train.learning_rate = rate;
  try {
    return fit(table, options).history.epochs.back().training_loss;
  } catch (const Error&) {
    return INFINITY;
  }
}

TEST(LearningRateFinder, FindsARateThatTrainsBetterThanFarOnes) {
  const Table table = load("iris.csv");
  for (const Optimizer& optimizer : {Optimizer(Sgd{}), Optimizer(Adam{})}) {
    FitOptions options = small();
    options.train.optimizer = optimizer;
    const LearningRateFinderResult test = find_learning_rate(table, options);
    ASSERT_FALSE(std::isnan(test.suggested));
    EXPECT_EQ(test.rates.size(), test.losses.size());
    EXPECT_EQ(test.rates[0], 1e-6);
    EXPECT_NEAR(test.rates[20] / test.rates[0], 10, 1e-12);
    EXPECT_LT(test.minimum_loss, 0.5 * test.start_loss);
    const double there = loss_at(table, options, test.suggested);
    EXPECT_LT(there, loss_at(table, options, test.suggested / 100));
    EXPECT_LT(there, loss_at(table, options, test.suggested * 1000));
  }
}

TEST(LearningRateFinder, SuggestsAThirdOfWhereNineTenthsOfTheFallAreReached) {
  const Table table = load("iris.csv");
  const LearningRateFinderResult test = find_learning_rate(table, small());
  const double start = std::min(test.start_loss, std::log(3.0));  // three classes, equally frequent
  const double bound = start - 0.9 * (start - test.minimum_loss);
  std::size_t first = 0;
  while (test.losses[first] > bound) ++first;
  EXPECT_NEAR(test.suggested, test.rates[first] / 3, 0.06 * test.suggested);  // of two digits
  EXPECT_LE(test.lowest, test.suggested);
  EXPECT_GE(test.highest, test.suggested);
}

TEST(LearningRateFinder, ThePageQuotesWhatItFinds) {
  std::ifstream page(CHAINRULE_SOURCE_DIR "/docs/learning-rates.md");
  std::size_t rows = 0;
  for (std::string line; std::getline(page, line);) {
    std::istringstream cells(line);
    std::string bar, preset;
    double own = 0, found = 0, lowest = 0, highest = 0;
    if (!(cells >> bar >> preset >> bar >> own >> bar >> found >> bar >> lowest >> bar >> highest) || bar != "|")
      continue;
    ++rows;
    FitOptions options;
    apply_preset(options, preset.substr(1, preset.size() - 2));
    EXPECT_EQ(options.train.learning_rate, own) << line;
    const LearningRateFinderResult test = find_learning_rate(load("iris.csv"), options);
    EXPECT_NEAR(test.suggested, found, 0.05 * found) << line;
    EXPECT_NEAR(test.lowest, lowest, 0.05 * lowest) << line;
    EXPECT_NEAR(test.highest, highest, 0.05 * highest) << line;
  }
  EXPECT_EQ(rows, 3u);
}

TEST(LearningRateFinder, DoesNotDependOnThreadsAndStopsOnRequest) {
  const Table table = load("iris.csv");
  const LearningRateFinderResult one = find_learning_rate(table, small(), with_threads(1)),
                                 three = find_learning_rate(table, small(), with_threads(3));
  EXPECT_EQ(one.losses, three.losses);
  EXPECT_EQ(one.suggested, three.suggested);
  const LayerRates layers = find_layer_rates(table, small(), with_threads(1)),
                   same = find_layer_rates(table, small(), with_threads(3));
  EXPECT_EQ(layers.loss, same.loss);
  EXPECT_EQ(layers.loss_with, same.loss_with);
  int requested = 0;
  EXPECT_EQ(find_learning_rate(table, small(), {1, [&] { return ++requested > 5; }}).rates.size(), 5u);
}

TEST(LearningRateFinder, FindsNoneWhereNoRateHelps) {
  FitOptions options = small();
  options.weight_multiplier = options.bias_multiplier = {0};  // nothing moves
  const LearningRateFinderResult test = find_learning_rate(load("iris.csv"), options);
  EXPECT_TRUE(std::isnan(test.suggested));
  EXPECT_FALSE(test.diverged);
}

TEST(LearningRateFinder, EndsWhereTheLossExplodes) {
  FitOptions options = small();
  options.activation = ActivationKind::relu;
  options.hidden = {32, 32, 32};
  const LearningRateFinderResult test = find_learning_rate(load("iris.csv"), options);
  EXPECT_TRUE(test.diverged);
  EXPECT_LT(test.rates.back(), 1e4);
  EXPECT_FALSE(std::isnan(test.suggested));
}

TEST(LearningRateFinder, RefusesRprop) {
  FitOptions options = small();
  options.train.optimizer = Rprop{};
  options.train.batch_size = 0;
  EXPECT_THROW(find_learning_rate(load("iris.csv"), options), Error);
  EXPECT_THROW(find_layer_rates(load("iris.csv"), options), Error);
}

TEST(LayerRates, MakeTheTrainingFallFaster) {
  const Table table = load("iris.csv");
  FitOptions options = small();
  options.hidden = {16, 16};
  options.train.learning_rate = 0.05;
  options.weight_multiplier = {1, 1, 0.0625};
  const LayerRates found = find_layer_rates(table, options);
  ASSERT_TRUE(found.better);
  EXPECT_LT(found.loss_with, 0.98 * found.loss);
  ASSERT_EQ(found.weights.size(), 3u);
  EXPECT_TRUE(found.weights != options.weight_multiplier || found.biases != std::vector<double>(3, 1));
  for (std::size_t l = 0; l < 3; ++l) {  // powers of 2, up to 16
    const double factor = found.weights[l] / options.weight_multiplier[l];
    EXPECT_EQ(factor * 16, std::round(factor * 16)) << l;
    EXPECT_LE(factor, 16);
  }
  FitOptions with = options;
  with.weight_multiplier = found.weights;
  with.bias_multiplier = found.biases;
  EXPECT_LT(fit(table, with).history.epochs.back().training_loss,
            fit(table, options).history.epochs.back().training_loss);
}

TEST(LayerRates, KeepWhatIsGivenWhereNothingIsBetter) {
  FitOptions options = small();
  options.train.learning_rate = 1e-9;  // no factor up to 16 makes this learn
  options.weight_multiplier = {1, 0.5};
  const LayerRates found = find_layer_rates(load("iris.csv"), options);
  EXPECT_FALSE(found.better);
  EXPECT_EQ(found.weights, options.weight_multiplier);
  EXPECT_EQ(found.biases, options.bias_multiplier);
  EXPECT_EQ(found.loss, found.loss_with);
}

std::string warning_at(const Table& table, FitOptions options, double rate) {
  options.train.learning_rate = rate;
  const std::optional<Note> warning = warning_of_rate(table, options, fit(table, options));
  return warning ? note_line(*warning) : "";
}

TEST(WarningOfRate, NamesARateThatIsTooHighOrTooLowAndNoOther) {
  const Table table = load("iris.csv");
  for (const char* const preset : {"tabular", "classic"}) {
    FitOptions options;
    apply_preset(options, preset);
    options.train.epochs = 30;
    const double rate = options.train.learning_rate;
    EXPECT_EQ(warning_at(table, options, rate), "") << preset;
    EXPECT_EQ(warning_at(table, options, rate / 3), "") << preset;
    EXPECT_EQ(warning_at(table, options, rate * 3), "") << preset;
    EXPECT_NE(warning_at(table, options, rate * 1e-4).find("is too low: the training loss was"), std::string::npos)
        << preset;
    EXPECT_NE(warning_at(table, options, rate * 1e3).find("is too high: the training loss was"), std::string::npos)
        << preset;
  }
}

// Tables with little to learn: the rate of the preset is right.
TEST(WarningOfRate, IsNotGivenWhereTheRateIsNotToBlame) {
  testing::Texts x, rare, noise, weak, counts, ten;
  for (int i = 0; i < 300; ++i) {
    const int a = i * 7919 % 601, b = i * 104729 % 599;
    x.push_back(std::to_string(a));
    rare.push_back(a + b / 4 > 690 ? "yes" : "no");
    noise.push_back(std::to_string(b));
    weak.push_back(std::to_string(a + 3 * b));
    counts.push_back(std::to_string((a + b) % 7));
    ten.push_back("k" + std::to_string((a / 60 + b / 200) % 10));
  }
  for (const auto& [name, y] : std::map<std::string, testing::Texts>{
           {"a rare class", rare}, {"noise", noise}, {"a weak signal", weak}, {"counts", counts}, {"ten classes", ten}})
    for (const char* const preset : {"tabular", "fast", "classic"}) {
      const Table table = testing::table_of({testing::column("x", x), testing::column("y", y, testing::kKept)}, 300);
      FitOptions options;
      apply_preset(options, preset);
      options.hidden = {16};
      options.train.epochs = 12;
      if (name == "counts") options.data.task = static_cast<int>(Task::number);
      EXPECT_EQ(warning_at(table, options, options.train.learning_rate), "") << name << ", " << preset;
    }
}

TEST(WarningOfRate, KnowsWhatALossCanComeDownTo) {  // smoothed labels: never to 0
  const Table table = load("iris.csv");
  FitOptions options;
  options.train.loss.label_smoothing = 0.4;
  options.train.epochs = 60;
  const FitResult result = fit(table, options);
  EXPECT_GT(result.minimum_loss, 0.5 * result.baseline_loss);
  EXPECT_GT(result.training[0].value, result.minimum_loss);
  EXPECT_FALSE(warning_of_rate(table, options, result).has_value());
}

TEST(LearningRateFinder, HasTheRowsOfTheTraining) {  // a validation table: all rows of this one train
  const Table table = load("iris.csv");
  FitOptions options = small();
  options.validation_split = 0;
  const LearningRateFinderResult all = find_learning_rate(table, options);
  options.validation_split = 0.1;
  EXPECT_NE(find_learning_rate(table, options).start_loss, all.start_loss);
  EXPECT_EQ(find_learning_rate(table, options, {}, &table).start_loss, all.start_loss);
}

TEST(LearningRateFinder, LooksAtRowsThatCount) {
  testing::Texts x, y, w;
  for (int i = 0; i < 3000; ++i) {
    x.push_back(std::to_string(i * 7919 % 3001));
    y.push_back(i * 7919 % 3001 > 1500 ? "yes" : "no");
    w.push_back(i % 300 == 7 ? "1" : "0");
  }
  const Table table = testing::table_of(
      {testing::column("x", x), testing::column("w", w), testing::column("y", y, testing::kKept)}, 3000);
  FitOptions options = small();
  options.data.weight = "w";
  const LearningRateFinderResult test = find_learning_rate(table, options);
  EXPECT_TRUE(std::isfinite(test.start_loss));
  EXPECT_FALSE(std::isnan(test.suggested));
}

}  // namespace
}  // namespace chainrule::learning_rate_finder_test
