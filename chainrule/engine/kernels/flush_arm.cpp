// SPDX-License-Identifier: Apache-2.0
#include "chainrule/engine/kernels/flush.h"

namespace chainrule::kernels {
namespace {

constexpr std::uint64_t kFlush = std::uint64_t{1} << 24;  // FPCR.FZ: flushes inputs and results

std::uint64_t mode() {
  std::uint64_t value;
  asm volatile("mrs %0, fpcr" : "=r"(value));
  return value;
}
void set_mode(std::uint64_t value) { asm volatile("msr fpcr, %0" : : "r"(value)); }

}  // namespace

FlushSubnormals::FlushSubnormals() : before_(mode()) {
  if (!(before_ & kFlush)) set_mode(before_ | kFlush);
}
FlushSubnormals::~FlushSubnormals() {
  if (!(before_ & kFlush)) set_mode(mode() & ~kFlush);
}

}  // namespace chainrule::kernels
