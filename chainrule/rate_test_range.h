// SPDX-License-Identifier: Apache-2.0
// The range test on rows that are ready. Internal to rate_test*.cpp.
#pragma once

#include "chainrule/rate_test.h"
#include "chainrule/rate_test_rehearsal.h"

namespace chainrule {

RateTest range_test(const RehearsalRows& rows, const FitOptions& options, const RateTestOptions& how);

}  // namespace chainrule
