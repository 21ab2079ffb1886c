// SPDX-License-Identifier: Apache-2.0
// Fitting encoders to tables, and encoding with them.
#include "chainrule/data/encoder.h"
#include "chainrule/data/columns/column_inputs.h"
#include "chainrule/data/encoder_plan.h"
#include "chainrule/data/encoding.h"
#include "chainrule/data/formats/load_table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/support/data_files.h"
#include "tests/support/tables.h"

namespace chainrule::encoder_test {
namespace {

using namespace testing;

std::vector<float> inputs_of(const Dataset& data) {
  Matrix out(data.rows(), data.inputs.columns());
  data.inputs.gather(all_rows(data).rows, out.view());
  return {out.flat().begin(), out.flat().end()};
}

// One input with these numbers; the target does not matter.
Table one_input(const std::vector<double>& numbers) {
  Table table =
      table_of({column("x", Texts(numbers.size(), "0")), column("y", Texts(numbers.size(), "0.5"))}, numbers.size());
  table.columns[0].numbers = numbers;
  return table;
}

}  // namespace

// ---- fit ------------------------------------------------------------------------------------------------------------

TEST(Fit, TakesMeanAndStandardDeviationOfTheTrainingRows) {
  Table table = one_input({1, 2, 3, 4, 1000});
  Notes notes;
  Encoder encoder = plan_encoder(table, {}, notes);
  fit_encoder(encoder, table, Rows{0, 1, 2, 3}, {}, notes);
  EXPECT_DOUBLE_EQ(encoder.inputs[0].shift, 2.5);
  EXPECT_DOUBLE_EQ(encoder.inputs[0].scale, std::sqrt(1.25));
  EXPECT_FLOAT_EQ(encode_number(encoder.inputs[0], 4), static_cast<float>(1.5 / std::sqrt(1.25)));
}

TEST(Fit, TakesTheRange) {
  const Encoder encoder = fitted(one_input({-2, 6, 3}), {.scaling = Scaling::range});
  EXPECT_EQ(encoder.inputs[0].shift, -2);
  EXPECT_EQ(encoder.inputs[0].scale, 8);
  EXPECT_EQ(encode_number(encoder.inputs[0], 6), 1);
  EXPECT_EQ(encode_number(encoder.inputs[0], -2), 0);
}

TEST(Fit, LeavesNumbersAsTheyAre) {
  const Encoder encoder = fitted(one_input({-2, 6, 3}), {.scaling = Scaling::none});
  EXPECT_EQ(encode_number(encoder.inputs[0], 6.5), 6.5f);
  EXPECT_EQ(encode_number(fitted(one_input({5, 5}), {.scaling = Scaling::none}).inputs[0], 5), 5);
}

TEST(Fit, GivesAConstantColumnTheValueZero) {
  for (const Scaling scaling : {Scaling::standard, Scaling::range}) {
    const Table table = one_input(std::vector<double>(1000, 14.62));
    const Encoder encoder = fitted(table, {.scaling = scaling});
    const InputColumn& input = encoder.inputs[0];
    EXPECT_TRUE(input.constant);
    EXPECT_EQ(input.shift, 14.62);
    EXPECT_EQ(input.scale, 1);
    for (const float value : inputs_of(encode(encoder, table, false))) EXPECT_EQ(value, 0);
    EXPECT_EQ(encode_number(input, 1e38), 0);
    EXPECT_EQ(notes_of(table, {.scaling = scaling})[1],
              "warning: constant on the training rows, so nothing is learned from it: \"x\"");
  }
}

TEST(Fit, NamesConstantColumnsInOneNote) {
  std::vector<Column> columns;
  for (int c = 0; c < 9; ++c) columns.push_back(column(fmt::format("c{}", c), {"1", c == 4 ? "2" : "1"}));
  columns.push_back(column("y", {"u", "v"}, kKept));
  const Texts notes = notes_of(table_of(std::move(columns), 2));
  ASSERT_EQ(notes.size(), 2u);
  EXPECT_EQ(notes[1],
            "warning: constant on the training rows, so nothing is learned from them: \"c0\", \"c1\", \"c2\", \"c3\", "
            "\"c5\", \"c6\" and 2 more");
}

TEST(Fit, TakesOneRowAsConstant) {
  Notes notes;
  const Table table = one_input({3, 4});
  Encoder encoder = plan_encoder(table, {}, notes);
  fit_encoder(encoder, table, Rows{1}, {}, notes);
  EXPECT_TRUE(encoder.inputs[0].constant);
  EXPECT_EQ(encoder.inputs[0].shift, 4);
  EXPECT_EQ(refusal([&] { fit_encoder(encoder, table, {}, {}, notes); }).category, ErrorCategory::input);
}

TEST(Fit, StandsNumbersOfAnySize) {
  constexpr double kMax = std::numeric_limits<float>::max();
  for (const double size : {kMax, 1e-38, 1e-45, 1e-200}) {
    const Table table = one_input({size, -size, size, -size});
    for (const Scaling scaling : {Scaling::standard, Scaling::range}) {
      const std::vector<float> inputs = inputs_of(encode(fitted(table, {.scaling = scaling}), table, false));
      const float low = scaling == Scaling::standard ? -1.0f : 0.0f;
      EXPECT_EQ(inputs, (std::vector<float>{1, low, 1, low})) << size;
    }
  }
  std::vector<double> alternating(1000, 1e15);
  for (std::size_t row = 0; row < alternating.size(); row += 2) alternating[row] += 1;
  // Nearly constant, far from 0: the error of an uncorrected mean would exceed the spread.
  const InputColumn far = fitted(one_input(alternating)).inputs[0];
  EXPECT_EQ(far.shift, 1e15 + 0.5);
  EXPECT_EQ(far.scale, 0.5);
  // A spread that is too small as a divisor.
  EXPECT_TRUE(fitted(one_input({0, 1e-308})).inputs[0].constant);
}

TEST(Fit, KeepsNewValuesFinite) {
  const InputColumn narrow = fitted(one_input({1e-30, 2e-30})).inputs[0];
  EXPECT_EQ(encode_number(narrow, 3e38), std::numeric_limits<float>::max());
  EXPECT_EQ(encode_number(narrow, -3e38), -std::numeric_limits<float>::max());
}

TEST(Fit, ScalesANumericTarget) {
  const Table table = table_of({column("a", {"1", "2", "3"}), column("y", {"10.5", "30.5", "20.5"}, kKept)}, 3);
  const Encoder encoder = fitted(table, {.target_scaling = Scaling::range});
  EXPECT_EQ(encoder.target_shift, 10.5);
  EXPECT_EQ(encoder.target_scale, 20);
  const Targets targets = encode(encoder, table, true).targets;
  EXPECT_EQ(targets.classes, 0u);
  EXPECT_EQ(std::vector<float>(targets.values.flat().begin(), targets.values.flat().end()),
            (std::vector<float>{0, 1, 0.5f}));
  EXPECT_EQ(targets.scale, 20);
  EXPECT_EQ(targets.shift, 10.5);
  EXPECT_DOUBLE_EQ(fitted(table).target_shift, 20.5);
  EXPECT_DOUBLE_EQ(fitted(table).target_scale, std::sqrt(200.0 / 3));
}

TEST(Fit, ClampsToTheTargetsOfTheTrainingRows) {
  const Table table = table_of({column("a", {"1", "2", "3"}), column("y", {"10.5", "20.5", "30.5"}, kKept)}, 3);
  std::vector<Note> notes;
  const EncoderOptions options{.target_scaling = Scaling::range, .clamp_predictions = true};
  Encoder encoder = plan_encoder(table, options, notes);
  fit_encoder(encoder, table, std::vector<std::size_t>{0, 1}, options, notes);
  EXPECT_EQ(encoder.min_prediction, 10.5);
  EXPECT_EQ(encoder.max_prediction, 20.5) << "the third row is not of the training";
  const Targets targets = encode(encoder, table, true).targets;
  EXPECT_EQ(targets.minimum, 0);
  EXPECT_EQ(targets.maximum, 1);
  EXPECT_EQ(targets.values(2, 0), 2) << "a target is what it is";
  EXPECT_EQ(fitted(table).max_prediction, std::numeric_limits<double>::infinity());
}

TEST(Fit, TakesAConstantNumericTargetWithANote) {
  const Table table = table_of({column("a", {"1", "2"}), column("y", {"2.5", "2.5"}, kKept)}, 2);
  const Encoder encoder = fitted(table);
  EXPECT_EQ(encoder.target_shift, 2.5);
  EXPECT_EQ(encoder.target_scale, 1);
  EXPECT_EQ(notes_of(table).back(), "warning: the target column \"y\" is constant on the training rows");
}

// ---- encode ---------------------------------------------------------------------------------------------------------

TEST(Encode, GivesInputsTargetsAndWeights) {
  Table table = small();
  table.columns.push_back(column("w", {"1", "0", "2.5", "1"}));
  const EncoderOptions options{.target = "y", .weight = "w", .scaling = Scaling::range};
  const Dataset data = encode(fitted(table, options), table, true);
  EXPECT_EQ(data.rows(), 4u);
  EXPECT_EQ(inputs_of(data), (std::vector<float>{0, 0, 1 / 3.0f, 2 / 3.0f, 2 / 3.0f, 1 / 3.0f, 1, 1}));
  EXPECT_EQ(data.targets.classes, 3u);
  EXPECT_EQ(data.targets.labels, (std::vector<std::uint32_t>{2, 1, 0, 1}));
  EXPECT_EQ(data.weights, (std::vector<float>{1, 0, 2.5f, 1}));
}

TEST(Encode, FindsColumnsByName) {
  const Encoder encoder = fitted(small());
  const Table other = table_of({column("y", {"cat", "dog"}, kKept), column("more", {"x", "y"}),
                                column("b", {"10", "40"}), column("a", {"1", "4"})},
                               2);
  const Dataset data = encode(encoder, other, true);
  const std::vector<float> training = inputs_of(encode(encoder, small(), true));
  EXPECT_EQ(inputs_of(data), (std::vector<float>{training[0], training[1], training[6], training[7]}));
  EXPECT_EQ(data.targets.labels, (std::vector<std::uint32_t>{1, 2}));
}

TEST(Encode, WithoutTargetNeedsNeitherTargetNorWeights) {
  Table table = small();
  table.columns.push_back(column("w", {"1", "0", "2.5", "1"}));
  const Encoder encoder = fitted(table, {.target = "y", .weight = "w"});
  table.columns.resize(2);
  const Dataset data = encode(encoder, table, false);
  EXPECT_EQ(data.rows(), 4u);
  EXPECT_EQ(data.targets.columns(), 0u);
  EXPECT_TRUE(data.weights.empty());
  EXPECT_EQ(refusal([&] { encode(encoder, table, true); }).what,
            "a.csv: missing columns: expected \"y\", \"w\", found \"a\", \"b\"");
  // The content of the target column does not matter then.
  table = small();
  table.columns[2] = column("y", {"", "mouse", "", ""}, kKept);
  EXPECT_EQ(inputs_of(encode(encoder, table, false)), inputs_of(data));
}

TEST(Encode, NamesMissingColumns) {
  const Table other = table_of({column("A", {"1"}), column("b", {"1"})}, 1);
  const Refusal found = refusal([&] { encode(fitted(small()), other, false); });
  EXPECT_EQ(found.category, ErrorCategory::input);
  EXPECT_EQ(found.what, "a.csv: missing column: expected \"a\", found \"A\", \"b\"");
}

TEST(Encode, RefusesANeededNameThatIsThereTwice) {
  const Encoder encoder = fitted(small());
  Table other = table_of({column("a", {"1"}), column("b", {"1"}), column("x", {"1"}), column("x", {"2"})}, 1);
  EXPECT_EQ(encode(encoder, other, false).rows(), 1u);
  other.columns[2].name = "a";
  EXPECT_EQ(refusal([&] { encode(encoder, other, false); }).what, "a.csv: column \"a\": expected once, found twice");
}

TEST(Encode, FindsColumnsByNumberWhereOneSideHasNoNames) {
  const std::vector<float> expected = inputs_of(encode(fitted(small()), small(), true));
  EXPECT_EQ(inputs_of(encode(fitted(small()), without_names(small()), true)), expected);
  EXPECT_EQ(inputs_of(encode(fitted(without_names(small())), small(), true)), expected);
  Table renamed = small();
  std::swap(renamed.columns[0].name, renamed.columns[1].name);
  EXPECT_EQ(inputs_of(encode(fitted(without_names(small())), renamed, true)), expected);
  EXPECT_NE(inputs_of(encode(fitted(small()), renamed, true)), expected);
}

TEST(Encode, ByNumberShiftsWhereTheTargetIsLeftOut) {
  Table table = without_names(small());
  const EncoderOptions options{.target = "2", .ignore = {"3"}};
  const Encoder encoder = fitted(table, options);
  Table without = table;
  without.columns.erase(without.columns.begin() + 1);
  EXPECT_EQ(inputs_of(encode(encoder, without, false)), inputs_of(encode(encoder, table, false)));
  EXPECT_EQ(refusal([&] { encode(encoder, without, true); }).what,
            "a.csv: columns: expected 3 as in the training data, found 2");

  table = without_names(small());
  const Encoder middle = fitted(table, {.target = "1", .ignore = {"3"}});
  without = table;
  without.columns.erase(without.columns.begin());
  EXPECT_EQ(inputs_of(encode(middle, without, false)), inputs_of(encode(middle, table, false)));
}

TEST(Encode, ByNumberCountsColumns) {
  const Encoder encoder = fitted(without_names(small()));
  Table table = without_names(small());
  table.columns.resize(1);
  EXPECT_EQ(refusal([&] { encode(encoder, table, false); }).what,
            "a.csv: columns: expected 3 as in the training data, or one less without the target, found 1");
  table.columns.assign(4, table.columns[0]);
  EXPECT_EQ(refusal([&] { encode(encoder, table, false); }).category, ErrorCategory::input);
}

TEST(Encode, RefusesColumnsThatAreNone) {
  Encoder encoder = fitted(without_names(small()));
  for (const std::size_t column : {std::size_t{0}, std::size_t{4}, ~std::size_t{0}}) {
    encoder.input_columns[1] = column;
    EXPECT_EQ(refusal([&] { encode(encoder, without_names(small()), false); }).category, ErrorCategory::input)
        << column;
  }
}

TEST(Encode, RefusesTextWhereANumberIsKnown) {
  const Encoder encoder = fitted(small());
  const Table other = table_of({column("a", {"1", "x"}), column("b", {"1", "2"})}, 2);
  EXPECT_EQ(refusal([&] { encode(encoder, other, false); }).what,
            "a.csv:3:1: column \"a\": expected a number, found \"x\"");
}

TEST(Encode, KnowsLabelsBySpellingAndByValue) {
  const Table table = table_of({column("a", Texts(3, "1")), column("y", {"1", "2", "10"}, kKept)}, 3);
  const Encoder encoder = fitted(table);
  Table other = table_of({column("a", Texts(5, "1")), column("y", {"1e1", "2.0", "+1", "01", "2"}, kKept)}, 5);
  EXPECT_EQ(encode_labels(encoder, other), (std::vector<std::uint32_t>{2, 1, 0, 0, 1}));
  other.columns[1].codes.clear();  // like a file that was read without this target
  other.columns[1].numbers = {10, 2, 1, 1, 2};
  EXPECT_EQ(encode_labels(encoder, other), (std::vector<std::uint32_t>{2, 1, 0, 0, 1}));
}

TEST(Encode, RefusesAnUnknownClass) {
  const Encoder encoder = fitted(small());
  const auto found = [&](Texts labels) {
    const Table other =
        table_of({column("a", {"1", "1"}), column("b", {"1", "1"}), column("y", std::move(labels), kKept)}, 2);
    return refusal([&] { encode(encoder, other, true); });
  };
  EXPECT_EQ(found({"cat", "mouse"}).what,
            "a.csv: row 2: column \"y\": expected a class of the model (\"ant\", \"cat\", \"dog\"), found \"mouse\"");
  EXPECT_EQ(found({"cat", "mouse"}).category, ErrorCategory::input);
  EXPECT_EQ(found({"cat", "mouse"}).hint,
            "no training row had this class; bad_fields=missing leaves such rows out, and counts them");
  EXPECT_NE(found({"cat.", "cat"}).what.find("row 1"), std::string::npos);  // a full stop is part of a label
  EXPECT_NE(found({"cat", ""}).what.find("missing target"), std::string::npos);
}

TEST(Encode, ScalesPixels) {
  const Table table = images(2, 2, 3, {"7", "3"});
  const Encoder encoder = fitted(table);
  EXPECT_TRUE(encoder.images());
  EXPECT_EQ(encoder.width(), 6u);
  EXPECT_EQ(encoder.labels, (Texts{"3", "7"}));
  const Dataset data = encode(encoder, table, true);
  const std::vector<float> inputs = inputs_of(data);
  for (std::size_t i = 0; i < 12; ++i) EXPECT_FLOAT_EQ(inputs[i], static_cast<float>(i) / 255) << i;
  EXPECT_EQ(data.targets.labels, (std::vector<std::uint32_t>{1, 0}));
}

TEST(Encode, RefusesImagesOfAnotherSize) {
  const Encoder of_images = fitted(images(2, 2, 3, {"7", "3"})), of_table = fitted(small());
  EXPECT_EQ(refusal([&] { encode(of_images, images(1, 3, 2, {}), false); }).what,
            "a.csv: inputs: expected images of 2 x 3, found images of 3 x 2");
  EXPECT_EQ(refusal([&] { encode(of_images, small(), false); }).what,
            "a.csv: inputs: expected images of 2 x 3, found a table");
  EXPECT_EQ(refusal([&] { encode(of_table, images(1, 3, 2, {}), false); }).what,
            "a.csv: inputs: expected a table with 2 input columns, found images of 3 x 2");
  EXPECT_EQ(encode(of_images, images(1, 2, 3, {}), false).rows(), 1u);
  EXPECT_NE(refusal([&] { encode(of_images, images(1, 2, 3, {}), true); }).hint.find("labels names"),
            std::string::npos);
  Table broken = images(2, 2, 3, {"7", "3"});
  broken.images.bytes = std::vector<std::uint8_t>(11);
  EXPECT_THROW(encode(of_images, broken, false), Error);
}

// ---- real data ------------------------------------------------------------------------------------------------------

class RealData : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!folder) GTEST_SKIP() << "the data sets are not here ($CHAINRULE_DATA)";
  }
  Table load(const std::string& file, const std::string& target = "") const {
    formats::LoadOptions options;
    options.target = target;
    return formats::load_table(*folder + '/' + file, options);
  }

  const std::optional<std::string> folder = data_files::real_data();
};

TEST_F(RealData, OfNumbersIsEncoded) {
  struct Expected {
    const char* file;
    std::size_t inputs, classes, constants;
  };
  for (const Expected& expected : {Expected{"banknote_authentication.csv", 4, 2, 0},
                                   Expected{"ionosphere.csv", 34, 2, 1}, Expected{"sonar.csv", 60, 2, 0},
                                   Expected{"optdigits.tra", 64, 10, 2}, Expected{"winequality-white.csv", 11, 7, 0}}) {
    SCOPED_TRACE(expected.file);
    const Table table = load(expected.file);
    const Encoder encoder = fitted(table);
    EXPECT_EQ(encoder.width(), expected.inputs);
    EXPECT_EQ(encoder.labels.size(), expected.classes);
    EXPECT_EQ(static_cast<std::size_t>(std::count_if(encoder.inputs.begin(), encoder.inputs.end(),
                                                     [](const InputColumn& input) { return input.constant; })),
              expected.constants);
    const Dataset data = encode(encoder, table, true);
    double squares = 0;
    for (const float value : inputs_of(data)) squares += static_cast<double>(value) * static_cast<double>(value);
    const double varying = static_cast<double>(expected.inputs - expected.constants);
    EXPECT_NEAR(squares / static_cast<double>(table.rows), varying, 1e-4 * varying);
  }
}

TEST_F(RealData, NamesItsConstantColumn) {
  EXPECT_EQ(notes_of(load("ionosphere.csv")),
            (Texts{"task: classes (2 labels in column \"column 35\")",
                   "warning: constant on the training rows, so nothing is learned from it: \"column 2\""}));
}

TEST_F(RealData, WithTextAndGapsIsEncoded) {
  const Encoder adult = fitted(load("adult-train.csv"));
  EXPECT_EQ(adult.inputs.size(), 14u);
  EXPECT_EQ(adult.width(), 6u + 8 + 102);  // numbers, an input for unseen values, values of eight columns ("?" is one)
  const Encoder houses = fitted(load("california-housing.csv", "median_house_value"), {.target = "median_house_value"});
  EXPECT_EQ(houses.width(), 8u + 1 + 5 + 1);
  EXPECT_EQ(houses.inputs[4].fill, 435);
}

TEST_F(RealData, WithOtherLabelsIsRefused) {
  const Encoder encoder = fitted(load("adult-train.csv"), {.ignore = {"2", "4", "6", "7", "8", "9", "10", "14"}});
  EXPECT_EQ(encoder.labels, (Texts{"<=50K", ">50K"}));
  const Table test = load("adult-test.csv");
  EXPECT_EQ(encode(encoder, test, false).rows(), 16281u);
  EXPECT_NE(refusal([&] { encode(encoder, test, true); }).what.find(":1: column \"column 15\""), std::string::npos);
}

}  // namespace chainrule::encoder_test
