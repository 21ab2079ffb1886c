// SPDX-License-Identifier: Apache-2.0
// For neon.sh: replaces libhwy and nettle for the other processor. Debian has these only as packages of a foreign
// architecture.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "chainrule/base/sha256.h"

namespace hwy {

/// All: the emulated processor supports every compiled target.
std::int64_t SupportedTargets();
std::int64_t SupportedTargets() { return -1; }

}  // namespace hwy

namespace chainrule {

// The script that reads the output computes the checksum.
struct Sha256::Context {};
Sha256::Sha256() = default;
Sha256::~Sha256() = default;
void Sha256::add(std::span<const std::byte> bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) != bytes.size()) std::abort();
}
std::array<std::uint8_t, 32> Sha256::bytes() { return {}; }
std::string Sha256::hex() { return {}; }

}  // namespace chainrule
