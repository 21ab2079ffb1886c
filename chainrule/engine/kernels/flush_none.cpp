// SPDX-License-Identifier: Apache-2.0
// Processors whose mode we do not know how to set: subnormal numbers are computed with, at their cost.
#include "chainrule/engine/kernels/flush.h"

namespace chainrule::kernels {

FlushSubnormals::FlushSubnormals() : before_(0) {}
FlushSubnormals::~FlushSubnormals() = default;

}  // namespace chainrule::kernels
