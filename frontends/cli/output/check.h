// SPDX-License-Identifier: Apache-2.0
// The result of `check` as text.
#pragma once

#include <string>

#include "chainrule/explain/reference_check.h"

namespace chainrule::cli {

std::string check_text(const CheckReport& report, const CheckFacts& facts);

}  // namespace chainrule::cli
