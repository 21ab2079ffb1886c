// SPDX-License-Identifier: Apache-2.0
// Class weights and the decision threshold.
#include <algorithm>
#include <cmath>

#include "chainrule/data/encoding.h"
#include "chainrule/engine/formulas/loss_formulas.h"
#include "chainrule/metrics/intervals.h"
#include "chainrule/metrics/metrics.h"
#include "chainrule/metrics/row_losses.h"
#include "chainrule/model/fingerprint.h"
#include "chainrule/training/options/option_table.h"
#include "chainrule/training/options/options.h"
#include "tests/support/visits.h"

namespace chainrule::testing::decision_threshold_test {
namespace {

TEST(ClassWeights, AreScikitLearnsAndOfTheTrainingRows) {
  const Table table = visits();
  FitOptions options = small_fit("ill");
  options.class_weight = "balanced";
  const FitPlan plan = plan_fit(table, options);
  double yes = 0;
  const std::vector<std::uint32_t> labels = encode_labels(plan.encoder, table);
  for (const std::size_t row : plan.split.training) yes += labels[row];
  const auto rows = static_cast<double>(plan.split.training.size());
  EXPECT_EQ(plan.encoder.labels, (Texts{"no", "yes"}));
  EXPECT_EQ(plan.encoder.class_weights, (std::vector{rows / (2 * (rows - yes)), rows / (2 * yes)}));
  options.class_weight = "yes=5";
  const FitPlan given = plan_fit(table, options);
  EXPECT_EQ(given.encoder.class_weights, (std::vector<double>{1, 5}));
  EXPECT_TRUE(std::ranges::any_of(
      given.notes, [](const Note& note) { return note.text.text().starts_with("class weights: no 1, yes 5;"); }));
}

// A class weight multiplies the sample weight in the loss; it does not affect metrics.
TEST(ClassWeights, AreSampleWeightsOfTheLossOnly) {
  Table table = visits();
  Table weighted = table;
  Column& weight = named(weighted, "weight");
  for (std::size_t row = 0; row < kRows; ++row)
    if (named(table, "ill").spellings[named(table, "ill").codes[row]] == "yes") weight.numbers[row] *= 5;
  FitOptions options = small_fit("ill");
  options.data.weight = "weight";
  options.validation_split = 0;
  const FitResult by_row = fit(weighted, options);
  options.class_weight = "yes=5,no=1";
  const FitResult by_class = fit(table, options);
  EXPECT_EQ(weights_sha256(by_row.model.network), weights_sha256(by_class.model.network));
  EXPECT_FLOAT_EQ(static_cast<float>(find_metric(by_row.training, "loss")->value),
                  static_cast<float>(find_metric(by_class.training, "loss")->value));
  EXPECT_NE(find_metric(by_row.training, "log_loss")->value, find_metric(by_class.training, "log_loss")->value);
  options.class_weight = "none";
  EXPECT_NE(weights_sha256(by_class.model.network), weights_sha256(fit(table, options).model.network));
  // The loss that evaluate() measures is the one that was trained; estimates agree.
  const Dataset data = encode(by_class.model.encoder, table, true);
  const Selection rows = all_rows(data);
  Matrix outputs = predict_outputs(by_class.model.network, rows);
  const std::vector<double> losses = losses_of_rows(by_class.model.loss, outputs.view(), rows);
  apply_link(by_class.model.loss, outputs.view());
  EstimateOptions with_losses;
  with_losses.losses = losses;
  EXPECT_NEAR(find_estimate(estimate_metrics(outputs.view(), rows, with_losses), "loss")->value,
              find_metric(by_class.training, "loss")->value, 1e-6);
}

TEST(ClassWeights, ThatCannotBeAreRefused) {
  const Table table = visits();
  const auto refused = [&](const std::string& target, const std::string& weights_text) {
    FitOptions options = small_fit(target);
    options.class_weight = weights_text;
    return refusal([&] { plan_fit(table, options); }).what;
  };
  EXPECT_EQ(refused("ill", "Yes=5"), "class_weight: expected a class (no, yes), found \"Yes\"");
  EXPECT_EQ(refused("ill", "yes=5,yes=1"), "class_weight: expected each class once, found \"yes\" twice");
  EXPECT_EQ(refused("cost", "balanced"), "class_weight: expected classes as target, found a number");
}

TEST(Thresholds, AreChosenOnTheValidationRowsAndKept) {
  const Table table = visits();
  FitOptions options = small_fit("ill");
  options.train.epochs = 2;
  options.validation_split = 0.4;
  const FitResult plain = fit(table, options);
  options.threshold_metric = "f1";
  const FitResult chosen = fit(table, options);
  ASSERT_TRUE(chosen.model.threshold);
  EXPECT_EQ(weights_sha256(plain.model.network), weights_sha256(chosen.model.network));
  const FitPlan plan = plan_fit(table, options);
  const Dataset data = encode(chosen.model.encoder, table, true);
  const Metrics best = evaluate(chosen.model.network, chosen.model.loss, {&data, plan.split.validation}, 0, "f1",
                                chosen.model.threshold);
  for (int step = 1; step < 100; ++step) {
    const Metrics other =
        evaluate(chosen.model.network, chosen.model.loss, {&data, plan.split.validation}, 0, "f1", step / 100.0);
    const double value = find_metric(other, "f1")->value;
    if (!std::isnan(value)) {
      EXPECT_GE(find_metric(best, "f1")->value, value) << step;
    }
  }
  EXPECT_EQ(find_metric(best, "accuracy")->value, find_metric(chosen.validation, "accuracy")->value);
  EXPECT_EQ(find_metric(plain.validation, "log_loss")->value, find_metric(chosen.validation, "log_loss")->value);
  const auto says = [&](const std::string& part) {
    return std::any_of(chosen.notes.begin(), chosen.notes.end(),
                       [&](const Note& note) { return note_line(note).find(part) != std::string::npos; });
  };
  EXPECT_TRUE(says("for class yes: f1 "));
  EXPECT_TRUE(says("warning: the threshold rests on 80 validation rows"));
  // The metrics count the predicted class of each row.
  Predictor predictor(chosen.model, 256);
  MatrixOf<double> predicted(kRows, 2);
  predictor.predict(data.inputs, all_rows(data).rows, predicted.view());
  const Matrix predictions = predict(chosen.model.network, chosen.model.loss, all_rows(data));
  for (std::size_t row = 0; row < kRows; ++row)
    EXPECT_EQ(decide(chosen.model, predicted.row(row)), predicted_class(predictions.row(row), chosen.model.threshold));
}

TEST(Thresholds, ThatBringNothingAreLeftOut) {
  FitOptions options = small_fit("ill");
  options.train.epochs = 8;
  options.validation_split = 0.4;
  options.threshold_metric = "f1";
  EXPECT_FALSE(fit(visits(), options).model.threshold);
}

TEST(Thresholds, ThatCannotBeAreRefused) {
  const Table table = visits();
  const auto refused = [&](const std::string& target, const std::function<void(FitOptions&)>& set) {
    FitOptions options = small_fit(target);
    set(options);
    return refusal([&] { plan_fit(table, options); }).what;
  };
  EXPECT_EQ(refused("cost", [](FitOptions& o) { o.threshold = 0.3; }),
            "threshold: expected a target of two classes, found a number");
  EXPECT_EQ(refused("color", [](FitOptions& o) { o.threshold_metric = "f1"; }),
            "threshold_metric: expected a target of two classes, found 3");
  EXPECT_EQ(refused("ill", [](FitOptions& o) { o.threshold_metric = "f1", o.validation_split = 0; }),
            "threshold_metric: expected validation rows, found none");
}

TEST(Options, OfSplitsAndDecisionsComeBackFromTheirText) {
  const FitOptions options = options_from({{{"group", "a", ""},
                                            {"test-split", "0.2", ""},
                                            {"class-weight", "\"a,b\"=2,c=0.5", ""},
                                            {"threshold", "0.31", ""}}});
  const auto values = option_values(options);
  std::vector<Assignment> again;
  for (const auto& [key, value] : values) again.push_back({key, value, key});
  EXPECT_EQ(option_values(options_from({again})), values);
  EXPECT_EQ(options.threshold, 0.31);
  EXPECT_EQ(options.class_weight, "\"a,b\"=2,c=0.5");
  const auto refused = [](const std::string& name, const std::string& value) {
    return refusal([&] { options_from({{{name, value, "--" + name}}}); }).what;
  };
  EXPECT_EQ(refused("threshold", "1"), "--threshold: expected none or a number above 0 and below 1, found \"1\"");
  EXPECT_EQ(refused("class-weight", "yes"),
            "--class-weight: expected none, balanced, or numbers from 0 up as in yes=5,no=1, found \"yes\"");
  EXPECT_EQ(refused("class-weight", "yes=-1"),
            "--class-weight: expected none, balanced, or numbers from 0 up as in yes=5,no=1, found \"yes=-1\"");
  EXPECT_EQ(refused("threshold-metric", "rmse"),
            "--threshold-metric: expected none, accuracy, balanced_accuracy, f1, f1_macro or mcc, found \"rmse\"");
  EXPECT_EQ(refused("test-split", "1"), "--test-split: expected a number of at least 0 and below 1, found \"1\"");
  EXPECT_EQ(refusal([] {
              options_from({{{"time", "a", "--time"}, {"group", "b", "--group"}}});
            }).what,
            "--time: expected no group, found \"b\"");
}

}  // namespace
}  // namespace chainrule::testing::decision_threshold_test
