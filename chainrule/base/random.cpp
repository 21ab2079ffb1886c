// SPDX-License-Identifier: Apache-2.0
#include "chainrule/base/random.h"

#include <Random123/philox.h>

#include <cmath>
#include <numeric>

#include "chainrule/base/elementary.h"

namespace chainrule {
namespace {

// 53 bits from two words, as a multiple of 2^-53 in [0, 1).
double unit_interval(std::uint32_t high, std::uint32_t low) {
  const std::uint64_t bits = (static_cast<std::uint64_t>(high) << 21) ^ (low >> 11);
  return static_cast<double>(bits) * 0x1p-53;
}

}  // namespace

RandomPosition random_position(const Stream& stream, std::uint64_t index) {
  const std::uint32_t what = (static_cast<std::uint32_t>(stream.purpose) << 24) | (stream.layer & 0xFFFFFFu);
  return {{static_cast<std::uint32_t>(stream.seed), static_cast<std::uint32_t>(stream.seed >> 32)},
          {static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32), stream.time, what}};
}

std::array<std::uint32_t, 4> random_bits(const Stream& stream, std::uint64_t index) {
  const RandomPosition position = random_position(stream, index);
  const r123::Philox4x32::ctr_type counter = {
      {position.counter[0], position.counter[1], position.counter[2], position.counter[3]}};
  const r123::Philox4x32::key_type key = {{position.key[0], position.key[1]}};
  const r123::Philox4x32::ctr_type words = r123::Philox4x32()(counter, key);
  return {words[0], words[1], words[2], words[3]};
}

double random_uniform(const Stream& stream, std::uint64_t index) {
  const auto words = random_bits(stream, index);
  return unit_interval(words[0], words[1]);
}

double random_normal(const Stream& stream, std::uint64_t index) {
  const auto words = random_bits(stream, index);
  const double open = 1.0 - unit_interval(words[0], words[1]);  // in (0, 1], so that the logarithm is finite
  return std::sqrt(-2.0 * elementary::log(open)) * elementary::cos_turns(unit_interval(words[2], words[3]));
}

std::vector<std::size_t> random_permutation(const Stream& stream, std::size_t count) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t i = count; i-- > 1;) {
    const auto words = random_bits(stream, i);
    const std::uint64_t bits = (static_cast<std::uint64_t>(words[1]) << 32) | words[0];
    // The upper half of a 64 x 64 bit product maps the bits to 0 ... i.
    __extension__ using Wide = unsigned __int128;
    std::swap(order[i], order[static_cast<std::size_t>((static_cast<Wide>(bits) * (i + 1)) >> 64)]);
  }
  return order;
}

}  // namespace chainrule
