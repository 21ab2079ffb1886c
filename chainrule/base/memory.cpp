// SPDX-License-Identifier: Apache-2.0
#include "chainrule/base/memory.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

namespace chainrule {

std::uint64_t memory_limit() {
  const long pages = sysconf(_SC_PHYS_PAGES), bytes = sysconf(_SC_PAGESIZE);
  std::uint64_t memory = std::numeric_limits<std::uint64_t>::max();
  if (pages > 0 && bytes > 0) memory = static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(bytes);
  rlimit address{};
  if (getrlimit(RLIMIT_AS, &address) == 0 && address.rlim_cur != RLIM_INFINITY)
    memory = std::min<std::uint64_t>(memory, address.rlim_cur);
  return memory / 4 * 3;
}

}  // namespace chainrule
