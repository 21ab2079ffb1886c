// SPDX-License-Identifier: Apache-2.0
// What an update needs besides its rule, and the update in double. The rules are in optimizer_rules.h; the kernels run
// them on floats.
#pragma once

#include <cstddef>
#include <span>

#include "chainrule/engine/formulas/optimizer.h"

namespace chainrule {

/// Numbers per parameter that an optimizer stores: 0, 1 or 2.
std::size_t optimizer_memory(const Optimizer& optimizer);

/// Sets the corrections if the optimizer needs them.
void prepare(const Optimizer& optimizer, UpdateRates& rates);

/// Throws Error (usage) unless the other spans have the length that an update of `parameters` parameters needs.
void require_fit(const Optimizer& optimizer, std::size_t parameters, std::size_t gradient, std::size_t first,
                 std::size_t second);

/// The same rule in double, for the reference.
void optimizer_update(const Optimizer& optimizer, const UpdateRates& rates, std::span<double> parameters,
                      std::span<const double> gradient, std::span<double> first, std::span<double> second);

}  // namespace chainrule
