// SPDX-License-Identifier: Apache-2.0
// Faults at drawn system calls of the commands that write. slow_cli_faults_test.cpp tries every call.
#include "tests/support/call_faults.h"

namespace chainrule::cli_faults_test {
namespace {

TEST(Faults, AtDrawnSystemCallsLeaveWholeFiles) {
  CallFaults faults;
  if (!faults.is_possible()) GTEST_SKIP() << "the kernel or the program has no such filters";
  std::size_t happened = 0;
  for (const CallFaults::Words& words : CallFaults::commands()) happened += faults.attack(words, 6);
  EXPECT_GE(happened, 65u);
}

}  // namespace
}  // namespace chainrule::cli_faults_test
