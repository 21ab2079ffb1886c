// SPDX-License-Identifier: Apache-2.0
// The interval of the expected calibration error, without the bias of its value. Internal.
#pragma once

#include <span>

#include "chainrule/metrics/classification.h"

namespace chainrule {

struct CalibrationInterval {
  double low = 0, high = 1;
};
/// The error is the sum over the bins of |gap|; noise only adds to it. The interval holds those errors of bins whose
/// noise makes the value likely: the gaps found (for the lower limit, shrunk), all times one factor, with normal noise
/// of the bins' own size. The
/// mean and variance of |normal| are in closed form (the folded normal distribution, Leone, Nelson, Nottingham 1961).
CalibrationInterval calibration_interval(const PreparedClasses& prepared, std::span<const float> weights);

}  // namespace chainrule
