// SPDX-License-Identifier: Apache-2.0
// IDX, the format of MNIST: two zero bytes, one byte for the element type (8 = unsigned byte), one for the number of
// dimensions, then each dimension as a big-endian 32-bit number, then the elements, the last dimension fastest.
#include <array>
#include <span>

#include "chainrule/base/checks.h"
#include "chainrule/data/formats/declared_content.h"
#include "chainrule/data/formats/load_table.h"
#include "chainrule/data/formats/loaders.h"
#include "chainrule/data/formats/spellings.h"

namespace chainrule::formats {
namespace {

constexpr std::uint8_t kUnsignedByte = 0x08;

[[noreturn]] void refuse_idx(const InputStream& in, const std::string& what, const std::string& hint = {}) {
  throw Error(ErrorCategory::input, location(in.name()) + ": " + what, hint);
}

std::string as_hex(std::span<const std::uint8_t> bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out = "0x";
  for (const std::uint8_t byte : bytes) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

std::array<std::uint8_t, 4> read_four(InputStream& in) {
  std::array<std::uint8_t, 4> bytes{};
  if (const std::size_t got = in.read(bytes.data(), bytes.size()); got < bytes.size())
    refuse_idx(in, "IDX header: expected 4 more bytes, found " + std::to_string(got));
  return bytes;
}

std::vector<std::size_t> read_dimensions(InputStream& in) {
  const auto magic = read_four(in);
  if (magic[0] != 0 || magic[1] != 0)
    refuse_idx(in, "IDX magic: expected 0x00000803 (images) or 0x00000801 (labels), found " + as_hex(magic));
  if (magic[2] != kUnsignedByte)
    refuse_idx(in, "IDX element type: expected 0x08 (unsigned bytes), found " + as_hex(std::span(magic).subspan(2, 1)));
  if (magic[3] < 1 || magic[3] > 3)
    refuse_idx(in, "IDX dimensions: expected 1 (labels), 2 or 3 (images), found " + std::to_string(magic[3]));
  std::vector<std::size_t> dimensions(magic[3]);
  for (std::size_t& dimension : dimensions) {
    const auto bytes = read_four(in);
    dimension = std::size_t{bytes[0]} << 24 | std::size_t{bytes[1]} << 16 | std::size_t{bytes[2]} << 8 | bytes[3];
  }
  return dimensions;
}

}  // namespace

Table load_idx(InputStream& in, const LoadOptions& options) {
  const std::vector<std::size_t> dimensions = read_dimensions(in);
  if (dimensions.size() == 1)
    refuse_idx(in, "IDX dimensions: expected 2 or 3 (images), found 1 (labels)", "give the file with the images");
  Table table;
  table.source = in.name();
  table.rows = dimensions[0];
  table.images.height = dimensions.size() == 3 ? dimensions[1] : 1;
  table.images.width = dimensions.back();
  const std::string what = location(in.name()) + ": IDX dimensions";
  const std::size_t pixels = checked_product(table.images.height, table.images.width, what);
  const std::size_t bytes = checked_product(table.rows, pixels, what);
  if (bytes == 0)
    refuse_idx(in, "IDX dimensions: expected at least one image of one pixel, found " + std::to_string(table.rows) +
                       " x " + std::to_string(table.images.height) + " x " + std::to_string(table.images.width));
  // Labels first: they are small, and comparing their number with that of the images needs no image.
  add_labels(table, in.name(), options);
  const std::string images = std::to_string(table.rows) + " images of " + std::to_string(pixels) + " pixels";
  check_declared(in, bytes, images, [](InputStream& again) { read_dimensions(again); });
  table.images.bytes = read_declared(in, bytes, images);
  return table;
}

Column read_idx_labels(InputStream& in, std::size_t rows, const std::string& owner) {
  const std::vector<std::size_t> dimensions = read_dimensions(in);
  if (dimensions.size() != 1)
    refuse_idx(in, "labels: expected IDX with 1 dimension, found " + std::to_string(dimensions.size()) + " (images?)");
  check_label_count(in.name(), dimensions[0], owner, rows);
  const std::string what = std::to_string(dimensions[0]) + " labels";
  check_declared(in, dimensions[0], what, [](InputStream& again) { read_dimensions(again); });
  const std::vector<std::uint8_t> labels = read_declared(in, dimensions[0], what);
  Column column;
  column.name = "label";
  column.numbers.assign(labels.begin(), labels.end());
  column.codes.reserve(labels.size());
  Spellings spellings;
  for (const std::uint8_t label : labels) column.codes.push_back(spellings.code(std::to_string(label)));
  column.spellings = spellings.take();
  return column;
}

}  // namespace chainrule::formats
