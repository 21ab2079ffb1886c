// SPDX-License-Identifier: Apache-2.0
// Long lines, wide tables, long fields and very many spellings: read or refused, in bounded memory.
#include <sys/resource.h>

#include <fstream>

#include "chainrule/data/formats/load_table.h"
#include "tests/support/data_files.h"

namespace chainrule::csv_large_test {
namespace {

using formats::LoadOptions;

class CsvLarge : public data_files::DataFiles {};

// Peak memory of this process in MiB.
double peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

TEST_F(CsvLarge, ALineOf100MegabytesTakesLittleMemory) {
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
  EXPECT_EQ(refusal_of_long("a,b\n1,2\n", fields, grown), "long.csv:3: expected 2 fields, found 50331649");
  EXPECT_LT(grown, kMax);
}

TEST_F(CsvLarge, AHundredThousandColumns) {
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
  EXPECT_EQ(refusal(names + "\n" + row + "\n" + row.substr(2) + "\n"), "t.csv:3: expected 100000 fields, found 99999");
}

TEST_F(CsvLarge, ALongFieldIsReadAndALongerOneRefused) {
  const std::string longest(1 << 20, 'x');
  EXPECT_EQ(read("a,b\n" + longest + ",2\n").columns[0].spellings.at(0).size(), longest.size());
  EXPECT_EQ(refusal("a,b\n2," + longest + "x\n"), "t.csv:2:2: field: expected at most 1048576 bytes, found more");
}

TEST_F(CsvLarge, MoreThanAMillionSpellings) {
  std::string text = "a,b\n";
  for (int i = 0; i <= 1'000'000; ++i) text += "k" + std::to_string(i) + ",k" + std::to_string(i) + "\n";
  EXPECT_EQ(refusal(text), "t.csv:1000002:2: target \"b\": expected at most 1000000 different texts, found more");
  LoadOptions options;
  options.target = std::nullopt;
  const Table table = read(text, options);
  EXPECT_EQ(table.rows, 1'000'001u);
  EXPECT_TRUE(table.columns[0].codes.empty() && table.columns[0].spellings.empty());
}

}  // namespace
}  // namespace chainrule::csv_large_test
