// SPDX-License-Identifier: Apache-2.0
// Columns to inputs of the network: what is learned of them, and how a row becomes numbers. Internal to encoder*.cpp.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "chainrule/encoder.h"

namespace chainrule {

/// `value` kept within the range of a float.
float as_float(double value);

/// Scales, medians and categories of the input columns, on these rows. places[j]: where input j stands in the table.
void fit_inputs(Encoder& encoder, const Table& table, const std::vector<std::size_t>& places,
                std::span<const std::size_t> rows, Scaling scaling, std::vector<std::string>& notes);
/// (table.rows x encoder.width()). Throws Error (input) for text where the encoder has a number.
Features encode_inputs(const Encoder& encoder, const Table& table, const std::vector<std::size_t>& places);
std::vector<std::string> unlike_inputs(const Encoder& encoder, const Table& table,
                                       const std::vector<std::size_t>& places);

}  // namespace chainrule
