// SPDX-License-Identifier: Apache-2.0
// Models as .safetensors files.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <span>
#include <string>

#include "chainrule/data/formats/load_table.h"

#pragma GCC visibility push(default)
namespace chainrule {
struct Model;
}  // namespace chainrule

namespace chainrule::formats {

/// Writes the model to one .safetensors file, atomically (temporary file in the same folder, fsync, rename). Throws
/// Error (output), or (usage) if the file exists and `overwrite` is false.
void save_model(const Model& model, const std::string& path, bool overwrite = false);

/// Writes the same bytes to a stream, which should be binary. Throws Error (output) if a write fails.
void save_model(const Model& model, std::ostream& stream);

/// Reads and checks an untrusted model file. Throws Error (input) with the tensor and the numbers.
Model load_model(const std::string& path);
/// The same for the bytes of such a file, which may be freed afterwards. Messages begin with `name`.
Model load_model(std::span<const std::byte> bytes, const std::string& name = "<bytes>");

/// The options that read the training table, for tables of the same kind: missing, decimal_comma, numeric, trained.
/// The model must outlive them.
LoadOptions load_options_for(const Model& model);
LoadOptions load_options_for(const Model&& model) = delete;

}  // namespace chainrule::formats
#pragma GCC visibility pop
