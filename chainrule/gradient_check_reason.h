// SPDX-License-Identifier: Apache-2.0
// Internal: why a planted fault leaves a gradient as it is, found in the facts.
#pragma once

#include <string>

#include "chainrule/truth.h"

namespace chainrule {

/// `step` is the right step.
std::string reason_of_no_effect(const PlantedFault& fault, const Architecture& architecture,
                                const TruthParameters& parameters, const Loss& loss, const TruthBatch& batch,
                                double weight_decay, const TruthStep& step);

}  // namespace chainrule
