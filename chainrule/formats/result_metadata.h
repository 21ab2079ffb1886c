// SPDX-License-Identifier: Apache-2.0
// The metadata "metrics" and "decision" of a model file; model_metadata.cpp says what they hold. Internal to formats/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "chainrule/model.h"

namespace chainrule::formats {

std::string metrics_text(const Provenance& provenance);
/// As a file of this version has it. Throws Error (input).
void metrics_from(const std::string& text, std::uint64_t version, const std::string& where, Provenance& provenance);

std::string decision_text(const Model& model);
/// For a network of so many outputs, as a file of this version has it. Throws Error (input).
void decision_from(const std::string& text, std::size_t outputs, std::uint64_t version, const std::string& where,
                   Model& model);

}  // namespace chainrule::formats
