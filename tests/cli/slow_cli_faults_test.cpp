// SPDX-License-Identifier: Apache-2.0
// Every system call of the commands that write: each error once and for good, a disk that is lost, and a kill.
#include "tests/support/call_faults.h"

namespace chainrule::slow_cli_faults_test {
namespace {

class Faults : public testing::TestWithParam<CallFaults::Words> {};

TEST_P(Faults, AtEverySystemCallLeaveWholeFiles) {
  CallFaults faults;
  if (!faults.is_possible()) GTEST_SKIP() << "the kernel or the program has no such filters";
  const std::size_t happened = faults.attack(GetParam());
  std::printf("%zu faults\n", happened);
  EXPECT_GE(happened, 200u);
}

INSTANTIATE_TEST_SUITE_P(Commands, Faults, testing::ValuesIn(CallFaults::commands()),
                         [](const auto& command) { return command.param[0] + std::to_string(command.index); });

}  // namespace
}  // namespace chainrule::slow_cli_faults_test
