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

/// Writes the model as one .safetensors file, whole or not at all (temporary file beside it, fsync, rename). Throws
/// Error (output), or (usage) when the file exists and `overwrite` is false.
void save_model(const Model& model, const std::string& path, bool overwrite = false);

/// The same bytes to a stream, which should be binary. Throws Error (output) when the stream takes no more.
void save_model(const Model& model, std::ostream& stream);

/// Reads and checks a model file; nothing in it is trusted. Throws Error (input) naming tensor and numbers.
Model load_model(const std::string& path);
/// The same of the bytes of such a file, which are read now and not kept; `name` opens messages.
Model load_model(std::span<const std::byte> bytes, const std::string& name = "<bytes>");

/// How the table was read that trained the model, for more of its kind: missing, decimal_comma, numeric, trained. The
/// model must outlive it.
LoadOptions load_options_for(const Model& model);
LoadOptions load_options_for(const Model&& model) = delete;

}  // namespace chainrule::formats
#pragma GCC visibility pop
