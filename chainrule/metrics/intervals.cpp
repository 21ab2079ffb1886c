// SPDX-License-Identifier: Apache-2.0
// Intervals by a Poisson bootstrap over rows (Chamandy, Muralidharan, Najmi, Naidu 2012), kLanes resamples at a time.
#include "chainrule/metrics/intervals.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "chainrule/base/elementary.h"
#include "chainrule/base/random.h"
#include "chainrule/engine/kernels/tree.h"
#include "chainrule/metrics/calibration_interval.h"
#include "chainrule/metrics/mean_interval.h"
#include "chainrule/metrics/metrics.h"
#include "chainrule/metrics/prepared.h"
#include "chainrule/metrics/ranking.h"
#include "chainrule/metrics/student.h"

namespace chainrule {
namespace {

constexpr std::size_t kMaxBlocks = 63;         // 1008 resamples: percentiles
constexpr std::size_t kFewBlocks = 10;         // 160 resamples: a standard error to 6 %
constexpr std::size_t kMinBlocks = 4;          // 64 resamples: to 9 %
constexpr double kWork = 10e6;                 // rows times passes times blocks: below a second
constexpr std::size_t kEnoughRows = 20'000;    // that are always resampled
constexpr std::size_t kMaxPseudoClasses = 30;  // more would be many pseudo-rows
// With fewer rows the intervals do not hold (tests/metrics/slow_interval_coverage_test.cpp).
constexpr double kMinRows = 20, kMinRowsOfClass = 11, kMinRowsToCalibrate = 100;

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
};

Sample take_sample(ConstMatrixView predictions, const Selection& targets, std::uint64_t seed, std::size_t rows) {
  Sample out{Matrix(rows, predictions.columns()), {targets.data, {}}};
  const std::vector<std::size_t> order = random_permutation({seed, Purpose::resample, 1, 0}, targets.rows.size());
  for (std::size_t i = 0; i < rows; ++i) {
    std::ranges::copy(predictions.row(order[i]), out.predictions.row(i).begin());
    out.targets.rows.push_back(targets.rows[order[i]]);
  }
  return out;
}

// A metric that is a mean over rows, or made of one, for one output.
struct Mean {
  std::string name;
  double value = 0;  // of the metric
  MeanInterval interval;
  std::vector<double> factors;  // on the row weights
  Tail tail;
};

std::vector<Mean> means_of(const PreparedRows& prepared, const Selection& targets, std::span<const double> losses) {
  const std::vector<float> weights = weights_of(targets);
  const std::vector<double> plain(weights.begin(), weights.end());
  std::vector<Mean> out;
  const auto mean_of = [&](const std::vector<double>& u) {
    double sum = 0, total = 0;
    for (std::size_t i = 0; i < u.size(); ++i) {
      sum += plain[i] * u[i];
      total += plain[i];
    }
    return sum / total;
  };
  if (!losses.empty() && std::ranges::min(losses) >= 0) {
    std::vector<double> weighted = plain, factors = loss_factors(targets), u(losses.begin(), losses.end());
    for (std::size_t i = 0; i < u.size(); ++i) weighted[i] *= factors[i];
    const Tail tail = prepared.is_classes ? Tail{} : tail_of(u, weights);
    out.push_back({"loss", kNaN, MeanInterval(std::move(u), std::move(weighted)), std::move(factors), tail});
  }
  if (prepared.is_classes) {
    for (const auto& [name, u] :
         {std::pair{"log_loss", &prepared.classes.log_loss}, {"brier", &prepared.classes.brier}})
      out.push_back({name, mean_of(*u), MeanInterval(*u, plain), {}, {}});
    return out;
  }
  for (const PreparedNumbers& numbers : prepared.numbers) {
    std::vector<double> squares, sizes, target_squares;
    for (std::size_t i = 0; i < plain.size(); ++i) {
      sizes.push_back(std::fabs(numbers.difference[i]));
      squares.push_back(numbers.difference[i] * numbers.difference[i]);
      target_squares.push_back(numbers.targets[i] * numbers.targets[i]);
    }
    const Tail tail = tail_of(squares, weights);
    Tail of_ratio = tail;
    of_ratio.unbounded = tail.unbounded || tail_of(target_squares, weights).unbounded;
    out.push_back({"rmse", numbers.scale * std::sqrt(mean_of(squares)), MeanInterval(squares, plain), {}, tail});
    out.push_back({"r2",
                   1 - mean_of(squares) / mean_of(target_squares),
                   MeanInterval(squares, plain, numbers.targets),
                   {},
                   of_ratio});
    out.push_back({"mae", numbers.scale * mean_of(sizes), MeanInterval(sizes, plain), {}, {}});
  }
  return out;
}

// Everything about the resamples. Means have intervals of their own kind; the values of the other metrics are kept.
struct Resamples {
  std::vector<std::vector<double>> values;   // per metric of metric_names() without loss, where it is defined
  std::vector<std::vector<double>> decided;  // the same, of classes, with pseudo-rows (below)
};

// Rows of every pair of target and predicted class: a cell that is empty in these rows may have some in others. All
// together weigh two rows on average (for two classes, Jeffreys' prior).
PreparedClasses with_pseudo_rows(const PreparedClasses& prepared) {
  PreparedClasses out;
  out.classes = prepared.classes;
  out.targets = prepared.targets;
  out.guess = prepared.guess;
  out.seen = prepared.seen;
  for (std::uint32_t target = 0; out.classes <= kMaxPseudoClasses && target < out.classes; ++target)
    for (std::uint32_t guess = 0; guess < out.classes; ++guess) {
      if (!out.seen[target] || !out.seen[guess]) continue;
      out.targets.push_back(target);
      out.guess.push_back(guess);
    }
  out.log_loss.assign(out.targets.size(), 0);
  return out;
}

void keep_defined(std::vector<std::vector<double>>& kept, const std::vector<Lanes<kLanes>>& values) {
  kept.resize(values.size());
  for (std::size_t m = 0; m < values.size(); ++m)
    for (const double value : values[m])
      if (!std::isnan(value)) kept[m].push_back(value);
}

Resamples resample(const PreparedRows& prepared, const Selection& targets, std::uint64_t seed, std::size_t blocks,
                   std::span<Mean> means) {
  const std::vector<float> row_weights = weights_of(targets);
  const double mean_weight = sum_of(row_weights) / static_cast<double>(row_weights.size());
  const PreparedClasses decided = prepared.is_classes ? with_pseudo_rows(prepared.classes) : PreparedClasses{};
  Resamples out;
  std::vector<float> weights;
  for (std::size_t block = 0; block < blocks; ++block) {
    const auto time = static_cast<std::uint32_t>(block);
    draw(row_weights, {seed, Purpose::resample, 0, time}, weights);
    keep_defined(out.values, values_of<kLanes>(prepared, weights));
    for (Mean& mean : means) mean.interval.add(weights, mean.factors);
    if (!prepared.is_classes) continue;
    const std::size_t rows = row_weights.size(), pseudo = (decided.targets.size() - rows) * kLanes;
    const double cells = static_cast<double>(decided.targets.size() - rows);
    for (std::size_t i = 0; i < pseudo; ++i) {  // the square of a normal number has mean 1
      const double normal = random_normal({seed, Purpose::resample, 2, time}, i);
      weights.push_back(static_cast<float>(2 * mean_weight * normal * normal / cells));
    }
    keep_defined(out.decided, class_values<kLanes>(decided, weights));
  }
  return out;
}

// A scale on which a metric is nearly normal.
enum class Scale { plain, logit, fisher };

Scale scale_of(std::string_view name) {
  if (name == "roc_auc" || name == "average_precision") return Scale::logit;
  return name == "spearman" ? Scale::fisher : Scale::plain;
}

double to_scale(Scale scale, double x, double margin) {
  if (scale == Scale::plain) return x;
  const double part = std::clamp(scale == Scale::fisher ? 0.5 * (1 + x) : x, margin, 1 - margin);
  return elementary::log(part / (1 - part));  // twice atanh(x) for Fisher's
}

double from_scale(Scale scale, double x) {
  if (scale == Scale::plain) return x;
  const double part = 1 / (1 + elementary::exp(-x));
  return scale == Scale::fisher ? 2 * part - 1 : part;
}

double deviation_of(const std::vector<double>& found) {
  const auto count = static_cast<double>(found.size());
  double mean = 0, squares = 0;
  for (const double value : found) mean += value / count;
  for (const double value : found) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / (count - 1));
}

void put(Estimate& estimate, double low, double high) {
  const MetricRange range = range_of(estimate.name);
  estimate.low = std::max(range.minimum, std::min(low, estimate.value));
  estimate.high = std::min(range.maximum, std::max(high, estimate.value));
}

// The effective number of rows, (sum w)^2 / sum w^2, of all and of the smallest class.
struct ClassRows {
  double all = 0, smallest = 0;
};

ClassRows effective_rows(const PreparedRows& prepared, std::span<const float> weights) {
  struct Sums {
    double total = 0, squares = 0;
    void add(double weight) {
      total += weight;
      squares += weight * weight;
    }
    double rows() const { return total > 0 ? total * total / squares : 0; }
  };
  Sums all;
  std::vector<Sums> of_class(prepared.classes.classes);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const auto weight = static_cast<double>(weights[i]);
    all.add(weight);
    if (prepared.is_classes) of_class[prepared.classes.targets[i]].add(weight);
  }
  ClassRows out{all.rows(), all.rows()};
  for (const Sums& sums : of_class) out.smallest = std::min(out.smallest, sums.rows());
  return out;
}

// Of a difference between the rows of the smallest class and the others, by Welch (1947); of one sample, rows - 2, as
// for a correlation.
double degrees_of_freedom(const ClassRows& rows) {
  const double few = rows.smallest, others = rows.all - few;
  if (!(few > 1) || !(others > 1)) return std::max(rows.all - 2, 1.0);
  const double sum = 1 / few + 1 / others;
  return sum * sum / (1 / (few * few * (few - 1)) + 1 / (others * others * (others - 1)));
}

// Student's quantile times the standard error on the scale of the metric. `shrink` converts standard errors of fewer
// rows to those of all rows.
void set_scaled_interval(Estimate& estimate, std::vector<double> found, const ClassRows& counts, double shrink) {
  const Scale scale = scale_of(estimate.name);
  const double rows = counts.smallest;
  const double part = scale == Scale::fisher ? 0.5 * (1 + estimate.value) : estimate.value;
  // Every resample of a perfect ranking is perfect; Wilson's limit holds for a fraction of that many rows.
  if (scale != Scale::plain && (part == 0 || part == 1)) {
    const double limit = rows / (rows + kNormalQuantile * kNormalQuantile);
    const double low = part == 1 ? limit : 0, high = part == 1 ? 1 : 1 - limit;
    return put(estimate, scale == Scale::fisher ? 2 * low - 1 : low, scale == Scale::fisher ? 2 * high - 1 : high);
  }
  // Resamples that are perfect count as a little worse.
  const double margin = std::min({1 / (16 * rows), 0.25 * part, 0.25 * (1 - part)});
  const double here = to_scale(scale, estimate.value, margin), plain = deviation_of(found);
  double bias = 0;
  for (double& value : found) {
    value = to_scale(scale, value, margin);
    bias += (value - here) / static_cast<double>(found.size());
  }
  double deviation = deviation_of(found);
  // The spread of the logits of few rows is too large. The spread of the values, divided by the slope, is right for one
  // area and too small for the other.
  const double slope = estimate.value * (1 - estimate.value);
  if (estimate.name == "roc_auc") deviation = plain / slope;
  if (estimate.name == "average_precision") deviation = 0.5 * (deviation + plain / slope);
  // Few rows rank too well: resamples show by how much, and half of it is certain enough.
  const double below = estimate.name == "average_precision" ? std::max(0.5 * bias, 0.0) : 0;
  const double reach = shrink * student_quantile(degrees_of_freedom(counts)) * deviation;
  put(estimate, from_scale(scale, here - below - reach), from_scale(scale, here + reach));
}

// Percentiles of the resamples, or 1.96 standard errors.
void set_percentiles(Estimate& estimate, std::vector<double> found, bool normal, double shrink) {
  const double reach = shrink * kNormalQuantile * deviation_of(found);
  if (normal) return put(estimate, estimate.value - reach, estimate.value + reach);
  std::sort(found.begin(), found.end());
  put(estimate, quantile(found, 0.025), quantile(found, 0.975));
}

// The mean over the outputs of the limits of each.
void set_mean_interval(Estimate& estimate, std::span<const Mean> means) {
  double low = 0, high = 0, outputs = 0;
  for (const Mean& mean : means) {
    if (mean.name != estimate.name) continue;
    if (mean.tail.unbounded) {
      estimate.no_interval = "too many large errors for so few rows";
      return;
    }
    const Limits limits = mean.interval.limits(mean.tail.factor);
    const double value = std::isnan(mean.value) ? estimate.value : mean.value;
    ++outputs;
    if (mean.name == "r2") {
      low += 1 - (1 - value) * limits.high;
      high += 1 - (1 - value) * limits.low;
    } else {
      low += value * (mean.name == "rmse" ? std::sqrt(limits.low) : limits.low);
      high += value * (mean.name == "rmse" ? std::sqrt(limits.high) : limits.high);
    }
  }
  put(estimate, low / outputs, high / outputs);
}

// The interval of a proportion of Agresti and Coull (1998), with the effective number of rows: if all rows are right,
// resamples cannot show how rare a wrong one is. Wilson's holds 98 % in 50 rows only 92 times in 100.
void set_fraction_interval(Estimate& estimate, std::span<const float> weights) {
  double total = 0, squares = 0;
  for (const float weight : weights) {
    total += static_cast<double>(weight);
    squares += static_cast<double>(weight) * static_cast<double>(weight);
  }
  const double rows = total * total / squares, fraction = estimate.value, z2 = kNormalQuantile * kNormalQuantile;
  const double middle = (rows * fraction + z2 / 2) / (rows + z2);
  const double half = std::sqrt(z2 * middle * (1 - middle) / (rows + z2));
  estimate.low = std::clamp(middle - half, 0.0, fraction);
  estimate.high = std::clamp(middle + half, fraction, 1.0);
}

std::string why_no_interval(const Estimate& estimate, const ClassRows& rows, bool is_classes) {
  const std::string& name = estimate.name;
  if (name == "accuracy") return "";
  if (rows.all < kMinRows) return fmt::format("fewer than {} rows", kMinRows);
  if (name == "calibration_error" && rows.all < kMinRowsToCalibrate)
    return fmt::format("fewer than {} rows", kMinRowsToCalibrate);
  if (is_classes && rows.smallest < kMinRowsOfClass)
    return fmt::format("a class has fewer than {} rows", kMinRowsOfClass);
  if (!is_classes && estimate.name != "spearman" && estimate.name != "r2" && estimate.value == 0)
    return "all errors are 0";
  if (estimate.name == "r2" && estimate.value == 1) return "all errors are 0";
  return "";
}

void set_interval(Estimate& estimate, const PreparedRows& prepared, std::span<const float> weights,
                  std::span<const Mean> means, const Resamples& found, const Estimates& all, const ClassRows& rows,
                  double shrink) {
  const std::string& name = estimate.name;
  if (name == "accuracy") return set_fraction_interval(estimate, weights);
  if (std::ranges::find(means, name, &Mean::name) != means.end()) return set_mean_interval(estimate, means);
  if (name == "calibration_error") {
    const CalibrationInterval interval = calibration_interval(prepared.classes, weights);
    estimate.low = interval.low;
    estimate.high = interval.high;
    return;
  }
  const std::vector<std::string>& names = metric_names(prepared.is_classes);
  const auto m = static_cast<std::size_t>(std::ranges::find(names, name) - names.begin());
  if (m == 0) {
    estimate.no_interval = "the loss of a row is negative";
    return;
  }
  const bool decides = name == "balanced_accuracy" || name == "f1_macro" || name == "f1" || name == "mcc";
  const std::vector<double>& values = (decides ? found.decided : found.values)[m - 1];
  if (2 * values.size() < all.resamples || values.size() < 2) {
    estimate.no_interval = "undefined in most resamples";
    return;
  }
  if (decides || name == "median_absolute_error") return set_percentiles(estimate, values, all.normal, shrink);
  set_scaled_interval(estimate, values, rows, shrink);
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
  std::vector<Mean> means = means_of(prepared, targets, options.losses);
  const std::span<Mean> studentized = out.normal ? std::span<Mean>() : means;
  Resamples found;
  if (effort.rows == out.rows) {
    found = resample(prepared, targets, options.seed, effort.blocks, studentized);
  } else {
    const Sample some = take_sample(predictions, targets, options.seed, effort.rows);
    const PreparedRows fewer = prepare(some.predictions.view(), some.targets, Depth::all, options.threshold);
    found = resample(fewer, some.targets, options.seed, effort.blocks, studentized);
  }
  const double shrink = std::sqrt(static_cast<double>(effort.rows) / static_cast<double>(out.rows));
  const ClassRows counts = effective_rows(prepared, weights);
  for (Estimate& estimate : out.metrics) {
    if (std::isnan(estimate.value)) continue;
    estimate.no_interval = why_no_interval(estimate, counts, prepared.is_classes);
    if (estimate.no_interval.empty()) set_interval(estimate, prepared, weights, means, found, out, counts, shrink);
  }
  return out;
}

}  // namespace chainrule
