// SPDX-License-Identifier: Apache-2.0
// TFRecord: uint64 length, uint32 masked CRC-32C of it, content, uint32 masked CRC-32C of that, all little-endian. The
// message Event has wall_time (1, double), step (2), file_version (3) and summary (5); Summary a list of values (1)
// with tag (1) and simple_value (2, float).
#include "cli/runs/tensorboard.h"

#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <string_view>

namespace chainrule::cli {
namespace {

constexpr std::uint32_t kCastagnoli = 0x82F63B78;  // reflected
constexpr std::uint32_t kMaskDelta = 0xA282EAD8;   // TFRecord's, so that a CRC of data with embedded CRCs stays useful

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t sum = byte;
    for (int bit = 0; bit < 8; ++bit) sum = (sum >> 1) ^ ((sum & 1) != 0 ? kCastagnoli : 0);
    table[byte] = sum;
  }
  return table;
}

std::uint32_t masked_checksum(std::string_view bytes) {
  static constexpr std::array<std::uint32_t, 256> kTable = make_table();
  std::uint32_t sum = ~0u;
  for (const char c : bytes) sum = (sum >> 8) ^ kTable[(sum ^ static_cast<unsigned char>(c)) & 0xFF];
  return std::rotr(~sum, 15) + kMaskDelta;
}

template <class Number>
std::string low_end_first(Number number) {
  std::string bytes;
  for (std::size_t i = 0; i < sizeof number; ++i) bytes += static_cast<char>(number >> (8 * i) & 0xFF);
  return bytes;
}

std::string varint(std::uint64_t number) {
  std::string bytes;
  for (; number >= 0x80; number >>= 7) bytes += static_cast<char>((number & 0x7F) | 0x80);
  return bytes + static_cast<char>(number);
}

enum class Wire { varint = 0, eight_bytes = 1, bytes = 2, four_bytes = 5 };
std::string key(std::uint64_t field, Wire wire) { return varint(field << 3 | static_cast<std::uint64_t>(wire)); }
std::string bytes_field(std::uint64_t field, std::string_view bytes) {
  return key(field, Wire::bytes) + varint(bytes.size()) + std::string(bytes);
}
std::string double_field(std::uint64_t field, double number) {
  return key(field, Wire::eight_bytes) + low_end_first(std::bit_cast<std::uint64_t>(number));
}
std::string float_field(std::uint64_t field, float number) {
  return key(field, Wire::four_bytes) + low_end_first(std::bit_cast<std::uint32_t>(number));
}

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string path_in(const std::string& folder) {
  return folder + "/events.out.tfevents." + std::to_string(static_cast<std::int64_t>(seconds_now())) + ".chainrule";
}

std::string record(std::string_view content) {
  const std::string length = low_end_first(static_cast<std::uint64_t>(content.size()));
  return length + low_end_first(masked_checksum(length)) + std::string(content) +
         low_end_first(masked_checksum(content));
}

}  // namespace

TensorBoardFile::TensorBoardFile(const std::string& folder, const std::string& shown)
    : file_(path_in(folder), LineFile::Start::overwrite, path_in(shown)) {
  file_.write(record(double_field(1, seconds_now()) + bytes_field(3, "brain.Event:2")));
}

void TensorBoardFile::write(std::uint64_t step, const std::vector<std::pair<std::string, double>>& values) {
  std::string summary;
  for (const auto& [tag, value] : values)
    if (std::isfinite(value))
      summary += bytes_field(1, bytes_field(1, tag) + float_field(2, static_cast<float>(value)));
  file_.write(record(double_field(1, seconds_now()) + key(2, Wire::varint) + varint(step) + bytes_field(5, summary)));
}

}  // namespace chainrule::cli
