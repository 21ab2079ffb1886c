// SPDX-License-Identifier: Apache-2.0
// What `evaluate` found, as text for people.
#pragma once

#include <string>

#include "chainrule/model/evaluation.h"

namespace chainrule::cli {

/// Metrics one per line, for classes who is taken for whom, and a line for each group.
std::string evaluation_text(const Evaluation& evaluation);

}  // namespace chainrule::cli
