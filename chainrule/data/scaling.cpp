// SPDX-License-Identifier: Apache-2.0
#include "chainrule/data/scaling.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <initializer_list>

#include "chainrule/base/elementary.h"

namespace chainrule {
namespace {

constexpr double kMinSpread = 1e-290;  // below it, the standard deviation may be subnormal

// Two passes; the second corrects the mean. Distances are divided by the largest, so that no square overflows or
// underflows.
Scale standard_scale(std::span<const double> numbers, std::span<const std::size_t> rows) {
  const auto count = static_cast<double>(rows.size());
  double sum = 0, rest = 0, farthest = 0, squares = 0;
  for (const std::size_t row : rows) sum += numbers[row];
  for (const std::size_t row : rows) rest += numbers[row] - sum / count;
  const double mean = sum / count + rest / count;
  for (const std::size_t row : rows) farthest = std::max(farthest, std::fabs(numbers[row] - mean));
  for (const std::size_t row : rows) {
    const double distance = (numbers[row] - mean) / farthest;
    squares += distance * distance;
  }
  return {mean, farthest * std::sqrt(squares / count), false, false, {}, {}};
}

// The quantile of sorted numbers.
double quantile_in(const std::vector<double>& sorted, double fraction) {
  const double position = fraction * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  if (below + 1 >= sorted.size()) return sorted.back();
  const double part = position - static_cast<double>(below), low = sorted[below], high = sorted[below + 1];
  return std::clamp(low * (1 - part) + high * part, low, high);  // rounding may leave the interval
}

std::vector<double> numbers_of(std::span<const double> numbers, std::span<const std::size_t> rows) {
  std::vector<double> out;
  out.reserve(rows.size());
  for (const std::size_t row : rows) out.push_back(numbers[row]);
  return out;
}

// In linear time: only what quantile_in() reads at these rising fractions is where it would be among sorted numbers.
std::vector<double> sorted_for(std::span<const double> numbers, std::span<const std::size_t> rows,
                               std::initializer_list<double> fractions) {
  std::vector<double> out = numbers_of(numbers, rows);
  auto rest = out.begin();
  for (const double fraction : fractions)
    for (const std::ptrdiff_t step : {0, 1}) {
      const auto at = out.begin() + static_cast<std::ptrdiff_t>(fraction * static_cast<double>(out.size() - 1)) + step;
      if (at < rest || at >= out.end()) continue;
      std::nth_element(rest, at, out.end());
      rest = at + 1;
    }
  return out;
}

Scale robust_scale(const std::vector<double>& sorted) {
  const double middle = quantile_in(sorted, 0.5), spread = quantile_in(sorted, 0.75) - quantile_in(sorted, 0.25);
  const double half_range = sorted.back() / 2 - sorted.front() / 2;
  return {middle, spread >= kMinSpread ? std::min(spread, 2 * half_range) : half_range, false, true, {}, {}};
}

// Landmark k of n is at fraction (k + 1/2) / n of the rows. Equal values get the mean of their scores.
Scale quantile_scale(const std::vector<double>& sorted) {
  Scale scale;
  const std::size_t count = std::min(sorted.size(), kMaxLandmarks);
  const auto n = static_cast<double>(count);
  for (std::size_t k = 0; k < count;) {
    const auto at = [&](std::size_t position) {
      return count == sorted.size() ? sorted[position] : quantile_in(sorted, (static_cast<double>(position) + 0.5) / n);
    };
    const double value = at(k);
    double sum = 0;
    std::size_t together = 0;
    for (; k < count && at(k) == value; ++k, ++together) sum += normal_quantile((static_cast<double>(k) + 0.5) / n);
    scale.landmarks.push_back(value);
    scale.scores.push_back(sum / static_cast<double>(together));
  }
  return scale;
}

}  // namespace

const std::vector<std::string>& scaling_names() {
  static const std::vector<std::string> names{"none", "standard", "range", "robust", "quantile"};
  return names;
}

Scale take_scale(std::span<const double> numbers, std::span<const std::size_t> rows, Scaling scaling) {
  double minimum = numbers[rows[0]], maximum = minimum;
  for (const std::size_t row : rows) {
    minimum = std::min(minimum, numbers[row]);
    maximum = std::max(maximum, numbers[row]);
  }
  const bool constant = maximum - minimum < kMinSpread;
  Scale scale;
  if (scaling == Scaling::none) {
    scale.constant = constant;
  } else if (constant) {
    scale.shift = minimum;
    scale.constant = true;
  } else if (scaling == Scaling::range) {
    scale.shift = minimum;
    scale.scale = maximum - minimum;
  } else if (scaling == Scaling::standard) {
    scale = standard_scale(numbers, rows);
  } else {
    if (scaling == Scaling::robust) {
      scale = robust_scale(sorted_for(numbers, rows, {0, 0.25, 0.5, 0.75, 1}));
    } else {
      std::vector<double> sorted = numbers_of(numbers, rows);
      std::ranges::sort(sorted);
      scale = quantile_scale(sorted);
    }
  }
  scale.minimum = minimum;
  scale.maximum = maximum;
  return scale;
}

double smooth_clip(double v) {
  if (std::fabs(v) <= 3) return v / std::sqrt(1 + (v / 3) * (v / 3));
  return std::copysign(3 / std::sqrt(1 + (3 / v) * (3 / v)), v);  // the same, without a square that overflows
}

double score_of(std::span<const double> landmarks, std::span<const double> scores, double x) {
  const auto above = std::upper_bound(landmarks.begin(), landmarks.end(), x);
  if (above == landmarks.begin()) return scores.front();
  if (above == landmarks.end()) return scores.back();
  const auto k = static_cast<std::size_t>(above - landmarks.begin()) - 1;
  // Halves, since the difference of two finite numbers may be infinite.
  const double part = (x / 2 - landmarks[k] / 2) / (landmarks[k + 1] / 2 - landmarks[k] / 2);
  return scores[k] + part * (scores[k + 1] - scores[k]);
}

double quantile_of(std::span<const double> numbers, std::span<const std::size_t> rows, double fraction) {
  return quantile_in(sorted_for(numbers, rows, {fraction}), fraction);
}

// Newton's method on the logarithm of the tail, which is concave and nearly a parabola: from 0 the steps rise to the
// root and never pass it.
double normal_quantile(double probability) {
  if (probability > 0.5) return -normal_quantile(1 - probability);
  double t = 0;  // the root is -t
  for (int step = 0; step < 60; ++step) {
    const double tail = 0.5 * elementary::erfc(t * elementary::kInverseSqrt2);
    const double density = elementary::kInverseSqrt2Pi * elementary::gauss(t);
    const double change = tail / density * elementary::log(tail / probability);
    t += change;
    if (std::fabs(change) <= 1e-15 * t) break;
  }
  return -t;
}

}  // namespace chainrule
