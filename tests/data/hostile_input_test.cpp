// SPDX-License-Identifier: Apache-2.0
// Malformed files: each must be refused by name, with little time and memory, and similar valid files must be read.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <fstream>

#include "chainrule/data/formats/load_table.h"
#include "tests/support/cheap_refusals.h"

namespace chainrule::hostile_input_test {
namespace {

using namespace std::string_literals;
using data_files::gzip;
using data_files::idx;
using data_files::npy;
using formats::load_table;
using formats::LoadOptions;

// `begin`, then `count` zeros, then `end`, compressed.
std::string compressed(const std::string& begin, std::size_t count, const std::string& end) {
  std::string packed;
  z_stream stream{};
  constexpr int kFastest = 1, kGzip = 16;
  EXPECT_EQ(deflateInit2(&stream, kFastest, Z_DEFLATED, MAX_WBITS + kGzip, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::array<unsigned char, 65'536> room{};
  const auto add = [&](std::string_view bytes, int flush) {
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    do {
      stream.next_out = room.data();
      stream.avail_out = room.size();
      deflate(&stream, flush);
      packed.append(reinterpret_cast<const char*>(room.data()), room.size() - stream.avail_out);
    } while (stream.avail_out == 0);
  };
  add(begin, Z_NO_FLUSH);
  const std::string block(1'000'000, '\0');
  for (std::size_t left = count; left > 0; left -= std::min(left, block.size()))
    add(std::string_view(block).substr(0, std::min(left, block.size())), Z_NO_FLUSH);
  add(end, Z_FINISH);
  deflateEnd(&stream);
  return packed;
}

class Hostile : public data_files::CheapRefusals {};

TEST_F(Hostile, NamesWhatIsNoTable) {
  const std::string json = "{\"a\":{\"dtype\":\"F32\"}}";
  const std::vector<std::pair<std::string, std::string>> kinds{
      {"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"s, "a PNG image"},
      {"\xFF\xD8\xFF\xE0\0\x10JFIF"s, "a JPEG image"},
      {"GIF89a\x01\0\x01\0"s, "a GIF image"},
      {"RIFF\x24\0\0\0WEBPVP8 "s, "a WebP image"},
      {"BM\x36\0\0\0\0\0"s, "a BMP image"},
      {"II*\0\x08\0\0\0"s, "a TIFF image"},
      {"%PDF-1.7\n"s, "a PDF document"},
      {"PK\x03\x04\x14\0\0\0\x08\0[Content_Types].xml"s,
       "a spreadsheet or document (xlsx, docx: a ZIP archive) | save the table as CSV"},
      {"PK\x03\x04\x14\0\0\0\0\0x.npy\x93NUMPY"s, "an NPZ archive | save the array by itself with numpy.save"},
      {"PK\x03\x04\x14\0\0\0\0\0data.csv"s, "a ZIP archive | unpack it first"},
      {"<!DOCTYPE html>\n<html>"s, "an HTML page | was an error page saved instead of the file?"},
      {"\xEF\xBB\xBF\r\n <HTML lang=en>"s, "an HTML page | was an error page saved instead of the file?"},
      {"<?xml version=\"1.0\"?>"s, "an XML document"},
      {"{\"a\": 1}"s, "a JSON document | save the table as CSV"},
      {"[\n {\"a\": 1}]"s, "a JSON document | save the table as CSV"},
      {"a\0,\0b\0\n\0"s, "UTF-16 text without a byte order mark | encoding reads other encodings; or save it as UTF-8"},
      {"\xFF\xFE\0\0"
       "1\0\0\0"s,
       "UTF-32 text | encoding reads other encodings; or save it as UTF-8"},
      {"\x7F"
       "ELF\x02\x01\x01\0"s,
       "a program (ELF)"},
      {"MZ\x90\0\x03\0\0\0"s, "a Windows program"},
      {"PAR1\x15\x04\x15"s, "a Parquet file | save the table as CSV"},
      {"\x89HDF\r\n\x1a\n"s, "an HDF5 file | save the table as CSV"},
      {"SQLite format 3\0"s, "an SQLite database | save the table as CSV"},
      {"\x80\x04\x95\x10\0"s, "a Python pickle | save the table as CSV"},
      {data_files::little(json.size(), 8) + json, "a safetensors file (a model, not data)"},
      {"BZh91AY&SY\x01"s, "a bzip2 file | unpack it first; of compressed files, only gzip is read"},
      {"\xFD"
       "7zXZ\0\0\x04"s,
       "an xz file | unpack it first; of compressed files, only gzip is read"},
      {"\x28\xB5\x2F\xFD\x04"s, "a zstd file | unpack it first; of compressed files, only gzip is read"},
      {"@relation iris\n"s, "an ARFF file | save the table as CSV"},
      {""s, "an empty file"}};
  EXPECT_EQ(refusal(gzip(gzip("1,2\n"))),
            "t.csv: format: expected CSV, IDX or NPY, found a gzip file inside the gzip file | unpack it once");
  for (const auto& [bytes, what] : kinds) {
    const std::string expected = "t.csv: format: expected CSV, IDX or NPY, found " + what;
    EXPECT_EQ(cheap_refusal_of(write("t.csv", bytes)), expected);
    EXPECT_EQ(cheap_refusal_of(write("t.csv", gzip(bytes))), expected) << "gzipped";
  }
}

TEST_F(Hostile, ReadsTablesThatBeginLikeSomethingElse) {
  for (const std::string text : {"BM,MZ\n1,2\n", "PK,b\n1,2\n", "PAR1,PAR2\n1,2\n", "RIFF,b\n1,2\n", "[a],{b}\n1,2\n",
                                 "<a>,b\n1,2\n", "GIF,b\n1,2\n", "BZh,b\n1,2\n", "%PDF,b\n1,2\n"})
    EXPECT_EQ(refusal(text), "accepted") << text;
}

TEST_F(Hostile, RefusesTablesWithoutRows) {
  EXPECT_EQ(refusal("a,b\n"),
            "t.csv: expected rows below the header, found none | the first line was taken as a header; "
            "header=false reads it as data");
  EXPECT_EQ(refusal("\n \r\n"), "t.csv: expected a table, found nothing but blank lines");
  EXPECT_EQ(refusal("\xEF\xBB\xBF"), "t.csv: expected a table, found nothing but blank lines");
  EXPECT_EQ(refusal("1,2"), "accepted");
}

TEST_F(Hostile, RefusesNulBytes) {
  const std::string hint = "text: expected no NUL byte, found one | this does not look like a text file";
  EXPECT_EQ(refusal("a,b\n1,2\n3,\0\n5,6\n"s), "t.csv:3: " + hint);
  EXPECT_EQ(refusal("\0\0\0\0\0\0\0\0"s), "t.csv:1: " + hint);
  EXPECT_EQ(refusal("\0"s), "t.csv:1: " + hint);
  EXPECT_EQ(refusal("\1\2\3\0"s), "t.csv:1: " + hint);
  EXPECT_EQ(refusal_of("/dev/zero"), "/dev/zero:1: " + hint);
}

TEST_F(Hostile, ReportsWhyAFileCannotBeRead) {
  EXPECT_EQ(refusal_of(path("nowhere.csv")), "nowhere.csv: cannot open: No such file or directory");
  EXPECT_EQ(refusal_of(""), "\"\": cannot open: No such file or directory");
  EXPECT_EQ(refusal_of(write("t.csv", "1\n") + "/x"), "t.csv/x: cannot open: Not a directory");
  EXPECT_EQ(refusal_of(path("a\nb\x1b[2J")), "a\\x0ab\\x1b[2J: cannot open: No such file or directory");
  const std::string secret = write("secret.csv", "1,2\n");
  chmod(secret.c_str(), 0);
  if (access(secret.c_str(), R_OK) == 0) {  // root may read everything: use another user for a moment
    chmod(path("").c_str(), 0777);
    if (seteuid(65'534) != 0) GTEST_SKIP() << "may read everything, and may not become another user";
    EXPECT_EQ(refusal_of(secret), "secret.csv: cannot open: Permission denied");
    EXPECT_EQ(seteuid(0), 0);
  } else {
    EXPECT_EQ(refusal_of(secret), "secret.csv: cannot open: Permission denied");
  }
}

TEST_F(Hostile, ReadsStandardInput) {
  const int before = dup(STDIN_FILENO);
  const auto from = [&](const std::string& bytes) {
    const int file = open(write("in", bytes).c_str(), O_RDONLY);
    dup2(file, STDIN_FILENO);
    close(file);
  };
  from(gzip("a,b\n1,2\n"));
  EXPECT_EQ(load_table("-").rows, 1u);
  EXPECT_EQ(fcntl(STDIN_FILENO, F_GETFD) < 0, false) << "standard input stays open";
  from("a,b\n1\n");
  EXPECT_EQ(refusal_of("-"),
            "<stdin>:2: expected 2 fields, found 1 | line 1 was taken as the header of the table; "
            "if it is none, skip_rows=1 skips it");
  close(STDIN_FILENO);
  EXPECT_EQ(refusal_of("-"), "<stdin>: cannot open: Bad file descriptor");
  dup2(before, STDIN_FILENO);
  close(before);
}

TEST_F(Hostile, RefusesDamagedGzip) {
  const std::string text = "a,b\n1,2\n3,4\n", whole = gzip(text);
  EXPECT_EQ(refusal(whole), "accepted");
  EXPECT_EQ(read(whole + gzip("5,6\n")).rows, 3u) << "members one after the other are one file";
  EXPECT_EQ(read(gzip("a,b\n1,") + gzip("") + gzip("2\n")).rows, 1u);
  EXPECT_EQ(refusal(whole + "x"), "t.csv: gzip: expected the end of the file after byte 35, found more bytes");
  EXPECT_EQ(refusal(whole + "\0"s), "t.csv: gzip: expected the end of the file after byte 35, found more bytes");
  EXPECT_EQ(refusal(whole.substr(0, 20)),
            "t.csv: gzip: expected the end of the compressed data, found the end of the file after 20 bytes (the file "
            "is cut)");
  for (std::size_t length = 2; length < whole.size(); ++length)
    EXPECT_NE(refusal(whole.substr(0, length)).find("gzip: "), std::string::npos) << length;
  for (std::size_t i = 2; i < whole.size(); ++i) {
    if (i >= 4 && i <= 10) continue;  // time, compressor, system and padding bits are arbitrary
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x40);
    EXPECT_NE(refusal(damaged).find("gzip: "), std::string::npos) << i;
  }
  std::string damaged = whole;
  damaged[whole.size() - 5] = static_cast<char>(damaged[whole.size() - 5] ^ 1);
  EXPECT_EQ(refusal(damaged), "t.csv: gzip: expected intact data, found damage near byte 31 (incorrect data check)");
}

TEST_F(Hostile, BelievesNoDeclaredSize) {
  for (const std::string& bytes : {idx({0x7FFFFFFF, 28, 28}, "ABC"), npy("<f8", "(99999999999, 1000)", "ABC"),
                                   npy("|u1", "(99999, 9999, 9999)", "ABC"), idx({1, 0xFFFFFFFF, 0xFFFFFFFF}, "ABC")})
    for (const std::string& file : {write("plain", bytes), write("packed.gz", gzip(bytes))})
      EXPECT_NE(cheap_refusal_of(file, without_target()), "accepted");
  const std::string images = write("x-images-idx3-ubyte", idx({0x7FFFFFFF, 1, 1}, "ABC"));
  write("x-labels-idx1-ubyte", gzip(idx({0x7FFFFFFF}, "ABC")));
  EXPECT_EQ(cheap_refusal_of(images), "x-labels-idx1-ubyte: 2147483647 labels: expected 2147483647 bytes, found 3");
}

// 100 MB of zeros take 100 KB as gzip: what is refused after all of them have been seen must not have kept them.
TEST_F(Hostile, UnpacksWhatIsRefusedWithoutKeepingIt) {
  constexpr std::size_t kRows = 100'000'000;
  const auto zeros = [](const std::string& header, std::size_t count, const std::string& end) {
    return compressed(header, count, end);
  };
  const std::string images = idx({kRows, 1, 1}, ""), numbers = npy("<f4", "(12500000, 2)", "");
  const std::string infinite("\0\0\x80\x7f", 4);
  const auto refused = [&](const std::string& content) {
    return cheap_refusal_of(write("t.gz", content), without_target());
  };
  EXPECT_EQ(refused(zeros(images, kRows - 1, "")),
            "t.gz: 100000000 images of 1 pixels: expected 100000000 bytes, found 99999999");
  EXPECT_EQ(refused(zeros(images, kRows, "x")),
            "t.gz: 100000000 images of 1 pixels: expected 100000000 bytes, found more");
  EXPECT_EQ(refused(zeros(numbers, kRows - 4, infinite)),
            "t.gz: row 12500000, column 2: expected a finite number up to 3.4e38, found inf");
  std::string damaged = zeros(images, kRows, "");
  damaged[damaged.size() - 5] ^= 1;
  EXPECT_NE(refused(damaged).find("gzip: expected intact data"), std::string::npos);
  EXPECT_EQ(load_table(write("t.gz", zeros(idx({51'000'000, 1, 1}, ""), 51'000'000, "")), without_target()).rows,
            51'000'000u);
}

TEST_F(Hostile, NamesWhatTheAddressSpaceCannotHold) {
  const std::string file = write("t.gz", gzip(idx({2'000'000'000, 1, 1}, "ABC")));
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_AS, &before), 0);
  if (before.rlim_cur != RLIM_INFINITY) GTEST_SKIP() << "the address space is limited already";
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  if (pages > std::size_t{1} << 24) GTEST_SKIP() << "a sanitizer uses more address space than any limit";
  const rlimit small{1'900'000'000, before.rlim_max};
  if (setrlimit(RLIMIT_AS, &small) != 0) GTEST_SKIP() << "no limit can be set";
  const std::string found = refusal_of(file, without_target());
  setrlimit(RLIMIT_AS, &before);
  EXPECT_EQ(found,
            "t.gz: 2000000000 images of 1 pixels: expected at most the 1900000000 bytes that this process may use, "
            "found 2000000000");
}

}  // namespace
}  // namespace chainrule::hostile_input_test
