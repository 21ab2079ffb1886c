// SPDX-License-Identifier: Apache-2.0
#include "chainrule/base/sha256.h"

#include <nettle/base16.h>
#include <nettle/sha2.h>

#include <array>

namespace chainrule {

struct Sha256::Context {
  sha256_ctx state;
};

Sha256::Sha256() : context_(std::make_unique<Context>()) { sha256_init(&context_->state); }

Sha256::~Sha256() = default;

void Sha256::add(std::span<const std::byte> bytes) {
  sha256_update(&context_->state, bytes.size(), reinterpret_cast<const std::uint8_t*>(bytes.data()));
}

std::array<std::uint8_t, 32> Sha256::bytes() {
  std::array<std::uint8_t, SHA256_DIGEST_SIZE> sum{};
  sha256_digest(&context_->state, sum.size(), sum.data());
  return sum;
}

std::string Sha256::hex() {
  const auto sum = bytes();
  std::string text(BASE16_ENCODE_LENGTH(sum.size()), '\0');
  base16_encode_update(text.data(), sum.size(), sum.data());
  return text;
}

}  // namespace chainrule
