// SPDX-License-Identifier: Apache-2.0
// Quantiles of the normal and of Student's distribution. Internal.
#pragma once

namespace chainrule {

inline constexpr double kNormalQuantile = 1.959963984540054;  // 0.975

/// Quantile 0.975 of Student's distribution; degrees >= 1 of freedom, which need not be an integer.
double student_quantile(double degrees);

}  // namespace chainrule
