// SPDX-License-Identifier: Apache-2.0
// SHA-256 of a stream of bytes (by nettle).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace chainrule {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void add(std::span<const std::byte> bytes);
  /// End the computation: the sum, or its 64 hex digits.
  std::array<std::uint8_t, 32> bytes();
  std::string hex();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace chainrule
