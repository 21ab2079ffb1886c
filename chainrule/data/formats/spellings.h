// SPDX-License-Identifier: Apache-2.0
// Texts to codes: a hash table with open addressing. Nothing iterates over it, so its order cannot affect a result.
// Internal to formats/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chainrule::formats {

constexpr std::size_t kMaxSpellings = 1'000'000;

/// Gives equal texts equal codes, in order of first appearance.
class Spellings {
 public:
  /// The code of `text`; kMaxSpellings if there are already so many others.
  std::uint32_t code(std::string_view text);
  std::vector<std::string> take() { return std::move(texts_); }

 private:
  void grow();

  std::vector<std::string> texts_;
  std::vector<std::uint32_t> slots_;  // code + 1 of the text that hashes here, or to a slot before; 0 = free
};

}  // namespace chainrule::formats
