// SPDX-License-Identifier: Apache-2.0
// Processors whose mode we cannot set: they compute with subnormal numbers, slowly.
#include "chainrule/engine/kernels/flush.h"

namespace chainrule::kernels {

FlushSubnormals::FlushSubnormals() : before_(0) {}
FlushSubnormals::~FlushSubnormals() = default;

}  // namespace chainrule::kernels
