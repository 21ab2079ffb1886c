// SPDX-License-Identifier: Apache-2.0
// Random numbers without a generator: number = f(seed, purpose, counters), by Philox 4x32-10 (Salmon et al. 2011). The
// numbers are the same on every platform, in any order, on any thread; resuming needs no saved state.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace chainrule {

/// The purpose of a random number; numbers of different purposes are independent. Never change the values: the same
/// seed must give the same numbers in every version.
enum class Purpose : std::uint32_t {
  weights = 1,
  biases = 2,
  dropout = 3,
  shuffle = 4,
  split = 5,
  check = 6,
  resample = 7,
  search = 8,
  test = 255
};

/// Names one random stream: e.g. (seed, weights, layer 2), or (seed, dropout, layer 1, step 17).
struct Stream {
  std::uint64_t seed = 0;
  Purpose purpose = Purpose::test;
  std::uint32_t layer = 0;  ///< below 2^24
  std::uint32_t time = 0;   ///< step or epoch
};

/// 128 random bits at `index` of a stream.
std::array<std::uint32_t, 4> random_bits(const Stream& stream, std::uint64_t index);

/// The inputs of Philox 4x32-10 for one index of a stream.
struct RandomPosition {
  std::array<std::uint32_t, 2> key;
  std::array<std::uint32_t, 4> counter;  ///< the next index increments the first word
};
RandomPosition random_position(const Stream& stream, std::uint64_t index);

/// Uniform in [0, 1), a multiple of 2^-53.
double random_uniform(const Stream& stream, std::uint64_t index);

/// Normal with mean 0 and variance 1 (Box-Muller, with the fixed logarithm and cosine of elementary.h).
double random_normal(const Stream& stream, std::uint64_t index);

/// A shuffle of 0 ... count-1 (Fisher-Yates); each order is equally likely up to 2^-64 count.
std::vector<std::size_t> random_permutation(const Stream& stream, std::size_t count);

}  // namespace chainrule
