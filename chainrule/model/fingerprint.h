// SPDX-License-Identifier: Apache-2.0
// Checksums of weights and of data: equal ones mean equal bits. Internal.
#pragma once

#include <string>

#include "chainrule/data/encoder.h"
#include "chainrule/engine/network.h"

namespace chainrule {

/// SHA-256, in hex, of the parameters as little-endian floats in the order of the flat block.
std::string weights_sha256(const Network& network);

/// SHA-256, in hex, of the data that an encoder reads from a table: inputs, target (text as written), weights, pixels,
/// in the encoder's order. The order of the rows changes it. Names, formatting, other columns and, if columns match by
/// name, their order do not. Throws as encode().
std::string fingerprint(const Table& table, const Encoder& encoder);

}  // namespace chainrule
