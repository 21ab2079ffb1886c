// SPDX-License-Identifier: Apache-2.0
// Date and boolean columns as network inputs.
#include <cmath>

#include "chainrule/data/columns/column_inputs.h"
#include "chainrule/data/columns/column_type.h"
#include "chainrule/data/drift.h"
#include "chainrule/data/encoder_plan.h"
#include "chainrule/data/encoding.h"
#include "chainrule/model/model.h"
#include "tests/support/tables.h"

namespace chainrule::testing::encoder_dates_test {
namespace {

constexpr double kPi = 3.14159265358979323846;
float sine(double phase) { return static_cast<float>(std::sin(2 * kPi * phase)); }
float cosine(double phase) { return static_cast<float>(std::cos(2 * kPi * phase)); }

Table dated(const Texts& dates) {
  Texts y;
  for (std::size_t row = 0; row < dates.size(); ++row) y.push_back(row % 2 == 0 ? "u" : "v");
  return table_of({column("bought", dates), column("y", y, kKept)}, dates.size());
}
const EncoderOptions kAsTheyAre{.scaling = Scaling::none};

TEST(EncodeDates, OneIsALineAndCycles) {
  const Table table = dated({"2024-01-01T06:00", "2024-01-03T12:00", "2023-12-31T00:00"});
  const Encoder encoder = fitted(table, kAsTheyAre);
  EXPECT_EQ(input_names(encoder), (Texts{"bought (linear)", "bought (time of day, sin)", "bought (time of day, cos)",
                                         "bought (day of week, sin)", "bought (day of week, cos)",
                                         "bought (day of year, sin)", "bought (day of year, cos)"}));
  EXPECT_EQ(encoder.width(), 7u);
  const std::vector<float> row = encoded_row(encode(encoder, table, true), 1);
  // Dates are scaled even if nothing else is.
  EXPECT_NEAR(row[0],
              (1704283200.0 - 1704117600.0) / std::sqrt((28800.0 * 28800 + 165600.0 * 165600 + 136800.0 * 136800) / 3),
              1e-6);
  EXPECT_EQ(row[1], 0.0F);
  EXPECT_EQ(row[2], -1.0F);
  const std::vector<float> expected{sine(2.0 / 7), cosine(2.0 / 7), sine(2.0 / 366), cosine(2.0 / 366)};
  for (std::size_t k = 0; k < 4; ++k) EXPECT_NEAR(row[3 + k], expected[k], 1e-7);
}

TEST(EncodeDates, TheLineIsScaledAsANumberIs) {
  const Table table = dated({"2024-01-01", "2024-01-02", "2024-01-05"});
  const Encoder encoder = fitted(table, {.scaling = Scaling::range});
  EXPECT_EQ(encoder.inputs[0].shift, 1704067200);
  EXPECT_EQ(encoder.inputs[0].scale, 4 * 86400);
  EXPECT_EQ(encoded_row(encode(encoder, table, true), 1)[0], 0.25F);
}

TEST(EncodeDates, OnlyCyclesThatVaryOnTheTrainingRows) {
  const auto cycles = [](const Texts& dates) { return fitted(dated(dates)).inputs[0].cycles; };
  using C = std::vector<Cycle>;
  EXPECT_EQ(cycles({"2024-01-01", "2024-01-03"}), (C{Cycle::day_of_week, Cycle::day_of_year}));
  EXPECT_EQ(cycles({"2024-01-01", "2024-01-08"}), (C{Cycle::day_of_year}));
  EXPECT_EQ(cycles({"2024-01-01T01:00", "2024-01-01T02:00"}), (C{Cycle::time_of_day}));
  EXPECT_EQ(cycles({"2023-01-01", "2024-01-01"}), (C{Cycle::day_of_week}));
  EXPECT_EQ(cycles({"01:00", "02:00"}), (C{Cycle::time_of_day}));
  const Table table = dated({"2024-01-01", "2024-01-08", "2024-01-10T03:00"});
  Notes notes;
  Encoder encoder = plan_encoder(table, {}, notes);
  fit_encoder(encoder, table, Rows{0, 1}, {}, notes);  // the last row is not a training row
  EXPECT_EQ(encoder.inputs[0].cycles, (C{Cycle::day_of_year}));
  EXPECT_EQ(encoder.width(), 3u);
}

TEST(EncodeDates, AMissingOneIsTheMedianWithoutDirection) {
  const Table table = dated({"2024-01-01", "2024-01-02", "", "2024-01-09"});
  const Encoder encoder = fitted(table, kAsTheyAre);
  EXPECT_EQ(encoder.inputs[0].fill, 1704153600);
  EXPECT_EQ(input_names(encoder).back(), "bought is missing");
  const Dataset data = encode(encoder, table, true);
  const float median = encode_number(encoder.inputs[0], 1704153600);
  EXPECT_EQ(encoded_row(data, 2), (std::vector<float>{median, 0, 0, 0, 0, 1}));
  EXPECT_EQ(encoded_row(data, 1)[0], median);
  EXPECT_EQ(encoded_row(data, 0).back(), 0);
  const Encoder whole = fitted(dated({"2024-01-01", "2024-01-02", "2024-01-09"}));
  const Table other = table_of({column("bought", {"NA", "2024-01-05"})}, 2);
  EXPECT_EQ(texts_of(drift_notes(whole, other)),
            (Texts{"column \"bought\": 1 missing value, where training had none: replaced by the median 2024-01-02"}));
  const Table nothing = table_of({column("bought", {"", ""})}, 2);  // read as numbers
  EXPECT_EQ(encode(encoder, nothing, false).rows(), 2u);
}

TEST(EncodeDates, AConstantOneTeachesNothing) {
  const Table table = table_of({column("d", {"2024-01-31", "2024-01-31", "2024-01-31T00:00"}),
                                column("a", {"1", "2", "4"}), column("y", {"u", "v", "u"}, kKept)},
                               3);
  const Encoder encoder = fitted(table);
  EXPECT_TRUE(encoder.inputs[0].constant);
  EXPECT_EQ(encoder.inputs[0].width(), 1u);
  EXPECT_EQ(encoded_row(encode(encoder, table, true), 0)[0], 0);
}

TEST(EncodeDates, AnUnreadableOneIsAnErrorWithItsLocation) {
  const Encoder encoder = fitted(dated({"2024-01-01", "2024-01-02"}));
  const auto found = [](const Encoder& of, const Texts& fields) {
    Table other = table_of({column("x", Texts(fields.size(), "1")), column("bought", fields)}, fields.size());
    other.first_line = 2;
    const Refusal refused = refusal([&] { encode(of, other, false); });
    EXPECT_EQ(refused.category, ErrorCategory::input);
    return refused.what;
  };
  EXPECT_EQ(found(encoder, {"2024-01-05", "2024-02-30"}),
            "a.csv:3:2: column \"bought\": expected a date such as 2024-01-31, found \"2024-02-30\"");
  EXPECT_EQ(found(encoder, {"", "20240105"}),
            "a.csv:3:2: column \"bought\": expected a date such as 2024-01-31, found \"20240105\"");
  EXPECT_EQ(found(encoder, {"05/01/2024"}),  // the training dates do not show which part is the day
            "a.csv:2:2: column \"bought\": expected a date such as 2024-01-31, found \"05/01/2024\"");
  EXPECT_EQ(found(fitted(dated({"31/01/2024", "01/02/2024"})), {"01/31/2024"}),
            "a.csv:2:2: column \"bought\": expected a date such as 31/01/2024, found \"01/31/2024\"");
  EXPECT_EQ(found(fitted(dated({"12:30", "13:30"})), {"25:00"}),
            "a.csv:2:2: column \"bought\": expected a time such as 12:30, found \"25:00\"");
}

TEST(EncodeDates, APredictorTakesSeconds) {
  const Table table = dated({"2024-01-01T06:00", "2024-01-03T12:00", "", "2023-12-31T00:00"});
  Model model;
  model.encoder = fitted(table);
  model.network = Network(Architecture{model.encoder.width(), 0, {Layer{2, ActivationKind::identity}}});
  float weight = 0.5F;
  for (float& value : model.network.parameters.flat()) value = weight = -0.9F * weight + 0.1F;
  const Dataset data = encode(model.encoder, table, true);
  MatrixOf<double> by_number(4, 2), by_table(4, 2), rows(4, 1);
  const double seconds[] = {1704088800, 1704283200, std::nan(""), 1703980800};
  for (std::size_t row = 0; row < 4; ++row) rows(row, 0) = seconds[row];
  Predictor predictor(model);
  predictor.predict(rows.view(), by_number.view());
  predictor.predict(data.inputs, Rows{0, 1, 2, 3}, by_table.view());
  EXPECT_TRUE(std::ranges::equal(by_number.flat(), by_table.flat()));
  EXPECT_NE(by_number(0, 0), by_number(1, 0));
}

TEST(EncodeBooleans, OneInputEach) {
  const Table table = table_of({column("b", {"yes", "no", "", "yes"}), column("n", {"0", "1", "1", "0"}),
                                column("y", {"u", "v", "u", "v"}, kKept)},
                               4);
  const Encoder encoder = fitted(table, kAsTheyAre);
  EXPECT_TRUE(encoder.inputs[0].boolean);
  EXPECT_EQ(input_names(encoder), (Texts{"b", "b is missing", "n"}));
  const Dataset data = encode(encoder, table, true);
  EXPECT_EQ(encoded_row(data, 0), (std::vector<float>{1, 0, 0}));
  EXPECT_EQ(encoded_row(data, 1), (std::vector<float>{0, 0, 1}));
  EXPECT_EQ(encoded_row(data, 2), (std::vector<float>{1, 1, 1}));
}

TEST(EncodeBooleans, AreKnownByAnyWordForThem) {
  const Encoder encoder =
      fitted(table_of({column("b", {"yes", "no", "yes"}), column("y", {"u", "v", "u"}, kKept)}, 3), kAsTheyAre);
  const auto inputs = [&](const Texts& fields) {
    const Table other = table_of({column("b", fields)}, fields.size());
    const Dataset data = encode(encoder, other, false);
    std::vector<float> out;
    for (std::size_t row = 0; row < fields.size(); ++row) out.push_back(encoded_row(data, row)[0]);
    return out;
  };
  EXPECT_EQ(inputs({"TRUE", "f", "Y"}), (std::vector<float>{1, 0, 1}));
  EXPECT_EQ(inputs({"0", "1"}), (std::vector<float>{0, 1}));
  EXPECT_EQ(inputs({"no", "maybe"}), (std::vector<float>{0, 1}));  // like a missing value
  EXPECT_EQ(texts_of(drift_notes(encoder, table_of({column("b", {"no", "maybe", "?", "so"})}, 4))),
            (Texts{"column \"b\": 1 missing value, where training had none: replaced by the median 1",
                   "column \"b\": 2 rows neither yes nor no, so read as missing, first \"maybe\" in a.csv: row "
                   "2"}));
}

}  // namespace
}  // namespace chainrule::testing::encoder_dates_test
