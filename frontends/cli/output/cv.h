// SPDX-License-Identifier: Apache-2.0
// The result of `cv` as text.
#pragma once

#include <string>

#include "chainrule/training/cross_validation.h"

namespace chainrule::cli {

std::string cross_text(const CrossValidation& found);
}  // namespace chainrule::cli
