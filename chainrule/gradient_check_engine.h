// SPDX-License-Identifier: Apache-2.0
// Internal: the engine's gradients beside the truth's.
#pragma once

#include <vector>

#include "chainrule/gradient_check.h"

namespace chainrule {

/// Per layer weights, then biases. The architecture has no dropout.
std::vector<EngineCheck> check_engine(const Architecture& architecture, const TruthParameters& parameters,
                                      const Loss& loss, const TruthBatch& batch);

}  // namespace chainrule
