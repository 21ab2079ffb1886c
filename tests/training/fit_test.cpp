// SPDX-License-Identifier: Apache-2.0
// From a table to a model: which rows train, and that no other row affects the model.
#include "chainrule/training/fit.h"
#include "chainrule/model/fingerprint.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "chainrule/base/random.h"
#include "chainrule/metrics/metrics.h"
#include "chainrule/training/options/option_table.h"
#include "tests/support/visits.h"

namespace chainrule::testing::fit_test {
namespace {

// Changes the values of these rows as much as possible, except in columns that select rows.
Table changed(const Table& original, const Rows& rows, const std::string& target) {
  Table table = original;
  for (const std::string name : {"size", "weight", "cost"})
    for (const std::size_t row : rows) named(table, name).numbers[row] = static_cast<double>(row) * 1e6 + 1;
  Column& color = named(table, "color");
  color.spellings.emplace_back("never seen before");
  for (const std::size_t row : rows) color.codes[row] = static_cast<std::uint32_t>(color.spellings.size() - 1);
  Column& ill = named(table, "ill");
  if (target == "ill")
    for (const std::size_t row : rows) ill.codes[row] = 1 - ill.codes[row];
  return table;
}

void expect_same_encoder(const Encoder& a, const Encoder& b) {
  ASSERT_EQ(a.inputs.size(), b.inputs.size());
  for (std::size_t j = 0; j < a.inputs.size(); ++j) {
    const InputColumn &x = a.inputs[j], &y = b.inputs[j];
    EXPECT_EQ(x.name, y.name);
    EXPECT_EQ(std::vector({x.shift, x.scale, x.fill, x.minimum, x.maximum}),
              std::vector({y.shift, y.scale, y.fill, y.minimum, y.maximum}))
        << x.name;
    EXPECT_EQ(x.constant, y.constant);
    EXPECT_EQ(x.may_miss, y.may_miss);
    EXPECT_EQ(x.categories, y.categories);
  }
  EXPECT_EQ(a.labels, b.labels);
  EXPECT_EQ(a.class_weights, b.class_weights);
  EXPECT_EQ(a.target_shift, b.target_shift);
  EXPECT_EQ(a.target_scale, b.target_scale);
  EXPECT_EQ(a.min_prediction, b.min_prediction);
  EXPECT_EQ(a.max_prediction, b.max_prediction);
}

struct Setting {
  const char* name;
  std::function<void(FitOptions&)> set;
};

TEST(Leaks, NoValidationRowAffectsEncoderOrWeights) {
  const Table table = visits();
  const std::vector<Setting> settings = {
      {"share", [](FitOptions& o) { o.validation_split = 0.3; }},
      {"rows", [](FitOptions& o) { o.validation_rows = "51-100"; }},
      {"group", [](FitOptions& o) { o.group = "patient", o.validation_split = 0.3; }},
      {"time", [](FitOptions& o) { o.time = "day", o.test_split = 0.2; }},
      {"test", [](FitOptions& o) { o.test_split = 0.4; }},
      {"group and test", [](FitOptions& o) { o.group = "patient", o.test_split = 0.3; }},
  };
  for (const std::string target : {"ill", "cost"})
    for (const Setting& setting : settings) {
      SCOPED_TRACE(target + ", " + setting.name);
      FitOptions options = small_fit(target);
      options.stratify = false;  // otherwise targets select the rows
      options.data.weight = "weight";
      if (target == "ill") options.class_weight = "balanced";
      setting.set(options);
      const FitPlan plan = plan_fit(table, options);
      Rows away = plan.split.validation;
      away.insert(away.end(), plan.split.test.begin(), plan.split.test.end());
      ASSERT_GE(away.size(), 15u);
      const Table other = changed(table, away, target);
      const FitPlan plan_of_other = plan_fit(other, options);
      EXPECT_EQ(plan.split.training, plan_of_other.split.training);
      expect_same_encoder(plan.encoder, plan_of_other.encoder);
      const FitResult a = fit(table, options), b = fit(other, options);
      EXPECT_EQ(weights_sha256(a.model.network), weights_sha256(b.model.network));
      for (std::size_t m = 0; m < a.training.size(); ++m) EXPECT_EQ(a.training[m].value, b.training[m].value);
      // The test can fail: training rows do affect the model.
      const FitPlan moved = plan_fit(changed(table, plan.split.training, target), options);
      EXPECT_NE(plan.encoder.inputs[0].maximum, moved.encoder.inputs[0].maximum);
    }
}

TEST(Splits, KeepPatientsTogetherAndTheColumnOutOfTheInputs) {
  const Table table = visits();
  FitOptions options = small_fit("ill");
  options.group = "patient";
  options.test_split = 0.2;
  options.validation_split = 0.25;
  const FitPlan plan = plan_fit(table, options);
  std::vector<std::set<std::uint32_t>> patients(3);
  const Rows* parts[] = {&plan.split.training, &plan.split.validation, &plan.split.test};
  std::size_t rows = 0;
  for (std::size_t p = 0; p < 3; ++p) {
    for (const std::size_t row : *parts[p]) patients[p].insert(table.columns[2].codes[row]);
    rows += parts[p]->size();
  }
  EXPECT_EQ(rows, kRows);
  EXPECT_EQ(patients[0].size() + patients[1].size() + patients[2].size(), table.columns[2].spellings.size());
  EXPECT_NEAR(static_cast<double>(plan.split.test.size()), 40, 8);
  EXPECT_NEAR(static_cast<double>(plan.split.validation.size()), 40, 8);
  for (const InputColumn& input : plan.encoder.inputs) EXPECT_NE(input.name, "patient");
  const std::string note = fmt::format("test rows: {} of {} groups in \"patient\", {} of 200 rows", patients[2].size(),
                                       table.columns[2].spellings.size(), plan.split.test.size());
  EXPECT_EQ(std::ranges::count(note_lines(plan.notes), note), 1) << note;
  options.data.categorical = {"patient"};  // requested
  const Encoder encoder = plan_fit(table, options).encoder;
  EXPECT_TRUE(std::any_of(encoder.inputs.begin(), encoder.inputs.end(),
                          [](const InputColumn& input) { return input.name == "patient"; }));
}

TEST(Splits, TakeTheLastRowsByTimeForValidation) {
  Table table = visits();
  FitOptions options = small_fit("ill");
  options.time = "day";
  options.test_split = 0.1;
  options.validation_split = 0.2;
  const FitPlan plan = plan_fit(table, options);
  const auto day = [&](std::size_t row) { return table.columns[3].spellings[table.columns[3].codes[row]]; };
  const auto range = [&](const Rows& rows) {
    std::set<std::string> days;
    for (const std::size_t row : rows) days.insert(day(row));
    return std::pair(*days.begin(), *days.rbegin());
  };
  EXPECT_LT(range(plan.split.training).second, range(plan.split.validation).first);
  EXPECT_LT(range(plan.split.validation).second, range(plan.split.test).first);
  EXPECT_NEAR(static_cast<double>(plan.split.test.size()), 20, 3);
  EXPECT_TRUE(std::any_of(plan.encoder.inputs.begin(), plan.encoder.inputs.end(),
                          [](const InputColumn& input) { return input.name == "day"; }));
  // Numbers may be times; a row without a time is a training row.
  options.time = "size";
  const FitPlan by_number = plan_fit(table, options);
  double latest = 0;
  for (const std::size_t row : by_number.split.training)
    if (!std::isnan(table.columns[0].numbers[row])) latest = std::max(latest, table.columns[0].numbers[row]);
  for (const std::size_t row : by_number.split.validation) EXPECT_GT(table.columns[0].numbers[row], latest);
  EXPECT_EQ(std::ranges::count(note_lines(by_number.notes),
                               "warning: 22 rows have no value in \"size\": they become training rows"),
            1);
  options.time = "color";
  const Refusal refused = refusal([&] { plan_fit(table, options); });
  EXPECT_EQ(refused.what,
            "a.csv: row 1: column \"color\": time: expected a number or a date such as 2024-03-31, found \"red\"");
}

TEST(Splits, TakeTimesAsDatesAreRead) {
  const auto accepted = [](const std::string& text) {
    Table table = table_of({column("t", {text, "2024-01-01", "2020-01-01T00:00:00Z", "2021-05"}),
                            column("y", {"1", "2", "3", "4.5"}, kKept)},
                           4);
    FitOptions options;
    options.time = "t";
    options.validation_split = 0.3;
    options.data.categorical = {"t"};
    try {
      return plan_fit(table, options).split.validation == Rows{0};
    } catch (const Error&) {
      return false;
    }
  };
  for (const char* const text : {"2024-12-31", "2024-12", "2024-12-31T09:30", "2024-12-31 09:30:00.25Z", "31.12.2024",
                                 "2024-12-31T09:30:00+02:00", "2024/12/31", "12/31/2024", "Dec 2024"})
    EXPECT_TRUE(accepted(text)) << text;
  for (const char* const text : {"2024-13-01", "2024-12-31T09", "31 Dec", "2024-12-31T09:30:00.", "9"})
    EXPECT_FALSE(accepted(text)) << text;
  EXPECT_FALSE(accepted("2020-01-01 00:00"));  // the same time as another row's, and the earliest
}

TEST(Splits, ThatContradictEachOtherAreRefused) {
  const Table table = visits();
  const auto refused = [&](const std::function<void(FitOptions&)>& set, const std::string& message) {
    FitOptions options = small_fit("ill");
    set(options);
    const Refusal found = refusal([&] { plan_fit(table, options); });
    EXPECT_EQ(found.category, ErrorCategory::usage);
    EXPECT_EQ(found.what, message);
  };
  refused([](FitOptions& o) { o.group = "patient", o.time = "day"; },
          "group: expected no time together with it, found \"day\"");
  refused(
      [](FitOptions& o) {
        o.group = "patient", o.data.numeric = {"size", "patient"};
      },
      "numeric: expected another column than the group's, found \"patient\"");
  refused([](FitOptions& o) { o.group = "patient", o.data.date = {"patient"}; },
          "date: expected another column than the group's, found \"patient\"");
  refused([](FitOptions& o) { o.group = "patient", o.validation_rows = "last:10"; },
          "group: expected no validation_rows together with it, found \"last:10\"");
  refused([](FitOptions& o) { o.time = "day", o.validation_rows = "last:10"; },
          "time: expected no validation_rows together with it, found \"last:10\"");
  refused([](FitOptions& o) { o.test_split = 0.1, o.validation_rows = "last:10"; },
          "test_split: expected no validation_rows together with it, found \"last:10\"");
  refused([](FitOptions& o) { o.group = "patient", o.validation_split = 0; },
          "group: expected validation or test rows, found none");
  refused([](FitOptions& o) { o.group = "ill"; }, "group: expected another column than the target, found \"ill\"");
  refused([](FitOptions& o) { o.time = "ill"; }, "time: expected another column than the target, found \"ill\"");
}

std::string baseline_warning(const Table& table, const FitOptions& options) {
  for (const Note& note : fit(table, options).notes)
    if (note.severity == Severity::warning && note.topic == NoteTopic::baseline) return note.text.text();
  return "";
}

TEST(Fit, ReportsWhereTheBaselineIsAsGood) {
  const Table table = visits();
  FitOptions options = small_fit("cost");
  options.zero_output = true;
  options.train.learning_rate = 1e-9;
  const std::string warning = baseline_warning(table, options);
  EXPECT_NE(warning.find(" validation rows the model is no"), std::string::npos) << warning;
  EXPECT_NE(warning.find(" than the baseline: loss "), std::string::npos) << warning;
  EXPECT_NE(warning.find(", rmse "), std::string::npos) << warning;
  options.train.learning_rate = 0.05;
  options.train.epochs = 50;
  EXPECT_EQ(baseline_warning(table, options), "");
}

// Labels that are drawn by chance: in some epoch the model is a little better on the validation rows, which is no
// reason to be silent. At 95 % and with the best of several epochs a few of the hundred pass.
TEST(Fit, IsNotImpressedByChance) {
  Table table = visits();
  FitOptions options = small_fit("ill");
  options.validation_split = 0.3;
  options.train.epochs = 10;
  options.train.restore_best = true;
  Column& ill = *std::ranges::find(table.columns, "ill", &Column::name);
  std::size_t warned = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    options.train.seed = seed;
    for (std::size_t row = 0; row < table.rows; ++row)
      ill.codes[row] = random_uniform({seed, Purpose::test, 5, 0}, row) < 0.5;
    warned += baseline_warning(table, options).empty() ? 0 : 1;
  }
  EXPECT_GE(warned, 85u);
}

TEST(TestSplit, IsMeasuredOnceWithIntervalsAndKeptInTheModel) {
  const Table table = visits();
  FitOptions options = small_fit("ill");
  options.test_split = 0.25;
  const FitResult result = fit(table, options);
  EXPECT_EQ(result.test.rows, 50u);
  const Estimate* const accuracy = find_estimate(result.test, "accuracy");
  ASSERT_NE(accuracy, nullptr);
  EXPECT_LT(accuracy->low, accuracy->value);
  EXPECT_GT(accuracy->high, accuracy->value);
  const Dataset data = encode(result.model.encoder, table, true);
  const Metrics again = evaluate(result.model.network, result.model.loss, {&data, plan_fit(table, options).split.test});
  EXPECT_EQ(accuracy->value, find_metric(again, "accuracy")->value);
  EXPECT_DOUBLE_EQ(find_estimate(result.test, "loss")->value, find_metric(again, "loss")->value);
  EXPECT_EQ(result.model.provenance.test.rows, 50u);
  options.test_split = 0;
  EXPECT_EQ(fit(table, options).test.rows, 0u);
}

}  // namespace
}  // namespace chainrule::testing::fit_test
