// SPDX-License-Identifier: Apache-2.0
// Subnormal numbers count as zero while the engine computes: with ReLU and momentum they make a step many times slower.
#pragma once

#include <cstdint>

namespace chainrule::kernels {

/// Sets flush-to-zero and denormals-are-zero on this thread for as long as it lives; then the mode from before is
/// back. One file per family of processors: flush_x86.cpp, flush_arm.cpp, flush_none.cpp.
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
