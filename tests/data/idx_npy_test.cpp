// SPDX-License-Identifier: Apache-2.0
// Images and arrays: IDX as in MNIST, NPY as NumPy writes it, and labels in a separate file.
#include <bit>
#include <cmath>

#include "chainrule/data/formats/load_table.h"
#include "tests/support/data_files.h"

namespace chainrule::idx_npy_test {
namespace {

using data_files::big;
using data_files::gzip;
using data_files::idx;
using data_files::little;
using data_files::npy;
using data_files::npy_with;
using formats::load_table;
using formats::LoadOptions;
using Numbers = std::vector<double>;
using Texts = std::vector<std::string>;
using Codes = std::vector<std::uint32_t>;
using Bytes = std::vector<std::uint8_t>;

const std::string kPixels = "ABCDEFGHIJKL";                  // 3 images of 2 x 2
const std::string kLabels = std::string("\x07\x00\xFF", 3);  // 7, 0, 255

LoadOptions without_target() {
  LoadOptions options;
  options.target.reset();
  return options;
}
LoadOptions with_labels(const std::string& path) {
  LoadOptions options;
  options.labels = path;
  return options;
}

class Idx : public data_files::DataFiles {};
class Npy : public data_files::DataFiles {
 protected:
  Table read_npy(std::string_view bytes, const LoadOptions& options = {}) const {
    return load_table(write("a.npy", bytes), options);
  }
  std::string refusal(std::string_view bytes, const LoadOptions& options = {}) const {
    return refusal_of(write("a.npy", bytes), options);
  }
};

TEST_F(Idx, ReadsImagesAndTheLabelsBesideThem) {
  const std::string images = write("x-images-idx3-ubyte", idx({3, 2, 2}, kPixels));
  write("x-labels-idx1-ubyte", idx({3}, kLabels));
  const Table table = load_table(images);
  EXPECT_EQ(table.source, images);
  EXPECT_EQ(table.rows, 3u);
  EXPECT_TRUE(table.has_images());
  EXPECT_EQ(table.images.height, 2u);
  EXPECT_EQ(table.images.width, 2u);
  EXPECT_EQ(table.images.bytes, Bytes(kPixels.begin(), kPixels.end()));
  ASSERT_EQ(table.columns.size(), 1u);
  EXPECT_EQ(table.columns[0].name, "label");
  EXPECT_EQ(table.columns[0].numbers, (Numbers{7, 0, 255}));
  EXPECT_EQ(table.columns[0].spellings, (Texts{"7", "0", "255"}));
  EXPECT_EQ(table.columns[0].codes, (Codes{0, 1, 2}));
  EXPECT_FALSE(table.names_from_header);
}

TEST_F(Idx, FindsLabelsUnderEveryUsualName) {
  const auto plain = idx({3, 2, 2}, kPixels), labels = idx({3}, kLabels);
  for (const auto& [images, name] :
       std::vector<std::pair<std::string, std::string>>{{"t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"},
                                                        {"t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte"},
                                                        {"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte.gz"},
                                                        {"t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte"},
                                                        {"t10k-images-idx3-ubyte", "t10k-labels.idx1-ubyte"}}) {
    write(images, images.ends_with(".gz") ? gzip(plain) : plain);
    write(name, name.ends_with(".gz") ? gzip(labels) : labels);
    EXPECT_EQ(load_table(path(images)).columns.at(0).numbers, (Numbers{7, 0, 255})) << images;
    std::filesystem::remove(path(name));
  }
  const std::string file = write("pictures", plain);
  EXPECT_EQ(load_table(file, with_labels(write("labels_file", labels))).columns.size(), 1u);
  EXPECT_EQ(load_table(file, with_labels(write("labels_file.csv", "digit\n7\n0\n255\n"))).columns.at(0).numbers,
            (Numbers{7, 0, 255}));
  EXPECT_EQ(load_table(file, with_labels(write("labels_file.npy",
                                               npy("<i4", "(3,)", little(7, 4) + little(0, 4) + little(255, 4)))))
                .columns.at(0)
                .spellings,
            (Texts{"7", "0", "255"}));
}

TEST_F(Idx, AsksForLabelsOnlyWhereTheyAreNeeded) {
  const std::string file = write("t10k-images-idx3-ubyte", idx({3, 2, 2}, kPixels));
  EXPECT_EQ(
      refusal_of(file),
      "t10k-images-idx3-ubyte: labels: expected a file of labels next to it, t10k-labels-idx1-ubyte or "
      "t10k-labels-idx1-ubyte.gz or t10k-labels.idx1-ubyte or t10k-labels.idx1-ubyte.gz, found none | labels names "
      "the file with the labels");
  EXPECT_EQ(
      refusal_of(write("pictures", idx({3, 2, 2}, kPixels))),
      "pictures: labels: expected a file of labels next to it, found none | labels names the file with the labels");
  EXPECT_TRUE(load_table(file, without_target()).columns.empty());
  LoadOptions optional;
  optional.target_required = false;
  EXPECT_TRUE(load_table(file, optional).columns.empty());
  write("t10k-labels-idx1-ubyte", idx({3}, kLabels));
  EXPECT_EQ(load_table(file, optional).columns.size(), 1u);
  EXPECT_TRUE(load_table(file, without_target()).columns.empty());
  LoadOptions named;
  named.target = "label";
  EXPECT_EQ(load_table(file, named).columns.size(), 1u);
  named.target = "digit";
  EXPECT_EQ(refusal_of(file, named, ErrorCategory::usage),
            "target: t10k-images-idx3-ubyte: expected one of \"label\" or a number from 1 to 1, found \"digit\"");
}

TEST_F(Idx, ReadsAFolderAsMnistIsDistributed) {
  write("train-images-idx3-ubyte.gz", gzip(idx({3, 2, 2}, kPixels)));
  write("train-labels-idx1-ubyte.gz", gzip(idx({3}, kLabels)));
  write("t10k-images-idx3-ubyte", idx({1, 2, 2}, "wxyz"));
  write("t10k-labels-idx1-ubyte", idx({1}, "\x05"));
  LoadOptions test;
  test.part = formats::Part::test;
  EXPECT_EQ(load_table(path("")).rows, 3u);
  EXPECT_EQ(load_table(path(""), test).rows, 1u);
  EXPECT_EQ(load_table(path(""), test).source, path("t10k-images-idx3-ubyte"));
  std::filesystem::create_directory(path("empty"));
  EXPECT_EQ(refusal_of(path("empty"), test),
            "empty: folder: expected MNIST's files in it, t10k-images-idx3-ubyte or t10k-images-idx3-ubyte.gz, found "
            "neither");
}

TEST_F(Idx, ReadsTwoDimensionsAsImagesOfOneLine) {
  const Table table = load_table(write("x", idx({3, 4}, kPixels)), without_target());
  EXPECT_EQ(table.rows, 3u);
  EXPECT_EQ(table.images.height, 1u);
  EXPECT_EQ(table.images.width, 4u);
}

TEST_F(Idx, RefusesWhatIsNotAsDeclared) {
  const auto refusal = [&](const std::string& bytes) {
    return refusal_of(write("x-ubyte.idx", bytes), without_target());
  };
  EXPECT_EQ(refusal(idx({3, 2, 2}, kPixels)), "accepted");
  EXPECT_EQ(refusal(idx({3, 2, 2}, "ABC")), "x-ubyte.idx: 3 images of 4 pixels: expected 12 bytes, found 3");
  EXPECT_EQ(refusal(idx({3, 2, 2}, kPixels + "M")), "x-ubyte.idx: 3 images of 4 pixels: expected 12 bytes, found 13");
  EXPECT_EQ(refusal(gzip(idx({3, 2, 2}, "ABC"))), "x-ubyte.idx: 3 images of 4 pixels: expected 12 bytes, found 3");
  EXPECT_EQ(refusal(gzip(idx({3, 2, 2}, kPixels + "M"))),
            "x-ubyte.idx: 3 images of 4 pixels: expected 12 bytes, found more");
}

TEST_F(Idx, RefusesEveryOtherHeader) {
  const auto refusal = [&](const std::string& bytes) {
    return refusal_of(write("x-idx3-ubyte", bytes), without_target());
  };
  EXPECT_EQ(refusal(idx({3, 2, 2}, kPixels)), "accepted");
  EXPECT_EQ(refusal("\x01\x02\x08\x03" + big(3, 4)),
            "x-idx3-ubyte: IDX magic: expected 0x00000803 (images) or 0x00000801 (labels), found 0x01020803");
  EXPECT_EQ(refusal(idx({3, 2, 2}, kPixels, 0x0D)),
            "x-idx3-ubyte: IDX element type: expected 0x08 (unsigned bytes), found 0x0d");
  EXPECT_EQ(refusal(idx({3, 2, 2, 1}, kPixels)),
            "x-idx3-ubyte: IDX dimensions: expected 1 (labels), 2 or 3 (images), found 4");
  EXPECT_EQ(refusal(idx({}, kPixels)), "x-idx3-ubyte: IDX dimensions: expected 1 (labels), 2 or 3 (images), found 0");
  EXPECT_EQ(refusal(idx({3}, kLabels)),
            "x-idx3-ubyte: IDX dimensions: expected 2 or 3 (images), found 1 (labels) | give the file with the images");
  EXPECT_EQ(refusal(idx({0, 2, 2}, "")),
            "x-idx3-ubyte: IDX dimensions: expected at least one image of one pixel, found 0 x 2 x 2");
  EXPECT_EQ(refusal(idx({3, 0, 2}, "")),
            "x-idx3-ubyte: IDX dimensions: expected at least one image of one pixel, found 3 x 0 x 2");
  EXPECT_EQ(refusal(idx({0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}, kPixels)),
            "x-idx3-ubyte: IDX dimensions: 4294967295 x 18446744065119617025 does not fit in memory");
  EXPECT_EQ(refusal(idx({0x7FFFFFFF, 1, 1}, kPixels)),
            "x-idx3-ubyte: 2147483647 images of 1 pixels: expected 2147483647 bytes, found 12");
}

TEST_F(Idx, RefusesLabelsThatDoNotMatch) {
  const std::string images = write("x-images-idx3-ubyte", idx({10, 1, 1}, "0123456789"));
  write("x-labels-idx1-ubyte", idx({9}, "012345678"));
  EXPECT_EQ(refusal_of(images),
            "x-labels-idx1-ubyte: labels: expected 10, one for each row of x-images-idx3-ubyte, found 9");
  write("x-labels-idx1-ubyte", idx({10}, "012345678"));
  EXPECT_EQ(refusal_of(images), "x-labels-idx1-ubyte: 10 labels: expected 10 bytes, found 9");
  write("x-labels-idx1-ubyte", idx({10, 1, 1}, "0123456789"));
  EXPECT_EQ(refusal_of(images), "x-labels-idx1-ubyte: labels: expected IDX with 1 dimension, found 3 (images?)");
  write("x-labels-idx1-ubyte", idx({10}, "0123456789"));
  EXPECT_EQ(refusal_of(images), "accepted");
  EXPECT_EQ(refusal_of(images, with_labels(path("nowhere"))), "nowhere: cannot open: No such file or directory");
  EXPECT_EQ(refusal_of(images, with_labels(write("two.csv", "a,b\n1,2\n"))),
            "two.csv: labels: expected one column, found 2");
}

TEST_F(Idx, LabelsBelongToNoCsvTable) {
  EXPECT_EQ(refusal("a,b\n1,2\n", with_labels("x"), ErrorCategory::usage),
            "labels: t.csv: expected images or an NPY array, found a CSV table | in a table the target is one "
            "of the columns");
}

TEST_F(Npy, ReadsTwoDimensionsAsATable) {
  std::string elements;
  for (const double value : {1.5, -2.0, 3.0, 4.25, 1e30, 6.0})
    elements += little(std::bit_cast<std::uint64_t>(value), 8);
  const Table table = read_npy(npy("<f8", "(3, 2)", elements));
  EXPECT_EQ(table.rows, 3u);
  ASSERT_EQ(table.columns.size(), 2u);
  EXPECT_EQ(table.columns[0].name, "column 1");
  EXPECT_EQ(table.columns[0].numbers, (Numbers{1.5, 3, 1e30}));
  EXPECT_EQ(table.columns[1].numbers, (Numbers{-2, 4.25, 6}));
  EXPECT_EQ(table.columns[1].spellings, (Texts{"-2", "4.25", "6"})) << "the last column is the target";
  EXPECT_TRUE(table.columns[0].codes.empty());
  const Table turned = read_npy(npy_with("{'fortran_order': True, 'shape': (3, 2), 'descr': '<f8'}", elements));
  EXPECT_EQ(turned.columns[0].numbers, (Numbers{1.5, -2, 3}));
  EXPECT_EQ(turned.columns[1].numbers, (Numbers{4.25, 1e30, 6}));
  EXPECT_EQ(turned.columns[1].spellings, (Texts{"4.25", "1e+30", "6"}));
}

TEST_F(Npy, ReadsEveryPlainType) {
  const auto read_one = [&](const std::string& type, const std::string& element) {
    return read_npy(npy(type, "(1, 1)", element)).columns.at(0).numbers.at(0);
  };
  EXPECT_EQ(read_one("|b1", "\x01"), 1.0);
  EXPECT_EQ(read_one("|u1", "\xFF"), 255.0);
  EXPECT_EQ(read_one("|i1", "\xFF"), -1.0);
  EXPECT_EQ(read_one("<u2", little(65'535, 2)), 65'535.0);
  EXPECT_EQ(read_one("<i2", little(65'535, 2)), -1.0);
  EXPECT_EQ(read_one("<u4", little(4'294'967'295, 4)), 4'294'967'295.0);
  EXPECT_EQ(read_one("<i4", little(4'294'967'295, 4)), -1.0);
  EXPECT_EQ(read_one("<u8", little(~0ULL, 8)), 18'446'744'073'709'551'615.0);
  EXPECT_EQ(read_one("<i8", little(~0ULL, 8)), -1.0);
  EXPECT_EQ(read_one("<f4", little(std::bit_cast<std::uint32_t>(0.1f), 4)), static_cast<double>(0.1f));
  EXPECT_EQ(read_one(">f4", big(std::bit_cast<std::uint32_t>(-2.5f), 4)), -2.5);
  EXPECT_EQ(read_one(">i2", big(258, 2)), 258.0);
  EXPECT_EQ(read_one(">f8", big(std::bit_cast<std::uint64_t>(1e300 / 1e270), 8)), 1e300 / 1e270);
  EXPECT_EQ(read_npy(npy("<f4", "(1, 1)", little(std::bit_cast<std::uint32_t>(0.1f), 4))).columns[0].spellings,
            Texts{"0.1"});
}

TEST_F(Npy, ReadsHeadersOfEveryVersion) {
  const std::string dictionary = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 1), }";
  for (const int version : {1, 2, 3}) EXPECT_EQ(read_npy(npy_with(dictionary, "AB", version)).rows, 2u) << version;
  EXPECT_EQ(read_npy(npy_with(dictionary + std::string(50, ' '), "AB")).rows, 2u);
  EXPECT_EQ(read_npy(gzip(npy_with(dictionary, "AB"))).rows, 2u);
  EXPECT_EQ(refusal(npy_with(dictionary, "AB", 4)), "a.npy: NPY version: expected 1.0, 2.0 or 3.0, found 4.0");
}

TEST_F(Npy, ReadsThreeDimensionsOfBytesAsImages) {
  const std::string labels = write("y.npy", npy("<i8", "(3,)", little(5, 8) + little(~0ULL, 8) + little(5, 8)));
  const Table table = read_npy(npy("|u1", "(3, 2, 2)", kPixels), with_labels(labels));
  EXPECT_EQ(table.images.bytes, Bytes(kPixels.begin(), kPixels.end()));
  EXPECT_EQ(table.columns.at(0).spellings, (Texts{"5", "-1"}));
  EXPECT_EQ(table.columns[0].codes, (Codes{0, 1, 0}));
  EXPECT_EQ(refusal(npy("|u1", "(2, 2, 3)", kPixels), with_labels(labels)),
            "y.npy: labels: expected 2, one for each row of a.npy, found 3");
  EXPECT_EQ(
      refusal(npy("<f4", "(3, 2, 2)", kPixels)),
      "a.npy: NPY shape: expected 2 dimensions (rows, columns), or 3 of unsigned bytes (images), found 3 of another "
      "type | reshape the array to (rows, columns)");
}

TEST_F(Npy, PutsLabelsBehindTheColumnsOfATable) {
  const std::string labels = write("y-ubyte", idx({3}, kLabels));
  const Table table = read_npy(npy("|u1", "(3, 4)", kPixels), with_labels(labels));
  ASSERT_EQ(table.columns.size(), 5u);
  EXPECT_EQ(table.columns[4].name, "label");
  EXPECT_EQ(table.columns[4].spellings, (Texts{"7", "0", "255"}));
  EXPECT_TRUE(table.columns[3].codes.empty());
  EXPECT_EQ(refusal(npy("|u1", "(2, 6)", kPixels), with_labels(labels)),
            "y-ubyte: labels: expected 2, one for each row of a.npy, found 3");
}

TEST_F(Npy, FindsTheTarget) {
  LoadOptions options;
  options.target = "1";
  EXPECT_EQ(read_npy(npy("|u1", "(3, 2)", "ABCDEF"), options).columns[0].spellings, (Texts{"65", "67", "69"}));
  options.target = "5";
  EXPECT_EQ(refusal_of(write("a.npy", npy("|u1", "(3, 2)", "ABCDEF")), options, ErrorCategory::usage),
            "target: a.npy: expected one of \"column 1\", \"column 2\" or a number from 1 to 2, found \"5\"");
  options.target_required = false;
  EXPECT_TRUE(read_npy(npy("|u1", "(3, 2)", "ABCDEF"), options).columns[1].codes.empty());
}

TEST_F(Npy, RefusesShapesThatTheFileDoesNotHold) {
  EXPECT_EQ(refusal(npy("|u1", "(3, 4)", kPixels)), "accepted");
  EXPECT_EQ(refusal(npy("|u1", "(4, 4)", kPixels)), "a.npy: NPY array of shape (4, 4): expected 16 bytes, found 12");
  EXPECT_EQ(refusal(npy("|u1", "(3, 3)", kPixels)), "a.npy: NPY array of shape (3, 3): expected 9 bytes, found 12");
  EXPECT_EQ(refusal(gzip(npy("<f8", "(1000000000, 100)", kPixels))),
            "a.npy: NPY array of shape (1000000000, 100): expected 800000000000 bytes, found 12");
  EXPECT_EQ(refusal(npy("<f8", "(4294967296, 4294967296)", kPixels)),
            "a.npy: columns: expected at most 100000, found 4294967296");
  EXPECT_EQ(refusal(npy("|u1", "(4294967296, 65536, 65536)", kPixels), without_target()),
            "a.npy: NPY shape: 281474976710656 x 65536 does not fit in memory");
  EXPECT_EQ(refusal(npy("<f8", "(2305843009213693952, 1)", kPixels)),
            "a.npy: NPY shape: 2305843009213693952 x 8 does not fit in memory");
  EXPECT_EQ(refusal(npy("|u1", "(0, 4)", "")), "a.npy: NPY shape: expected at least one element, found (0, 4)");
  EXPECT_EQ(
      refusal(npy("|u1", "(12,)", kPixels)),
      "a.npy: NPY shape: expected 2 dimensions (rows, columns), or 3 of unsigned bytes (images), found (12,) | save it "
      "as one column with reshape(-1, 1); if it holds the labels of another file, use it with labels");
  EXPECT_EQ(refusal(npy("|u1", "()", "A")),
            "a.npy: NPY shape: expected 2 dimensions (rows, columns), or 3 of unsigned bytes (images), found () | "
            "reshape the "
            "array to (rows, columns)");
}

TEST_F(Npy, TakesNanAndTheNamedNumbersAsMissing) {
  const auto f8 = [](double value) { return little(std::bit_cast<std::uint64_t>(value), 8); };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  LoadOptions options;
  options.missing = {"-999"};
  const std::string bytes = npy("<f8", "(3, 2)", f8(1) + f8(0) + f8(nan) + f8(1) + f8(-999) + f8(nan));
  const Table table = load_table(write("a.npy", bytes), options);
  EXPECT_EQ(table.columns[0].missing, 2u);
  EXPECT_TRUE(std::isnan(table.columns[0].numbers[1]) && std::isnan(table.columns[0].numbers[2]));
  EXPECT_EQ(table.columns[1].missing, 1u);
  EXPECT_EQ(table.columns[1].first_missing.line, 3u);
  EXPECT_EQ(table.columns[1].spellings, (std::vector<std::string>{"0", "1", ""}));
  EXPECT_EQ(load_table(write("a.npy", bytes)).columns[0].numbers[2], -999) << "without the option";
}

TEST_F(Npy, RefusesNumbersThatAreNotFinite) {
  const auto f4 = [](float value) { return little(std::bit_cast<std::uint32_t>(value), 4); };
  const auto f8 = [](double value) { return little(std::bit_cast<std::uint64_t>(value), 8); };
  const float inf = std::numeric_limits<float>::infinity();
  EXPECT_EQ(refusal(npy("<f4", "(2, 2)", f4(1) + f4(2) + f4(3) + f4(-inf))),
            "a.npy: row 2, column 2: expected a finite number up to 3.4e38, found -inf");
  EXPECT_EQ(refusal(npy("<f8", "(1, 1)", f8(1e39))),
            "a.npy: row 1, column 1: expected a finite number up to 3.4e38, found 1e+39");
  EXPECT_EQ(refusal(npy("<f8", "(1, 1)", f8(3e38))), "accepted");
}

TEST_F(Npy, RefusesTypesThatAreNoPlainNumbers) {
  const auto of = [&](const std::string& type) { return refusal(npy(type, "(1, 1)", "AAAAAAAAAAAAAAAA")); };
  EXPECT_EQ(of("|O"),
            "a.npy: NPY element type: expected b1, u1 to u8, i1 to i8, f4 or f8, found \"|O\" | Python objects are "
            "never loaded; convert the array to numbers");
  EXPECT_EQ(of("<f2"),
            "a.npy: NPY element type: expected b1, u1 to u8, i1 to i8, f4 or f8, found \"<f2\" | convert it with "
            "astype('float32')");
  for (const std::string type :
       {"<U6", "|S3", "<c8", "<f16", "<i3", "|u2", "u1", "=f4", "<f0", "<M8", "<f", "", "<m8[ns]"})
    EXPECT_EQ(of(type).find("a.npy: NPY element type: expected b1"), 0u) << of(type);
  EXPECT_EQ(refusal(npy_with("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1, 1)}", "AAAA")),
            "a.npy: NPY element type: expected plain numbers, found a structured type");
}

TEST_F(Npy, RefusesHeadersThatNumPyWouldNotWrite) {
  const std::string good = "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1)}";
  EXPECT_EQ(refusal(npy_with(good, "A")), "accepted");
  for (const std::string dictionary :
       {"", "{", "{}", "'descr'", "{'descr': '|u1', 'fortran_order': False}",
        "{'descr': '|u1', 'fortran_order': 0, 'shape': (1, 1)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1, -1)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': [1, 1]}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1)} + x",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1 1)}",
        "{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (1, 1)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 99999999999999999999)}",
        "{'descr': |u1, 'shape': (1, 1)}", "{'descr': '|u1, 'fortran_order': False, 'shape': (1, 1)}",
        "{'descr': __import__('os').system('true')}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1, 1), 'more': 1}"})
    EXPECT_EQ(refusal(npy_with(dictionary, "A")).find("a.npy: NPY "), 0u) << dictionary;
  EXPECT_EQ(refusal("\x93NUMPY" + little(1, 2) + little(60'000, 2) + "{"),
            "a.npy: NPY header length: expected at most 1, found 60000");
  EXPECT_EQ(refusal("\x93NUMPY" + little(2, 2) + little(0xFFFFFFFF, 4) + "{"),
            "a.npy: NPY header length: expected at most 1, found 4294967295");
}

// A truncated file is refused, in every format and compression.
TEST_F(Npy, AFileCutAnywhereIsRefused) {
  write("labels-idx1-ubyte", idx({3}, kLabels));
  const std::string labels = path("labels-idx1-ubyte");
  for (const std::string& whole :
       {idx({3, 2, 2}, kPixels), npy("|u1", "(3, 2, 2)", kPixels), npy("|u1", "(3, 4)", kPixels),
        gzip(idx({3, 2, 2}, kPixels)), gzip(npy("|u1", "(3, 4)", kPixels))}) {
    EXPECT_EQ(refusal_of(write("whole", whole), with_labels(labels)), "accepted");
    for (std::size_t length = 0; length < whole.size(); ++length) {
      const std::string file = write("cut-idx-ubyte", std::string_view(whole).substr(0, length));
      EXPECT_NE(refusal_of(file, with_labels(labels)), "accepted") << length;
    }
  }
  const std::string whole = idx({3}, kLabels), images = write("images", idx({3, 2, 2}, kPixels));
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_NE(refusal_of(images, with_labels(write("cut-idx-ubyte", whole.substr(0, length)))), "accepted") << length;
}

TEST_F(Idx, ReadsMnist) {
  const auto data = data_files::real_data();
  if (!data) GTEST_SKIP() << "the data sets are not here ($CHAINRULE_DATA)";
  LoadOptions options;
  for (const auto part : {formats::Part::training, formats::Part::test}) {
    options.part = part;
    const Table table = load_table(*data + "/mnist", options);
    const std::size_t rows = part == formats::Part::training ? 60'000 : 10'000;
    EXPECT_EQ(table.rows, rows);
    EXPECT_EQ(table.images.pixels(), 784u);
    EXPECT_EQ(table.images.bytes.size(), rows * 784);
    ASSERT_EQ(table.columns.size(), 1u);
    EXPECT_EQ(table.columns[0].codes.size(), rows);
    EXPECT_EQ(table.columns[0].spellings.size(), 10u);
    EXPECT_EQ(table.columns[0].numbers[0], part == formats::Part::training ? 5 : 7);
  }
}

}  // namespace
}  // namespace chainrule::idx_npy_test
