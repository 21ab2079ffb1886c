// SPDX-License-Identifier: Apache-2.0
#include "chainrule/model/fingerprint.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "chainrule/base/sha256.h"
#include "chainrule/data/encoding.h"

namespace chainrule {
namespace {

template <class T>
void add(Sha256& sum, std::span<const T> values) {
  sum.add(std::as_bytes(values));
}

}  // namespace

std::string weights_sha256(const Network& network) {
  Sha256 sum;
  for (const Segment& segment : network.parameters.segments()) {
    const std::vector<float> values = in_rows(network.parameters, segment);
    std::vector<std::byte> bytes(4 * values.size());
    for (std::size_t k = 0; k < values.size(); ++k) {
      const std::uint32_t bits = std::bit_cast<std::uint32_t>(values[k]);
      for (std::size_t byte = 0; byte < 4; ++byte) bytes[4 * k + byte] = static_cast<std::byte>(bits >> (8 * byte));
    }
    sum.add(bytes);
  }
  return sum.hex();
}

std::string fingerprint(const Table& table, const Encoder& encoder) {
  Sha256 sum;
  const std::uint64_t rows = table.rows;
  add(sum, std::span(&rows, 1));
  add(sum, table.images.bytes.view());
  for (const std::size_t index : columns_of(encoder, table)) {
    const Column& column = table.columns[index];
    add(sum, std::span<const double>(column.numbers));
    if (column.is_number()) continue;
    for (const std::uint32_t code : column.codes) {  // text as written; a zero byte ends each field
      const std::string& text = column.spellings[code];
      add(sum, std::span(text.c_str(), text.size() + 1));
    }
  }
  return sum.hex();
}

}  // namespace chainrule
