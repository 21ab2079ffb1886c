// SPDX-License-Identifier: Apache-2.0
// Columns with missing values and categorical columns as network inputs.
#include "chainrule/data/columns/column_inputs.h"
#include "chainrule/data/drift.h"
#include "chainrule/data/encoder.h"
#include "chainrule/data/encoder_plan.h"
#include "chainrule/data/encoding.h"

#include "tests/support/tables.h"

namespace chainrule::testing::encoder_inputs_test {
namespace {

TEST(Encode, AMissingNumberIsTheMedianAndIsFlagged) {
  const Table table = table_of(
      {column("a", {"1", "", "3", "8"}), column("b", {"1", "2", "3", "4"}), column("y", {"u", "v", "u", "v"}, kKept)},
      4);
  const Encoder encoder = fitted(table, {.scaling = Scaling::none});
  EXPECT_EQ(encoder.width(), 3u);
  EXPECT_TRUE(encoder.inputs[0].may_miss);
  EXPECT_EQ(encoder.inputs[0].fill, 3);
  EXPECT_EQ(input_names(encoder), (Texts{"a", "a is missing", "b"}));
  const Dataset data = encode(encoder, table, true);
  EXPECT_EQ(encoded_row(data, 0), (std::vector<float>{1, 0, 1}));
  EXPECT_EQ(encoded_row(data, 1), (std::vector<float>{3, 1, 2}));
  const Table other = table_of({column("a", {"1"}), column("b", {"NA"})}, 1);
  EXPECT_EQ(encoded_row(encode(encoder, other, false), 0), (std::vector<float>{1, 0, 2.5F}));
  EXPECT_EQ(texts_of(drift_notes(encoder, other)),
            (Texts{"column \"b\": 1 missing value, where training had none: replaced by the median 2.5"}));
}

TEST(Encode, StatisticsLookAtTrainingRowsOnly) {
  const Table table = table_of(
      {column("a", {"1", "3", "", "100"}), column("c", {"x", "y", "z", "x"}), column("y", {"u", "v", "u", "v"}, kKept)},
      4);
  Notes notes;
  Encoder encoder = plan_encoder(table, {}, notes);
  fit_encoder(encoder, table, Rows{0, 1}, {}, notes);
  EXPECT_EQ(encoder.inputs[0].fill, 2);
  EXPECT_FALSE(encoder.inputs[0].may_miss);
  EXPECT_EQ(encoder.inputs[1].categories, (Texts{"x", "y"}));
}

TEST(Encode, EachCategoryHasAnInputAndOneIsForNewOnes) {
  const Table table = table_of({column("c", {"red", "", "blue", "red"}), column("y", {"u", "v", "u", "v"}, kKept)}, 4);
  const Encoder encoder = fitted(table);
  EXPECT_EQ(input_names(encoder), (Texts{"c is missing", "c = blue", "c = red", "c is new"}));
  const Dataset data = encode(encoder, table, true);
  EXPECT_EQ(encoded_row(data, 0), (std::vector<float>{0, 0, 1, 0}));
  EXPECT_EQ(encoded_row(data, 1), (std::vector<float>{1, 0, 0, 0}));
  const Table other = table_of({column("c", {"green", "blue", "NA", "green"})}, 4);
  const Dataset more = encode(encoder, other, false);
  EXPECT_EQ(encoded_row(more, 0), (std::vector<float>{0, 0, 0, 1}));
  EXPECT_EQ(encoded_row(more, 1), (std::vector<float>{0, 1, 0, 0}));
  EXPECT_EQ(encoded_row(more, 2), (std::vector<float>{1, 0, 0, 0}));
  EXPECT_EQ(texts_of(drift_notes(encoder, other)),
            (Texts{"column \"c\": 2 rows with a value not seen in training, first \"green\" in a.csv: row 1"}));
}

TEST(Encode, KnowsTheRangeOfTheTrainingRowsAndWarnsOutsideIt) {
  const Table table = table_of({column("a", {"3", "", "17", "100"}), column("c", {"x", "y", "x", "z"}),
                                column("y", {"u", "v", "u", "v"}, kKept)},
                               4);
  Notes notes;
  Encoder encoder = plan_encoder(table, {}, notes);
  fit_encoder(encoder, table, Rows{0, 1, 2}, {}, notes);
  EXPECT_EQ(encoder.inputs[0].minimum, 3);
  EXPECT_EQ(encoder.inputs[0].maximum, 17);
  const Table other = table_of({column("a", {"3", "17", "17.5", "2", "99"}), column("c", {"x", "y", "", "q", "x"})}, 5);
  EXPECT_EQ(row_warnings(encoder, other),
            (Texts{"", "", "a above the training range; c is missing", "a below the training range; c is new",
                   "a above the training range"}));
  EXPECT_EQ(texts_of(drift_notes(encoder, other)),
            (Texts{"column \"a\": 1 row below the training range (3 to 17), first \"2\" in a.csv: row 4",
                   "column \"a\": 2 rows above the training range (3 to 17), first \"17.5\" in a.csv: row 3",
                   "column \"c\": 1 missing value, where training had none, first in a.csv: row 3",
                   "column \"c\": 1 row with a value not seen in training, first \"q\" in a.csv: row 4"}));
  encoder.inputs[0].minimum = -std::numeric_limits<double>::infinity();  // as in files of version 2
  encoder.inputs[0].maximum = std::numeric_limits<double>::infinity();
  EXPECT_EQ(row_warnings(encoder, other), (Texts{"", "", "c is missing", "c is new", ""}));
}

TEST(Encode, ExpectsAFewNumbersOfManyRowsALittleOutsideTheRange) {
  const Table table = table_of({column("a", {"0", "100"}), column("y", {"u", "v"}, kKept)}, 2);
  const Encoder encoder = fitted(table);
  const auto lines = [&](std::size_t rows, std::size_t outside, const std::string& number) {
    Texts fields(rows, "50");
    std::fill_n(fields.begin(), outside, number);
    return texts_of(drift_notes(encoder, table_of({column("a", fields)}, rows)));
  };
  EXPECT_EQ(lines(20, 3, "150"), Texts{});
  EXPECT_EQ(lines(20, 3, "-50"), Texts{});
  EXPECT_EQ(lines(500, 5, "150"), Texts{});
  for (const auto& [rows, outside, number] :
       {std::tuple(19, 1, "101"), {20, 4, "101"}, {20, 4, "-1"}, {500, 6, "101"}, {20, 1, "151"}, {500, 1, "-51"}})
    EXPECT_EQ(lines(rows, outside, number).size(), 1u) << rows << " " << outside << " " << number;
}

TEST(Encode, PrintsNoMoreThanEightLinesOfDrift) {
  std::vector<Column> columns, others;
  for (std::size_t c = 0; c < 50; ++c) {
    columns.push_back(column(fmt::format("x{}", c), {"1", "2"}));
    others.push_back(column(fmt::format("x{}", c), {"1", "3"}));
  }
  columns.push_back(column("y", {"u", "v"}, kKept));
  const Texts lines = texts_of(drift_notes(fitted(table_of(columns, 2)), table_of(others, 2)));
  ASSERT_EQ(lines.size(), 9u);
  EXPECT_EQ(lines.back(), "and 42 more of this kind");
}

TEST(Encode, CategoriesThatAreNumbersAreKnownByValue) {
  const Table table = table_of({column("zip", {"7", "12", "7", "12"}), column("y", {"u", "v", "u", "v"}, kKept)}, 4);
  const Encoder encoder = fitted(table, {.categorical = {"zip"}});
  EXPECT_EQ(encoder.inputs[0].categories, (Texts{"12", "7"}));
  const Table numbers = table_of({column("zip", {"12.0", "8", ""})}, 3);
  const Table texts = table_of({column("zip", {"12.0", "x", "7"})}, 3);
  EXPECT_EQ(encoded_row(encode(encoder, numbers, false), 0), (std::vector<float>{1, 0, 0}));
  EXPECT_EQ(encoded_row(encode(encoder, numbers, false), 2), (std::vector<float>{0, 0, 1}));
  EXPECT_EQ(encoded_row(encode(encoder, texts, false), 0), (std::vector<float>{1, 0, 0}));
  EXPECT_EQ(encoded_row(encode(encoder, texts, false), 1), (std::vector<float>{0, 0, 1}));
  EXPECT_EQ(encoded_row(encode(encoder, texts, false), 2), (std::vector<float>{0, 1, 0}));
}

TEST(Encode, RareCategoriesShareTheInputOfNewOnes) {
  Texts kinds, y;
  for (std::size_t k = 0; k < 150; ++k)
    for (std::size_t times = 0; times < (k < 90 ? 3u : 2u); ++times) {
      kinds.push_back("k" + std::to_string(1000 + k));
      y.push_back(k % 2 == 0 ? "u" : "v");
    }
  const Table table = table_of({column("c", kinds), column("y", y, kKept)}, kinds.size());
  const Encoder encoder = fitted(table);
  ASSERT_EQ(encoder.inputs[0].categories.size(), kMaxCategories);
  EXPECT_EQ(encoder.inputs[0].categories.front(), "k1000");
  EXPECT_EQ(encoder.inputs[0].categories.back(), "k1099");  // if equally frequent, the alphabetically first one
  EXPECT_EQ(encoded_row(encode(encoder, table, true), kinds.size() - 1).back(), 1);
  // "k1149" was seen, but has no input: the model cannot tell it from new ones.
  EXPECT_EQ(
      texts_of(drift_notes(encoder, table_of({column("c", {"k1000", "k1149", "q"})}, 3))),
      (Texts{"column \"c\": 2 rows with a value that is new or not among the 100 most frequent of training, first "
             "\"k1149\" in a.csv: row 2"}));
}

TEST(Encode, ACategoryThatIsAlwaysTheSameIsConstant) {
  const Table table = table_of({column("c", {"x", "x"}), column("a", {"1", "2"}), column("y", {"u", "v"}, kKept)}, 2);
  const Encoder encoder = fitted(table);
  EXPECT_TRUE(encoder.inputs[0].constant);
  EXPECT_EQ(encoder.inputs[0].width(), 1u);
  EXPECT_EQ(encoded_row(encode(encoder, table, true), 0)[0], 0);
  const Table gap = table_of({column("c", {"", ""}), column("a", {"1", "2"}), column("y", {"u", "v"}, kKept)}, 2);
  EXPECT_TRUE(fitted(gap).inputs[0].constant);  // all missing: no median, nothing to learn
  EXPECT_EQ(encoded_row(encode(fitted(gap), gap, true), 0)[0], 0);
}

}  // namespace
}  // namespace chainrule::testing::encoder_inputs_test
