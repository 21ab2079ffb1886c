// SPDX-License-Identifier: Apache-2.0
// Intervals of means over rows, and of ratios of such sums. Internal.
#pragma once

#include <span>
#include <vector>

#include "chainrule/metrics/ranking.h"

namespace chainrule {

/// A quantile of sorted values, interpolated.
double quantile(const std::vector<double>& sorted, double fraction);

/// The limits of a positive quantity, as multiples of its value.
struct Limits {
  double low = kNaN, high = kNaN;
};

/// sum w u / sum w, or sum w u / sum w (y - mean of y)^2. With resamples the limits are bootstrap-t on the logarithmic
/// scale (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 12): each resample has its own standard
/// error, so that a skewed distribution moves the limits. Few rows lack the largest values that others have, so
/// resamples show only a part of the skew: the upper limit has three quarters of it once more. Without resamples the
/// limits are normal.
class MeanInterval {
 public:
  /// u >= 0, one per row; `weights`: of the rows; y: empty for a mean.
  MeanInterval(std::vector<double> u, std::vector<double> weights, std::vector<double> y = {});
  /// counts: (rows x kLanes), weights of resamples; row i's are multiplied by factors[i], if there are any.
  void add(std::span<const float> counts, std::span<const double> factors);
  /// `most`: the upper limit is at least this, from tail_of(). The lower limit may then miss more often.
  Limits limits(double most = 1) const;

 private:
  std::vector<double> u_, weights_, y_, d_;  // d: what the denominator adds up
  double log_ = 0, error_ = 0;               // the logarithm of the quantity, and its standard error
  std::vector<double> studentized_;
};

/// How large the mean of u >= 0 may be if the tail of sqrt(u) is that of Student's t: `factor`, the largest value that
/// the likelihood does not exclude, as a multiple of the mean; 1 if the likelihood says nothing. `unbounded`: two
/// degrees of freedom, with an infinite mean of u, fit about best, and normal errors do not.
struct Tail {
  double factor = 1;
  bool unbounded = false;
};
Tail tail_of(std::span<const double> u, std::span<const float> weights);

}  // namespace chainrule
