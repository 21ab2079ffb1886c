// SPDX-License-Identifier: Apache-2.0
// The result of `evaluate` as text.
#pragma once

#include <string>

#include "chainrule/model/evaluation.h"

namespace chainrule::cli {

/// A line for each metric, the confusion matrix for classes, and a line for each group.
std::string evaluation_text(const Evaluation& evaluation);

}  // namespace chainrule::cli
