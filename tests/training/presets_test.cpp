// SPDX-License-Identifier: Apache-2.0
// Presets and their options: rates by width, a last layer that starts at 0.
#include <cmath>
#include <fstream>
#include <numeric>
#include <set>

#include "chainrule/training/fit.h"
#include "chainrule/training/options/option_table.h"
#include "chainrule/training/options/options.h"
#include "chainrule/training/planning.h"
#include "tests/support/tables.h"

namespace chainrule::testing::presets_test {
namespace {

// y = x^2 - 1 of numbers with outliers, or whether it is positive.
Table curve(bool classes) {
  Texts x, far, y;
  for (int i = 0; i < 120; ++i) {
    const double value = (i * 29 % 120 - 60) / 30.0;
    x.push_back(fmt::format("{}", value));
    far.push_back(i == 7 ? "1e9" : std::to_string(i % 5));
    y.push_back(classes ? value * value > 1 ? "out" : "in" : fmt::format("{}", value * value - 1));
  }
  return table_of({column("x", x), column("far", far), column("y", y, kKept)}, 120);
}

FitOptions with(const std::string& preset, std::size_t epochs) {
  FitOptions options;
  apply_preset(options, preset);
  options.train.epochs = epochs;
  return options;
}

TEST(Presets, AreNamedAndLeaveNothingBehind) {
  EXPECT_EQ(preset_names(), (Texts{"fast", "tabular", "small", "classic"}));
  const FitOptions fresh;
  for (const std::string& name : preset_names()) {
    FitOptions options;
    apply_preset(options, name);
    EXPECT_EQ(options.preset(), name);
    EXPECT_EQ(option_values(options) == option_values(fresh), name == "fast") << name;
    apply_preset(options, "fast");
    EXPECT_EQ(option_values(options), option_values(fresh)) << name;
  }
  FitOptions options;
  apply_preset(options, "default");  // the name of "fast" in older models
  EXPECT_EQ(options.preset(), "fast");
  EXPECT_EQ(refusal([&] { apply_preset(options, "tabula"); }).category, ErrorCategory::usage);
}

TEST(Presets, TabularIsAsDocumented) {
  FitOptions options;
  apply_preset(options, "tabular");
  const auto says = [&](const char* name) { return find_option(name)->get(options); };
  EXPECT_EQ(says("scaling"), "robust");
  EXPECT_EQ(says("clamp-predictions"), "true");
  EXPECT_EQ(says("hidden"), "256,256,256");
  EXPECT_EQ(says("activation"), "mish");
  EXPECT_EQ(says("initial-weights"), "lecun_normal");
  EXPECT_EQ(says("initial-biases"), "normal");
  EXPECT_EQ(says("zero-output"), "true");
  EXPECT_EQ(says("rate-by-width"), "true");
  EXPECT_EQ(says("dropout"), "0.15");
  EXPECT_EQ(says("bias-multiplier"), "0.1");
  EXPECT_EQ(says("optimizer"), "adam");
  EXPECT_EQ(says("learning-rate"), "0.04");
  EXPECT_EQ(says("beta2"), "0.95");
  EXPECT_EQ(says("schedule"), "coslog4");
  EXPECT_EQ(says("label-smoothing"), "0.03");
  EXPECT_EQ(says("batch-size"), "256");
  EXPECT_EQ(says("epochs"), "64");
}

TEST(Presets, ThePageQuotesTheRecordedRun) {
  const auto lines = [](const char* path) {
    std::ifstream file(std::string(CHAINRULE_SOURCE_DIR "/") + path);
    std::multiset<std::string> all;
    for (std::string line; std::getline(file, line);) all.insert(line);
    return all;
  };
  const auto page = lines("docs/presets.md"), record = lines("bench/runs/2026-11-28-accuracy/summary.md");
  std::size_t quoted = 0;
  for (const std::string& line : page) {
    if (!line.starts_with("| realmlp") && !line.starts_with("| mlp") && !line.starts_with("| chainrule") &&
        !line.starts_with("| catboost") && !line.starts_with("| lightgbm") && !line.starts_with("| xgboost") &&
        !line.starts_with("| hist") && !line.starts_with("Mean rank"))
      continue;
    ++quoted;
    const std::string whole = line.ends_with('.') ? line.substr(0, line.size() - 1) : line;
    EXPECT_TRUE(record.contains(whole)) << line;
  }
  EXPECT_EQ(quoted, 18u);
}

TEST(Presets, TabularLearnsClassesAndNumbersBesideAnOutlier) {
  const FitResult classes = fit(curve(true), with("tabular", 60));
  const FitResult numbers = fit(curve(false), with("tabular", 60));
  EXPECT_GE(find_metric(classes.validation, "accuracy")->value, 0.9);
  EXPECT_GE(find_metric(numbers.validation, "r2")->value, 0.9);
  EXPECT_EQ(classes.model.loss.label_smoothing, 0.03);
  EXPECT_EQ(numbers.model.loss.label_smoothing, 0);
}

TEST(Presets, LabelSmoothingOfOnesOwnIsRefusedForNumbers) {
  FitOptions options = with("fast", 1);
  options.train.loss.label_smoothing = 0.1;
  EXPECT_EQ(refusal([&] { fit(curve(false), options); }).category, ErrorCategory::usage);
}

// Whether a plan of numbers refuses the option, after it was set to this value beside the preset.
std::string refused_option(const std::string& preset, bool classes, const char* name, const char* value) {
  FitOptions options = with(preset, 1);
  set_option(options, name, value, name);
  try {
    plan_fit(curve(classes), options);
  } catch (const Error& error) {
    return error.option();
  }
  return "";
}

// A preset's value that the task does not read is ignored; the same value is an error where it was requested.
TEST(Presets, WhatTheTaskDoesNotReadIsRefusedWhenRequested) {
  EXPECT_EQ(refused_option("tabular", false, "label-smoothing", "0.03"), "label_smoothing");
  EXPECT_EQ(refused_option("tabular", false, "stratify", "true"), "stratify");
  EXPECT_EQ(refused_option("tabular", true, "clamp-predictions", "true"), "clamp_predictions");
  EXPECT_EQ(refused_option("classic", true, "target-scaling", "range"), "target_scaling");
  EXPECT_EQ(refused_option("fast", true, "target-scaling", "standard"), "target_scaling");
  EXPECT_EQ(refused_option("fast", false, "class-weight", "balanced"), "class_weight");
  // Controls: the other task, and values that request nothing.
  EXPECT_EQ(refused_option("tabular", true, "label-smoothing", "0.03"), "");
  EXPECT_EQ(refused_option("tabular", false, "clamp-predictions", "true"), "");
  EXPECT_EQ(refused_option("tabular", false, "label-smoothing", "0"), "");
  EXPECT_EQ(refused_option("tabular", true, "clamp-predictions", "false"), "");
  EXPECT_EQ(refused_option("tabular", false, "epochs", "64"), "");
}

TEST(Presets, PoissonRefusesARequestedScalingOfItsTarget) {
  FitOptions options = with("fast", 1);
  options.train.loss.kind = LossKind::poisson;
  const Table counts = table_of({column("x", {"1", "2", "3", "4"}), column("y", {"0", "1", "2", "2.5"}, kKept)}, 4);
  EXPECT_NO_THROW(plan_fit(counts, options));
  set_option(options, "target-scaling", "standard", "here");
  EXPECT_TRUE(refusal([&] { plan_fit(counts, options); }).what.starts_with("target_scaling: expected none"));
}

TEST(Presets, TabularGoesWithEveryLoss) {
  for (const LossKind kind : {LossKind::huber, LossKind::absolute_error, LossKind::half_squared_error}) {
    FitOptions options = with("tabular", 1);
    options.automatic_loss = false;
    options.train.loss.kind = kind;
    EXPECT_EQ(fit(curve(false), options).model.loss.label_smoothing, 0);
  }
}

// Predictions and metrics use the same range.
TEST(ClampPredictions, HoldsForPredictionsAndForMetrics) {
  const auto line = [](double from, double to) {
    Texts x, y;
    for (double value = from; value < to; value += 0.25) {
      x.push_back(fmt::format("{}", value));
      y.push_back(fmt::format("{}", 3 * value));
    }
    return table_of({column("x", x), column("y", y, kKept)}, x.size());
  };
  const Table near = line(0, 10), far = line(0, 40);
  const auto mae = [&](bool clamped) {
    FitOptions options = with("fast", 60);
    options.hidden = {};
    options.train.learning_rate = 0.05;
    options.data.clamp_predictions = clamped;
    const FitResult result = fit(near, options, {}, &far);
    const Dataset data = encode(result.model.encoder, far, false);
    std::vector<std::size_t> rows(far.rows);
    std::iota(rows.begin(), rows.end(), std::size_t{0});
    MatrixOf<double> predictions(far.rows, 1);
    Predictor(result.model).predict(data.inputs, rows, predictions.view());
    EXPECT_NEAR(predictions(far.rows - 1, 0), clamped ? 29.25 : 119.25, clamped ? 0 : 3);
    double sum = 0;
    for (std::size_t row = 0; row < far.rows; ++row)
      sum += std::abs(predictions(row, 0) - far.columns[1].numbers[row]) / static_cast<double>(far.rows);
    EXPECT_NEAR(find_metric(result.validation, "mae")->value, sum, 1e-5 * sum);
    return sum;
  };
  EXPECT_LT(mae(false), 1);
  EXPECT_GT(mae(true), 30);
}

TEST(RateByWidth, DividesByTheRootOfTheInputs) {
  FitOptions options = with("tabular", 1);
  options.hidden = {16, 9};
  options.weight_multiplier = {2};
  const FitPlan plan = plan_fit(curve(false), options);
  EXPECT_DOUBLE_EQ(plan.architecture.layers[0].weight_multiplier, 2 / std::sqrt(2.0));
  EXPECT_DOUBLE_EQ(plan.architecture.layers[1].weight_multiplier, 0.5);
  EXPECT_DOUBLE_EQ(plan.architecture.layers[2].weight_multiplier, 2.0 / 3);
  EXPECT_EQ(plan.architecture.layers[1].bias_multiplier, 0.1);
}

TEST(ZeroOutput, PredictsTheMeanAtFirst) {
  FitOptions options = with("tabular", 1);
  const FitPlan plan = plan_fit(curve(true), options);
  const Network network = start_network(plan.architecture, options);
  const std::size_t last = plan.architecture.depth() - 1;
  for (const float weight : network.parameters.weights(last).flat()) EXPECT_EQ(weight, 0);
  for (const float bias : network.parameters.biases(last)) EXPECT_EQ(bias, 0);
  EXPECT_NE(network.parameters.biases(0)[0], 0);
  options.zero_output = false;
  const Network other = start_network(plan.architecture, options);
  EXPECT_NE(other.parameters.weights(last)(0, 0), 0);
  EXPECT_EQ(other.parameters.weights(0)(0, 0), network.parameters.weights(0)(0, 0));
}

}  // namespace
}  // namespace chainrule::testing::presets_test
