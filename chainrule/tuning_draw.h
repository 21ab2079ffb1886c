// SPDX-License-Identifier: Apache-2.0
// The values of a trial. Internal to tuning*.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chainrule/tuning.h"

namespace chainrule {

/// A value of each range: drawn from it, or, where there is a parent, the parent's or a neighbour of that.
std::vector<std::string> draw_values(const std::vector<SearchRange>& ranges, const std::vector<std::string>* parent,
                                     std::uint64_t seed, std::size_t trial, std::size_t attempt);

}  // namespace chainrule
