// SPDX-License-Identifier: Apache-2.0
// Allocations that fail at 10,000 drawn points of all commands.
#include "tests/support/allocation_faults.h"

namespace chainrule::slow_cli_memory_test {
namespace {

TEST(Memory, ThatRunsOutEndsEveryCommandWithOneLine) {
  if (!AllocationFaults::is_possible()) GTEST_SKIP() << "this program has an allocator of its own";
  AllocationFaults faults;
  std::size_t points = 0;
  for (const std::vector<std::string>& words : AllocationFaults::commands()) points += faults.attack(words, 400);
  EXPECT_GE(points, 10'000u);
}

}  // namespace
}  // namespace chainrule::slow_cli_memory_test
