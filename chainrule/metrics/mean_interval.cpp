// SPDX-License-Identifier: Apache-2.0
#include "chainrule/metrics/mean_interval.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "chainrule/base/elementary.h"
#include "chainrule/metrics/student.h"

namespace chainrule {
namespace {

// Degrees of freedom, and the logarithm of the constant of Student's density:
// ln(Gamma((nu + 1) / 2) / (Gamma(nu / 2) sqrt(nu pi))). The last one is the normal distribution.
struct Degrees {
  double nu, constant;
};
constexpr std::array<Degrees, 7> kDegrees{{{2.1, -1.0342866874316226},
                                           {2.5, -1.0166395934604504},
                                           {3, -1.0008888496235095},
                                           {4, -0.9808292530117257},
                                           {6, -0.9604182557515988},
                                           {10, -0.9438973521509513},
                                           {1e18, -0.9189385332046727}}};
constexpr double kExcluded = 2;     // a logarithm of likelihoods: one-sided 97.7 %
constexpr double kAboutBest = 0.2;  // likewise
constexpr double kNotNormal = 7;    // likewise; none of 2,000 samples of 50 normal errors exceeds it
constexpr std::size_t kRowsOfTail = 20'000;
constexpr int kRounds = 25;  // of the fixed point for the scale: it gains a digit in 5 or fewer

struct Fit {
  double squares = 0, likelihood = 0;  // the scale squared; a logarithm
};

// The most likely scale for these degrees of freedom, by expectation and maximization.
Fit fit_scale(const Degrees& degrees, std::span<const double> u, std::span<const double> weights, double mean) {
  const double nu = degrees.nu;
  double total = 0;
  for (const double weight : weights) total += weight;
  Fit fit{mean, 0};
  for (int round = 0; round < kRounds && nu < 1e9; ++round) {
    double sum = 0;
    for (std::size_t i = 0; i < u.size(); ++i) sum += weights[i] * (nu + 1) / (nu + u[i] / fit.squares) * u[i];
    fit.squares = sum / total;
  }
  fit.likelihood = total * (degrees.constant - 0.5 * elementary::log(fit.squares));
  for (std::size_t i = 0; i < u.size(); ++i) {
    const double part = u[i] / fit.squares;
    fit.likelihood -= weights[i] * (nu < 1e9 ? 0.5 * (nu + 1) * elementary::log1p(part / nu) : 0.5 * part);
  }
  return fit;
}

// How often the quantity may be above and below the limits. Below the lower one a little more: the upper limit of a
// skewed quantity holds more often than it says. `kMissBelowTail`: where the likelihood of a tail sets the upper limit,
// which then hardly fails.
constexpr double kMissAbove = 0.025, kMissBelow = 0.03, kMissBelowTail = 0.04;
constexpr double kUnseenSkew = 0.75;
constexpr std::size_t kEnoughResamples = 500;

}  // namespace

double quantile(const std::vector<double>& sorted, double fraction) {
  const double position = fraction * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (position - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

MeanInterval::MeanInterval(std::vector<double> u, std::vector<double> weights, std::vector<double> y)
    : u_(std::move(u)), weights_(std::move(weights)), y_(std::move(y)), d_(u_.size(), 1) {
  double total = 0, mean = 0, sum = 0, below = 0;
  for (const double weight : weights_) total += weight;
  for (std::size_t i = 0; i < y_.size(); ++i) mean += weights_[i] * y_[i] / total;
  for (std::size_t i = 0; i < y_.size(); ++i) {
    y_[i] -= mean;
    d_[i] = y_[i] * y_[i];
  }
  for (std::size_t i = 0; i < u_.size(); ++i) {
    sum += weights_[i] * u_[i];
    below += weights_[i] * d_[i];
  }
  log_ = elementary::log(sum / below);
  double squares = 0;
  for (std::size_t i = 0; i < u_.size(); ++i) {
    const double influence = weights_[i] * (u_[i] / sum - d_[i] / below);
    squares += influence * influence;
  }
  error_ = std::sqrt(squares);
}

void MeanInterval::add(std::span<const float> counts, std::span<const double> factors) {
  Lanes<kLanes> sum{}, below{}, of_y{}, total{}, uu{}, ud{}, dd{};
  for (std::size_t i = 0; i < u_.size(); ++i) {
    const float* const weight = &counts[i * kLanes];
    const double factor = factors.empty() ? 1 : factors[i], u = u_[i], d = d_[i], r = factor * weights_[i];
    chainrule::add(total, weight, factor);
    chainrule::add(sum, weight, factor * u);
    chainrule::add(uu, weight, r * u * u);
    if (!y_.empty()) {
      chainrule::add(below, weight, factor * d);
      chainrule::add(of_y, weight, factor * y_[i]);
      chainrule::add(dd, weight, r * d * d);
    } else {
      chainrule::add(dd, weight, r);
    }
    chainrule::add(ud, weight, r * u * d);
  }
  for (std::size_t l = 0; l < kLanes; ++l) {
    const double d = y_.empty() ? total[l] : below[l] - of_y[l] * of_y[l] / total[l];
    if (!(sum[l] > 0) || !(d > 0)) continue;
    const double variance = uu[l] / (sum[l] * sum[l]) - 2 * ud[l] / (sum[l] * d) + dd[l] / (d * d);
    if (variance > 1e-20) studentized_.push_back((elementary::log(sum[l] / d) - log_) / std::sqrt(variance));
  }
}

Limits MeanInterval::limits(double most) const {
  const auto limit = [&](double studentized) { return elementary::exp(studentized * error_); };
  if (studentized_.size() <= kEnoughResamples) return {limit(-kNormalQuantile), std::max(limit(kNormalQuantile), most)};
  std::vector<double> sorted = studentized_;
  std::sort(sorted.begin(), sorted.end());
  const double up = std::max(-quantile(sorted, kMissAbove), 0.0),
               down = std::max(quantile(sorted, 1 - kMissAbove), 0.0);
  const double skew = down > 0 ? std::max(up / down - 1, 0.0) : 0;
  const double high = limit(up * (1 + kUnseenSkew * skew));
  const double miss = most > high ? kMissBelowTail : kMissBelow;
  return {limit(-std::max(quantile(sorted, 1 - miss), 0.0)), std::max(high, most)};
}

Tail tail_of(std::span<const double> u, std::span<const float> weights) {
  const std::size_t stride = (u.size() + kRowsOfTail - 1) / kRowsOfTail;
  std::vector<double> some, counts;
  double total = 0, squares = 0, mean = 0, zeros = 0;
  for (std::size_t i = 0; i < u.size(); i += std::max<std::size_t>(stride, 1)) {
    const auto weight = static_cast<double>(weights[i]);
    some.push_back(u[i]);
    counts.push_back(weight);
    total += weight;
    squares += weight * weight;
    mean += weight * u[i];
    if (u[i] == 0) zeros += weight;
  }
  mean /= total;
  if (!(mean > 0) || zeros > 0.5 * total) return {};      // the likelihood has no maximum
  for (double& count : counts) count *= total / squares;  // they add up to the effective number of rows
  const double rows = total * total / squares * static_cast<double>(stride);
  std::array<Fit, kDegrees.size()> fits;
  double best = -elementary::kInfinity;
  for (std::size_t k = 0; k < fits.size(); ++k) {
    fits[k] = fit_scale(kDegrees[k], some, counts, mean);
    best = std::max(best, fits[k].likelihood);
  }
  Tail tail;
  for (std::size_t k = 0; k + 1 < fits.size(); ++k) {  // normal errors are left to the resamples
    const double nu = kDegrees[k].nu, left = kExcluded - (best - fits[k].likelihood);
    if (left < 0) continue;
    // The scale itself may be larger, by what the likelihood still allows.
    const double scale = std::sqrt(2 * left) * std::sqrt(2 * (1 + 3 / nu) / rows);
    tail.factor = std::max(tail.factor, fits[k].squares * (1 + 2 / (nu - 2)) * elementary::exp(scale) / mean);
  }
  tail.unbounded = best - fits.front().likelihood <= kAboutBest && best - fits.back().likelihood > kNotNormal;
  return tail;
}

}  // namespace chainrule
