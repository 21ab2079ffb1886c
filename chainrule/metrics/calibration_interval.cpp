// SPDX-License-Identifier: Apache-2.0
#include "chainrule/metrics/calibration_interval.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "chainrule/base/elementary.h"
#include "chainrule/metrics/student.h"

namespace chainrule {
namespace {

// 3 %: near 0 only this side can fail, and elsewhere the other one rarely does.
constexpr double kSidesBelow = 1.8807936081512509;
constexpr double kLargestFactor = 100;
constexpr int kBisections = 50;

struct Bin {
  double gap = 0, deviation = 0;  // of the total weight
};
using Bins = std::array<Bin, kCalibrationBins>;

struct Moments {
  double mean = 0, deviation = 0;
};

// Of the sum over the bins of |factor gap + noise|.
Moments moments(const Bins& bins, double factor) {
  double mean = 0, variance = 0;
  for (const Bin& bin : bins) {
    if (!(bin.deviation > 0)) continue;
    const double x = factor * std::fabs(bin.gap) / bin.deviation;
    const double folded = std::sqrt(4 / elementary::kTwoPi) * elementary::exp(-0.5 * x * x) +
                          x * elementary::erf(x * elementary::kInverseSqrt2);
    mean += bin.deviation * folded;
    variance += bin.deviation * bin.deviation * std::max(0.0, x * x + 1 - folded * folded);
  }
  return {mean, std::sqrt(variance)};
}

// The factor at which `value` lies `sides` deviations above the mean.
double factor_for(const Bins& bins, double value, double sides) {
  double low = 0, high = kLargestFactor;
  for (int round = 0; round < kBisections; ++round) {
    const double middle = 0.5 * (low + high);
    const Moments at = moments(bins, middle);
    (value > at.mean + sides * at.deviation ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

double error_of(const Bins& bins) {
  double error = 0;
  for (const Bin& bin : bins) error += std::fabs(bin.gap);
  return error;
}

// The gaps without what noise is likely to have added, as James and Stein (1961) shrink means: the error may lie in few
// bins, and noise then adds more to it.
Bins shrunk(const Bins& bins) {
  Bins out = bins;
  for (Bin& bin : out) {
    const double squared = bin.gap * bin.gap, noise = bin.deviation * bin.deviation;
    bin.gap = squared > noise ? bin.gap * (1 - noise / squared) : 0;
  }
  return error_of(out) > 0 ? out : bins;
}

}  // namespace

CalibrationInterval calibration_interval(const PreparedClasses& prepared, std::span<const float> weights) {
  struct Sums {
    double weight = 0, squares = 0, right = 0, confidence = 0;
  };
  std::array<Sums, kCalibrationBins> sums;
  double total = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const auto weight = static_cast<double>(weights[i]);
    Sums& bin = sums[calibration_bin(prepared.confidence[i])];
    bin.weight += weight;
    bin.squares += weight * weight;
    bin.right += prepared.top_class_is_right[i] ? weight : 0;
    bin.confidence += weight * prepared.confidence[i];
    total += weight;
  }
  Bins bins;
  for (std::size_t b = 0; b < bins.size(); ++b) {
    const Sums& sum = sums[b];
    if (!(sum.weight > 0)) continue;
    // One more row, as the confidence expects it: a bin of one row has a variance, too.
    const double rows = sum.weight * sum.weight / sum.squares, expected = sum.confidence / sum.weight;
    const double right = (rows * sum.right / sum.weight + expected) / (rows + 1), gap = right - expected;
    const double variance = right * (1 - right) + gap * gap * (1 - sum.weight / total);
    bins[b] = {(sum.right - sum.confidence) / total, std::sqrt(sum.squares * variance) / total};
  }
  const double value = error_of(bins);
  const Bins few = shrunk(bins);
  const Moments none = moments(bins, 0);
  CalibrationInterval out;
  if (value > none.mean + kSidesBelow * none.deviation) out.low = error_of(few) * factor_for(few, value, kSidesBelow);
  out.high = std::min(1.0, std::max(value * factor_for(bins, value, -kNormalQuantile), none.deviation));
  return out;
}

}  // namespace chainrule
