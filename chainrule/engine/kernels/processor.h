// SPDX-License-Identifier: Apache-2.0
// Properties of the processor: the vector unit in use, the number of usable threads, and the peak speed.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace chainrule {

/// The vector unit in use: "avx512", "avx2", "neon", "sse4" or "scalar". The best one, unless the environment variable
/// CHAINRULE_TARGET or use_vector_unit() chose another.
std::string_view vector_unit();
/// All that this processor has, best first.
std::vector<std::string_view> vector_units();
/// Uses this vector unit from now on, in all threads; predictors must be created again. Throws Error (usage) for a name
/// that is not among vector_units().
void use_vector_unit(std::string_view name);
/// Whether results have the same bits as on other processors (docs/determinism.md): vector units without fused
/// multiply-add round differently.
bool has_fused_multiply_add();

/// How many threads this process may use: its CPU affinity, and the quota of its control group, rounded up.
std::size_t usable_threads();

/// The maximum of floating-point operations per second of one core, in 10^9, in chains of fused multiply-adds without
/// memory access; measured for about 0.2 seconds.
double peak_gflops();

}  // namespace chainrule
