// SPDX-License-Identifier: Apache-2.0
// NPY, NumPy's format for one array: "\x93NUMPY", version (2 bytes), length of the header (2 bytes, from version 2 on
// 4; little-endian), a Python dictionary with the keys descr, fortran_order and shape, then the elements.
#include <algorithm>
#include <array>
#include <charconv>

#include "chainrule/error.h"
#include "chainrule/formats/npy.h"

namespace chainrule::formats {
namespace {

constexpr std::size_t kLongestHeader = 65'536;
constexpr std::size_t kMostDimensions = 32;

[[noreturn]] void refuse(const std::string& name, const std::string& what, const std::string& hint = {}) {
  throw Error(ErrorCategory::input, place(name) + ": NPY " + what, hint);
}

/// Reads the one kind of dictionary that NumPy writes, from front to back.
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
      if (key == "fortran_order") header.column_major = truth();
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
  [[noreturn]] void unexpected(const std::string& wanted, std::string_view found) const {
    refuse(name_, "header: expected " + wanted + ", found " + in_quotes(found));
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

  bool truth() {
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
      if (dimensions.size() == kMostDimensions) unexpected("at most 32 dimensions", text_);
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
    if (text_.starts_with('[')) refuse(name_, "element type: expected plain numbers, found a structured type");
    const std::string_view name = string();
    const auto unknown = [&](const std::string& hint) {
      refuse(name_, "element type: expected b1, u1 to u8, i1 to i8, f4 or f8, found " + in_quotes(name), hint);
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
      refuse(in.name(), "header: expected more bytes, found the end of the file");
  };
  read(0, 8);
  const unsigned major = front[6], minor = front[7];
  if (major < 1 || major > 3 || minor != 0)
    refuse(in.name(),
           "version: expected 1.0, 2.0 or 3.0, found " + std::to_string(major) + "." + std::to_string(minor));
  read(8, major == 1 ? 2 : 4);
  std::size_t length = front[8] | std::size_t{front[9]} << 8;
  if (major > 1) length |= std::size_t{front[10]} << 16 | std::size_t{front[11]} << 24;
  const auto left = in.bytes_left();
  if (length > kLongestHeader || (left && length > *left))
    refuse(in.name(), "header length: expected at most " +
                          std::to_string(std::min<std::uint64_t>(kLongestHeader, left.value_or(kLongestHeader))) +
                          ", found " + std::to_string(length));
  std::string text(length, '\0');
  if (const std::size_t got = in.read(text.data(), length); got < length)
    refuse(in.name(), "header: expected " + std::to_string(length) + " bytes, found " + std::to_string(got));
  return HeaderReader(text, in.name()).read();
}

}  // namespace chainrule::formats
