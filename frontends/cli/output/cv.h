// SPDX-License-Identifier: Apache-2.0
// What `cv` found, as text for people.
#pragma once

#include <string>

#include "chainrule/training/cross_validation.h"

namespace chainrule::cli {

std::string cross_text(const CrossValidation& found);
}  // namespace chainrule::cli
