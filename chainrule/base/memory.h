// SPDX-License-Identifier: Apache-2.0
// The memory of the machine. Internal.
#pragma once

#include <cstdint>

namespace chainrule {

/// The bytes that a table may need: three quarters of the machine's memory, or of the limit of the process if that is
/// less.
std::uint64_t memory_limit();

}  // namespace chainrule
