// SPDX-License-Identifier: Apache-2.0
// The metadata "columns" of a model file, described in metadata.cpp. Internal to formats/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "chainrule/data/encoder.h"
#include "chainrule/model/formats/json.h"

namespace chainrule::formats {

/// null if it is plain.
std::string notation_text(const NumberNotation& notation);
/// Throws Error (input).
void notation_from(const Json& json, const std::string& where, NumberNotation& notation);

std::string columns_text(const Encoder& encoder);
/// Reads it for a network with `inputs` inputs from a file of this version. Throws Error (input).
void columns_from(const std::string& text, std::size_t inputs, std::uint64_t version, const std::string& where,
                  Encoder& encoder);

}  // namespace chainrule::formats
