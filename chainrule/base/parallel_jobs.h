// SPDX-License-Identifier: Apache-2.0
// Independent jobs, run by several threads.
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <vector>

namespace chainrule {

/// Calls work(i) for each i from 0 to count - 1, in this order, in up to `workers` threads, the caller included (fewer
/// if the system gives fewer). Once should_stop() is true, no further job starts. Both functions are called from
/// several threads. Element i of the result is the exception of work(i), or null.
std::vector<std::exception_ptr> run_in_parallel(std::size_t count, std::size_t workers,
                                                const std::function<bool()>& should_stop,
                                                const std::function<void(std::size_t)>& work);

}  // namespace chainrule
