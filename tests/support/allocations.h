// SPDX-License-Identifier: Apache-2.0
// The allocations of a test program that is linked with allocations.cpp.
#pragma once

#include <atomic>
#include <cstddef>

extern std::atomic<std::size_t> allocations;
extern std::atomic<std::size_t> bytes_now, bytes_peak;
