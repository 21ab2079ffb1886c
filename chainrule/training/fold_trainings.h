// SPDX-License-Identifier: Apache-2.0
// The trainings of a cross-validation: how many run in parallel, and means of their metrics. Internal.
#pragma once

#include <cstddef>
#include <vector>

#include "chainrule/training/cross_validation.h"

namespace chainrule {

/// How many trainings cross_validate() runs in parallel.
std::size_t trainings_at_once(const CrossValidationOptions& how, std::size_t threads);

/// Means over folds.
std::vector<CrossEstimate> cross_estimates(const std::vector<FoldResult>& folds);

}  // namespace chainrule
