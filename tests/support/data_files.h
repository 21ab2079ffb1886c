// SPDX-License-Identifier: Apache-2.0
// Files for tests of the readers: a temporary folder, and simple writers of gzip, IDX and NPY. They follow the format
// descriptions, so that no reader is tested with its own assumptions.
#pragma once

#include <fmt/format.h>

#include <cmath>

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/base/error.h"
#include "chainrule/data/formats/load_table.h"

namespace chainrule::data_files {

// Names, then rows: numbers, texts in quotes, missing values as "-"; columns of lost text as "lost".
inline std::string shown(const Table& table) {
  std::string out;
  for (const Column& column : table.columns) out += (out.empty() ? "" : "|") + column.name;
  for (std::size_t row = 0; row < table.rows; ++row) {
    out += " /";
    for (const Column& column : table.columns) {
      if (column.is_number())
        out += std::isnan(column.numbers[row]) ? " -" : fmt::format(" {}", column.numbers[row]);
      else if (column.codes.size() != table.rows)
        out += " lost";
      else
        out += column.spellings[column.codes[row]].empty() ? " -" : " '" + column.spellings[column.codes[row]] + "'";
    }
  }
  return out;
}

/// A fixture with its own folder.
class DataFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(::testing::TempDir()) / ("chainrule_data_files_" + std::to_string(getpid()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string write(const std::string& name, std::string_view bytes) const {
    std::ofstream(path(name), std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return path(name);
  }
  Table read(std::string_view bytes, const formats::LoadOptions& options = {}) const {
    return formats::load_table(write("t.csv", bytes), options);
  }
  /// The error of load_table for `file`, without the folder's name: "NAME:LINE: WHAT | HINT"; "accepted" if it is read.
  std::string refusal_of(const std::string& file, const formats::LoadOptions& options = {},
                         ErrorCategory category = ErrorCategory::input) const {
    try {
      formats::load_table(file, options);
    } catch (const Error& error) {
      EXPECT_EQ(error.category(), category) << error.what();
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << "a message is one line";
      std::string text = error.what() + (error.hint().empty() ? "" : " | " + error.hint());
      const std::string folder = folder_.string() + "/";
      for (std::size_t at; (at = text.find(folder)) != std::string::npos;) text.erase(at, folder.size());
      return text;
    }
    return "accepted";
  }
  std::string refusal(std::string_view bytes, const formats::LoadOptions& options = {},
                      ErrorCategory category = ErrorCategory::input) const {
    return refusal_of(write("t.csv", bytes), options, category);
  }

 private:
  std::filesystem::path folder_;
};

inline std::string little(std::uint64_t value, std::size_t bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 255U);
  return out;
}

inline std::string big(std::uint64_t value, std::size_t bytes) {
  const std::string reversed = little(value, bytes);
  return {reversed.rbegin(), reversed.rend()};
}

/// CRC-32 of RFC 1952, section 8.
inline std::uint32_t crc32_of(std::string_view bytes) {
  std::array<std::uint32_t, 256> of_byte{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    of_byte[i] = i;
    for (int bit = 0; bit < 8; ++bit) of_byte[i] = (of_byte[i] >> 1) ^ ((of_byte[i] & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char byte : bytes) crc = (crc >> 8) ^ of_byte[(crc ^ static_cast<unsigned char>(byte)) & 255U];
  return ~crc;
}

/// One gzip member around deflated bytes.
inline std::string gzip_member(const std::string& deflated, std::uint32_t crc, std::uint64_t size) {
  return std::string("\x1F\x8B\x08\0\0\0\0\0\0\xFF", 10) + deflated + little(crc, 4) + little(size, 4);
}

/// Gzip without compression (deflate's stored blocks, RFC 1951, 3.2.4).
inline std::string gzip(std::string_view bytes) {
  std::string deflated;
  std::string_view rest = bytes;
  do {
    const std::string_view block = rest.substr(0, 65'535);
    rest.remove_prefix(block.size());
    deflated += static_cast<char>(rest.empty() ? 1 : 0);
    deflated += little(block.size(), 2) + little(~block.size(), 2) + std::string(block);
  } while (!rest.empty());
  return gzip_member(deflated, crc32_of(bytes), bytes.size());
}

inline std::string idx(const std::vector<std::uint32_t>& dimensions, std::string_view elements,
                       std::uint8_t type = 0x08) {
  std::string out("\0\0", 2);
  out += static_cast<char>(type);
  out += static_cast<char>(dimensions.size());
  for (const std::uint32_t dimension : dimensions) out += big(dimension, 4);
  return out + std::string(elements);
}

inline std::string npy_with(const std::string& dictionary, std::string_view elements, int version = 1) {
  const std::string header = dictionary + "\n";
  return "\x93NUMPY" + little(static_cast<std::uint64_t>(version), 2) + little(header.size(), version == 1 ? 2 : 4) +
         header + std::string(elements);
}

inline std::string npy(const std::string& type, const std::string& shape, std::string_view elements) {
  return npy_with("{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }", elements);
}

/// Folder with the real data sets, which are kept outside the project; nothing if it is missing.
inline std::optional<std::string> real_data() {
  const char* const named = std::getenv("CHAINRULE_DATA");
  const std::string folder = named != nullptr ? named : CHAINRULE_SOURCE_DIR "/../shared/data";
  if (!std::filesystem::exists(folder + "/optdigits.tra")) return std::nullopt;
  return folder;
}

}  // namespace chainrule::data_files
