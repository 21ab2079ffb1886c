// SPDX-License-Identifier: Apache-2.0
// Several files as one table: it is that of one file with all their rows, and what it says names the right file.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "chainrule/data/table_rows.h"
#include "tests/support/data_files.h"

namespace chainrule::several_files_test {
namespace {

using namespace data_files;

class SeveralFiles : public DataFiles {
 protected:
  Table load(const std::vector<std::string>& contents, const formats::LoadOptions& options = {}) const {
    return formats::load_table(written(contents), options);
  }
  std::string refusal(const std::vector<std::string>& contents, const formats::LoadOptions& options = {},
                      ErrorCategory category = ErrorCategory::input) const {
    return refusal_of_paths(written(contents), options, category);
  }
  std::string refusal_of_paths(const std::vector<std::string>& paths, const formats::LoadOptions& options = {},
                               ErrorCategory category = ErrorCategory::input) const {
    try {
      formats::load_table(paths, options);
    } catch (const Error& error) {
      EXPECT_EQ(error.category(), category) << error.what();
      return bare(error.what() + (error.hint().empty() ? "" : " | " + error.hint()));
    }
    return "accepted";
  }
  // Without the folder's name.
  std::string bare(std::string text) const {
    const std::string folder = path("");
    for (std::size_t at; (at = text.find(folder)) != std::string::npos;) text.erase(at, folder.size());
    return text;
  }

 private:
  // a.csv, b.csv, ...
  std::vector<std::string> written(const std::vector<std::string>& contents) const {
    std::vector<std::string> paths;
    for (std::size_t k = 0; k < contents.size(); ++k)
      paths.push_back(write(std::string(1, static_cast<char>('a' + k)) + ".csv", contents[k]));
    return paths;
  }
};

TEST_F(SeveralFiles, AreTheTableOfOneFileWithAllRows) {
  // Numbers in the first file, texts in the second; the third decides the thousands; other orders and delimiters.
  const Table together =
      load({"n,code,price,y\n1,7,\"1,234\",a\n2,08,\"2,500\",b\n", "y;price;n;code\nc;\"3,000\";3;x\n",
            "n\tcode\tprice\ty\n4\t9\t12,345.5\ta\n\t7\tNA\ta\n"});
  const Table one = read(
      "n,code,price,y\n1,7,\"1,234\",a\n2,08,\"2,500\",b\n3,x,\"3,000\",c\n4,9,\"12,345.5\",a\n"
      ",7,NA,a\n");
  EXPECT_EQ(shown(together), shown(one));
  EXPECT_EQ(together.rows, 5u);
  EXPECT_EQ(together.columns[2].numbers[3], 12345.5) << "read by all rows";
  for (std::size_t c = 0; c < one.columns.size(); ++c) {
    EXPECT_EQ(together.columns[c].spellings, one.columns[c].spellings);
    EXPECT_EQ(together.columns[c].codes, one.columns[c].codes);
    EXPECT_EQ(together.columns[c].missing, one.columns[c].missing);
  }
  EXPECT_EQ(load({"n,y\n1,2\n"}).parts.size(), 0u) << "one file is as ever";
}

TEST_F(SeveralFiles, KeepTheTextsOfReorderedColumns) {
  formats::LoadOptions options;
  options.texts = {"id"};
  const Table table = load({"id,y\n01,1\n", "y,id\n2,002\n"}, options);
  EXPECT_EQ(field_text(table, table.columns[0], 0), "01");
  EXPECT_EQ(field_text(table, table.columns[0], 1), "002");
}

TEST_F(SeveralFiles, SayWhichFileALineIsIn) {
  const Table table = load({"x,y\n1,2\n\n3,4\n\n\n", "y,x\n\n5,6\n,\"a\nb\"\n7,8\n", "x,y\n", "x,y\n9,\n"});
  const auto place = [&](std::size_t row) { return bare(location_of_row(table, row)); };
  EXPECT_EQ(place(0), "a.csv:2");
  EXPECT_EQ(place(1), "a.csv:4") << "a blank line between rows";
  EXPECT_EQ(place(2), "b.csv:3");
  EXPECT_EQ(place(3), "b.csv:4");
  EXPECT_EQ(place(4), "b.csv:6") << "after a line end in quotes";
  EXPECT_EQ(place(5), "d.csv:2") << "after a file without rows";
  EXPECT_EQ(bare(location_of(table, table.columns[0].first_text)), "b.csv:4:2") << "fields are those of the file";
  EXPECT_EQ(bare(location_of(table, table.columns[1].first_missing)), "b.csv:4:1");
  EXPECT_EQ(bare(location_of(table, sighting_of(table, 4, 0, ""))), "b.csv:6:2");
  EXPECT_EQ(bare(table.source), "a.csv and 3 more");
}

TEST_F(SeveralFiles, KeepTheirPlacesWithoutSomeRows) {
  Table table = load({"x,y\n1,2\n3,\n", "x,y\n5,\n6,7\n8,9\n"});
  leave_out_rows_without(table, 1);
  ASSERT_EQ(table.rows, 3u);
  EXPECT_EQ(bare(location_of_row(table, 0)), "a.csv:2");
  EXPECT_EQ(bare(location_of_row(table, 1)), "b.csv:3");
  EXPECT_EQ(number_of_row(table, 2), 5u) << "counted through all files";
  EXPECT_EQ(bare(table.notes.back().text.text()), "2 of 5 rows have no target and are left out (first: a.csv:3)");
}

TEST_F(SeveralFiles, LackNoColumn) {
  EXPECT_EQ(refusal({"price,y\n1,2\n", "y\n3\n"}),
            "b.csv:1: column \"price\": expected in each file, found in a.csv but not here | files that make one table "
            "have the same columns, in any order");
  EXPECT_EQ(refusal({"price,y\n1,2\n", "Price,y\n1,3\n"}),
            "b.csv:1: column \"price\": expected in each file, found in a.csv but not here | this file has \"Price\"");
  EXPECT_EQ(refusal({"x,y\n1,2\n", "x,y\n1,2\n", "x,z,y\n1,2,3\n"}),
            "c.csv:1:2: column \"z\": expected in each file, found here but not in a.csv | files that make one table "
            "have the same columns, in any order");
  EXPECT_EQ(refusal({"x,y\n1,2\n", "x,x\n1,2\n"}),
            "b.csv:1:2: header: expected different names, found \"x\" in fields 1 and 2");
  EXPECT_EQ(refusal({"a,b,c,d,e,y\n1,2,3,4,5,6\n", "a,b,c,d,e,y\n1,2,3,4,5\n"}),
            "b.csv:2: expected 6 fields, found 5 | line 1 was taken as the header of the table; if it is none, "
            "skip_rows=1 skips it");
  EXPECT_EQ(refusal({"x,y\n1,2\n", "y,x\n1,2\n3\n"}),
            "b.csv:3: expected 2 fields, found 1 | bad_rows=skip skips such rows");
  EXPECT_EQ(refusal({"x,y\n1,2\n", "y,x\n1,2\n3,4\n"}), "accepted");
}

TEST_F(SeveralFiles, WithoutAHeaderAreMatchedByNumber) {
  // As the program split leaves them: only the first part has the names.
  const Table split = load({"x,b,y\n1,u,2\n3,v,4\n", "5,u,6\n7,v,8\n", "9,u,10\n"});
  EXPECT_EQ(split.rows, 5u);
  EXPECT_EQ(split.columns[0].numbers, (std::vector<double>{1, 3, 5, 7, 9}));
  EXPECT_EQ(bare(split.notes[1].text.text()),
            "3 files are read as one table; their columns are matched by name, and by number in 2 files (first: b.csv) "
            "without names");
  const Table none = load({"1,2\n3,4\n", "5,6\n"});
  EXPECT_EQ(none.rows, 3u);
  EXPECT_EQ(refusal({"1,2\n3,4\n", "5,6,7\n"}), "b.csv:1: expected 2 fields, found 3 | bad_rows=skip skips such rows");
  EXPECT_EQ(refusal({"1,2\n3,4\n", "x,y\n5,6\n"}),
            "b.csv:1: expected rows without a header, as in a.csv, found a header | if the file with the header is "
            "named first, columns of the others are matched by number");
}

TEST_F(SeveralFiles, ATextThatIsTheTargetsNameIsNoHeader) {
  formats::LoadOptions options;
  options.target = "y";
  const Table table = load({"a,b,y\n1,x,2\n3,y,4\n", "5,y,6\n"}, options);
  EXPECT_EQ(table.rows, 3u);
}

TEST_F(SeveralFiles, NameTheFileOfAnError) {
  EXPECT_EQ(refusal({"x,y\n1,2\n", "x,y\n1,2\n\"3,4\n"}),
            "b.csv:3:1: quote: expected a closing quote, found the end of the file | the quoted field begins here");
  EXPECT_EQ(
      refusal({"y,x\n1,2\n", "x,y\n3,1e99\n"}),
      "b.csv:2:2: column \"y\": expected a finite number up to 3.4e38, found \"1e99\" | missing=1e99 counts it as "
      "missing");
  EXPECT_EQ(refusal({"x,y\n1,a\n", "y,x\n\xFF,1\n"}).substr(0, 47),
            "b.csv:2:1: text: expected UTF-8, found \"\\xff\" |");
  EXPECT_EQ(refusal({"y\n1\n2\n\n", "y\n3\n\n4\n"}),
            "b.csv:3: expected 1 field, found an empty line | a missing value in a table of one column is written NA");
  EXPECT_EQ(refusal({"x,y\n1,2\n", "\n\n"}), "b.csv: expected a table, found nothing but blank lines");
  EXPECT_EQ(refusal({"x,y\n1,2\n", ""}), "b.csv: format: expected CSV, IDX or NPY, found an empty file");
  EXPECT_EQ(refusal({"x,y\nm,kg\n1,2\n3,4\n", "x,y\nm,kg\n1,2\n3,4\n"}),
            "a.csv:2: expected numbers, as in all rows below, found texts | if these are units, skip_rows=2-2 skips "
            "them; bad_fields=missing counts such texts as missing");
  EXPECT_EQ(refusal({"x,y\n5,6\n1,2\n3,4\n", "x,y\nm,kg\n1,2\n3,4\n"}),
            "b.csv:2: expected numbers, as in all rows below, found texts | bad_fields=missing counts such texts as "
            "missing");
}

TEST_F(SeveralFiles, AreEachReadOnce) {
  const std::string a = write("a.csv", "x,y\n1,2\n"), b = write("b.csv", "x,y\n3,4\n");
  EXPECT_EQ(refusal_of_paths({a, b, a}), "a.csv: expected each file once, found it twice");
  EXPECT_EQ(refusal_of_paths({a, path("") + "./a.csv"}),
            "./a.csv: expected each file once, found it twice, also as a.csv");
  EXPECT_EQ(refusal_of_paths({a, path("c.csv")}), "c.csv: cannot open: No such file or directory");
  EXPECT_EQ(refusal_of_paths({}, {}, ErrorCategory::usage), "files: expected at least 1, found 0");
  EXPECT_EQ(refusal_of_paths({a, b}), "accepted");
}

TEST_F(SeveralFiles, AreTextsOnly) {
  const std::string a = write("a.csv", "x,y\n1,2\n");
  const std::string images = write("b", std::string("\0\0\x08\x03\0\0\0\0\0\0\0\0\0\0\0\0", 16));
  EXPECT_EQ(refusal_of_paths({a, images}),
            "b: expected CSV, as several files make one table, found another format | labels names the file with the "
            "labels of images");
}

TEST_F(SeveralFiles, HaveEachItsOwnLayout) {
  formats::LoadOptions options;
  options.comment = '#';
  const Table table = load({"# one\nx,y\n1,2\n", "sep=;\nx;y\n# two\n3;4\n", "\xEF\xBB\xBFy,x\r\n6,5\r\n"}, options);
  EXPECT_EQ(table.columns[0].numbers, (std::vector<double>{1, 3, 5}));
  EXPECT_EQ(bare(location_of_row(table, 1)), "b.csv:4");
}

}  // namespace
}  // namespace chainrule::several_files_test
