// SPDX-License-Identifier: Apache-2.0
#pragma once

#pragma GCC visibility push(default)
namespace chainrule {

/// Of library and program; the build file reads it from here.
inline constexpr const char* kVersion = "0.1.0";

}  // namespace chainrule
#pragma GCC visibility pop
