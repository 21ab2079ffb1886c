// SPDX-License-Identifier: Apache-2.0
// Checks after a training whether its learning rate was far off. Internal.
#pragma once

#include <optional>

#include "chainrule/training/rates/learning_rate_finder.h"

namespace chainrule {

/// A warning if a training of at least 3 epochs and 20 steps failed because of its learning rate. All must hold:
/// 1. In the first quarter of the epochs, the mean loss rose above three times its start; or it fell too late to come
///    half the way from the baseline to the minimum of the loss.
/// 2. A range test finds a rate that is more than 5 times smaller or larger.
/// 3. In trial runs of equal length, that rate lowers the loss of other rows at least twice as far.
/// None if the check would cost more multiplications than the training and more than 1e11.
std::optional<Note> warning_of_rate(const FitPlan& plan, const FitData& data, const FitOptions& options,
                                    const FitResult& result, const LearningRateFinderOptions& how = {});

}  // namespace chainrule
