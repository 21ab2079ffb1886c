// SPDX-License-Identifier: Apache-2.0
#include "chainrule/base/sha256.h"

#include <openssl/evp.h>

#include <array>

#include "chainrule/base/error.h"

namespace chainrule {
namespace {

struct ContextEnder {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

void require(bool holds) {
  if (!holds) throw Error(ErrorCategory::internal, "SHA-256: libcrypto failed");
}

}  // namespace

struct Sha256::Context {
  std::unique_ptr<EVP_MD_CTX, ContextEnder> digest{EVP_MD_CTX_new()};
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  require(context_->digest && EVP_DigestInit_ex(context_->digest.get(), EVP_sha256(), nullptr) == 1);
}

Sha256::~Sha256() = default;

void Sha256::add(std::span<const std::byte> bytes) {
  require(EVP_DigestUpdate(context_->digest.get(), bytes.data(), bytes.size()) == 1);
}

std::string Sha256::hex() {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::array<unsigned char, 32> sum{};
  unsigned length = 0;
  require(EVP_DigestFinal_ex(context_->digest.get(), sum.data(), &length) == 1 && length == sum.size());
  std::string text;
  for (const unsigned char byte : sum) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace chainrule
