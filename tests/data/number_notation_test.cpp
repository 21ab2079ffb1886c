// SPDX-License-Identifier: Apache-2.0
// Numbers with thousands, decimal commas, percent signs and currencies: read where one notation reads a whole column.
#include "chainrule/data/formats/number_notation.h"

#include <fmt/format.h>

#include "chainrule/data/columns/column_checks.h"
#include "chainrule/data/encoder.h"
#include "chainrule/data/row_reader.h"
#include "tests/support/data_files.h"

namespace chainrule::number_notation_test {
namespace {

using data_files::shown;
using formats::LoadOptions;
using formats::notations_of;

using Texts = std::vector<std::string>;

constexpr const char *kEuro = "\xE2\x82\xAC", *kThinBlank = "\xE2\x80\xAF";

TEST(NumberNotation, ReadsNumbers) {
  const NumberNotation english{'.', ',', ""}, german{',', '.', ""}, french{',', ' ', kEuro}, swiss{'.', '\'', "CHF"},
      percent{'.', ',', "%"};
  EXPECT_EQ(formats::number_in("1,234,567.5", english), 1234567.5);
  EXPECT_EQ(formats::number_in("-1,234", english), -1234);
  EXPECT_EQ(formats::number_in("12,34,567", english), 1234567) << "of India";
  EXPECT_EQ(formats::number_in("1234.5e3", english), 1234500);
  EXPECT_EQ(formats::number_in("1.234,5", german), 1234.5);
  EXPECT_EQ(formats::number_in(fmt::format("-1{}234,5 {}", kThinBlank, kEuro), french), -1234.5);
  EXPECT_EQ(formats::number_in("1 234", french), 1234) << "a currency may be missing";
  EXPECT_EQ(formats::number_in("CHF 1'234.50", swiss), 1234.5);
  EXPECT_EQ(formats::number_in("CHF -1\xE2\x80\x99"
                               "234.50",
                               swiss),
            -1234.5);
  EXPECT_EQ(formats::number_in("12 %", percent), 12);
  EXPECT_EQ(formats::number_in("(1,234.5)", english), -1234.5) << "as accountants write it";
  EXPECT_EQ(formats::number_in("($7)", {'.', ',', "$"}), -7);
  EXPECT_EQ(formats::number_in("1,234-", english), -1234);
  for (const std::string text : {"1,23", "12,3456", "1234,567", "0,123", ",123", "1,,234", "1,234,56", "1.2.3", "", "-",
                                 "1,234x", "12%", "1,23,45", "(5", "--5", "5--", "(-)"})
    EXPECT_EQ(formats::number_in(text, english), std::nullopt) << text;
  EXPECT_EQ(formats::number_in("12", percent), std::nullopt) << "a percent sign may not be missing";
}

// "1234.5|-2": how the only notation reads the texts; "2 readings"; "none".
std::string reading_of(const Texts& texts, const LoadOptions& options = {}) {
  const std::vector<NumberNotation> found = notations_of(texts, options);
  if (found.size() != 1) return found.empty() ? "none" : fmt::format("{} readings", found.size());
  std::string out;
  for (const std::string& text : texts)
    out += (out.empty() ? "" : "|") + fmt::format("{}", formats::number_of_spelling(text, found[0]).value());
  return out;
}

TEST(NumberNotation, IsCertainIfOneReadsAll) {
  EXPECT_EQ(reading_of({"6,331", "3,606"}), "2 readings");
  EXPECT_EQ(reading_of({"6,331", "987", "3,606"}), "2 readings");
  EXPECT_EQ(reading_of({"6,331", "1,234,567"}), "6331|1234567");
  EXPECT_EQ(reading_of({"6,331", "12.5"}), "6331|12.5");
  EXPECT_EQ(reading_of({"6,331", "0,5"}), "6.331|0.5");
  EXPECT_EQ(reading_of({"3,14", "2,7"}), "3.14|2.7");
  EXPECT_EQ(reading_of({"1.641,80", "729,13"}), "1641.8|729.13");
  EXPECT_EQ(reading_of({"1.5", "2.34", "1.234.567"}), "1500|2340|1234567") << "1.500 and 2.340 in the file";
  EXPECT_EQ(reading_of({"1,234", "1.234"}), "2 readings");
  EXPECT_EQ(reading_of({"12%", "7.5%"}), "12|7.5");
  EXPECT_EQ(reading_of({"$1234.50", "-$7"}), "1234.5|-7");
  EXPECT_EQ(reading_of({"1 234", "5 678 901"}), "1234|5678901");
  EXPECT_EQ(reading_of({"1 234,5", "7"}), "1234.5|7");
  EXPECT_EQ(reading_of({"1'234.5", "12"}), "1234.5|12");
  EXPECT_EQ(reading_of({"USD 5", "USD 1,200.75"}), "5|1200.75");
  EXPECT_EQ(reading_of({"(5)", "7"}), "-5|7");
  for (const Texts& texts : std::vector<Texts>{{"12%", "5"},
                                               {"$5", std::string(kEuro) + "5"},
                                               {"5 kg", "7 kg"},
                                               {"12:30", "1:15"},
                                               {"(5)", "(7)"},
                                               {"1,234", "abc"},
                                               {"192.168.0.1", "10.0.0.7"},
                                               {"2024-01-31", "2024-02-01"},
                                               {"krona", "kr"},
                                               {"0x1F", "0xE3"}})
    EXPECT_EQ(reading_of(texts), "none") << texts[0];
}

TEST(NumberNotation, OptionsDecide) {
  EXPECT_EQ(reading_of({"6,331", "3,606"}, {.thousands = ','}), "6331|3606");
  EXPECT_EQ(reading_of({"6,331", "3,606"}, {.decimal_comma = true}), "6.331|3.606");
  EXPECT_EQ(reading_of({"6.331 " + std::string(kEuro), "3.606 " + std::string(kEuro)}), "2 readings");
  EXPECT_EQ(reading_of({"6.331 " + std::string(kEuro), "3.606 " + std::string(kEuro)}, {.thousands = '.'}),
            "6331|3606");
  EXPECT_EQ(reading_of({"1.234,5", "7"}, {.thousands = ','}), "none");
}

class Notations : public data_files::DataFiles {};

TEST_F(Notations, AColumnBecomesNumbers) {
  const Table table = read("price,rate,y\n\"1,234.50\",5%,1\n\"1,000,000\",7.5%,2\n12,NA,3\n");
  EXPECT_EQ(shown(table), "price|rate|y / 1234.5 5 1 / 1000000 7.5 2 / 12 - 3");
  EXPECT_EQ(table.columns[0].notation, (NumberNotation{'.', ',', ""}));
  EXPECT_EQ(table.columns[1].notation.unit, "%");
  ASSERT_EQ(table.notes.size(), 3u);
  EXPECT_EQ(note_line(table.notes[1]),
            "column \"price\": numbers such as \"1,234.50\" are read as 1234.5 (categorical=price keeps the texts)");
  EXPECT_EQ(note_line(table.notes[2]),
            "column \"rate\": numbers such as \"5%\" are read as 5 (categorical=rate keeps the texts)");
}

TEST_F(Notations, ATargetKeepsItsSpellings) {
  const Table table = read("a,rate\n1,10%\n2,20%\n3,10%\n");
  EXPECT_EQ(shown(table), "a|rate / 1 10 / 2 20 / 3 10");
  EXPECT_EQ(table.columns[1].spellings, (Texts{"10%", "20%"})) << "labels, if these are classes";
  EXPECT_TRUE(table.columns[0].notation.is_plain());
}

TEST_F(Notations, WhatIsNotCertainStaysText) {
  const Table table = read("price,y\n\"1,234\",1\n\"5,678\",2\n");
  EXPECT_EQ(shown(table), "price|y / '1,234' 1 / '5,678' 2");
  EXPECT_EQ(table.columns[0].readings.size(), 2u);
  EXPECT_EQ(shown(read("price,y\n\"1,234\",1\n\"5,678\",2\n", {.thousands = ','})), "price|y / 1234 1 / 5678 2");
  EXPECT_EQ(shown(read("price,y\n\"1,234\",1\n\"5,678\",2\n", {.decimal_comma = true})), "price|y / 1.234 1 / 5.678 2");
  EXPECT_EQ(shown(read("v,y\n12%,1\n13%,2\n", {.categorical = {"v"}})), "v|y / '12%' 1 / '13%' 2");
}

TEST_F(Notations, PointsBesideDecimalCommasAreNotCertain) {
  const auto readings = [&](const std::string& rows, const LoadOptions& options = {}) {
    return read("a;b;y\n" + rows, options).columns[1].readings.size();
  };
  EXPECT_EQ(readings("3,14;1.641;1\n2,5;729;2\n"), 2u);
  EXPECT_EQ(readings("3,14;1.000;1\n2,5;2.000;2\n"), 2u);
  EXPECT_EQ(readings("3,14;-1.641;1\n2,5;;2\n"), 2u) << "missing ones say nothing";
  EXPECT_EQ(readings("\"3,14\";\"1.641\";1\n2,5;NA;2\n"), 2u) << "in quotes";
  EXPECT_EQ(readings("1.234,5;1.641;1\n2,5;12;2\n"), 2u);
  for (const std::string decides : {"0.641", "1.64", "1.6", "1641.5", "1641.500", "1.6410", "5.", "1.641e1", "1.0"})
    for (const std::string& rows : {"3,14;1.641;1\n2,5;" + decides + ";2\n", "3,14;" + decides + ";1\n2,5;1.641;2\n"})
      EXPECT_EQ(readings(rows), 0u) << decides;
  EXPECT_EQ(readings("3.14;1.641;1\n2.5;1.729;2\n"), 0u) << "a table without decimal commas";
  EXPECT_EQ(readings("3;1.641;1\n2;1.729;2\n"), 0u);
  EXPECT_EQ(readings("3,14;641;1\n2,5;729;2\n"), 0u) << "no points";
  EXPECT_EQ(readings("3,14;1.641;1\n2,5;729;2\n", {.numeric = {"b"}}), 0u) << "as written";
  EXPECT_EQ(readings("3,14;1.641;1\n2,5;729;2\n", {.categorical = {"b"}}), 0u);
  EXPECT_EQ(read("a,b,y\n\"3,14\",1.641,1\n2,729,2\n").columns[1].readings.size(), 2u);
  EXPECT_EQ(read("a,b,y\n\"3,14\",641,1\n2,1.729,2\n").columns[1].first_uncertain.text, "1.729");
  EXPECT_EQ(read("a,b,y\n\"3,14\",641,1\n2,729,2\n").columns[1].readings.size(), 0u);
  EXPECT_EQ(read("a,b,y\n\"3,14\",1.641,1\n2,0.729,2\n3,1.7,4\n").columns[1].readings.size(), 0u);
  EXPECT_EQ(read("a;b;y\n3,14;1.641;1\n2,5;729;2\n", {.decimal_comma = true}).columns[1].numbers[0], 1641);
}

TEST_F(Notations, BothReadingsOfPointsAreShown) {
  const Table table = read("a;b;y\n3,14;641;1\n2,5;1.730;2\n");
  try {
    require_certain(table, 1);
    FAIL() << "accepted";
  } catch (const Error& error) {
    const std::string text = error.what();
    EXPECT_EQ(text.substr(text.rfind('/') + 1),
              "t.csv:3:2: column \"b\": expected numbers that can be read in one way, found \"1.730\": 1.73 or 1730");
    EXPECT_EQ(error.hint(),
              "numeric=b reads 1.73, decimal_comma reads 1730; categorical=b takes the texts as categories");
  }
  require_certain(table, 0);
}

TEST_F(Notations, TextsAmongThem) {
  EXPECT_EQ(shown(read("v,y\n\"1,234.5\",1\nold,2\n7,3\n")), "v|y / '1,234.5' 1 / 'old' 2 / '7' 3");
  for (const LoadOptions& options : {LoadOptions{.numeric = {"v"}}, LoadOptions{.bad_fields_missing = true}}) {
    const Table table = read("v,y\n\"1,234.5\",1\nold,2\n7,3\n", options);
    EXPECT_EQ(shown(table), "v|y / 1234.5 1 / - 2 / 7 3");
    EXPECT_EQ(table.columns[0].missing, 1u);
  }
}

TEST_F(Notations, TheModelRemembers) {
  Encoder encoder;
  encoder.match_by_name = true;
  encoder.inputs = {{.name = "v", .notation = {',', '.', ""}}, {.name = "w"}};
  encoder.input_columns = {1, 2};
  encoder.training_columns = 3;
  encoder.target = "y";
  encoder.target_column = 3;
  encoder.task = Task::number;
  encoder.target_notation = {'.', ',', "$"};
  const LoadOptions options{.target = "y", .trained = &encoder};
  EXPECT_EQ(shown(read("v,w,y\n1.234,1.234,\"$1,234\"\n", options)), "v|w|y / 1234 1.234 1234")
      << "as certain as in the training data";
  EXPECT_EQ(shown(read("v,w,y\n1.234,1.234,7\n", {.target = "y", .thousands = ',', .trained = &encoder})),
            "v|w|y / 1.234 1.234 7")
      << "but what the caller says counts";
  const RowReader reader(encoder, options);
  std::array<double, 2> numbers{};
  const std::array<std::string_view, 2> fields{"1.234", "1.234"};
  reader.read(fields, numbers);
  EXPECT_EQ(numbers, (std::array<double, 2>{1234, 1.234}));
}

}  // namespace
}  // namespace chainrule::number_notation_test
