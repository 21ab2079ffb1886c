// SPDX-License-Identifier: Apache-2.0
#include <immintrin.h>

#include "chainrule/engine/kernels/flush.h"

namespace chainrule::kernels {

constexpr unsigned kFlush = 0x8040;  // MXCSR: flush to zero, denormals are zero

FlushSubnormals::FlushSubnormals() : before_(_mm_getcsr()) {
  if ((before_ & kFlush) != kFlush) _mm_setcsr(static_cast<unsigned>(before_) | kFlush);
}
FlushSubnormals::~FlushSubnormals() {
  if ((before_ & kFlush) != kFlush) _mm_setcsr((_mm_getcsr() & ~kFlush) | (static_cast<unsigned>(before_) & kFlush));
}

}  // namespace chainrule::kernels
