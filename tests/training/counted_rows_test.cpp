// SPDX-License-Identifier: Apache-2.0
// Which rows count: rows of weight 0 as if they were not there, few rows, rows that stand on both sides of a split.
#include <fmt/format.h>

#include <cmath>

#include "chainrule/base/random.h"
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

}  // namespace
}  // namespace chainrule::testing::counted_rows_test
