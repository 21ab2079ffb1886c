// SPDX-License-Identifier: Apache-2.0
// Metrics of numbers, one output at a time: sums of errors, their median, and the correlation of ranks.
#include "chainrule/metrics/regression.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace chainrule {
namespace {

template <std::size_t L>
struct ErrorSums {
  Lanes<L> total{}, squares{}, absolutes{}, targets{}, target_squares{}, minimum, maximum;
};

template <std::size_t L>
ErrorSums<L> sums_of(const PreparedNumbers& prepared, std::span<const float> weights) {
  ErrorSums<L> sums;
  sums.minimum.fill(std::numeric_limits<double>::infinity());
  sums.maximum.fill(-std::numeric_limits<double>::infinity());
  for (std::size_t i = 0; i < prepared.targets.size(); ++i) {
    const float* const weight = &weights[i * L];
    const double target = prepared.targets[i], difference = prepared.difference[i];
    add(sums.total, weight);
    add(sums.squares, weight, difference * difference);
    add(sums.absolutes, weight, std::fabs(difference));
    add(sums.targets, weight, target);
    add(sums.target_squares, weight, target * target);
    for (std::size_t l = 0; l < L; ++l) {
      sums.minimum[l] = weight[l] > 0 && target < sums.minimum[l] ? target : sums.minimum[l];
      sums.maximum[l] = weight[l] > 0 && target > sums.maximum[l] ? target : sums.maximum[l];
    }
  }
  return sums;
}

// The values where the weights reach half of their total, which is summed in the order of the ranking.
template <std::size_t L>
Lanes<L> medians(const Ranking& ranking, std::span<const double> values, std::span<const float> weights) {
  // scikit-learn's tolerance for exactly half; different sums of whole weights are farther apart.
  constexpr double kExactly = std::numeric_limits<double>::epsilon();
  Lanes<L> total{}, sum{}, lower, upper;
  lower.fill(kNaN);
  upper.fill(kNaN);
  ranking.each([&](std::size_t row, bool) { add(total, &weights[row * L]); });
  ranking.each([&](std::size_t row, bool) {
    for (std::size_t l = 0; l < L; ++l) {
      const auto weight = static_cast<double>(weights[row * L + l]);
      const double before = sum[l], half = 0.5 * total[l], value = values[row];
      sum[l] = before + weight;
      const bool is_lower = weight > 0 && before < half && sum[l] >= half;
      const bool is_upper = weight > 0 && before >= half && !(upper[l] == upper[l]);
      // The first row after the lower one counts only if the lower one ends at half.
      if (is_upper) upper[l] = before - half <= kExactly ? value : lower[l];
      if (is_lower) lower[l] = value;
    }
  });
  Lanes<L> middle;
  for (std::size_t l = 0; l < L; ++l) middle[l] = upper[l] == upper[l] ? 0.5 * (lower[l] + upper[l]) : lower[l];
  return middle;
}

// Calls visit(row, its L ranks) in the order of the ranking; half of the total weight, the mean rank, is subtracted
// from ranks. A row of weight w counts as w rows; equal values get the mean of their ranks.
template <std::size_t L, class Visit>
void each_rank(const Ranking& ranking, std::span<const float> weights, const Visit& visit) {
  std::vector<std::size_t> group;
  Lanes<L> below{}, inside{}, rank;
  ranking.each([&](std::size_t row, bool) { add(below, &weights[row * L], -0.5); });
  ranking.each([&](std::size_t row, bool ends) {
    group.push_back(row);
    add(inside, &weights[row * L]);
    if (!ends) return;
    for (std::size_t l = 0; l < L; ++l) {
      rank[l] = below[l] + 0.5 * inside[l];
      below[l] += inside[l];
    }
    for (const std::size_t member : group) visit(member, rank);
    inside = {};
    group.clear();
  });
}

template <std::size_t L>
Lanes<L> rank_correlations(const PreparedNumbers& prepared, std::span<const float> weights) {
  std::vector<double> x(weights.size());
  Lanes<L> xx{}, xy{}, yy{}, out;
  each_rank<L>(prepared.by_target[0], weights, [&](std::size_t row, const Lanes<L>& rank) {
    for (std::size_t l = 0; l < L; ++l) {
      x[row * L + l] = rank[l];
      xx[l] += static_cast<double>(weights[row * L + l]) * rank[l] * rank[l];
    }
  });
  each_rank<L>(prepared.by_prediction[0], weights, [&](std::size_t row, const Lanes<L>& rank) {
    for (std::size_t l = 0; l < L; ++l) {
      const double weighed = static_cast<double>(weights[row * L + l]) * rank[l];
      xy[l] += weighed * x[row * L + l];
      yy[l] += weighed * rank[l];
    }
  });
  for (std::size_t l = 0; l < L; ++l)
    out[l] = xx[l] > 0 && yy[l] > 0 ? std::clamp(xy[l] / (std::sqrt(xx[l]) * std::sqrt(yy[l])), -1.0, 1.0) : kNaN;
  return out;
}

}  // namespace

double weighted_median(std::span<const double> values, std::span<const float> weights) {
  return medians<1>(Ranking(values), values, weights)[0];
}

PreparedNumbers prepare_numbers(ConstMatrixView predictions, const double* constant, const Selection& targets,
                                std::size_t output, Depth depth) {
  const Targets& all = targets.data->targets;
  const std::size_t rows = targets.rows.size();
  const std::vector<float> weights = weights_of(targets);
  PreparedNumbers out;
  out.scale = all.scale;
  out.targets.reserve(rows);
  out.difference.reserve(rows);
  double total = 0, sum = 0;
  std::vector<double> guesses(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    const auto value = static_cast<double>(all.numbers()(targets.rows[i], output));
    guesses[i] = constant != nullptr
                     ? *constant
                     : std::clamp(static_cast<double>(predictions(i, output)), all.minimum, all.maximum);
    out.targets.push_back(value);
    out.difference.push_back(guesses[i] - value);
    total += static_cast<double>(weights[i]);
    sum += static_cast<double>(weights[i]) * value;
  }
  if (depth == Depth::all) {
    std::vector<double> errors(rows);
    for (std::size_t i = 0; i < rows; ++i) errors[i] = std::fabs(out.difference[i]);
    out.by_error.emplace_back(errors);
    out.by_target.emplace_back(out.targets);
    out.by_prediction.emplace_back(guesses);
  }
  if (total > 0)
    for (double& value : out.targets) value -= sum / total;
  return out;
}

template <std::size_t L>
std::vector<Lanes<L>> number_values(const PreparedNumbers& prepared, std::span<const float> weights) {
  enum { rmse, mae, r2, median, spearman };
  Lanes<L> nothing;
  nothing.fill(kNaN);
  std::vector<Lanes<L>> values(spearman + 1, nothing);
  const ErrorSums<L> sums = sums_of<L>(prepared, weights);
  // Scale converts differences to the original unit; r2 is a ratio without a unit.
  for (std::size_t l = 0; l < L; ++l) {
    const double total = sums.total[l];
    if (!(total > 0)) continue;
    values[rmse][l] = prepared.scale * std::sqrt(sums.squares[l] / total);
    values[mae][l] = prepared.scale * sums.absolutes[l] / total;
    const double spread = sums.target_squares[l] - sums.targets[l] * sums.targets[l] / total;
    if (sums.minimum[l] < sums.maximum[l]) values[r2][l] = 1 - sums.squares[l] / spread;
  }
  if (prepared.by_error.empty()) return values;
  std::vector<double> errors(prepared.difference.size());
  for (std::size_t i = 0; i < errors.size(); ++i) errors[i] = prepared.scale * std::fabs(prepared.difference[i]);
  values[median] = medians<L>(prepared.by_error[0], errors, weights);
  values[spearman] = rank_correlations<L>(prepared, weights);
  return values;
}

template std::vector<Lanes<1>> number_values<1>(const PreparedNumbers&, std::span<const float>);
template std::vector<Lanes<kLanes>> number_values<kLanes>(const PreparedNumbers&, std::span<const float>);

}  // namespace chainrule
