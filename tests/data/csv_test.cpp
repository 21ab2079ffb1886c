// SPDX-License-Identifier: Apache-2.0
// Variants of CSV files, and how they are read.
#include <fmt/format.h>

#include <clocale>
#include <cmath>
#include <functional>

#include "chainrule/base/checks.h"
#include "chainrule/data/encoder.h"
#include "chainrule/data/formats/load_table.h"
#include "chainrule/data/table_rows.h"
#include "tests/support/data_files.h"

namespace chainrule::csv_test {
namespace {

using formats::Header;
using formats::LoadOptions;
using ::testing::Test;

class Csv : public data_files::DataFiles {
 protected:
  std::vector<std::string> names(const Table& table) const {
    std::vector<std::string> out;
    for (const Column& column : table.columns) out.push_back(column.name);
    return out;
  }
  LoadOptions with(Header header) const {
    LoadOptions options;
    options.header = header;
    return options;
  }
  LoadOptions with_target(std::optional<std::string> target, bool required = true) const {
    LoadOptions options;
    options.target = std::move(target);
    options.target_required = required;
    return options;
  }
};

using Numbers = std::vector<double>;
using Texts = std::vector<std::string>;
using Codes = std::vector<std::uint32_t>;

TEST_F(Csv, ReadsColumnsOfNumbersUnderAHeader) {
  const Table table = read("a,b,c\n1,2,3\n4,5,6\n");
  EXPECT_EQ(table.rows, 2u);
  EXPECT_TRUE(table.has_header && table.names_from_header);
  EXPECT_EQ(names(table), (Texts{"a", "b", "c"}));
  EXPECT_EQ(table.columns[0].numbers, (Numbers{1, 4}));
  EXPECT_EQ(table.columns[2].numbers, (Numbers{3, 6}));
  EXPECT_TRUE(table.columns[1].is_number());
  EXPECT_FALSE(table.has_images());
}

TEST_F(Csv, KnowsTheLineOfEachRow) {
  const Table plain = read("a,b\n1,2\n3,4\n");
  EXPECT_EQ(location_of_row(plain, 0), location(plain.source, 2));
  EXPECT_EQ(location_of_row(plain, 1), location(plain.source, 3));
  EXPECT_TRUE(plain.lines.empty()) << "no memory for what can be counted";
  const Table gaps = read("\na,k\n1,x\n\n2,\"two\nlines\"\n3,y\n4,z\n");
  ASSERT_EQ(gaps.rows, 4u);
  const std::size_t lines[] = {3, 5, 7, 8};
  for (std::size_t row = 0; row < 4; ++row) EXPECT_EQ(location_of_row(gaps, row), location(gaps.source, lines[row]));
}

TEST_F(Csv, ReadsTheSameTableHoweverLinesEnd) {
  for (const std::string text : {"a,b\n1,2\n3,4\n", "a,b\r\n1,2\r\n3,4\r\n", "a,b\n1,2\n3,4", "a,b\r1,2\r3,4\r",
                                 "\xEF\xBB\xBF"
                                 "a,b\r\n1,2\r\n3,4",
                                 "\n\r\na,b\n1,2\n3,4\n\n \n\r\n"}) {
    const Table table = read(text);
    EXPECT_EQ(names(table), (Texts{"a", "b"})) << text;
    EXPECT_EQ(table.columns[0].numbers, (Numbers{1, 3})) << text;
    EXPECT_EQ(table.columns[1].numbers, (Numbers{2, 4})) << text;
  }
}

TEST_F(Csv, ReadsQuotedFields) {
  const Table table = read("\"a,b\",\"c \"\"d\"\"\",e\n\"1\", \"2\" ,\"x\ny\"\n3,4,\"x\r\ny\"\n");
  EXPECT_EQ(names(table), (Texts{"a,b", "c \"d\"", "e"}));
  EXPECT_EQ(table.columns[0].numbers, (Numbers{1, 3}));
  EXPECT_EQ(table.columns[1].numbers, (Numbers{2, 4}));
  EXPECT_EQ(table.columns[2].spellings, (Texts{"x\ny", "x\r\ny"}));
}

TEST_F(Csv, CountsTheLinesOfQuotedFields) {
  EXPECT_EQ(refusal("a,b\n\"x\ny\",1\n\"x\r\ny\",\"z\n\n\"\n1\n"),
            "t.csv:8: expected 2 fields, found 1 | bad_rows=skip skips such rows");
  EXPECT_EQ(refusal("a,b\n\"1\n\",\"\n\",3\n"),
            "t.csv:2: expected 2 fields, found 3 | line 1 was taken as the header of the table; if it is none, "
            "skip_rows=1 skips it");
}

TEST_F(Csv, ReadsStrayQuotesAsTheyAre) {
  const Table table = read("size,n\n5\" pipe,1\nno \"quote\",2\n", with_target("size"));
  EXPECT_EQ(table.columns[0].spellings, (Texts{"5\" pipe", "no \"quote\""}));
  EXPECT_EQ(
      refusal("a,b\n1,\"x\"y\n"),
      "t.csv:2:2: quote: expected a delimiter or a line end after a closing quote, found \"y\" | a quote inside a "
      "quoted field is written twice");
}

TEST_F(Csv, RefusesAQuoteThatIsNeverClosed) {
  EXPECT_EQ(refusal("a,b\n1,2\n3,\"4\n5,6\n"),
            "t.csv:3:2: quote: expected a closing quote, found the end of the file | the quoted field begins here");
  EXPECT_EQ(refusal("a,b\n1,2\n\"3,4\n" + std::string(3 << 20, 'x')),
            "t.csv:3:1: field: expected at most 1048576 bytes, found more | is the quote that begins this field never "
            "closed?");
  EXPECT_EQ(refusal("a,b\n1,2\n3," + std::string(3 << 20, 'x') + "\n"),
            "t.csv:3:2: field: expected at most 1048576 bytes, found more");
  EXPECT_EQ(refusal("a,b\n1,2\n3," + std::string(1 << 19, 'x') + "\n"), "accepted");
}

TEST_F(Csv, ReadsNumbersInEveryForm) {
  const Table table = read("+1, 2 ,-3.5,.5,5.,1e3,1E-3,\t7\t,0001,-0,123456789,1e-400,3.4028234e38,+.5e+1\n");
  const Numbers expected{1, 2, -3.5, .5, 5, 1000, .001, 7, 1, 0, 123456789, 0, 3.4028234e38, 5};
  ASSERT_EQ(table.columns.size(), expected.size());
  for (std::size_t c = 0; c < expected.size(); ++c) EXPECT_EQ(table.columns[c].numbers, Numbers{expected[c]}) << c;
}

TEST_F(Csv, ANumberUsesUpItsWholeField) {
  for (const std::string text : {"12.5xyz", "abc", "0x10", "1,5,2", "1 2", "--1", "+-1", "1e", "1e+", ".", "-", "+",
                                 "1.2.3", "1_000", "1e5e5", "5%", "\xD9\xA3"}) {
    const Table table = read("a;b\n1;2\n" + text + ";3\n");
    EXPECT_FALSE(table.columns[0].is_number()) << text;
    EXPECT_EQ(table.columns[0].first_text.line, 3u);
    EXPECT_EQ(table.columns[0].first_text.field, 1u);
    EXPECT_EQ(table.columns[0].first_text.text, text);
    EXPECT_TRUE(table.columns[0].numbers.empty());
  }
}

TEST_F(Csv, DoesNotDependOnTheLocale) {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  const char* found = nullptr;
  for (const char* name : {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "fr_FR.utf8"})
    if (found == nullptr) found = std::setlocale(LC_ALL, name);
  if (found == nullptr) GTEST_SKIP() << "no locale with a decimal comma on this machine";
  const Table table = read("a;b\n1.5;1,5\n");
  std::setlocale(LC_ALL, before.c_str());
  EXPECT_EQ(table.columns[0].numbers, Numbers{1.5});
  EXPECT_EQ(table.columns[1].first_text.text, "1,5");
}

TEST_F(Csv, FindsTheDelimiter) {
  EXPECT_EQ(read("a;b\n1;2\n").columns.size(), 2u);
  EXPECT_EQ(read("a\tb\n1\t\n").columns[1].missing, 1u);
  EXPECT_EQ(read("\"x;y;z\",b\n1,2\n").columns.size(), 2u);
  EXPECT_EQ(read("a;b\n1,5;2,5\n").columns.size(), 2u);
  EXPECT_EQ(read("1,5;2,5\n3,5;4,5\n").columns.size(), 2u);
  EXPECT_EQ(read("1,x;y,2\n1,z;t,2\n").columns.size(), 3u);
  EXPECT_EQ(read("one\n1\n").columns.size(), 1u);
  EXPECT_EQ(read("a,b,c\n1,2,3\n").notes.size(), 1u);
  EXPECT_EQ(read("a;b\n1;2\n").notes[1].text.text(), "fields are separated by semicolons");
  LoadOptions options;
  options.delimiter = ';';
  EXPECT_EQ(read("a,b;c\n1,5;2\n", options).columns[0].name, "a,b");
}

TEST_F(Csv, DistinguishesAHeaderFromData) {
  EXPECT_FALSE(read("1,2\n3,4\n").has_header);
  EXPECT_FALSE(read("x,2\ny,4\n").has_header) << "a number in the first line";
  EXPECT_TRUE(read("x,y\n3,4\n").has_header) << "text above numbers";
  EXPECT_TRUE(read(",y\n3,4\n").has_header) << "an unnamed index column";
  EXPECT_TRUE(read("x,y\nred,blue\n").has_header) << "different texts";
  EXPECT_FALSE(read("red,red\nred,blue\n").has_header) << "repeated texts";
  EXPECT_FALSE(read("red,\nred,blue\n").has_header) << "an empty field";
  EXPECT_FALSE(read("a,b\n1,2\n", with(Header::no)).has_header);
  EXPECT_TRUE(read("1,2\n3,4\n", with(Header::yes)).has_header);
  EXPECT_EQ(names(read("2019,2020\n3,4\n", with(Header::yes))), (Texts{"2019", "2020"}));
  EXPECT_EQ(names(read("1,2\n3,4\n")), (Texts{"column 1", "column 2"}));
  EXPECT_EQ(names(read(",y\n3,4\n")), (Texts{"column 1", "y"}));
}

// `rows` times the row that `make` gives for its number.
std::string many_rows(int rows, const std::function<std::string(int)>& make) {
  std::string out;
  for (int row = 0; row < rows; ++row) out += make(row) + "\n";
  return out;
}

TEST_F(Csv, TakesNumbersForNamesIfTheyDifferFromTheirColumns) {
  const auto decimals = [](int row) { return fmt::format("0.{0},1.{0},{1}.5,{2}", row + 101, row, row % 2); };
  const auto whole = [](int row) { return fmt::format("{},{},{},{}", 40 + row % 7, 900 - row, 30 + row % 3, row % 2); };
  for (const std::string names : {"0,1,2,3", "1,2,3,4", "0,1,2,y"}) {
    EXPECT_TRUE(read(names + "\n" + many_rows(40, decimals)).has_header) << names;
    EXPECT_TRUE(read(names + "\n" + many_rows(40, whole)).has_header) << names;
  }
  EXPECT_TRUE(read(",0\n" + many_rows(9, [](int row) { return fmt::format("{},{}.25", row, row); })).has_header);
  const auto regions = [](int row) { return fmt::format("{},{}.5,{}", row % 2 ? "north" : "south", row, 30 + row); };
  EXPECT_TRUE(read("region,2021,2022\n" + many_rows(9, regions)).has_header) << "years";
  for (const std::string first : {"0,1,3,4", "2,3,4,5", "0,1,1,2", "0.0,1.0,2.0,3.0", "1,0,2,3", "-1,0,1,2"})
    EXPECT_FALSE(read(first + "\n" + many_rows(40, decimals)).has_header) << first;
  EXPECT_FALSE(read("2005,2008\n1999,2001\n1987,2011\n" +
                    many_rows(9, [](int row) { return fmt::format("{},{}", 1990 + row, 2009 - row); }))
                   .has_header)
      << "years above years";
  EXPECT_FALSE(
      read("1,2,3\n" + many_rows(40, [](int row) { return fmt::format("{},{},{}", row % 4, row % 5, row % 6); }))
          .has_header)
      << "numbers that are values of their columns";
  EXPECT_FALSE(read("red,1\n" + many_rows(9, [](int row) { return fmt::format("blue,{}.5", row); })).has_header);
  EXPECT_EQ(note_lines(read("0,1,2,3\n" + many_rows(40, decimals)).notes),
            Texts{"first line taken as header: its numbers (0, ...) are names, different from what is below them"});
}

TEST_F(Csv, ComparesTheTextsOfTheFirstLineWithTheirColumns) {
  const auto words = [](int row) {
    return fmt::format("{},{},{}", row % 3 ? "sunny" : "rain", row % 2 ? "hot" : "mild", row % 5 ? "yes" : "no");
  };
  EXPECT_TRUE(read("outlook,heat,play\n" + many_rows(20, words)).has_header);
  EXPECT_TRUE(read(",heat,play\n" + many_rows(20, words)).has_header) << "an unnamed column";
  EXPECT_FALSE(read("sunny,hot,no\n" + many_rows(20, words)).has_header) << "all different, but values";
  EXPECT_EQ(refusal("heat,heat,play\n" + many_rows(20, words)),
            "t.csv:1:2: header: expected different names, found \"heat\" in fields 1 and 2");
  const auto numbered = [&](int row) { return fmt::format("{},{}", row, words(row)); };
  EXPECT_TRUE(read(",outlook,heat,play\n" + many_rows(20, numbered)).has_header) << "unnamed numbers of rows";
  EXPECT_EQ(note_lines(read("sunny,hot,no\n" + many_rows(20, words)).notes),
            Texts{"no header: \"sunny\" is a value of its column, too"});
}

TEST_F(Csv, KnowsAHeaderByTheTargetOrTheModel) {
  LoadOptions options;
  options.target = "y";
  EXPECT_TRUE(read("7,9,y\n1,2,3\n", options).has_header);
  options.target = "7";  // the number of a column
  EXPECT_NE(refusal("7,9,y\n1,2,3\n", options, ErrorCategory::usage), "accepted");
  Encoder encoder;
  encoder.match_by_name = true;
  encoder.inputs = {{"2021"}, {"2022"}};
  options = {};
  options.trained = &encoder;
  EXPECT_TRUE(read("2021,2022,2023\n2020,2021,2022\n", options).has_header);
  EXPECT_TRUE(read("2022,x\n2020,2021\n", options).has_header) << "half of the names";
  EXPECT_FALSE(read("2023,2024\n2020,2021\n", options).has_header);
  encoder.match_by_name = false;
  EXPECT_FALSE(read("red,blue\n", options).has_header) << "trained without a header";
  EXPECT_TRUE(read("a,b\n1,2\n", options).has_header);
}

TEST_F(Csv, NotesItsDecisionAboutTheHeader) {
  EXPECT_EQ(note_lines(read("x,y\n3,4\n").notes), Texts{"first line taken as header: text (\"x\") above numbers"});
  EXPECT_EQ(note_lines(read("x,2\n3,4\n").notes),
            (Texts{"no header: the first line holds the number \"2\"",
                   "the first line may be a header after all: it has the text \"x\" above numbers in field 1"}));
  const std::string rows = "5.1,3.5,1.4,0\n4.9,3,1.4,0\n7,3.2,4.7,1\n6.4,3.2,4.5,1\n6.3,3.3,6,2\n";
  const Table iris = read("150,4,setosa,versicolor\n" + rows);
  EXPECT_EQ(note_lines(iris.notes), Texts{"first line taken as header: it has several texts, each above numbers"});
  EXPECT_EQ(iris.rows, 5u);
  for (const std::string first : {"150,4,setosa,1", "150,4,x,x"}) EXPECT_FALSE(read(first + "\n" + rows).has_header);
  EXPECT_FALSE(read("150,4,setosa,versicolor\n" + rows + "6,4,2,x\n").has_header);
  EXPECT_TRUE(read("1,2\n3,4\n", with(Header::no)).notes.empty());
}

TEST_F(Csv, RefusesTwoColumnsOfOneName) {
  EXPECT_EQ(refusal("a,b,a\n1,2,3\n"), "t.csv:1:3: header: expected different names, found \"a\" in fields 1 and 3");
  EXPECT_EQ(refusal("column 2,\n1,2\n"),
            "t.csv:1:2: header: expected different names, found \"column 2\" in fields 1 and 2");
}

TEST_F(Csv, ReadsMinusSignsAndBlanksOfUnicode) {
  const Table table = read("x,y\n\u22121.5,\u00a07\u00a0\n\u20132,\u202f8\n\uff0d3,\ufeff9\n-4,10\n");
  EXPECT_EQ(table.columns[0].numbers, (Numbers{-1.5, -2, -3, -4}));
  EXPECT_EQ(table.columns[1].numbers, (Numbers{7, 8, 9, 10}));
  EXPECT_EQ(note_lines(table.notes).at(1),
            "column \"x\": 3 numbers with a minus sign other than \"-\" read as negative (first: \"\u22121.5\" in " +
                path("t.csv") + ":2:1)");
  EXPECT_EQ(read("x,y\na\u00a0,1\na,2\n \u00a0b,3\n").columns[0].spellings, (Texts{"a", "b"}));
  for (const char* const text : {"\u2212", "\u2212-1", "\u2212a", "\u2212 1", "\u2013\u22121"})
    EXPECT_FALSE(read("x,y\n" + std::string(text) + ",1\n2,3\n").columns[0].is_number()) << text;
}

TEST_F(Csv, MayHaveAHeaderOnly) {
  LoadOptions options;
  options.may_be_empty = true;
  const Table table = read("a,b\n", options);
  EXPECT_EQ(table.rows, 0u);
  EXPECT_EQ(names(table), (Texts{"a", "b"}));
  options.header = Header::no;
  EXPECT_EQ(refusal("", options), "t.csv: format: expected CSV, IDX or NPY, found an empty file");
}

Numbers with_gaps_as(double value, Numbers numbers) {
  for (double& number : numbers) number = std::isnan(number) ? value : number;
  return numbers;
}

std::vector<std::string> texts_of(const Column& column) {
  std::vector<std::string> texts;
  for (const std::uint32_t code : column.codes) texts.push_back(column.spellings.at(code));
  return texts;
}

TEST_F(Csv, KeepsTheTextOfEveryTextColumn) {
  const Table table = read("a,b,c\nred,1,x\n NA ,2,y\nblue,3,z\nred,?,x\n");
  EXPECT_EQ(texts_of(table.columns[0]), (Texts{"red", "", "blue", "red"}));
  EXPECT_EQ(table.columns[0].missing, 1u);
  EXPECT_TRUE(table.columns[1].codes.empty());
  EXPECT_TRUE(table.columns[1].spellings.empty());
}

TEST_F(Csv, ATextBelowNumbersMakesTextOfThem) {
  std::string text = "a,b,c\n";
  Texts expected;
  for (int i = 0; i < 20'000; ++i) {  // more rows than are buffered before they go into columns
    text += "1," + (i % 9 == 0 ? std::string() : "00" + std::to_string(i)) + ",2\n";
    expected.push_back(i % 9 == 0 ? "" : std::to_string(i));
  }
  const Table table = read(text + "3,unknown,4\n5,007,6\n7,,8\n");
  expected.insert(expected.end(), {"unknown", "7", ""});
  EXPECT_FALSE(table.columns[1].is_number());
  EXPECT_EQ(texts_of(table.columns[1]), expected);
  EXPECT_EQ(table.columns[2].numbers.size(), expected.size());
  EXPECT_EQ(table.columns[1].first_text.line, 20'002u);
}

TEST_F(Csv, TextThatIsNoUtf8IsNotedAndNotKept) {
  const Table table = read("a,b\nx,1\ncaf\xE9,2\ny,3\n");
  EXPECT_TRUE(table.columns[0].codes.empty());
  EXPECT_TRUE(table.columns[0].spellings.empty());
  EXPECT_EQ(table.columns[0].first_no_utf8.line, 3u);
  EXPECT_EQ(table.columns[0].first_no_utf8.field, 1u);
}

TEST_F(Csv, KnowsMissingValues) {
  const Table table = read("a,b\n1,2\n,2\nNA,2\nn/a,2\nNaN,2\nNULL,2\n?,2\n \"\" ,2\n-nan,2\n3,2\n");
  EXPECT_EQ(table.columns[0].missing, 8u);
  EXPECT_EQ(table.columns[0].first_missing.line, 3u);
  EXPECT_EQ(table.columns[0].first_missing.field, 1u);
  constexpr double kGap = -77;
  EXPECT_EQ(with_gaps_as(kGap, table.columns[0].numbers),
            (Numbers{1, kGap, kGap, kGap, kGap, kGap, kGap, kGap, kGap, 3}));
  EXPECT_EQ(table.columns[1].missing, 0u);
}

TEST_F(Csv, RefusesNumbersThatFloatCannotHold) {
  for (const std::string text : {"inf", "-Infinity", "1e999", "-1e999", "1e39", "3.5e38"})
    EXPECT_EQ(refusal("a,b\n1,2\n3," + text + "\n5," + text + "\n"),
              "t.csv:3:2: column \"b\": expected a finite number up to 3.4e38, found \"" + text +
                  "\" | missing=" + text + " counts it as missing");
  EXPECT_EQ(refusal("a,b\n1,3.4e38\n"), "accepted");
  EXPECT_EQ(read("a,b\n1,inf\n2,sup\n").columns[1].spellings, (Texts{"inf", "sup"})) << "a word among words";
}

TEST_F(Csv, RefusesRowsOfAnotherLength) {
  EXPECT_EQ(refusal("a,b,c\n1,2,3\n1,2\n"), "t.csv:3: expected 3 fields, found 2 | bad_rows=skip skips such rows");
  EXPECT_EQ(refusal("a,b,c\n1,2,3\n1,2,3,4\n"), "t.csv:3: expected 3 fields, found 4 | bad_rows=skip skips such rows");
  EXPECT_EQ(refusal("a,b,c\n1,2,3\n1,2,\n"), "accepted");
  EXPECT_EQ(refusal("1\n1,2\n"),
            "t.csv:2: expected 1 field, found 2 | if line 1 is not a row of the table, skip_rows=1 skips it");
}

TEST_F(Csv, PassesOverBlankLines) {
  const Table table = read("a,b\n1,2\n\n  \r\n3,4\n\n");
  EXPECT_EQ(table.rows, 2u);
  EXPECT_EQ(note_line(table.notes.back()), "2 blank lines skipped, the first at line 3");
  EXPECT_EQ(read("a,b\n1,2\n\n").notes.size(), 1u) << "at the end they mean nothing";
  EXPECT_EQ(refusal("a\n1\n\n2\n"),
            "t.csv:3: expected 1 field, found an empty line | a missing value in a table of one column is written NA");
  EXPECT_EQ(read("a\n1\n\"\"\n2\n\n\n").columns[0].missing, 1u);
}

TEST_F(Csv, KeepsTheSpellingsOfTheTarget) {
  const Table table = read("x,y\n1,1.0\n2, 1\n3,1.0\n4,\" 2 \"\n");
  EXPECT_EQ(table.columns[1].numbers, (Numbers{1, 1, 1, 2}));
  EXPECT_EQ(table.columns[1].spellings, (Texts{"1.0", "1", "2"}));
  EXPECT_EQ(table.columns[1].codes, (Codes{0, 1, 0, 2}));
  EXPECT_TRUE(table.columns[0].codes.empty() && table.columns[0].spellings.empty());
}

TEST_F(Csv, FindsTheTargetByNameOrNumber) {
  const std::string text = "3,y,1\n1,2,3\n";
  LoadOptions options = with(Header::yes);
  const auto target = [&](const std::string& name) {
    options.target = name;
    const Table table = read(text, options);
    for (std::size_t c = 0; c < table.columns.size(); ++c)
      if (!table.columns[c].codes.empty()) return table.columns[c].name;
    return std::string("none");
  };
  EXPECT_EQ(target(""), "1") << "the last";
  EXPECT_EQ(target("y"), "y");
  EXPECT_EQ(target("3"), "3") << "a name comes before a number";
  EXPECT_EQ(target("2"), "y");
}

TEST_F(Csv, ListsTheTargets) {
  EXPECT_EQ(
      refusal("sepal,petal,species\n1,2,3\n", with_target("specis"), ErrorCategory::usage),
      "target: t.csv: expected one of \"sepal\", \"petal\", \"species\" or a number from 1 to 3, found \"specis\" | "
      "did you mean \"species\"?");
  EXPECT_EQ(refusal("a,b\n1,2\n", with_target("3"), ErrorCategory::usage),
            "target: t.csv: expected one of \"a\", \"b\" or a number from 1 to 2, found \"3\"");
  for (const std::string number : {"0", "-1", "+1", "1.", "99999999999999999999999"})
    EXPECT_NE(refusal("a,b\n1,2\n", with_target(number), ErrorCategory::usage), "accepted") << number;
}

TEST_F(Csv, ReadsTablesWithoutATarget) {
  EXPECT_TRUE(read("a,b\n1,2\n", with_target(std::nullopt)).columns[1].codes.empty());
  EXPECT_TRUE(read("a,b\n1,2\n", with_target("c", false)).columns[1].codes.empty());
  EXPECT_FALSE(read("a,b\n1,2\n", with_target("b", false)).columns[1].codes.empty());
}

TEST_F(Csv, RefusesTextThatIsNotUtf8WhereItIsKept) {
  const std::string hint =
      " | encoding=latin-1 or encoding=windows-1252 reads a file in the encoding of older programs";
  EXPECT_EQ(refusal("gr\xF6\xDF"
                    "e,b\n1,2\n"),
            "t.csv:1:1: text: expected UTF-8, found \"gr\\xf6\\xdfe\"" + hint);
  EXPECT_EQ(refusal("a,b\n1,ja\n2,n\xF6\n"), "t.csv:3:2: text: expected UTF-8, found \"n\\xf6\"" + hint);
  EXPECT_EQ(refusal("a,b\nn\xF6,ja\n"), "accepted") << "the text of other columns is not kept";
  EXPECT_EQ(names(read("größe,网络\n1,2\n")), (Texts{"größe", "网络"}));
}

TEST_F(Csv, CutsLongTextInSightings) {
  const Table table = read("a,b\n" + std::string(5000, 'x') + ",2\n");
  EXPECT_EQ(table.columns[0].first_text.text, std::string(100, 'x'));
}

// Lines without quotes bypass libcsv: both paths must agree, wherever blocks of the file begin.
TEST_F(Csv, ReadsTheSameWithAndWithoutQuotesAcrossBlocks) {
  std::string plain = "a,b,c\n", quoted = plain;
  for (int i = 0; i < 20'000; ++i) {
    const std::string a = std::to_string(i), b = i % 7 == 0 ? "" : std::to_string(i * 0.37),
                      c = "k" + std::to_string(i % 5);
    plain += a + " ," + b + ",\t" + c + (i % 3 == 0 ? "\r\n" : "\n");
    quoted += "\"" + a + "\"," + b + ",\"" + c + "\"\n";
  }
  const Table one = read(plain), other = read(quoted);
  ASSERT_EQ(one.rows, 20'000u);
  ASSERT_EQ(other.rows, 20'000u);
  for (std::size_t c = 0; c < 3; ++c) {
    EXPECT_EQ(with_gaps_as(-77, one.columns[c].numbers), with_gaps_as(-77, other.columns[c].numbers));
    EXPECT_EQ(one.columns[c].codes, other.columns[c].codes);
    EXPECT_EQ(one.columns[c].missing, other.columns[c].missing);
  }
  EXPECT_EQ(one.columns[2].spellings, (Texts{"k0", "k1", "k2", "k3", "k4"}));
  EXPECT_EQ(one.columns[0].numbers[12'345], 12'345.0);
  EXPECT_EQ(refusal(plain + "1\n"), "t.csv:20002: expected 3 fields, found 1 | bad_rows=skip skips such rows");
  EXPECT_EQ(refusal(quoted + "1\n"), "t.csv:20002: expected 3 fields, found 1 | bad_rows=skip skips such rows");
}

// Every way to cut this file in two blocks; the reader's block is 64 KiB, so comments of that length move the cut.
TEST_F(Csv, ReadsTheSameWhereverABlockEnds) {
  const std::string tail = "1,\"x\"\"y\"\r\n2,\"p\nq\"\n\n3,z\r4,\"\"\r\n 5 , w \n6,\"e\"";
  const std::string start = "a,b\n0,";
  const Table expected = read(start + "s\n" + tail);
  ASSERT_EQ(expected.rows, 7u);
  for (std::size_t cut = 0; cut <= tail.size(); ++cut) {
    const std::string filler(64 * 1024 - start.size() - 1 - cut, 's');
    const Table table = read(start + filler + "\n" + tail);
    EXPECT_EQ(table.columns[0].numbers, expected.columns[0].numbers) << cut;
    EXPECT_EQ(table.columns[1].codes, expected.columns[1].codes) << cut;
    EXPECT_EQ(refusal(start + filler + "\n" + tail + "\n7\n"),
              "t.csv:11: expected 2 fields, found 1 | bad_rows=skip skips such rows")
        << cut;
  }
}

TEST_F(Csv, AFileCutAnywhereIsRefusedOrASmallerTable) {
  const std::string whole = "a,b,\"c\nd\"\r\n1,2,\"x,\"\"y\"\n3,4,z\r\n5,6,\"w\"\n";
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    const std::string file = write("t.csv", whole.substr(0, length));
    try {
      const Table table = formats::load_table(file);
      EXPECT_LE(table.rows, 3u);
      for (const Column& column : table.columns)
        EXPECT_EQ(column.is_number() ? column.numbers.size() : table.rows, table.rows) << length;
    } catch (const Error& error) {
      EXPECT_EQ(error.category(), ErrorCategory::input) << length << ": " << error.what();
    }
  }
}

TEST_F(Csv, ReadsTheRealDataSets) {
  const auto data = data_files::real_data();
  if (!data) GTEST_SKIP() << "the data sets are not here ($CHAINRULE_DATA)";
  struct Expected {
    const char* file;
    std::size_t rows, columns, labels, missing;
  };
  for (const Expected& expected :
       {Expected{"optdigits.tra", 3823, 65, 10, 0}, Expected{"optdigits.tes", 1797, 65, 10, 0},
        Expected{"adult-train.csv", 32561, 15, 2, 4262}, Expected{"adult-test.csv", 16281, 15, 2, 2203},
        Expected{"california-housing.csv", 20640, 10, 5, 207}, Expected{"winequality-white.csv", 4898, 12, 7, 0},
        Expected{"abalone.csv", 4177, 9, 28, 0}, Expected{"banknote_authentication.csv", 1372, 5, 2, 0},
        Expected{"ionosphere.csv", 351, 35, 2, 0}, Expected{"sonar.csv", 208, 61, 2, 0}}) {
    const Table table = formats::load_table(*data + "/" + expected.file);
    std::size_t missing = 0;
    for (const Column& column : table.columns) missing += column.missing;
    EXPECT_EQ(table.rows, expected.rows) << expected.file;
    EXPECT_EQ(table.columns.size(), expected.columns) << expected.file;
    EXPECT_EQ(table.columns.back().spellings.size(), expected.labels) << expected.file;
    EXPECT_EQ(missing, expected.missing) << expected.file;
    EXPECT_EQ(table.has_header, std::string(expected.file) == "california-housing.csv") << expected.file;
  }
}

}  // namespace
}  // namespace chainrule::csv_test
