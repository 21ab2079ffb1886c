// SPDX-License-Identifier: Apache-2.0
#pragma once

#pragma GCC visibility push(default)
namespace chainrule {

/// Version of library and program; the build reads it from this file.
inline constexpr const char* kVersion = "0.1.0";
static_assert(__cplusplus >= 202002L, "Chainrule needs C++20: compile with -std=c++20");

}  // namespace chainrule
#pragma GCC visibility pop
