// SPDX-License-Identifier: Apache-2.0
// A model without its weights, as the names and texts in the head of a model file, and back. Internal to formats/.
#pragma once

#include <map>
#include <string>

#include "chainrule/model/model.h"

namespace chainrule::formats {

using Metadata = std::map<std::string, std::string>;

/// Equal models give equal texts. Throws Error: (usage) for a custom activation or loss, (input) for text that is not
/// UTF-8.
Metadata to_metadata(const Model& model);

/// Says whether the texts are a model's, of a version that can be read, and which layers it has; nothing is allocated
/// for these yet. `file` opens every message. Throws Error (input).
Architecture architecture_from(const Metadata& metadata, const std::string& file);

/// The model, its parameters still 0, otherwise valid. Throws Error (input).
Model model_from(const Metadata& metadata, const Architecture& architecture, const std::string& file);

}  // namespace chainrule::formats
