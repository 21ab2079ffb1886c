// SPDX-License-Identifier: Apache-2.0
// Flushes subnormal numbers to zero while the engine computes: with ReLU and momentum they make a step many times
// slower.
#pragma once

#include <cstdint>

namespace chainrule::kernels {

/// Sets flush-to-zero and denormals-are-zero on this thread for its lifetime; then restores the previous mode. One file
/// per family of processors: flush_x86.cpp, flush_arm.cpp, flush_none.cpp.
class FlushSubnormals {
 public:
  FlushSubnormals();
  ~FlushSubnormals();
  FlushSubnormals(const FlushSubnormals&) = delete;
  FlushSubnormals& operator=(const FlushSubnormals&) = delete;

 private:
  std::uint64_t before_;
};

}  // namespace chainrule::kernels
