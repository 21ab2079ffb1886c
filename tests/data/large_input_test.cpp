// SPDX-License-Identifier: Apache-2.0
// Long lines, wide tables, long fields, very many spellings, and small files that unpack to large ones: read or
// refused, in bounded memory. Not among the tests of parsers, since they would be slow under the address sanitizer.
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>

#include "chainrule/data/columns/column_checks.h"
#include "chainrule/data/formats/load_table.h"
#include "tests/support/cheap_refusals.h"

namespace chainrule::large_input_test {
namespace {

using data_files::crc32_of;
using data_files::gzip_member;
using data_files::idx;
using data_files::kMiB;
using data_files::npy;
using formats::load_table;
using formats::LoadOptions;

/// Bits of a deflate stream, first bit lowest (RFC 1951, 3.1.1).
struct BitWriter {
  std::string bytes;
  unsigned used = 8;  // bits of the last byte
  void put(unsigned bits, unsigned count) {
    for (unsigned i = 0; i < count; ++i, ++used) {
      if (used == 8) {
        bytes += '\0';
        used = 0;
      }
      if ((bits >> i & 1U) != 0) bytes.back() = static_cast<char>(bytes.back() | (1 << used));
    }
  }
  void put_code(unsigned code, unsigned count) {  // Huffman codes begin with their highest bit
    for (unsigned i = count; i-- > 0;) put(code >> i & 1U, 1);
  }
};

/// Gzip of `front` and then `blocks` times 258 more bytes that repeat its last `period` (1 or 2) bytes: fixed codes,
/// matches of the maximum length (RFC 1951, 3.2.6). 13 bits make 258 bytes.
std::string bomb(std::string_view front, unsigned period, std::size_t blocks) {
  BitWriter bits;
  bits.put(1, 1);
  bits.put(1, 2);
  std::string text(front);
  for (const char c : front) {
    const unsigned byte = static_cast<unsigned char>(c);
    if (byte < 144)
      bits.put_code(0x30 + byte, 8);
    else
      bits.put_code(0x190 + byte - 144, 9);
  }
  for (std::size_t i = 0; i < blocks; ++i) {
    bits.put_code(0xC5, 8);
    bits.put_code(period - 1, 5);
  }
  bits.put_code(0, 7);
  text.resize(front.size() + blocks * 258);
  for (std::size_t i = front.size(); i < text.size(); ++i) text[i] = text[i - period];
  return gzip_member(bits.bytes, crc32_of(text), text.size());
}

class LargeInput : public data_files::CheapRefusals {};

// Peak memory of this process in MiB.
double peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

TEST_F(LargeInput, ALineOf100MegabytesTakesLittleMemory) {
  const std::string file = path("long.csv");
  // The result of load_table() for `front` and 100 MB of `piece`, and the additional memory of the process.
  const auto refusal_of_long = [&](const std::string& front, const std::string& piece, double& grown) {
    std::ofstream out(file, std::ios::binary);
    out << front;
    for (std::size_t size = 0; size < 100'000'000; size += piece.size()) out << piece;
    out.close();
    const double before = peak_memory();
    const std::string refusal = refusal_of(file);
    grown = peak_memory() - before;
    return refusal;
  };
  const std::string too_long = "field: expected at most 1048576 bytes, found more";
  std::string fields;
  while (fields.size() < (1 << 20)) fields += "7,";
  const std::string letters(1 << 20, 'x'), blanks(1 << 20, ' ');
  constexpr double kMax = 100;  // MiB
  double grown = 0;
  EXPECT_EQ(refusal_of_long("", letters, grown), "long.csv:1:1: " + too_long);
  EXPECT_LT(grown, kMax);
  EXPECT_EQ(refusal_of_long("a,b\n1,\"", letters, grown),
            "long.csv:2:2: " + too_long + " | is the quote that begins this field never closed?");
  EXPECT_LT(grown, kMax);
  EXPECT_EQ(refusal_of_long("", blanks, grown), "long.csv: expected a table, found nothing but blank lines");
  EXPECT_LT(grown, kMax);
  EXPECT_EQ(refusal_of_long("", fields, grown), "long.csv:1: columns: expected at most 100000, found more");
  EXPECT_LT(grown, kMax);
  EXPECT_EQ(refusal_of_long("a,b\n1,2\n", fields, grown),
            "long.csv:3: expected 2 fields, found 50331649 | bad_rows=skip skips such rows");
  EXPECT_LT(grown, kMax);
}

TEST_F(LargeInput, AHundredThousandColumns) {
  std::string names, row;
  for (int c = 0; c < 100'000; ++c) {
    names += (c > 0 ? ",c" : "c") + std::to_string(c);
    row += c > 0 ? ",1" : "1";
  }
  const Table table = read(names + "\n" + row + "\n" + row + "\n");
  EXPECT_EQ(table.columns.size(), 100'000u);
  EXPECT_EQ(table.columns[99'999].numbers, (std::vector<double>{1, 1}));
  EXPECT_EQ(refusal(row + ",1\n"), "t.csv:1: columns: expected at most 100000, found more");
  EXPECT_EQ(refusal(names + ",more\n" + row + ",1\n"), "t.csv:1: columns: expected at most 100000, found more");
  EXPECT_EQ(refusal(names + "\n" + row + "\n" + row.substr(2) + "\n"),
            "t.csv:3: expected 100000 fields, found 99999 | bad_rows=skip skips such rows");
}

TEST_F(LargeInput, ALongFieldIsReadAndALongerOneRefused) {
  const std::string longest(1 << 20, 'x');
  EXPECT_EQ(read("a,b\n" + longest + ",2\n").columns[0].spellings.at(0).size(), longest.size());
  EXPECT_EQ(refusal("a,b\n2," + longest + "x\n"), "t.csv:2:2: field: expected at most 1048576 bytes, found more");
}

// "1,234.56" and so on, all different, some missing.
std::string thousands(int rows, const std::string& odd = "") {
  std::string text = "price,y\n";
  for (int i = 0; i < rows; ++i) {
    const std::string cents = std::to_string(100 + i % 100).substr(1), whole = std::to_string(1'000'000 + i / 100);
    text += i % 1000 == 7 ? "NA," : "\"1," + whole.substr(1, 3) + "," + whole.substr(4) + "." + cents + "\",";
    text += std::to_string(i % 3) + "\n";
  }
  return text + odd;
}

TEST_F(LargeInput, MoreThanAMillionNumbersInAnotherNotation) {
  constexpr int kRows = 1'010'000;
  const Table table = read(thousands(kRows));
  const Column& price = table.columns[0];
  ASSERT_TRUE(price.is_number());
  ASSERT_EQ(price.numbers.size(), static_cast<std::size_t>(kRows));
  for (const int i : {0, 99, 100, 999'999, 1'000'100, kRows - 1})
    EXPECT_EQ(price.numbers[static_cast<std::size_t>(i)], (100'000'000 + i) / 100.0) << i;
  EXPECT_TRUE(std::isnan(price.numbers[7]) && std::isnan(price.numbers[1'008'007]));
  EXPECT_EQ(price.missing, 1010u);
  EXPECT_EQ(price.notation, (NumberNotation{'.', ',', ""}));
  EXPECT_EQ(note_line(table.notes.back()), "column \"price\": numbers such as \"1,000,000.00\" are read as 1000000");
  const Table with_text = read(thousands(kRows, "old,1\n"));
  EXPECT_FALSE(with_text.columns[0].is_number()) << "a text after them all";
  EXPECT_TRUE(with_text.columns[0].numbers.empty() && with_text.columns[0].codes.empty());
  const Table target = read(thousands(kRows), {.target = "price"});
  EXPECT_EQ(target.columns[0].numbers.back(), price.numbers.back());
  EXPECT_EQ(refusal(thousands(kRows, "old,1\n"), {.target = "price"}),
            "t.csv:1010002:1: target \"price\": expected at most 1000000 different texts, found more");
}

TEST_F(LargeInput, MoreThanAMillionNumbersThatAreNotCertain) {
  std::string text = "v,y\n";  // $1,000 to $999,999, and negative ones
  for (int i = 0; i < 1'001'000; ++i) {
    const int size = i % 999'000 + 1000;
    text += (i < 999'000 ? "\"$" : "\"-$") + std::to_string(size / 1000) + ",";
    text += std::to_string(1000 + size % 1000).substr(1) + "\",1\n";
  }
  const Table table = read(text);
  EXPECT_EQ(table.columns[0].readings.size(), 2u);
  try {
    require_certain(table, 0);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what())
                  .find("t.csv:2:1: column \"v\": expected numbers that can be read in one way, "
                        "found \"$1,000\": 1000 or 1"),
              std::string::npos)
        << error.what();
  }
}

TEST_F(LargeInput, MoreThanAMillionSpellings) {
  std::string text = "a,b\n";
  for (int i = 0; i <= 1'000'000; ++i) text += "k" + std::to_string(i) + ",k" + std::to_string(i) + "\n";
  EXPECT_EQ(refusal(text), "t.csv:1000002:2: target \"b\": expected at most 1000000 different texts, found more");
  LoadOptions options;
  options.target = std::nullopt;
  const Table table = read(text, options);
  EXPECT_EQ(table.rows, 1'000'001u);
  EXPECT_TRUE(table.columns[0].codes.empty() && table.columns[0].spellings.empty());
}

TEST_F(LargeInput, BoundsWhatIsUnpacked) {
  const std::size_t blocks = 110'000, some = 20'000;  // 28 MB in 0.2 MB, 5 MB
  EXPECT_EQ(cheap_refusal_of(write("t.csv", bomb("a,b\n1,x", 1, some))),
            "t.csv:2:2: field: expected at most 1048576 bytes, found more");
  EXPECT_EQ(cheap_refusal_of(write("t.csv", bomb("a,b\n1,", 2, blocks))),
            "t.csv:2: expected 2 fields, found 14190002 | line 1 was taken as the header of the table; if it is none, "
            "skip_rows=1 skips it");
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_AS, &before), 0);
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  rlimit less = before;
  less.rlim_cur = pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) + 100'000'000;
  ASSERT_EQ(setrlimit(RLIMIT_AS, &less), 0);
  const std::string found = refusal(bomb("a\n1\n", 2, blocks));  // a table of 112 MB
  setrlimit(RLIMIT_AS, &before);
  EXPECT_NE(found.find("three quarters of the memory, found a larger one"), std::string::npos) << found;
  EXPECT_EQ(read(bomb("a\n1\n", 2, blocks)).rows, 14'190'001u) << "where there is memory";
  EXPECT_EQ(cheap_refusal_of(write("x.idx", bomb(idx({3, 2, 2}, "ABCDEFGH"), 1, some)), without_target()),
            "x.idx: 3 images of 4 pixels: expected 12 bytes, found more");
  EXPECT_EQ(cheap_refusal_of(write("x.npy", bomb(npy("|u1", "(3, 2)", "ABCD"), 1, some))),
            "x.npy: NPY array of shape (3, 2): expected 6 bytes, found more");
  EXPECT_EQ(read(bomb("a,b\n1,2\n\n", 1, 1000)).rows, 1u) << "blank lines";
}

TEST_F(LargeInput, BoundsColumnsFieldsAndRows) {
  const auto repeated = [](const std::string& part, std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += part;
    return out;
  };
  const std::string wide = repeated("1,", 99'999) + "1\n";
  EXPECT_EQ(load_table(write("t.csv", wide + wide)).columns.size(), 100'000u);
  EXPECT_EQ(cheap_refusal_of(write("t.csv", repeated("1,", 199'999) + "1\n")),
            "t.csv:1: columns: expected at most 100000, found more");
  EXPECT_EQ(cheap_refusal_of(write("t.csv", "a,b\n1,2\n" + repeated("1,", 3'000'000) + "\n")),
            "t.csv:3: expected 2 fields, found 3000001 | bad_rows=skip skips such rows");
  EXPECT_EQ(cheap_refusal_of(write("t.csv", "a,b\n1,\"2\n" + repeated("1,2\n", 2'000'000))),
            "t.csv:2:2: field: expected at most 1048576 bytes, found more | is the quote that begins this field never "
            "closed?");
  EXPECT_EQ(cheap_refusal_of(write("t.csv", repeated("x", 30 * kMiB))),
            "t.csv:1:1: field: expected at most 1048576 bytes, found more");
  EXPECT_EQ(cheap_refusal_of(write("t.csv", repeated("1,", 10'000'000))),
            "t.csv:1: columns: expected at most 100000, found more");
  EXPECT_EQ(cheap_refusal_of(write("t.csv", repeated("1,2,3\n", 1'000'000) + "1\n")),
            "t.csv:1000001: expected 3 fields, found 1 | bad_rows=skip skips such rows");
}

TEST_F(LargeInput, BoundsTheSpellingsOfATarget) {
  std::string numbers = "y\n", texts = "y\n";
  for (int i = 0; i < 1'000'001; ++i) {
    numbers += std::to_string(i) + "\n";
    texts += "k" + std::to_string(i) + "\n";
  }
  const Table table = load_table(write("t.csv", numbers));
  EXPECT_EQ(table.rows, 1'000'001u);
  EXPECT_EQ(table.columns[0].numbers.back(), 1'000'000.0);
  EXPECT_TRUE(table.columns[0].codes.empty() && table.columns[0].spellings.empty());
  LoadOptions options;
  options.header = formats::Header::yes;
  EXPECT_EQ(cheap_refusal_of(write("t.csv", texts), options),
            "t.csv:1000002:1: target \"y\": expected at most 1000000 different texts, found more");
}

}  // namespace
}  // namespace chainrule::large_input_test
