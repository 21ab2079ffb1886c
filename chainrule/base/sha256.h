// SPDX-License-Identifier: Apache-2.0
// SHA-256 of a stream of bytes (by libcrypto).
#pragma once

#include <cstddef>
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
  /// 64 hex digits; ends the computation.
  std::string hex();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace chainrule
