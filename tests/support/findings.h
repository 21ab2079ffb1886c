// SPDX-License-Identifier: Apache-2.0
// Helpers for tests of findings.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "chainrule/training/diagnosis/findings.h"

namespace chainrule::testing {

using Kinds = std::vector<FindingKind>;

inline Kinds kinds_of(const std::vector<Finding>& findings) {
  Kinds kinds;
  for (const Finding& finding : findings) {
    kinds.push_back(finding.kind);
    EXPECT_FALSE(finding.problem.empty() || finding.advice.empty()) << finding_name(finding.kind);
  }
  return kinds;
}

inline std::string words_of(const std::vector<Finding>& findings) {
  std::string words;
  for (const Finding& finding : findings) words += finding.problem.text() + "\n";
  return words;
}

}  // namespace chainrule::testing
