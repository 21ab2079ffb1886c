// SPDX-License-Identifier: Apache-2.0
// Intervals by a Poisson bootstrap over rows (Chamandy, Muralidharan, Najmi, Naidu 2012), kLanes resamples at a time.
#include "chainrule/metrics/intervals.h"

#include <algorithm>
#include <cmath>

#include "chainrule/base/random.h"
#include "chainrule/engine/kernels/tree.h"
#include "chainrule/metrics/metrics.h"
#include "chainrule/metrics/prepared.h"
#include "chainrule/metrics/ranking.h"

namespace chainrule {
namespace {

constexpr double kNormal = 1.959963984540054;  // quantile 0.975 of the normal distribution
constexpr std::size_t kMaxBlocks = 63;         // 1008 resamples: percentiles
constexpr std::size_t kFewBlocks = 10;         // 160 resamples: a standard error to 6 %
constexpr std::size_t kMinBlocks = 4;          // 64 resamples: to 9 %
constexpr double kWork = 10e6;                 // rows times passes times blocks: below a second
constexpr std::size_t kEnoughRows = 20'000;    // that are always resampled

double sum_of(std::span<const float> weights) {
  double sum = 0;
  for (const float weight : weights) sum += static_cast<double>(weight);
  return sum;
}

std::string why_undefined(std::string_view name, const PreparedRows& prepared, double total) {
  if (prepared.rows == 0) return "there are no rows";
  if (!(total > 0)) return "all rows have weight 0";
  if (!prepared.finite) return "a prediction is not a number";
  const bool of_ranks = name == "roc_auc" || name == "average_precision";
  if (of_ranks && prepared.classes.classes > 1 && prepared.classes.rankings.empty())
    return "too many rows and classes to rank";
  if (name == "f1") return "no row is of the second class, or predicted as it";
  if (name == "average_precision" && prepared.classes.classes > 1) return "no row is of the second class";
  if (of_ranks || name == "mcc") return "all rows are of one class";
  if (name == "r2") return "the target is constant";
  if (name == "spearman") return "the target or the prediction is constant";
  return "it is NaN";
}

// The weights of kLanes resamples, (rows x kLanes): the count of each row is a Poisson variate of mean 1, made from 16
// random bits and these steps of its distribution function.
void draw(std::span<const float> row_weights, const Stream& stream, std::vector<float>& weights) {
  constexpr std::uint16_t kSteps[] = {24109, 48219, 60273, 64291, 65296, 65497, 65530, 65535};
  weights.resize(row_weights.size() * kLanes);
  for (std::size_t i = 0; i < row_weights.size(); ++i) {
    std::array<std::uint16_t, kLanes> bits, counts{};
    for (std::size_t part = 0; part < 2; ++part) {
      const std::array<std::uint32_t, 4> words = random_bits(stream, 2 * i + part);
      for (std::size_t l = 0; l < 8; ++l)
        bits[part * 8 + l] = static_cast<std::uint16_t>(words[l / 2] >> (l % 2 == 0 ? 0 : 16));
    }
    for (const std::uint16_t step : kSteps)
      for (std::size_t l = 0; l < kLanes; ++l) counts[l] = static_cast<std::uint16_t>(counts[l] + (bits[l] >= step));
    for (std::size_t l = 0; l < kLanes; ++l) weights[i * kLanes + l] = row_weights[i] * static_cast<float>(counts[l]);
  }
}

// The factor of class weights on a row's weight in the loss; 0 for a row with weight 0.
std::vector<double> loss_factors(const Selection& targets) {
  const Dataset& data = *targets.data;
  std::vector<double> factors(targets.rows.size(), 1);
  for (std::size_t i = 0; i < factors.size() && !data.loss_weights.empty(); ++i) {
    const double weight = data.weights.empty() ? 1 : static_cast<double>(data.weights[targets.rows[i]]);
    factors[i] = weight > 0 ? static_cast<double>(data.loss_weights[targets.rows[i]]) / weight : 0;
  }
  return factors;
}

Lanes<kLanes> mean_losses(std::span<const double> losses, std::span<const double> factors,
                          std::span<const float> weights) {
  Lanes<kLanes> total{}, sum{};
  for (std::size_t i = 0; i < losses.size(); ++i) {
    add(total, &weights[i * kLanes], factors[i]);
    add(sum, &weights[i * kLanes], factors[i] * losses[i]);
  }
  for (std::size_t l = 0; l < kLanes; ++l) sum[l] = total[l] > 0 ? sum[l] / total[l] : kNaN;
  return sum;
}

// The amount of resampling: all rows, or `rows` of them.
struct Effort {
  std::size_t rows = 0, blocks = 0;
};

Effort effort_for(const PreparedRows& prepared) {
  const std::size_t passes = prepared.is_classes ? 4 + prepared.classes.rankings.size() : 8 * prepared.numbers.size();
  const double work = kWork / static_cast<double>(passes);
  const auto affordable = static_cast<std::size_t>(work / static_cast<double>(kFewBlocks));
  const std::size_t rows = std::min(prepared.rows, std::max(kEnoughRows, affordable));
  const auto blocks = static_cast<std::size_t>(work / static_cast<double>(rows));
  return {rows, std::clamp(blocks, kMinBlocks, kMaxBlocks)};
}

// A random subset of the evaluated rows.
struct Sample {
  Matrix predictions;
  Selection targets;
  std::vector<double> losses;
};

Sample take_sample(ConstMatrixView predictions, const Selection& targets, const EstimateOptions& options,
                   std::size_t rows) {
  Sample out{Matrix(rows, predictions.columns()), {targets.data, {}}, {}};
  const std::vector<std::size_t> order =
      random_permutation({options.seed, Purpose::resample, 1, 0}, targets.rows.size());
  for (std::size_t i = 0; i < rows; ++i) {
    std::ranges::copy(predictions.row(order[i]), out.predictions.row(i).begin());
    out.targets.rows.push_back(targets.rows[order[i]]);
    if (!options.losses.empty()) out.losses.push_back(options.losses[order[i]]);
  }
  return out;
}

// The values of each metric in the resamples where it is defined.
using Found = std::vector<std::vector<double>>;

Found resample(const PreparedRows& prepared, const Selection& targets, const EstimateOptions& options,
               std::size_t blocks) {
  const std::vector<float> row_weights = weights_of(targets);
  const std::vector<double> factors = loss_factors(targets);
  Found found(metric_names(prepared.is_classes).size() - (options.losses.empty() ? 1 : 0));
  std::vector<float> weights;
  for (std::size_t block = 0; block < blocks; ++block) {
    draw(row_weights, {options.seed, Purpose::resample, 0, static_cast<std::uint32_t>(block)}, weights);
    std::vector<Lanes<kLanes>> values = values_of<kLanes>(prepared, weights);
    if (!options.losses.empty()) values.insert(values.begin(), mean_losses(options.losses, factors, weights));
    for (std::size_t m = 0; m < found.size(); ++m)
      for (const double value : values[m])
        if (!std::isnan(value)) found[m].push_back(value);
  }
  return found;
}

// A quantile of sorted values, interpolated.
double quantile(const std::vector<double>& sorted, double fraction) {
  const double position = fraction * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (position - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

// Percentiles, or 1.96 standard errors, of the distances of the resamples from their mean. So the interval contains the
// value even if the resamples are biased, as for the calibration error. `shrink` converts standard errors of fewer rows
// to those of all rows.
void set_interval(Estimate& estimate, std::vector<double> found, const Estimates& all, double shrink) {
  if (std::isnan(estimate.value) || 2 * found.size() < all.resamples || found.size() < 2) return;
  const auto count = static_cast<double>(found.size());
  double mean = 0, squares = 0;
  for (const double value : found) mean += value / count;
  for (const double value : found) squares += (value - mean) * (value - mean);
  std::sort(found.begin(), found.end());
  const double error = shrink * kNormal * std::sqrt(squares / (count - 1));
  const double below = all.normal ? -error : quantile(found, 0.025) - mean;
  const double above = all.normal ? error : quantile(found, 0.975) - mean;
  const MetricRange range = range_of(estimate.name);
  estimate.low = std::max(range.minimum, estimate.value + std::min(below, 0.0));
  estimate.high = std::min(range.maximum, estimate.value + std::max(above, 0.0));
}

// Wilson's interval of a proportion (1927), with the effective number of rows: if all rows are right, resamples cannot
// show how rare a wrong one is.
void set_fraction_interval(Estimate& estimate, std::span<const float> weights) {
  double total = 0, squares = 0;
  for (const float weight : weights) {
    total += static_cast<double>(weight);
    squares += static_cast<double>(weight) * static_cast<double>(weight);
  }
  const double rows = total * total / squares, fraction = estimate.value, z2 = kNormal * kNormal / rows;
  const double middle = (fraction + z2 / 2) / (1 + z2);
  const double half = std::sqrt(z2 * (fraction * (1 - fraction) + z2 / 4)) / (1 + z2);
  estimate.low = std::clamp(middle - half, 0.0, fraction);
  estimate.high = std::clamp(middle + half, fraction, 1.0);
}

// In the order of metric_names() without loss: each metric with the constant that is best for it.
std::vector<double> baseline_values(const Selection& targets, std::span<const float> weights) {
  std::vector<double> out;
  const auto take = [&](const PreparedRows& prepared) {
    out.clear();
    for (const Lanes<1>& value : values_of<1>(prepared, weights)) out.push_back(value[0]);
  };
  if (targets.data->targets.classes > 0) {
    take(prepare_constant_class(targets));
    if (!std::isnan(out.back())) out.back() = 0;  // the probabilities equal the frequencies
    return out;
  }
  take(prepare_constant_number(targets, Center::mean));
  const std::vector<double> by_mean = out;  // rmse, mae, r2, median_absolute_error, spearman
  take(prepare_constant_number(targets, Center::median));
  out[0] = by_mean[0];
  if (!std::isnan(out[2])) out[2] = 0;  // that of the mean, by definition
  return out;
}

}  // namespace

MetricRange range_of(std::string_view name) {
  if (name == "loss") return {-std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()};
  if (name == "r2") return {-std::numeric_limits<double>::infinity(), 1};
  if (name == "mcc" || name == "spearman") return {-1, 1};
  if (name == "brier") return {0, 2};
  const bool unbounded = name == "log_loss" || name == "rmse" || name == "mae" || name == "median_absolute_error";
  return {0, unbounded ? std::numeric_limits<double>::infinity() : 1};
}

Metrics baseline_metrics(const Selection& targets) {
  const std::vector<double> values = baseline_values(targets, weights_of(targets));
  const std::vector<std::string>& names = metric_names(targets.data->targets.classes > 0);
  Metrics metrics;
  for (std::size_t m = 0; m < values.size(); ++m) metrics.push_back({names[m + 1], values[m]});
  return metrics;
}

Estimates estimate_metrics(ConstMatrixView predictions, const Selection& targets, const EstimateOptions& options) {
  const PreparedRows prepared = prepare(predictions, targets, Depth::all, options.threshold);
  const std::vector<float> weights = weights_of(targets);
  const std::vector<Lanes<1>> values = values_of<1>(prepared, weights);
  const std::vector<double> baseline = baseline_values(targets, weights);
  const std::vector<std::string>& names = metric_names(prepared.is_classes);
  Estimates out;
  out.rows = prepared.rows;
  if (!options.losses.empty()) {
    const std::vector<double> factors = loss_factors(targets);
    const auto weight = [&](std::size_t i) { return static_cast<double>(weights[i]) * factors[i]; };
    const auto loss = [&](std::size_t i) { return weight(i) * options.losses[i]; };
    out.metrics.push_back({names[0], kernels::tree_sum(out.rows, loss) / kernels::tree_sum(out.rows, weight)});
  }
  for (std::size_t m = 0; m < values.size(); ++m) {
    out.metrics.push_back({names[m + 1], prepared.finite ? values[m][0] : kNaN});
    out.metrics.back().baseline = baseline[m];
  }
  const double total = sum_of(weights);
  for (Estimate& estimate : out.metrics)
    if (std::isnan(estimate.value)) estimate.undefined = why_undefined(estimate.name, prepared, total);
  if (!options.intervals || !(total > 0) || !prepared.finite) return out;
  const Effort effort = effort_for(prepared);
  out.resamples = effort.blocks * kLanes;
  out.normal = effort.blocks < kMaxBlocks;
  Found found;
  if (effort.rows == out.rows) {
    found = resample(prepared, targets, options, effort.blocks);
  } else {
    const Sample some = take_sample(predictions, targets, options, effort.rows);
    const PreparedRows fewer = prepare(some.predictions.view(), some.targets, Depth::all, options.threshold);
    found = resample(fewer, some.targets, {true, options.seed, options.threshold, some.losses}, effort.blocks);
  }
  const double shrink = std::sqrt(static_cast<double>(effort.rows) / static_cast<double>(out.rows));
  for (std::size_t m = 0; m < found.size() && out.rows > 1; ++m) set_interval(out.metrics[m], found[m], out, shrink);
  for (Estimate& estimate : out.metrics)
    if (estimate.name == "accuracy") set_fraction_interval(estimate, weights);
  return out;
}

}  // namespace chainrule
