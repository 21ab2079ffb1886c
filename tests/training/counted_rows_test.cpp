// SPDX-License-Identifier: Apache-2.0
// Which rows count: rows of weight 0 as if they were not there, few rows, rows that stand on both sides of a split.
#include <fmt/format.h>

#include <cmath>

#include "chainrule/base/random.h"
#include "chainrule/data/folds.h"
#include "chainrule/data/formats/load_table.h"
#include "chainrule/model/evaluation.h"
#include "chainrule/model/fingerprint.h"
#include "chainrule/training/fit.h"
#include "chainrule/training/options/options.h"
#include "tests/support/tables.h"

namespace chainrule::testing::counted_rows_test {
namespace {

using Numbers = std::vector<double>;

double normal(std::uint32_t stream, std::uint32_t index) {
  double sum = -6;
  for (std::uint32_t k = 0; k < 12; ++k) sum += random_uniform({1, Purpose::shuffle, stream, 7}, 12 * index + k);
  return sum;
}

FitOptions quick(const Table& table) {
  FitOptions options;
  apply_preset(options, preset_for(table));
  options.hidden = {16};
  options.train.epochs = 8;
  return options;
}

// Rows of weight 0 have far numbers, categories and labels of their own.
struct Weighted {
  Numbers x, w, y;
  Texts color, label;
  Table table(bool classes) const {
    std::vector<formats::NamedColumn> columns{{"x", x}, {"color", color}, {"w", w}};
    if (classes) columns.push_back({"y", std::span<const std::string>(label)});
    if (!classes) columns.push_back({"y", std::span<const double>(y)});
    return formats::make_table(columns);
  }
};

Weighted weighted(bool all) {
  Weighted out;
  for (std::uint32_t row = 0; row < 120; ++row) {
    const bool none = row % 5 == 2;
    if (none && !all) continue;
    const double x = none ? 1e7 * row : normal(0, row);
    out.x.push_back(x);
    out.color.push_back(none ? "none" + std::to_string(row) : row % 2 == 0 ? "red" : "blue");
    out.w.push_back(none ? 0 : 1 + row % 3);
    out.y.push_back(none ? -1e9 : 2 * x + row % 2);
    out.label.push_back(none ? "never" : x > 0 ? "up" : "down");
  }
  return out;
}

TEST(RowsOfWeightZero, AreAsIfTheyWereNotThere) {
  for (const bool classes : {true, false}) {
    const Table with = weighted(true).table(classes), without = weighted(false).table(classes);
    FitOptions options = quick(with);
    options.data.weight = "w";
    options.validation_split = 0.2;
    const FitResult a = fit(with, options, {}, nullptr, 1), b = fit(without, options, {}, nullptr, 1);
    EXPECT_EQ(weights_sha256(a.model.network), weights_sha256(b.model.network)) << classes;
    EXPECT_EQ(a.model.encoder.labels, b.model.encoder.labels);
    ASSERT_EQ(a.split.validation.size(), b.split.validation.size());
    for (const std::size_t row : a.split.validation) EXPECT_NE(row % 5, 2u) << "the numbers of the whole table";
    for (const std::size_t row : a.split.training) EXPECT_NE(row % 5, 2u);
    for (std::size_t m = 0; m < b.validation.size(); ++m) EXPECT_EQ(a.validation[m].value, b.validation[m].value);
    EXPECT_EQ(a.baseline_loss, b.baseline_loss);
    const Evaluation of_with = measure(b.model, with), of_without = measure(b.model, without);
    EXPECT_EQ(of_with.estimates.rows, of_without.estimates.rows);
    EXPECT_EQ(of_with.confusion, of_without.confusion);
    for (std::size_t m = 0; m < of_without.estimates.metrics.size(); ++m) {
      EXPECT_EQ(of_with.estimates.metrics[m].value, of_without.estimates.metrics[m].value);
      EXPECT_EQ(fmt::format("{}", of_with.estimates.metrics[m].low),
                fmt::format("{}", of_without.estimates.metrics[m].low))
          << "NaN without an interval";
    }
    const Texts notes = texts_of(a.notes);
    EXPECT_EQ(std::ranges::count_if(notes, [](auto& note) { return note.starts_with("24 of 120 rows have weight 0"); }),
              1);
  }
}

TEST(RowsOfWeightZero, AreRefusedIfAllAre) {
  Weighted rows = weighted(false);
  std::ranges::fill(rows.w, 0.0);
  FitOptions options = quick(rows.table(false));
  options.data.weight = "w";
  EXPECT_EQ(refusal([&] { fit(rows.table(false), options); }).category, ErrorCategory::input);
}

// y = 3 a - 2 b + 1 in 10 rows, and in 300 others.
Table plane(std::uint32_t first, std::uint32_t rows) {
  Numbers a, b, y;
  for (std::uint32_t row = first; row < first + rows; ++row) {
    a.push_back(normal(1, row));
    b.push_back(normal(2, row));
    y.push_back(3 * a.back() - 2 * b.back() + 1);
  }
  return formats::make_table({{"a", a}, {"b", b}, {"y", y}});
}

TEST(FewRows, SufficeForALine) {
  const Table ten = plane(0, 10), others = plane(1000, 300);
  FitOptions options;
  apply_preset(options, preset_for(ten));
  EXPECT_EQ(options.preset(), "small");
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    options.train.seed = seed;
    const FitResult result = fit(ten, options, {}, nullptr, 1);
    EXPECT_EQ(result.history.inner_folds, 5u);
    const Evaluation found = measure(result.model, others, "", 1);
    EXPECT_GE(find_estimate(found.estimates, "r2")->value, 0.95) << seed;
  }
}

TEST(FewRows, ChooseNothingUnlessToldTo) {
  const Table table = plane(0, 60);
  FitOptions options = quick(table);
  EXPECT_EQ(plan_fit(table, options).inner_folds, 5u);
  EXPECT_EQ(plan_fit(plane(0, 3), options).inner_folds, 2u) << "no more folds than training rows";
  EXPECT_EQ(plan_fit(plane(0, 300), options).inner_folds, 0u) << "30 validation rows are enough";
  EXPECT_EQ(plan_fit(table, options, &table).inner_folds, 0u) << "rows of another table are chosen";
  options.train.restore_best = false;
  EXPECT_EQ(plan_fit(table, options).inner_folds, 0u) << "nothing is chosen";
  using Source = std::vector<Assignment>;
  using Named = std::vector<std::pair<std::string, std::string>>;
  const auto folds = [&](const Named& named, bool requested = true) {
    Source source;
    for (const auto& [name, value] : named) source.push_back({name, value, "test", requested});
    return options_from({source}, table).train.inner_folds;
  };
  EXPECT_EQ(folds({}), 5u);
  EXPECT_EQ(folds({{"epochs", "9"}, {"metric", "rmse"}, {"patience", "3"}}), 5u);
  EXPECT_EQ(folds({{"inner-folds", "3"}, {"validation-split", "0.2"}}), 3u);
  for (const auto& named :
       Named{{"validation-split", "0.1"}, {"validation-rows", "1-6"}, {"group", "a"}, {"time", "a"}})
    EXPECT_EQ(folds({named}), 0u) << named.first;
  // A recorded configuration has the values in force.
  const Source kept = {{"validation-split", "0.1", "test"}},
               both = {{"inner-folds", "5", "test"}, {"validation-split", "0.1", "test"}};
  EXPECT_EQ(folds(option_values(options_from({kept}, table)), false), 0u);
  EXPECT_EQ(folds(option_values(options_from({both}, table)), false), 5u);
}

// The networks of the folds are those of five trainings that leave the rows of a fold out.
TEST(FewRows, AreJudgedByNetworksThatDoNotKnowThem) {
  const Table table = plane(0, 40);
  const FitOptions options = quick(table);
  const FitPlan plan = plan_fit(table, options);
  const FitData data = encode_fit(plan, table);
  const Selection training = data.training();
  TrainOptions train_options = options.train;
  train_options.loss = plan.loss;
  const Network start = fit(plan, data, options, {}, 1).model.network;
  Network network = start;
  const History history = train(network, training, {}, train_options, {}, 1);
  std::vector<double> losses(train_options.epochs);
  TrainOptions alone = train_options;
  alone.inner_folds = 0;
  for (const Rows& fold : fold_rows(training.rows.size(), 5, {}, train_options.seed)) {
    Selection others{&data.rows, {}}, rows{&data.rows, {}};
    for (std::size_t i = 0; i < training.rows.size(); ++i)
      (std::ranges::find(fold, i) == fold.end() ? others : rows).rows.push_back(training.rows[i]);
    Network one = start;
    const History its = train(one, others, rows, alone, {}, 1);
    for (std::size_t e = 0; e < losses.size(); ++e)
      losses[e] += its.epochs[e].validation[0].value * static_cast<double>(rows.rows.size());
  }
  ASSERT_EQ(history.epochs.size(), losses.size());
  for (std::size_t e = 0; e < losses.size(); ++e)
    EXPECT_NEAR(history.epochs[e].inner.at(0).value, losses[e] / static_cast<double>(training.rows.size()), 1e-9);
  EXPECT_EQ(history.best_epoch, 1 + static_cast<std::size_t>(std::ranges::min_element(losses) - losses.begin()));
  EXPECT_EQ(history.inner_folds, 5u);
}

TEST(FewRows, AreNoVerdict) {
  const auto few = [](std::uint32_t rows, double test_split) {
    const Table table = plane(0, rows);
    FitOptions options = quick(table);
    options.test_split = test_split;
    const Texts notes = texts_of(plan_fit(table, options).notes);
    return std::ranges::count_if(notes, [](auto& note) { return note.find("too few for a verdict") != note.npos; });
  };
  EXPECT_EQ(few(2, 0), 1);
  EXPECT_EQ(few(100, 0.1), 2);
  EXPECT_EQ(few(400, 0), 0);
  EXPECT_EQ(few(400, 0.1), 0);
}

// `copies` of each of `rows` different rows; the labels are chance.
Table repeated(std::uint32_t rows, std::uint32_t copies, bool of_few_values) {
  Numbers a, b;
  Texts y;
  for (std::uint32_t row = 0; row < rows * copies; ++row) {
    const std::uint32_t k = row % rows;
    a.push_back(of_few_values ? k % 3 : normal(3, k));
    b.push_back(of_few_values ? k / 3 % 3 : normal(4, k));
    y.push_back(normal(5, k) > 0 ? "p" : "q");
  }
  return formats::make_table({{"a", a}, {"b", b}, {"y", std::span<const std::string>(y)}});
}

std::string repeats_of(const Table& table, const std::string& group = "") {
  FitOptions options = quick(table);
  options.train.epochs = 1;
  options.group = group;
  for (const Note& note : fit(table, options, {}, nullptr, 1).notes)
    if (note.text.text().find("rows have the inputs and the target of a training row") != std::string::npos)
      return note_line(note);
  return "";
}

TEST(RepeatedRows, AreNamedOnBothSidesOnly) {
  EXPECT_TRUE(repeats_of(repeated(60, 10, false)).starts_with("warning: 60 of 60 validation rows"));
  EXPECT_EQ(repeats_of(repeated(600, 1, false)), "") << "no row twice";
  EXPECT_EQ(repeats_of(repeated(60, 10, true)), "") << "nine different rows are equal by nature";
  EXPECT_EQ(repeats_of(repeated(60, 10, false), "a"), "") << "copies are in one group";
}

TEST(TimeSplit, InputsAreNotCompressed) {
  Numbers day, y;
  for (int row = 0; row < 400; ++row) {
    day.push_back(row * 1.5);
    y.push_back(3 * row + 0.25);
  }
  const Table table = formats::make_table({{"day", day}, {"y", y}});
  FitOptions options;
  apply_preset(options, "tabular");
  EXPECT_TRUE(plan_fit(table, options).encoder.inputs[0].clipped);
  options.time = "day";
  EXPECT_FALSE(plan_fit(table, options).encoder.inputs[0].clipped);
  EXPECT_EQ(preset_for(table), "tabular");
  EXPECT_EQ(preset_for(table, true), "small") << "by time";
  set_option(options, "scaling", "robust", "test");
  EXPECT_TRUE(plan_fit(table, options).encoder.inputs[0].clipped) << "as requested";
}

}  // namespace
}  // namespace chainrule::testing::counted_rows_test
