// SPDX-License-Identifier: Apache-2.0
// Converts a model without its weights to the metadata in the head of a model file, and back. Internal to formats/.
#pragma once

#include <map>
#include <string>

#include "chainrule/model/model.h"

namespace chainrule::formats {

using Metadata = std::map<std::string, std::string>;

/// Equal models give equal texts. Throws Error: (usage) for a custom activation or loss, (input) for text that is not
/// UTF-8.
Metadata to_metadata(const Model& model);

/// Checks that the metadata belongs to a model of a supported version and returns its layers, before memory for them
/// is allocated. Every message begins with `file`. Throws Error (input).
Architecture architecture_from(const Metadata& metadata, const std::string& file);

/// A valid model whose parameters are all 0. Throws Error (input).
Model model_from(const Metadata& metadata, const Architecture& architecture, const std::string& file);

}  // namespace chainrule::formats
