// SPDX-License-Identifier: Apache-2.0
// An allocation that fails, once or for good: exit 6 and one line. slow_cli_memory_test.cpp tries 10,000 points.
#include "tests/support/allocation_faults.h"

namespace chainrule::cli_memory_test {
namespace {

TEST(Memory, ThatRunsOutEndsEveryCommandWithOneLine) {
  if (!AllocationFaults::is_possible()) GTEST_SKIP() << "this program has an allocator of its own";
  AllocationFaults faults;
  for (const std::vector<std::string>& words : AllocationFaults::commands()) EXPECT_EQ(faults.attack(words, 5), 10u);
}

}  // namespace
}  // namespace chainrule::cli_memory_test
