// SPDX-License-Identifier: Apache-2.0
// Models as .safetensors files.
#pragma once

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

/// Reads and checks a model file; nothing in it is trusted. Throws Error (input) naming tensor and numbers.
Model load_model(const std::string& path);

/// How the table was read that trained the model, for more of its kind: missing, decimal_comma, numeric, trained. The
/// model must outlive it.
LoadOptions load_options_for(const Model& model);

}  // namespace chainrule::formats
#pragma GCC visibility pop
