// SPDX-License-Identifier: Apache-2.0
// The entry of libFuzzer for the target that FUZZ_TARGET names (docs: fuzz/README.md).
#include <cstddef>
#include <cstdint>

#include "fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const chainrule::fuzz::Target* const target = chainrule::fuzz::find_target(FUZZ_TARGET);
  chainrule::fuzz::run_within_bounds(*target, {reinterpret_cast<const char*>(data), size});
  return 0;
}
