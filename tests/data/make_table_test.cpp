// SPDX-License-Identifier: Apache-2.0
// A table of columns in memory is that of a CSV file with these columns: so is the model.
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "chainrule/data/formats/load_table.h"
#include "chainrule/data/table_rows.h"
#include "chainrule/model/fingerprint.h"
#include "chainrule/model/formats/safetensors.h"
#include "chainrule/model/model.h"
#include "chainrule/model/prediction.h"
#include "chainrule/training/fit.h"
#include "tests/support/data_files.h"

namespace chainrule::make_table_test {
namespace {

using formats::LoadOptions;
using formats::make_table;
using formats::NamedColumn;
using Numbers = std::vector<double>;
using Texts = std::vector<std::string>;

constexpr double kGap = std::numeric_limits<double>::quiet_NaN();

void expect_same(const Table& made, const Table& read) {
  EXPECT_EQ(made.rows, read.rows);
  EXPECT_EQ(made.has_header, read.has_header);
  EXPECT_EQ(made.names_from_header, read.names_from_header);
  ASSERT_EQ(made.columns.size(), read.columns.size());
  for (std::size_t c = 0; c < made.columns.size(); ++c) {
    const Column &a = made.columns[c], &b = read.columns[c];
    EXPECT_EQ(a.name, b.name);
    EXPECT_EQ(a.codes, b.codes) << a.name;
    EXPECT_EQ(a.spellings, b.spellings) << a.name;
    EXPECT_EQ(a.missing, b.missing) << a.name;
    EXPECT_EQ(a.is_number(), b.is_number()) << a.name;
    EXPECT_EQ(a.texts.ends, b.texts.ends) << a.name;
    ASSERT_EQ(a.numbers.size(), b.numbers.size()) << a.name;
    for (std::size_t row = 0; row < a.numbers.size(); ++row)
      EXPECT_TRUE(a.numbers[row] == b.numbers[row] || (std::isnan(a.numbers[row]) && std::isnan(b.numbers[row])))
          << a.name << " " << row;
  }
  EXPECT_EQ(note_lines(made.notes).size(), note_lines(read.notes).size());
}

class MakeTable : public data_files::DataFiles {
 protected:
  MakeTable() {
    std::string text = "x,size, kind ,day,ok,mixed,y\n";
    for (int i = 0; i < 90; ++i) {
      x.push_back(i % 11 == 3 ? kGap : (i * 29 % 90 - 45) / 7.0);
      size.push_back(i % 17 == 5 ? "" : std::to_string(i % 9) + "e1");
      kind.push_back(i % 5 == 0 ? "red" : i % 7 == 0 ? "NA" : "blue, or \"green\"");
      day.push_back("2024-01-" + std::to_string(10 + i % 19));
      ok.push_back(i % 2 == 0 ? "yes" : "no");
      mixed.push_back(i % 6 == 0 ? "01" : i % 6 == 1 ? "1" : "b" + std::to_string(i % 4));
      y.push_back(i % 23 == 7 ? kGap : i * 29 % 90 < 40 ? 0.1 : 1e-7);
      const std::string quoted = kind.back().starts_with("blue") ? "\"blue, or \"\"green\"\"\"" : kind.back();
      const auto number = [](double v) { return std::isnan(v) ? "" : fmt::format("{}", v); };
      text += number(x.back()) + "," + size.back() + "," + quoted + "," + day.back() + "," + ok.back() + "," +
              mixed.back() + "," + number(y.back()) + "\n";
    }
    file = text;
  }
  std::vector<NamedColumn> columns() const {
    return {{"x", x}, {"size", size}, {" kind ", kind}, {"day", day}, {"ok", ok}, {"mixed", mixed}, {"y", y}};
  }

  Numbers x, y;
  Texts size, kind, day, ok, mixed;
  std::string file;
};

TEST_F(MakeTable, IsTheTableOfAFile) {
  LoadOptions options;
  options.header = formats::Header::yes;  // so that no note says why there is one
  expect_same(make_table(columns(), options), read(file, options));
  options.target = "kind";
  options.missing = {"red", "0.1"};
  options.numeric = {"mixed"};
  options.texts = {"x", "day"};
  expect_same(make_table(columns(), options), read(file, options));
}

TEST_F(MakeTable, GivesTheModelOfAFile) {
  for (const char* const target : {"y", "kind", "x"}) {
    LoadOptions options;
    options.target = target;
    const Table made = make_table(columns(), options), from_file = read(file, options);
    FitOptions how;
    how.data.target = target;
    how.hidden = {6};
    how.train.epochs = 2;
    const auto keep = [&](Table table) {
      leave_out_rows_without(table, find_column(table, target, "target"));
      return table;
    };
    const FitResult a = fit(keep(made), how, {}, nullptr, 1), b = fit(keep(from_file), how, {}, nullptr, 1);
    EXPECT_EQ(weights_sha256(a.model.network), weights_sha256(b.model.network)) << target;
    EXPECT_EQ(a.model.provenance.data_fingerprint, b.model.provenance.data_fingerprint) << target;
    EXPECT_EQ(a.model.encoder.labels, b.model.encoder.labels) << target;
    LoadOptions reading = formats::load_options_for(a.model);
    reading.target = std::nullopt;
    const MatrixOf<double> p = predict(a.model, make_table(columns(), reading)),
                           q = predict(b.model, read(file, reading));
    EXPECT_TRUE(std::ranges::equal(p.flat(), q.flat())) << target;
  }
}

TEST_F(MakeTable, ReadsDecimalCommasOfTexts) {
  const Texts texts{"1,5", "2,25"};
  const Numbers numbers{0.5, kGap};
  LoadOptions options;
  options.decimal_comma = true;
  const Table table = make_table({{"a", texts}, {"b", numbers}}, options);
  EXPECT_EQ(table.columns[0].numbers, (Numbers{1.5, 2.25}));
  EXPECT_EQ(table.columns[1].numbers[0], 0.5);
  EXPECT_EQ(table.columns[1].spellings, (Texts{"0,5", ""}));
}

TEST_F(MakeTable, ReportsWhereAnErrorIs) {
  const auto message = [&](const std::vector<NamedColumn>& columns) -> std::string {
    try {
      make_table(columns);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  const Numbers two{1, 2}, three{1, 2, 3}, infinite{1, HUGE_VAL}, large{1e39, 1}, none;
  const Texts latin{"a", "caf\xE9"};
  EXPECT_EQ(message({}), "columns: expected at least 1, found 0");
  EXPECT_EQ(message({{"a", none}}), "rows: expected at least 1, found 0");
  EXPECT_EQ(message({{"a", two}, {"b", three}}), "rows of column \"b\": expected 2, found 3");
  EXPECT_EQ(message({{"a", two}, {" a", two}}),
            "<memory>:1:2: header: expected different names, found \"a\" in fields 1 and 2");
  EXPECT_EQ(message({{"a", infinite}, {"b", two}}),
            "<memory>:2:1: column \"a\": expected a finite number up to 3.4e38, found \"inf\"");
  EXPECT_TRUE(message({{"b", two}, {"a", large}}).starts_with("<memory>:1:2: column \"a\": expected a finite number"));
  EXPECT_TRUE(message({{"b", two}, {"a", latin}}).starts_with("<memory>:2:2: text: expected UTF-8"));
  EXPECT_EQ(message({{"a", two}, {"", two}}), "");
}

}  // namespace
}  // namespace chainrule::make_table_test
