// SPDX-License-Identifier: Apache-2.0
// Scales numbers to a range from which a network learns well: the statistics of the training rows, and the formula for
// every row. Internal.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "chainrule/data/encoder.h"

namespace chainrule {

/// "none", "standard" ..., in the order of Scaling.
const std::vector<std::string>& scaling_names();

constexpr std::size_t kMaxLandmarks = 1000;
/// The statistics of the training rows.
struct Scale {
  double shift = 0;                 ///< v = (x - shift) / scale; if quartiles coincide, scale is half the range
  double scale = 1;                 ///< > 0
  bool constant = false;            ///< a single value on all rows
  bool clipped = false;             ///< smooth_clip(v) instead of v
  std::vector<double> landmarks;    ///< of quantile: values in rising order, at most kMaxLandmarks,
  std::vector<double> scores;       ///< and the score of each
  double minimum = 0, maximum = 0;  ///< of all numbers
};
/// For these rows: at least one, none of them NaN.
Scale take_scale(std::span<const double> numbers, std::span<const std::size_t> rows, Scaling scaling);

/// v / sqrt(1 + (v / 3)^2): v itself near 0, between -3 and 3 everywhere; for infinite v, too.
double smooth_clip(double v);
/// The score of x: linear between the landmarks, the first or last score beyond them. At least one landmark.
double score_of(std::span<const double> landmarks, std::span<const double> scores, double x);

/// The quantile of these rows, linear between neighbors (NumPy's default); `share` is the fraction in [0, 1]. At least
/// one row.
double quantile_of(std::span<const double> numbers, std::span<const std::size_t> rows, double fraction);
/// x such that a variate of N(0, 1) is below x with this probability, in (0, 1).
double normal_quantile(double probability);

}  // namespace chainrule
