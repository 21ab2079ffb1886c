// SPDX-License-Identifier: Apache-2.0
// The start of every test program. `--file NAME` runs the tests of NAME.cpp alone; ctest has one entry per file.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <string_view>

namespace {

// The filter that matches the tests of this file; empty if there are none.
std::string filter_of(std::string_view name) {
  const std::string end = '/' + std::string(name) + ".cpp";
  const testing::UnitTest& all = *testing::UnitTest::GetInstance();
  std::string filter;
  for (int s = 0; s < all.total_test_suite_count(); ++s) {
    const testing::TestSuite& suite = *all.GetTestSuite(s);
    for (int t = 0; t < suite.total_test_count(); ++t) {
      const testing::TestInfo& test = *suite.GetTestInfo(t);
      if (std::string_view(test.file()).ends_with(end)) filter += std::string(suite.name()) + '.' + test.name() + ':';
    }
  }
  return filter;
}

}  // namespace

int main(int count, char** arguments) {
  testing::InitGoogleTest(&count, arguments);
  if (count == 3 && std::string_view(arguments[1]) == "--file") {
    const std::string filter = filter_of(arguments[2]);
    if (filter.empty()) {
      std::fprintf(stderr, "expected tests in %s.cpp, found none\n", arguments[2]);
      return 2;
    }
    testing::GTEST_FLAG(filter) = filter;
  } else if (count > 1) {
    std::fprintf(stderr, "expected --file NAME, found %s\n", arguments[1]);
    return 2;
  }
  return RUN_ALL_TESTS();
}
