// SPDX-License-Identifier: Apache-2.0
// Pieces of work that have nothing to do with each other, done by several threads.
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <vector>

namespace chainrule {

/// work(i) for each i from 0 to count - 1, taken up in this order by `workers` threads at once (the caller is one of
/// them; where the system gives fewer, fewer do). Asked before each piece, should_stop() ends the giving out; it and
/// work() are called from several threads. What work(i) has thrown is at place i of the answer.
std::vector<std::exception_ptr> side_by_side(std::size_t count, std::size_t workers,
                                             const std::function<bool()>& should_stop,
                                             const std::function<void(std::size_t)>& work);

}  // namespace chainrule
