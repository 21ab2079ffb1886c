// SPDX-License-Identifier: Apache-2.0
// Dropping rows without a target gives the same table as a file without these rows.
#include <cmath>
#include <random>

#include "chainrule/base/checks.h"
#include "chainrule/data/encoder_plan.h"
#include "chainrule/data/formats/load_table.h"
#include "chainrule/data/table_rows.h"
#include "chainrule/model/fingerprint.h"
#include "chainrule/training/fit.h"
#include "tests/support/data_files.h"

namespace chainrule::table_rows_test {
namespace {

using Texts = std::vector<std::string>;

class TableRows : public data_files::DataFiles {
 protected:
  Table left(std::string_view text, std::size_t column) const {
    Table table = read(text);
    leave_out_rows_without(table, column);
    return table;
  }
};

void expect_same_columns(const Table& found, const Table& expected) {
  ASSERT_EQ(found.rows, expected.rows);
  ASSERT_EQ(found.columns.size(), expected.columns.size());
  for (std::size_t c = 0; c < found.columns.size(); ++c) {
    const Column &a = found.columns[c], &b = expected.columns[c];
    EXPECT_EQ(a.is_number(), b.is_number()) << c;
    EXPECT_EQ(a.missing, b.missing) << c;
    EXPECT_EQ(a.codes, b.codes) << c;
    EXPECT_EQ(a.spellings, b.spellings) << c;
    ASSERT_EQ(a.numbers.size(), b.numbers.size()) << c;
    for (std::size_t row = 0; row < a.numbers.size(); ++row)
      EXPECT_TRUE(a.numbers[row] == b.numbers[row] || (std::isnan(a.numbers[row]) && std::isnan(b.numbers[row])))
          << c << " " << row;
  }
}

TEST_F(TableRows, WhatIsLeftIsTheTableWithoutThem) {
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    const std::string header = "a,b,c,y\n";
    const Texts words{"red", "", "blue", "NA", "7", "green"}, numbers{"1", "2.5", "", "?", "-3"},
        targets{"yes", "no", "", "N/A", "maybe"};
    std::string all = header, some = header;
    std::size_t kept = 0;
    for (int row = 0; row < 12; ++row) {
      const std::string target = targets[random() % targets.size()];
      const std::string line = words[random() % words.size()] + "," + numbers[random() % numbers.size()] + "," +
                               (round % 2 == 0 ? "4" : words[random() % 3]) + "," + target + "\n";
      all += line;
      if (target.empty() || target == "N/A") continue;
      some += line;
      ++kept;
    }
    if (kept == 0 || kept == 12) continue;
    // Header detection does not matter here.
    formats::LoadOptions options;
    options.header = formats::Header::yes;
    Table found = read(all, options);
    leave_out_rows_without(found, 3);
    const Table expected = read(some, options);
    // If the dropped row had the first text of a column, the numbers below it kept their spelling: here the spellings
    // agree.
    expect_same_columns(found, expected);
    for (std::size_t c = 0; c < 4; ++c) {
      EXPECT_EQ(found.columns[c].first_text.line == 0, expected.columns[c].first_text.line == 0);
      EXPECT_EQ(found.columns[c].first_missing.line == 0, expected.columns[c].first_missing.line == 0);
    }
  }
}

TEST_F(TableRows, ReportCountAndLine) {
  const Table table = left("x,y\n1,a\n2,\n3,b\n4,?\n", 1);
  EXPECT_EQ(table.rows, 2u);
  EXPECT_EQ(note_line(table.notes.back()),
            "2 of 4 rows have no target and are left out (first: " + location(table.source, 3) + ")");
  const Table one = left("x,y\n1,a\n2,\n3,b\n", 1);
  EXPECT_EQ(note_line(one.notes.back()), "1 of 3 rows has no target and is left out (" + location(one.source, 3) + ")");
  EXPECT_EQ(left("x,y\n1,a\n2,b\n", 1).notes.size(), 1u) << "the header only";
}

TEST_F(TableRows, RowsKeepTheirIndices) {
  const Table table = left("x,y\n1,\n\n2,a\n3,\"b\nc\"\n4,\n5,d\n", 1);
  ASSERT_EQ(table.rows, 3u);
  EXPECT_EQ(rows_in_file(table), 5u);
  const std::size_t lines[] = {4, 5, 8}, numbers[] = {2, 3, 5};
  for (std::size_t row = 0; row < 3; ++row) {
    EXPECT_EQ(location_of_row(table, row), location(table.source, lines[row]));
    EXPECT_EQ(number_of_row(table, row), numbers[row]);
  }
  Table again = table;
  again.columns[0].missing = 1;
  again.columns[0].numbers[0] = std::nan("");
  leave_out_rows_without(again, 0, "weight");
  EXPECT_EQ(rows_in_file(again), 5u);
  EXPECT_EQ(location_of_row(again, 0), location(table.source, 5));
  EXPECT_EQ(note_line(again.notes.back()),
            "1 of 3 rows has no weight and is left out (" + location(table.source, 4) + ")");
}

TEST_F(TableRows, OfWeightZeroLeaveAsIfTheyWereNotInTheFile) {
  Table table = left("x,w,y\n1,1,a\nSum,0,b\n3,0.5,c\n4,0,a\n", 2);
  EXPECT_EQ(leave_out_rows_of_weight_zero(table, 1, 2), (std::vector<std::size_t>{0, 2}));
  EXPECT_EQ(table.rows, 2u);
  EXPECT_TRUE(table.columns[0].is_number());
  EXPECT_EQ(table.columns[2].spellings, (std::vector<std::string>{"a", "c"}));
  EXPECT_EQ(note_line(table.notes.back()),
            "2 of 4 rows have weight 0 in \"w\" and are left out (first: " + location(table.source, 3) + ")");
  EXPECT_TRUE(leave_out_rows_of_weight_zero(table, 1, 2).empty()) << "no more of them";
  EXPECT_FALSE(counted_rows(table, 1, 2));
  Table all = left("x,w,y\n1,0,a\n2,0,b\n", 2);
  EXPECT_TRUE(leave_out_rows_of_weight_zero(all, 1, 2).empty());
  EXPECT_EQ(all.rows, 2u) << "refused later";
}

TEST_F(TableRows, ATextThatGoesWithItsRowLeavesNumbers) {
  const Table table = left("x,z,y\n1,1,a\n2,,b\nSum: 3,total,\n", 2);
  ASSERT_EQ(table.rows, 2u);
  EXPECT_TRUE(table.columns[0].is_number());
  EXPECT_EQ(table.columns[0].numbers, (std::vector<double>{1, 2}));
  EXPECT_TRUE(table.columns[0].codes.empty() && table.columns[0].spellings.empty());
  EXPECT_TRUE(std::isnan(table.columns[1].numbers.at(1)));
  EXPECT_EQ(table.columns[1].first_missing.line, 3u);
}

TEST_F(TableRows, WhereNoRowHasATargetNothingIsLeftOut) { EXPECT_EQ(left("x,y\n1,\n2,\n", 1).rows, 2u); }

TEST_F(TableRows, ImagesGoWithTheirLabels) {
  write("i.idx", data_files::idx({3, 1, 2}, "abcdef"));
  write("l.csv", "7\nNA\n8\n");
  formats::LoadOptions options;
  options.labels = path("l.csv");
  Table table = formats::load_table(path("i.idx"), options);
  leave_out_rows_without(table, 0);
  ASSERT_EQ(table.rows, 2u);
  const auto bytes = table.images.bytes.view();
  EXPECT_EQ(std::string(bytes.begin(), bytes.end()), "abef");
  EXPECT_EQ(location_of_row(table, 1), location(table.source) + ": row 3");
}

TEST_F(TableRows, ValidationRowsAreThoseOfTheFile) {
  std::string text = "x,y\n";
  for (int row = 1; row <= 10; ++row)
    text += std::to_string(row) + "," + (row % 4 == 0 ? "" : row % 2 == 0 ? "a" : "b") + "\n";
  const Table table = left(text, 1);  // without rows 4 and 8
  FitOptions options;
  options.validation_rows = "last:3";
  EXPECT_EQ(plan_fit(table, options).split.validation, (std::vector<std::size_t>{6, 7})) << "rows 9 and 10";
  options.validation_rows = "1-4";
  EXPECT_EQ(plan_fit(table, options).split.validation, (std::vector<std::size_t>{0, 1, 2}));
  options.validation_rows = "4-4";
  EXPECT_THROW(plan_fit(table, options), Error);
  options.validation_rows = "last:11";
  EXPECT_THROW(plan_fit(table, options), Error);
}

TEST_F(TableRows, TheFingerprintIsThatOfTheRowsLeft) {
  const Table some = left("x,y\n1,a\n2,\n3,b\n", 1), all = read("x,y\n1,a\n3,b\n");
  std::vector<Note> notes;
  const Encoder encoder = plan_encoder(all, {}, notes);
  EXPECT_EQ(fingerprint(some, encoder), fingerprint(all, encoder));
}

}  // namespace
}  // namespace chainrule::table_rows_test
