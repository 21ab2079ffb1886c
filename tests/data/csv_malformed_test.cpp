// SPDX-License-Identifier: Apache-2.0
// Broken, foreign or odd files: each is refused with a line number and a reason, or read as intended.
#include <fmt/format.h>

#include <cstdlib>
#include <random>

#include "chainrule/base/checks.h"
#include "chainrule/data/formats/load_table.h"
#include "tests/support/data_files.h"

namespace chainrule::csv_malformed_test {
namespace {

using namespace std::string_literals;
using data_files::shown;
using formats::LoadOptions;

struct Refused {
  std::string name, text, says;  // the whole message, with hint
};
struct Accepted {
  std::string name, text, means;  // the table as text by shown()
};

class CsvMalformed : public data_files::DataFiles {
 protected:
  void expect_refusals(const std::vector<Refused>& cases, const LoadOptions& options = {}) const {
    for (const Refused& one : cases) EXPECT_EQ(refusal(one.text, options), one.says) << one.name;
  }
  void expect_readings(const std::vector<Accepted>& cases, const LoadOptions& options = {}) const {
    for (const Accepted& one : cases) {
      std::string found;
      try {
        found = shown(read(one.text, options));
      } catch (const Error& error) {
        found = error.what();
      }
      EXPECT_EQ(found, one.means) << one.name;
    }
  }
};

const std::string kUtf8 = " | encoding=latin-1 or encoding=windows-1252 reads a file in the encoding of older programs";
const std::string kSkips = " | bad_rows=skip skips such rows";
const std::string kTaken = " | line 1 was taken as the header of the table; if it is none, skip_rows=1 skips it";
const std::string kFormat = "t.csv: format: expected CSV, IDX or NPY, found ";
const std::string kNotText = "t.csv:2: text: expected no NUL byte, found one | this does not look like a text file";
const std::string kNoHeader =
    "t.csv: expected rows below the header, found none | the first line was taken as a header; header=false reads it "
    "as "
    "data";

TEST_F(CsvMalformed, NumbersAmongTextsAreOneCategoryInAnyOrder) {
  const Table first = read("01,1\nx,2\n1,3\n1.0,4\n"), last = read("x,2\n01,1\n1,3\n1.0,4\n");
  for (const Table* const table : {&first, &last}) EXPECT_EQ(table->columns[0].spellings.size(), 2u);
}

TEST_F(CsvMalformed, ShapesThatAreNoTable) {
  expect_refusals({
      {"empty file", "", kFormat + "an empty file"},
      {"only a byte order mark", "\xEF\xBB\xBF", "t.csv: expected a table, found nothing but blank lines"},
      {"only newlines", "\n\n\n", "t.csv: expected a table, found nothing but blank lines"},
      {"only blanks", "   \t \n  \n", "t.csv: expected a table, found nothing but blank lines"},
      {"only CRLF", "\r\n\r\n", "t.csv: expected a table, found nothing but blank lines"},
      {"header only", "a,b,c\n", kNoHeader},
      {"header only, no newline", "a,b,c", kNoHeader},
      {"header and blank lines", "a,b\n\n\n", kNoHeader},
      {"a row too short", "a,b,c\n1,2,3\n4,5\n6,7,8\n", "t.csv:3: expected 3 fields, found 2" + kSkips},
      {"a row too long", "a,b\n1,2\n3,4,5\n", "t.csv:3: expected 2 fields, found 3" + kSkips},
      {"an empty field too many", "a,b\n1,2,\n3,4\n", "t.csv:2: expected 2 fields, found 3" + kTaken},
      {"delimiters at the end of all rows but the header", "a,b\n1,2,\n3,4,\n",
       "t.csv:2: expected 2 fields, found 3" + kTaken},
      {"a title over the table", "Report of May\na,b\n1,2\n3,4\n", "t.csv:2: expected 1 field, found 2" + kTaken},
      {"a total below the table", "a,b\n1,2\n3,4\nTotal\n", "t.csv:4: expected 2 fields, found 1" + kSkips},
      {"two tables in one file", "a,b\n1,2\n\nc,d,e\n1,2,3\n", "t.csv:4: expected 2 fields, found 3" + kSkips},
      {"a decimal comma between commas", "a,b\n1,5,2\n1,2\n", "t.csv:2: expected 2 fields, found 3" + kTaken},
      {"a comment over the header", "# made by hand\na,b\n1,2\n",
       "t.csv:2: expected 1 field, found 2 | comment=# skips lines that begin with #"},
      {"a comment between rows", "a,b\n1,2\n# later\n3,4\n",
       "t.csv:3: expected 2 fields, found 1 | comment=# skips lines that begin with #"},
      {"a blank line in a table of one column", "a\n1\n\n2\n",
       "t.csv:3: expected 1 field, found an empty line | a missing value in a table of one column is written NA"},
      {"the delimiter changes", "a,b\n1,2\n3;4\n", "t.csv:3: expected 2 fields, found 1" + kSkips},
      {"one name twice", "a,b,a\n1,2,3\n",
       "t.csv:1:3: header: expected different names, found \"a\" in fields 1 and 3"},
      {"names that differ by blanks", "a, a\n1,2\n",
       "t.csv:1:2: header: expected different names, found \"a\" in fields 1 and 2"},
  });
}

TEST_F(CsvMalformed, Quotes) {
  const std::string never = "quote: expected a closing quote, found the end of the file | the quoted field begins here";
  const std::string after = "quote: expected a delimiter or a line end after a closing quote, found ";
  const std::string twice = " | a quote inside a quoted field is written twice";
  expect_refusals({
      {"never closed", "a,b\n1,\"2\n3,4\n", "t.csv:2:2: " + never},
      {"never closed, in the last field", "a,b\n1,2\n3,\"", "t.csv:3:2: " + never},
      {"never closed, in the header", "a,\"b\n1,2\n", "t.csv:1:2: " + never},
      {"closed three times", "a,b\n1,\"2\"\"\n", "t.csv:2:2: " + never},
      {"text after a closing quote", "a,b\n1,\"2\"x\n", "t.csv:2:2: " + after + "\"x\"" + twice},
      {"a number after a closing quote", "a,b\n\"1\"2,3\n", "t.csv:2:1: " + after + "\"2\"" + twice},
      {"a quote not doubled", "a,b\n\"say \"hi\"\",3\n", "t.csv:2:1: " + after + "\"h\"" + twice},
      {"a quoted row too long", "a,b\n\"x\ny\",\"2\",3\n", "t.csv:2: expected 2 fields, found 3" + kTaken},
      {"a whole row in quotes", "a,b\n\"1,2\"\n", "t.csv:2: expected 2 fields, found 1" + kTaken},
  });
}

TEST_F(CsvMalformed, Bytes) {
  expect_refusals({
      {"NUL in a field", "a,b\n1,\0002\n"s, kNotText},
      {"NUL after a row", "a,b\n1,2\0\n"s, kNotText},
      {"NUL in quotes", "a,b\n\"\0\",2\n"s, kNotText},
      {"zeros at the end, as after a crash", "a,b\n1,2\n"s + std::string(512, '\0'),
       "t.csv:3: text: expected no NUL byte, found one | this does not look like a text file"},
      {"nothing but zeros", std::string(100, '\0'),
       "t.csv:1: text: expected no NUL byte, found one | this does not look like a text file"},
      {"UTF-16, half a character", "\xFF\xFE"s + "a\0,\0b\0\n\0001\0,"s,
       "t.csv: text: expected the encoding that was given, found other bytes near byte 13"},
      {"UTF-16 without a mark", "a\0,\0b\0\n\0001\0,\0002\0\n\0"s,
       kFormat + "UTF-16 text without a byte order mark | encoding reads other encodings; or save it as UTF-8"},
      {"UTF-32", "\xFF\xFE\0\0"s + "a\0\0\0"s,
       kFormat + "UTF-32 text | encoding reads other encodings; or save it as UTF-8"},
      {"Latin-1 in a name", "gr\xF6\xDF" + "e,b\n1,2\n"s,
       "t.csv:1:1: text: expected UTF-8, found \"gr\\xf6\\xdfe\"" + kUtf8},
      {"Latin-1 in the target", "a,b\n1,ja\n2,n\xF6\n", "t.csv:3:2: text: expected UTF-8, found \"n\\xf6\"" + kUtf8},
      {"half a character", "a,b\n1,ja\n2,\xE2\x82\n", "t.csv:3:2: text: expected UTF-8, found \"\\xe2\\x82\"" + kUtf8},
      {"an overlong form", "a,b\n1,ja\n2,\xC0\xAF\n", "t.csv:3:2: text: expected UTF-8, found \"\\xc0\\xaf\"" + kUtf8},
  });
}

TEST_F(CsvMalformed, OtherFormats) {
  expect_refusals({
      {"JSON object", "{\"a\": 1}", kFormat + "a JSON document | save the table as CSV"},
      {"JSON rows", "[{\"a\": 1}, {\"a\": 2}]", kFormat + "a JSON document | save the table as CSV"},
      {"JSON lines", "{\"a\": 1}\n{\"a\": 2}\n", kFormat + "a JSON document | save the table as CSV"},
      {"HTML", "<!DOCTYPE html>\n<html><body>404</body></html>",
       kFormat + "an HTML page | was an error page saved instead of the file?"},
      {"HTML after blanks", "\n\n  <HTML>", kFormat + "an HTML page | was an error page saved instead of the file?"},
      {"XML", "<?xml version=\"1.0\"?><a/>", kFormat + "an XML document"},
      {"ARFF", "@relation iris\n@data\n1,2\n", kFormat + "an ARFF file | save the table as CSV"},
      {"a Markdown table", "| a | b |\n|---|---|\n| 1 | 2 |\n", kFormat + "a Markdown table | save the table as CSV"},
      {"PDF", "%PDF-1.7\n1,2\n", kFormat + "a PDF document"},
      {"PNG", "\x89PNG\r\n\x1A\n....", kFormat + "a PNG image"},
      {"a program", "\x7F" + "ELF\2\1\1\0"s, kFormat + "a program (ELF)"},
      {"a spreadsheet", "PK\x03\x04....[Content_Types].xml",
       kFormat + "a spreadsheet or document (xlsx, docx: a ZIP archive) | save the table as CSV"},
      {"Parquet", "PAR1\x15\x04\x15", kFormat + "a Parquet file | save the table as CSV"},
      {"a pickle", "\x80\x04\x95\x10", kFormat + "a Python pickle | save the table as CSV"},
      {"bzip2", "BZh91AY&SY\1\2", kFormat + "a bzip2 file | unpack it first; of compressed files, only gzip is read"},
      {"SQLite", "SQLite format 3\0"s, kFormat + "an SQLite database | save the table as CSV"},
      {"random bytes", "\x01\x02\x03\x00\xFF\xFE\x80\x90"s,
       "t.csv:1: text: expected no NUL byte, found one | this does not look like a text file"},
  });
  std::filesystem::create_directory(path("folder"));
  EXPECT_EQ(
      refusal_of(path("folder")),
      "folder: folder: expected MNIST's files in it, train-images-idx3-ubyte or train-images-idx3-ubyte.gz, found "
      "neither");
  EXPECT_EQ(refusal_of(path("none.csv")), "none.csv: cannot open: No such file or directory");
}

TEST_F(CsvMalformed, Gzip) {
  const std::string packed = data_files::gzip("a,b\n1,2\n3,4\n");
  const auto bytes = std::to_string(packed.size());
  expect_refusals({
      {"cut in its header", packed.substr(0, 6),
       "t.csv: gzip: expected the end of the compressed data, found the end of the file after 6 bytes (the file is "
       "cut)"},
      {"cut in its data", packed.substr(0, 20),
       "t.csv: gzip: expected the end of the compressed data, found the end of the file after 20 bytes (the file is "
       "cut)"},
      {"cut in its sum", packed.substr(0, packed.size() - 2),
       "t.csv: gzip: expected the end of the compressed data, found the end of the file after " +
           std::to_string(packed.size() - 2) + " bytes (the file is cut)"},
      {"text behind it", packed + "1,2\n",
       "t.csv: gzip: expected the end of the file after byte " + bytes + ", found more bytes"},
      {"zeros behind it", packed + std::string(64, '\0'),
       "t.csv: gzip: expected the end of the file after byte " + bytes + ", found more bytes"},
      {"gzip inside gzip", data_files::gzip(packed), kFormat + "a gzip file inside the gzip file | unpack it once"},
  });
  std::string damaged = packed;
  damaged[packed.size() - 6] = static_cast<char>(damaged[packed.size() - 6] ^ 1);  // in the sum
  EXPECT_TRUE(refusal(damaged).starts_with("t.csv: gzip: expected intact data, found damage near byte "));
  expect_readings({{"whole", packed, "a|b / 1 2 / 3 4"},
                   {"two members", packed + data_files::gzip("5,6\n"), "a|b / 1 2 / 3 4 / 5 6"}});
}

TEST_F(CsvMalformed, NumbersThatAreTooLarge) {
  for (const std::string number : {"inf", "-inf", "Infinity", "1e999", "-1e999", "1e39"})
    EXPECT_EQ(refusal("a,b\n1,2\n" + number + ",3\n"),
              "t.csv:3:1: column \"a\": expected a finite number up to 3.4e38, found \"" + number +
                  "\" | missing=" + number + " counts it as missing");
  LoadOptions options;
  options.missing = {"inf", "1e999"};
  expect_readings({{"as requested", "a,b\n1,2\nINF,3\n1e999,4\n", "a|b / 1 2 / - 3 / - 4"}}, options);
}

// Fields that are not numbers are text; the encoder decides what that means for a column.
TEST_F(CsvMalformed, FieldsThatAreNoNumbers) {
  for (const std::string text :
       {"0x1F", "1_000", "1 00", "5%",    "5 \xE2\x82\xAC x", "5 kg", "1e", "--5", "+-5", "1.2.3",
        "5--",  "(5",    "1/2",  "12:30", "2024-05-01",       "True", ".",  "e5",  "'5'", "#5",
        "-",    "None",  "#N/A", "<NA>"})
    EXPECT_EQ(shown(read("a,b\n1,2\n" + text + ",3\n")), "a|b / '1' 2 / '" + text + "' 3") << text;
}

TEST_F(CsvMalformed, ShapesThatAreOddButGood) {
  expect_readings({
      {"byte order mark",
       "\xEF\xBB\xBF"
       "a,b\n1,2\n",
       "a|b / 1 2"},
      {"byte order mark before a quote", "\xEF\xBB\xBF\"a\",b\n1,2\n", "a|b / 1 2"},
      {"CR alone", "a,b\r1,2\r3,4\r", "a|b / 1 2 / 3 4"},
      {"all three line ends", "a,b\r\n1,2\n3,4\r5,6", "a|b / 1 2 / 3 4 / 5 6"},
      {"no newline at the end", "a,b\n1,2", "a|b / 1 2"},
      {"blank lines everywhere", "\n\na,b\n\n1,2\n \n3,4\n\n\n", "a|b / 1 2 / 3 4"},
      {"an unnamed index", ",a\n0,5\n1,6\n", "column 1|a / 0 5 / 1 6"},
      {"delimiters at the end of every row", "a,b,\n1,2,\n3,4,\n", "a|b|column 3 / 1 2 - / 3 4 -"},
      {"semicolons", "a;b\n1;2\n", "a|b / 1 2"},
      {"tabs", "a\tb\n1\t2\n", "a|b / 1 2"},
      {"tabs with gaps", "a\tb\tc\n\t\t1\n1\t\t2\n", "a|b|c / - - 1 / 1 - 2"},
      {"commas within semicolons", "a;b\n\"x,y\";2\nz;3\n", "a|b / 'x,y' 2 / 'z' 3"},
      {"blanks around fields", "a , b\n 1 ,2 \n3,\t4\n", "a|b / 1 2 / 3 4"},
      {"blanks around quotes", "a,b\n \"1\" , \"x\" \n", "a|b / 1 'x'"},
      {"one column", "a\n1\n2\n", "a / 1 / 2"},
      {"one number", "5", "column 1 / 5"},
      {"numbers alone", "1,2\n3,4\n", "column 1|column 2 / 1 2 / 3 4"},
      {"lines within fields", "a,b\n\"x\ny\",2\n\"p\r\nq\",3\n", "a|b / 'x\ny' 2 / 'p\r\nq' 3"},
      {"quotes within fields", "a,b\n5\" pipe,1\n\"say \"\"hi\"\"\",2\n", "a|b / '5\" pipe' 1 / 'say \"hi\"' 2"},
      {"empty quotes", "a,b\n\"\",1\n3,2\n", "a|b / - 1 / 3 2"},
      {"a line of a spreadsheet that names the delimiter", "sep=;\na;b\n1;2\n", "a|b / 1 2"},
      {"the same for a comma, with CRLF", "sep=,\r\na,b\r\n1,2\r\n", "a|b / 1 2"},
      {"the same for a tab, after a byte order mark", "\xEF\xBB\xBFsep=\t\na\tb\n1\t2\n", "a|b / 1 2"},
      {"text from everywhere", "größe,网络\n1,😀\n2,日本\n", "größe|网络 / 1 '😀' / 2 '日本'"},
      {"pipes", "a|b\n1|x,y\n2|z,t\n", "a|b / 1 'x,y' / 2 'z,t'"},
      {"comments in the last field", "a,b\n1,#x\n2,#y\n", "a|b / 1 '#x' / 2 '#y'"},
  });
}

TEST_F(CsvMalformed, NumbersThatAreOddButGood) {
  expect_readings(
      {{"signs and points", "a,b,c,d,e\n+5,.5,5.,-0,007\n", "a|b|c|d|e / 5 0.5 5 -0 7"},
       {"exponents", "a,b,c,d\n1e3,1E-3,+.5e+1,1e-400\n", "a|b|c|d / 1000 0.001 5 0"},
       {"long", "a,b\n0.1000000000000000055511151231257827,00000000000000000000000000000000001\n", "a|b / 0.1 1"},
       {"whole numbers of twenty digits", "a,b\n12345678901234567890,1\n", "a|b / 1.2345678901234567e+19 1"},
       {"every mark of a gap", "a,b\n1,2\n,2\nNA,2\nn/a,2\nNaN,2\nNULL,2\n?,2\n",
        "a|b / 1 2 / - 2 / - 2 / - 2 / - 2 / - 2 / - 2"}});
}

TEST_F(CsvMalformed, NumbersAreTheNearestDoubles) {
  std::mt19937_64 random(3);
  std::vector<std::string> texts;
  std::string file = "a\n";
  for (int i = 0; i < 30'000; ++i) {
    std::string text;
    for (std::size_t digits = 1 + random() % 18; digits > 0; --digits) text += static_cast<char>('0' + random() % 10);
    if (random() % 4 > 0) text.insert(random() % (text.size() + 1), ".");
    texts.push_back((random() % 2 == 0 ? "-" : "") + text);
    file += texts.back() + "\n";
  }
  const Table table = read(file);
  ASSERT_EQ(table.columns[0].numbers.size(), texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i)
    EXPECT_EQ(fmt::format("{}", table.columns[0].numbers[i]), fmt::format("{}", std::strtod(texts[i].c_str(), nullptr)))
        << texts[i];
}

TEST_F(CsvMalformed, DecimalCommas) {
  LoadOptions options;
  options.decimal_comma = true;
  expect_readings({{"semicolons", "a;b\n3,14;2\n-,5;1,5e3\n", "a|b / 3.14 2 / -0.5 1500"},
                   {"tabs", "a\tb\n3,14\t2\n", "a|b / 3.14 2"},
                   {"quotes", "a,b\n\"3,14\",\"2\"\n", "a|b / 3.14 2"},
                   {"one column", "a\n3,14\n2,5\n", "a / 3.14 / 2.5"},
                   {"no header", "3,14;2,5\n1;0,5\n", "column 1|column 2 / 3.14 2.5 / 1 0.5"},
                   {"a point is text then", "a;b\n3.14;2\n3,5;2\n", "a|b / '3.14' 2 / '3,5' 2"},
                   {"a comma twice is text", "a;b\n1,234,5;2\n", "a|b / '1,234,5' 2"}},
                  options);
  const std::string hint = " | with decimal_comma, commas cannot separate fields; decimal_comma=false reads 3.14";
  expect_refusals({{"commas between fields", "a,b\n3,4\n",
                    "t.csv: decimal comma: expected semicolons or tabs between fields, or numbers in quotes, found "
                    "commas" +
                        hint},
                   {"commas between and within", "a,b\n3,14,2\n", "t.csv:2: expected 2 fields, found 3" + hint}},
                  options);
  options.missing = {"-9.5", "-8,5"};
  expect_readings({{"marks of missing values, with point or comma", "a;b\n-9,50;-8,5\n1;2\n", "a|b / - - / 1 2"}},
                  options);
  options.delimiter = ';';
  expect_readings({{"as told", "a,b;c\n1,5;2\n", "a,b|c / 1.5 2"}}, options);
}

TEST_F(CsvMalformed, MarksOfMissingValues) {
  LoadOptions options;
  options.missing = {"-", "Unknown", "-99.0", " none "};
  expect_readings({{"texts in any case, numbers in any spelling", "a,b,c\n-,unknown,-99\n1,x,-9.9e1\n NONE ,y, 99\n",
                    "a|b|c / - - - / 1 'x' - / - 'y' 99"}},
                  options);
  options.missing = {"0"};
  expect_readings({{"a short whole number", "a,b\n0,1\n00,0.0\n10,5\n", "a|b / - 1 / - - / 10 5"}}, options);
}

TEST_F(CsvMalformed, ColumnsThatMustBeNumbers) {
  LoadOptions options;
  options.numeric = {"a", "3"};
  const Table table = read("a,b,c\n1,x,2\nx,y,3\n5,z,n.d.\nsold,x,\n", options);
  EXPECT_EQ(shown(table), "a|b|c / 1 'x' 2 / - 'y' 3 / 5 'z' - / - 'x' -");
  EXPECT_EQ(table.columns[0].missing, 2u);
  EXPECT_EQ(table.columns[0].first_missing.text, "x");
  EXPECT_EQ(table.notes.at(1).text.text(),
            "column \"a\": 2 texts count as missing (first: \"x\" in " + location(table.source, 3, 1) + ")");
  EXPECT_EQ(table.notes.at(2).text.text(),
            "column \"c\": 1 text counts as missing (first: \"n.d.\" in " + location(table.source, 4, 3) + ")");
  options.numeric = {"d"};
  EXPECT_EQ(refusal("a,b\n1,2\n", options, ErrorCategory::usage),
            "numeric: t.csv: expected one of \"a\", \"b\" or a number from 1 to 2, found \"d\"");
}

}  // namespace
}  // namespace chainrule::csv_malformed_test
