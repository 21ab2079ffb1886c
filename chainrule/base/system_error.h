// SPDX-License-Identifier: Apache-2.0
// Error numbers of the system in words.
#pragma once

#include <cerrno>
#include <new>
#include <string>
#include <system_error>

namespace chainrule {

/// The system's words for an error number, e.g. "No space left on device". Throws std::bad_alloc for ENOMEM: memory
/// that runs out is reported in the same way wherever it does.
inline std::string reason_of(int error_number) {
  if (error_number == ENOMEM) throw std::bad_alloc();
  return std::generic_category().message(error_number);
}

}  // namespace chainrule
