// SPDX-License-Identifier: Apache-2.0
// NPY arrays to Table: two dimensions are rows and columns, three dimensions of bytes are images.
#include "chainrule/data/formats/npy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>

#include "chainrule/base/checks.h"
#include "chainrule/data/formats/csv_field.h"
#include "chainrule/data/formats/declared_content.h"
#include "chainrule/data/formats/loaders.h"
#include "chainrule/data/formats/spellings.h"
#include "chainrule/data/table_columns.h"

namespace chainrule::formats {

// NPY, NumPy's format for one array: "\x93NUMPY", version (2 bytes), length of the header (2 bytes, from version 2 on
// 4; little-endian), a Python dictionary with the keys descr, fortran_order and shape, then the elements.

namespace {

constexpr std::size_t kLongestHeader = 65'536;
constexpr std::size_t kMaxDimensions = 32;

[[noreturn]] void refuse_npy(const std::string& name, const std::string& what, const std::string& hint = {}) {
  throw Error(ErrorCategory::input, location(name) + ": NPY " + what, hint);
}

/// Reads the only kind of dictionary that NumPy writes, in order.
class HeaderReader {
 public:
  HeaderReader(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  NpyHeader read() {
    NpyHeader header;
    bool seen_type = false, seen_order = false, seen_shape = false;
    expect('{');
    while (!accept('}')) {
      const std::string_view key = string();
      bool& seen = key == "descr" ? seen_type : key == "fortran_order" ? seen_order : seen_shape;
      if ((key != "descr" && key != "fortran_order" && key != "shape") || seen) unexpected("each key once", key);
      seen = true;
      expect(':');
      if (key == "descr") type(header);
      if (key == "fortran_order") header.column_major = boolean();
      if (key == "shape") header.shape = shape();
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    blanks();
    if (!text_.empty()) unexpected("nothing after the dictionary", text_);
    if (!seen_type || !seen_order || !seen_shape) unexpected("the keys descr, fortran_order and shape", "fewer");
    return header;
  }

 private:
  void blanks() {
    while (!text_.empty() && (text_[0] == ' ' || text_[0] == '\n')) text_.remove_prefix(1);
  }
  bool accept(char c) {
    blanks();
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!accept(c)) unexpected(in_quotes(std::string(1, c)), text_);
  }
  [[noreturn]] void unexpected(const std::string& expected, std::string_view found) const {
    refuse_npy(name_, "header: expected " + expected + ", found " + in_quotes(found));
  }

  std::string_view string() {
    blanks();
    if (text_.empty() || (text_[0] != '\'' && text_[0] != '"')) unexpected("a string", text_);
    const std::size_t end = text_.find(text_[0], 1);
    if (end == std::string_view::npos) unexpected("the end of a string", text_);
    const std::string_view content = text_.substr(1, end - 1);
    text_.remove_prefix(end + 1);
    return content;
  }

  bool boolean() {
    blanks();
    for (const std::string_view word : {"True", "False"}) {
      if (!text_.starts_with(word)) continue;
      text_.remove_prefix(word.size());
      return word == "True";
    }
    unexpected("True or False", text_);
  }

  std::vector<std::size_t> shape() {
    std::vector<std::size_t> dimensions;
    expect('(');
    while (!accept(')')) {
      blanks();
      std::size_t size = 0;
      const auto [stop, problem] = std::from_chars(text_.data(), text_.data() + text_.size(), size);
      if (problem != std::errc()) unexpected("a size that fits in 64 bits", text_);
      if (dimensions.size() == kMaxDimensions) unexpected("at most 32 dimensions", text_);
      dimensions.push_back(size);
      text_.remove_prefix(static_cast<std::size_t>(stop - text_.data()));
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return dimensions;
  }

  void type(NpyHeader& header) {
    blanks();
    if (text_.starts_with('[')) refuse_npy(name_, "element type: expected plain numbers, found a structured type");
    const std::string_view name = string();
    const auto unknown = [&](const std::string& hint) {
      refuse_npy(name_, "element type: expected b1, u1 to u8, i1 to i8, f4 or f8, found " + in_quotes(name), hint);
    };
    if (name.find('O') != std::string_view::npos)
      unknown("Python objects are never loaded; convert the array to numbers");
    if (name.size() != 3) unknown("");
    const char order = name[0];
    header.kind = name[1];
    header.item_size = static_cast<std::size_t>(name[2] - '0');
    header.big_endian = order == '>';
    const bool one_byte = header.item_size == 1, two = header.item_size == 2;
    const bool four_or_eight = header.item_size == 4 || header.item_size == 8;
    const bool whole = header.kind == 'u' || header.kind == 'i';
    const bool known = (header.kind == 'b' && one_byte) || (whole && (one_byte || two || four_or_eight)) ||
                       (header.kind == 'f' && four_or_eight);
    const bool order_known = order == '<' || order == '>' || (order == '|' && one_byte);
    if (!known || !order_known) unknown(header.kind == 'f' ? "convert it with astype('float32')" : "");
  }

  std::string_view text_;
  const std::string& name_;
};

}  // namespace

NpyHeader read_npy_header(InputStream& in) {
  std::array<unsigned char, 12> front{};
  const auto read = [&](std::size_t at, std::size_t count) {
    if (in.read(front.data() + at, count) < count)
      refuse_npy(in.name(), "header: expected more bytes, found the end of the file");
  };
  read(0, 8);
  const unsigned major = front[6], minor = front[7];
  if (major < 1 || major > 3 || minor != 0)
    refuse_npy(in.name(),
               "version: expected 1.0, 2.0 or 3.0, found " + std::to_string(major) + "." + std::to_string(minor));
  read(8, major == 1 ? 2 : 4);
  std::size_t length = front[8] | std::size_t{front[9]} << 8;
  if (major > 1) length |= std::size_t{front[10]} << 16 | std::size_t{front[11]} << 24;
  const auto left = in.bytes_left();
  if (length > kLongestHeader || (left && length > *left))
    refuse_npy(in.name(), "header length: expected at most " +
                              std::to_string(std::min<std::uint64_t>(kLongestHeader, left.value_or(kLongestHeader))) +
                              ", found " + std::to_string(length));
  std::string text(length, '\0');
  if (const std::size_t got = in.read(text.data(), length); got < length)
    refuse_npy(in.name(), "header: expected " + std::to_string(length) + " bytes, found " + std::to_string(got));
  return HeaderReader(text, in.name()).read();
}
namespace {

constexpr double kLargest = static_cast<double>(std::numeric_limits<float>::max());

[[noreturn]] void refuse_npy(const InputStream& in, const std::string& what, const Message& hint = {}) {
  throw Error(ErrorCategory::input, location(in.name()) + ": " + what, hint);
}

struct Array {
  NpyHeader header;
  std::vector<std::uint8_t> bytes;
};

// In the machine's byte order.
template <class Number>
Number number_at(const NpyHeader& header, const std::uint8_t* bytes) {
  std::uint8_t raw[sizeof(Number)];
  std::memcpy(raw, bytes, sizeof(Number));
  if (header.big_endian == (std::endian::native == std::endian::little)) std::reverse(raw, raw + sizeof(Number));
  Number number;
  std::memcpy(&number, raw, sizeof(Number));
  return number;
}

// Row and column count from 0.
[[noreturn]] void refuse_element(const InputStream& in, std::size_t row, std::size_t column, double value) {
  refuse_npy(in, fmt::format("row {}, column {}: expected a finite number up to 3.4e38, found {}", row + 1, column + 1,
                             value));
}

std::string shape_text(const std::vector<std::size_t>& shape) {
  std::string out = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) out += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  return out + (shape.size() == 1 ? ",)" : ")");
}

// Refuses infinite elements before the array is in memory, as read_column() does later for smaller ones.
void look_at(const InputStream& in, const NpyHeader& header, const FieldReader& reader, std::size_t first,
             std::span<const std::uint8_t> block) {
  if (header.kind != 'f' || header.shape.size() != 2) return;
  for (std::size_t at = 0; at + header.item_size <= block.size(); at += header.item_size) {
    const double value = header.item_size == 4 ? static_cast<double>(number_at<float>(header, block.data() + at))
                                               : number_at<double>(header, block.data() + at);
    if (std::abs(value) > kLargest && !reader.is_missing(value)) {
      const std::size_t k = (first + at) / header.item_size, rows = header.shape[0], columns = header.shape[1];
      refuse_element(in, header.column_major ? k % rows : k / columns, header.column_major ? k / rows : k % columns,
                     value);
    }
  }
}

// Reads exactly the elements that the header declares.
Array read_elements(InputStream& in, NpyHeader header, const FieldReader& reader = FieldReader()) {
  std::size_t count = 1;
  for (const std::size_t size : header.shape) count = checked_product(count, size, location(in.name()) + ": NPY shape");
  if (count == 0) refuse_npy(in, "NPY shape: expected at least one element, found " + shape_text(header.shape));
  const std::size_t bytes = checked_product(count, header.item_size, location(in.name()) + ": NPY shape");
  const std::string what = "NPY array of shape " + shape_text(header.shape);
  check_declared(
      in, bytes, what, [](InputStream& again) { read_npy_header(again); },
      [&](std::size_t first, std::span<const std::uint8_t> block) { look_at(in, header, reader, first, block); });
  return {std::move(header), read_declared(in, bytes, what)};
}

// Element `index` of the file.
template <class Number>
Number element(const Array& array, std::size_t index) {
  return number_at<Number>(array.header, array.bytes.data() + index * sizeof(Number));
}

// Calls use(Number{}) with the C++ type of the array's elements.
template <class Use>
void with_element_type(const NpyHeader& header, const Use& use) {
  if (header.kind == 'f' && header.item_size == 4) return use(float{});
  if (header.kind == 'f') return use(double{});
  const bool is_signed = header.kind == 'i';
  if (header.item_size == 1) return is_signed ? use(std::int8_t{}) : use(std::uint8_t{});
  if (header.item_size == 2) return is_signed ? use(std::int16_t{}) : use(std::uint16_t{});
  if (header.item_size == 4) return is_signed ? use(std::int32_t{}) : use(std::uint32_t{});
  return is_signed ? use(std::int64_t{}) : use(std::uint64_t{});
}

/// Reads elements first, first + step, ... one per row; NaN and what `reader` takes as missing are missing. Throws
/// Error (input) with row and column of an infinite number.
void read_column(const InputStream& in, const Array& array, std::size_t first, std::size_t step, std::size_t rows,
                 std::size_t number, const FieldReader& reader, Column& column) {
  column.numbers.reserve(rows);
  with_element_type(array.header, [&](auto zero) {
    for (std::size_t row = 0; row < rows; ++row) {
      double value = static_cast<double>(element<decltype(zero)>(array, first + row * step));
      if (reader.is_missing(value)) {
        if (column.missing++ == 0) column.first_missing = {row + 1, number, fmt::format("{}", value)};
        value = std::numeric_limits<double>::quiet_NaN();
      } else if (std::abs(value) > kLargest)
        refuse_element(in, row, number - 1, value);
      column.numbers.push_back(value);
    }
  });
}

/// After read_column(), the spellings: whole numbers unchanged, others in the shortest form that reads back the same,
/// "" for a missing one.
void read_spellings(const Array& array, std::size_t first, std::size_t step, std::size_t rows, Column& column) {
  Spellings spellings;
  column.codes.reserve(rows);
  with_element_type(array.header, [&](auto zero) {
    for (std::size_t row = 0; row < rows; ++row) {
      const bool is_missing = std::isnan(column.numbers[row]);
      const std::uint32_t code =
          spellings.code(is_missing ? "" : fmt::format("{}", element<decltype(zero)>(array, first + row * step)));
      if (code == kMaxSpellings) {
        column.codes = {};
        return;
      }
      column.codes.push_back(code);
    }
  });
  if (!column.codes.empty()) column.spellings = spellings.take();
}

Table images_from(InputStream& in, NpyHeader header, const LoadOptions& options) {
  if (header.item_size != 1 || header.kind == 'i')
    refuse_npy(
        in,
        "NPY shape: expected 2 dimensions (rows, columns), or 3 of unsigned bytes (images), found 3 of another type",
        "reshape the array to (rows, columns)");
  if (header.column_major)
    refuse_npy(in, "NPY images: expected C order, found Fortran order", "save numpy.ascontiguousarray(images)");
  Table table;
  table.source = in.name();
  table.rows = header.shape[0];
  table.images.height = header.shape[1];
  table.images.width = header.shape[2];
  if (table.rows > 0) add_labels(table, in.name(), options);
  table.images.bytes = read_elements(in, std::move(header)).bytes;
  return table;
}

// The target column; the last one by default. Nullopt if the caller needs none.
std::optional<std::size_t> find_target(const Table& table, const LoadOptions& options) {
  if (!options.target) return std::nullopt;
  if (options.target->empty()) return table.columns.size() - 1;
  if (options.target_required) return find_column(table, *options.target, "target");
  return try_find_column(table, *options.target);
}

Table table_from(InputStream& in, NpyHeader header, const LoadOptions& options) {
  const std::size_t rows = header.shape[0], columns = header.shape[1];
  if (columns > kMaxColumns)
    refuse_npy(in, "columns: expected at most " + std::to_string(kMaxColumns) + ", found " + std::to_string(columns));
  Table table;
  table.source = in.name();
  table.rows = rows;
  std::optional<Column> labels;
  if (!options.labels.empty() && rows > 0) labels = read_labels(options.labels, rows, in.name());
  const FieldReader reader(options);
  const Array array = read_elements(in, std::move(header), reader);
  const std::size_t to_next_row = array.header.column_major ? 1 : columns;
  const std::size_t to_next_column = array.header.column_major ? rows : 1;
  table.columns.resize(columns);
  for (std::size_t c = 0; c < columns; ++c) {
    table.columns[c].name = "column " + std::to_string(c + 1);
    read_column(in, array, c * to_next_column, to_next_row, rows, c + 1, reader, table.columns[c]);
  }
  if (labels) table.columns.push_back(std::move(*labels));
  const auto target = find_target(table, options);
  if (target && *target < columns)
    read_spellings(array, *target * to_next_column, to_next_row, rows, table.columns[*target]);
  return table;
}

}  // namespace

Table load_npy(InputStream& in, const LoadOptions& options) {
  NpyHeader header = read_npy_header(in);
  if (header.shape.size() == 2) return table_from(in, std::move(header), options);
  if (header.shape.size() == 3) return images_from(in, std::move(header), options);
  refuse_npy(
      in,
      "NPY shape: expected 2 dimensions (rows, columns), or 3 of unsigned bytes (images), found " +
          shape_text(header.shape),
      header.shape.size() == 1
          ? message_of(
                "save it as one column with reshape(-1, 1); if it holds the labels of another file, use it with ",
                NamedOption{"labels"})
          : Message("reshape the array to (rows, columns)"));
}

Column read_npy_labels(InputStream& in, std::size_t rows, const std::string& owner) {
  NpyHeader header = read_npy_header(in);
  const bool is_column = header.shape.size() == 2 && header.shape[1] == 1;
  if (header.shape.size() != 1 && !is_column)
    refuse_npy(in, "labels: expected an NPY array of 1 dimension, found " + shape_text(header.shape));
  check_label_count(in.name(), header.shape[0], owner, rows);
  const Array array = read_elements(in, std::move(header));
  Column column;
  column.name = "label";
  read_column(in, array, 0, 1, rows, 1, FieldReader(), column);
  read_spellings(array, 0, 1, rows, column);
  return column;
}

}  // namespace chainrule::formats
