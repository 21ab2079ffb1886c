// SPDX-License-Identifier: Apache-2.0
// Tables as others write them: blanks between fields, comments, row names, other encodings, rows and fields to skip.
#include <fmt/format.h>

#include "chainrule/base/checks.h"
#include "chainrule/data/formats/load_table.h"
#include "tests/support/data_files.h"

namespace chainrule::csv_layout_test {
namespace {

using namespace std::string_literals;
using data_files::shown;
using formats::LoadOptions;

class CsvLayout : public data_files::DataFiles {};

TEST_F(CsvLayout, BlanksSeparateFields) {
  const std::string means = "column 1|column 2|column 3 / 1 2.5 3 / 4 5.5 6";
  EXPECT_EQ(shown(read("  1  2.5\t3\n4 5.5 6  \n")), means);
  EXPECT_EQ(shown(read("1 2.5 3\r\n4 5.5 6\r\n")), means);
  EXPECT_EQ(shown(read("a b y\n1 2 3\n")), "a|b|y / 1 2 3");
  EXPECT_EQ(shown(read("18.0 8 307\t\"chevrolet chevelle\"\n15 8 350\t\"buick\"\n")),
            "column 1|column 2|column 3|column 4 / 18 8 307 'chevrolet chevelle' / 15 8 350 'buick'");
  EXPECT_EQ(shown(read("name y\n\"a \"\"b\"\" c\" 1\n\"two\nlines\" 2\n", {.delimiter = ' '})),
            "name|y / 'a \"b\" c' 1 / 'two\nlines' 2");
  EXPECT_EQ(shown(read("first name\nAnna K\nBen L\n")), "first name / 'Anna K' / 'Ben L'") << "words are no fields";
  EXPECT_EQ(shown(read("a, b\n1, 2\n3, 4\n")), "a|b / 1 2 / 3 4");
  EXPECT_EQ(shown(read("when\n2024-01-31 12:30\n2024-02-01 12:31\n")),
            "when / '2024-01-31 12:30' / '2024-02-01 12:31'");
}

TEST_F(CsvLayout, LinesAreSkipped) {
  EXPECT_EQ(shown(read("# by hand\n#a,b,c,d\na,b\n1,2\n # later\n3,4\n", {.comment = '#'})), "a|b / 1 2 / 3 4");
  EXPECT_EQ(shown(read("a,b\n\"x\n# no comment\",2\n", {.comment = '#'})), "a|b / 'x\n# no comment' 2");
  EXPECT_EQ(shown(read("Report\nof May\na,b\n1,2\n", {.skipped_lines = {{1, 2}}})), "a|b / 1 2");
  EXPECT_EQ(shown(read("a,b\nm,kg\n1,2\n3,4", {.skipped_lines = {{2, 2}}})), "a|b / 1 2 / 3 4");
  const Table table = read("# x\na,b\n1,2\n3,z\n", {.comment = '#'});
  EXPECT_EQ(table.columns[1].first_text.line, 4u) << "lines of the file are counted";
  EXPECT_EQ(refusal("a,b\nm,kg\n1,2\n3,4\n5,6\n"),
            "t.csv:2: expected numbers, as in all rows below, found texts | if these are units, skip_rows=2-2 skips "
            "them; bad_fields=missing counts such texts as missing");
  EXPECT_EQ(shown(read("a,b\nm,1\n1,2\n3,4\n5,6\n")), "a|b / 'm' 1 / '1' 2 / '3' 4 / '5' 6");
}

TEST_F(CsvLayout, RowNamesAsRWritesThem) {
  EXPECT_EQ(shown(read("\"mpg\",\"wt\"\n\"car0\",29.2,1.5\n\"car1\",22,2\n")),
            "rownames|mpg|wt / 'car0' 29.2 1.5 / 'car1' 22 2");
  EXPECT_EQ(shown(read("\"mpg\" \"wt\"\n\"a car\" 29.2 1.5\n\"b car\" 22 2\n")),
            "rownames|mpg|wt / 'a car' 29.2 1.5 / 'b car' 22 2");
  EXPECT_EQ(refusal("a,b\n1,2,\n3,4,\n"),
            "t.csv:2: expected 2 fields, found 3 | line 1 was taken as the header of the "
            "table; if it is none, skip_rows=1 skips it")
      << "a delimiter at the end of each row";
  EXPECT_NE(refusal("Report, of May\na,b,c\n1,2,3\n3,4,5\n").find("expected 2 fields, found 3"), std::string::npos)
      << "a title";
}

TEST_F(CsvLayout, OtherEncodings) {
  EXPECT_EQ(shown(read("gr\xF6\xDF"
                       "e,y\nK\xF6ln,1\n",
                       {.encoding = "latin-1"})),
            "gr\xC3\xB6\xC3\x9F"
            "e|y / 'K\xC3\xB6ln' 1");
  EXPECT_EQ(shown(read("a,y\n\x80,1\n", {.encoding = "windows-1252"})), "a|y / '\xE2\x82\xAC' 1");
  const std::string low = "\xFF\xFE"s + "a\0,\0y\0\n\0\xE9\0,\0001\0\n\0"s;
  EXPECT_EQ(shown(read(low)), "a|y / '\xC3\xA9' 1");
  EXPECT_EQ(shown(read("\xFE\xFF"s + "\0a\0,\0y\0\n\0\xE9\0,\0001\0\n"s)), "a|y / '\xC3\xA9' 1");
  EXPECT_EQ(shown(read(low.substr(2), {.encoding = "utf-16le"})), "a|y / '\xC3\xA9' 1");
  std::string wide = "a,y\n", narrow = wide;
  for (int row = 0; row < 50'000; ++row) wide += "x\xC3\xA4,1\n", narrow += "x\xE4,1\n";
  EXPECT_EQ(shown(read(wide)), shown(read(narrow, {.encoding = "latin-1"}))) << "many blocks";
  EXPECT_EQ(
      refusal("a,y\n1,2\n", {.encoding = "martian"}, ErrorCategory::usage),
      "encoding: expected an encoding that the system knows, such as utf-8, latin-1, windows-1252 or utf-16, found "
      "\"martian\"");
}

TEST_F(CsvLayout, BadRowsAreSkippedAndCounted) {
  const std::string text = "a,b,y\n1,2,3\n2,3\n\"x\ny\",4,5,6\n4,5,7\n";
  EXPECT_EQ(refusal(text), "t.csv:3: expected 3 fields, found 2 | bad_rows=skip skips such rows");
  EXPECT_EQ(refusal("178,13,red,white\n1,2,3,4,5,6\n2,3,4,5,6,7\n"),
            "t.csv:2: expected 4 fields, found 6 | if line 1 is not a row of the table, skip_rows=1 skips it");
  EXPECT_EQ(shown(read("178,13,red\n1,2,3,4\n2,3,4,5\n", {.skipped_lines = {{1, 1}}})),
            "column 1|column 2|column 3|column 4 / 1 2 3 4 / 2 3 4 5");
  const Table table = read(text, {.skip_bad_rows = true});
  EXPECT_EQ(shown(table), "a|b|y / 1 2 3 / 4 5 7");
  EXPECT_EQ(note_line(table.notes.back()),
            "warning: 2 rows skipped whose number of fields is not 3 (the first, with 2, in " + path("t.csv") + ":3)");
  EXPECT_EQ(table.lines, (std::vector<std::uint64_t>{2, 6}));
}

TEST_F(CsvLayout, BadFieldsCountAsMissing) {
  const Table table = read("a,c,y\n1,u,1\n2,v,2\nold,u,3\n4,v,4\n", {.bad_fields_missing = true});
  EXPECT_EQ(shown(table), "a|c|y / 1 'u' 1 / 2 'v' 2 / - 'u' 3 / 4 'v' 4");
  EXPECT_EQ(note_line(table.notes.back()),
            "column \"a\": 1 text counts as missing (first: \"old\" in " + path("t.csv") + ":4:1)");
}

TEST_F(CsvLayout, WordsThatMeanMissing) {
  const std::string text = "a,v,y\n1,null,null\n2,NA,alternative\n3,,null\n";
  EXPECT_EQ(shown(read(text)), "a|v|y / 1 - - / 2 - 'alternative' / 3 - -");
  EXPECT_EQ(shown(read(text, {.default_missing = false})),
            "a|v|y / 1 'null' 'null' / 2 'NA' 'alternative' / 3 - 'null'");
  EXPECT_EQ(shown(read(text, {.missing = {"NA"}, .default_missing = false})),
            "a|v|y / 1 'null' 'null' / 2 - 'alternative' / 3 - 'null'");
  EXPECT_EQ(shown(read("a,y\nnan,1\n2,2\n", {.default_missing = false})), "a|y / 'nan' 1 / '2' 2");
}

TEST_F(CsvLayout, CategoriesByNameKeepTheirText) {
  EXPECT_EQ(shown(read("v,y\n1.1,1\n1.10,2\n01,3\n")), "v|y / 1.1 1 / 1.1 2 / 1 3");
  const Table table = read("v,y\n1.1,1\n1.10,2\n01,3\n", {.categorical = {"v"}});
  EXPECT_EQ(table.columns[0].spellings, (std::vector<std::string>{"1.1", "1.10", "01"}));
  EXPECT_EQ(table.columns[0].codes, (std::vector<std::uint32_t>{0, 1, 2}));
}

}  // namespace
}  // namespace chainrule::csv_layout_test
