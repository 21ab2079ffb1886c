// SPDX-License-Identifier: Apache-2.0
// Fits an encoder to rows, and finds what it reads in a table: its columns, and the classes of the target. Internal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "chainrule/data/encoder.h"

namespace chainrule {

/// Indices of a table's columns.
struct EncodedColumns {
  std::vector<std::size_t> inputs;
  std::size_t target = 0, weight = 0;  // if needed
};
/// The columns that encode() reads. Throws as encode().
EncodedColumns find_encoded_columns(const Encoder& encoder, const Table& table, bool with_target);
/// Indices of the table's columns that the encoder reads, in its own order: inputs, target, weight. Throws as encode().
std::vector<std::size_t> columns_of(const Encoder& encoder, const Table& table);
/// Indices of the inputs only: the table need not have a target.
std::vector<std::size_t> input_columns_of(const Encoder& encoder, const Table& table);

/// Fits shift and scale of inputs and target, categories and medians to these rows; lists constant columns in `notes`.
void fit_encoder(Encoder& encoder, const Table& table, std::span<const std::size_t> rows, const EncoderOptions& options,
                 std::vector<Note>& notes);
/// Class numbers of a table's target, one per row, as encode() would give them.
std::vector<std::uint32_t> encode_labels(const Encoder& encoder, const Table& table);

}  // namespace chainrule
