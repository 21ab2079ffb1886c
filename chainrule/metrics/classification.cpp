// SPDX-License-Identifier: Apache-2.0
// Metrics of classes. One loop over the rows, and one over the rows of each ranking.
#include "chainrule/metrics/classification.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "chainrule/base/elementary.h"
#include "chainrule/metrics/metrics.h"

namespace chainrule {
namespace {

constexpr std::size_t kMaxRanked = 1ull << 27;  // rows times rankings: half a gibibyte

// -ln of a probability, which is clamped to epsilon away from 0 and 1.
double log_loss_of(double probability) {
  constexpr double kMin = std::numeric_limits<double>::epsilon();
  if (probability < kMin) probability = kMin;
  if (probability > 1 - kMin) probability = 1 - kMin;
  return std::isnan(probability) ? kNaN : -elementary::log(probability);
}

// For two classes: that of the second one, between 0 and 1; else summed over the classes, between 0 and 2.
template <class ProbabilityOf>
double brier_of(const ProbabilityOf& probability_of, std::size_t classes, std::size_t label) {
  double sum = 0;
  for (std::size_t k = classes == 2 ? 1 : 0; k < classes; ++k) {
    const double distance = probability_of(k) - (k == label ? 1.0 : 0.0);
    sum += distance * distance;
  }
  return sum;
}

// probability_of(row, class): a probability; guess_of(row): the predicted class; top_class_of(row): the most probable
// class.
template <class ProbabilityOf, class GuessOf, class TopClassOf>
PreparedClasses prepare_from(const Selection& targets, Depth depth, const ProbabilityOf& probability_of,
                             const GuessOf& guess_of, const TopClassOf& top_class_of) {
  PreparedClasses out;
  out.classes = targets.data->targets.classes;
  out.seen.assign(out.classes, false);
  for (auto* const list : {&out.targets, &out.guess}) list->reserve(targets.rows.size());
  for (auto* const list : {&out.log_loss, &out.brier, &out.confidence})
    if (depth == Depth::all || list == &out.log_loss) list->reserve(targets.rows.size());
  for (std::size_t i = 0; i < targets.rows.size(); ++i) {
    const std::size_t label = targets.data->targets.labels[targets.rows[i]], guess = guess_of(i);
    const auto probability = probability_of(i);
    out.targets.push_back(static_cast<std::uint32_t>(label));
    out.guess.push_back(static_cast<std::uint32_t>(guess));
    out.seen[label] = out.seen[guess] = true;
    out.log_loss.push_back(log_loss_of(probability(label)));
    if (depth == Depth::main) continue;
    out.brier.push_back(brier_of(probability, out.classes, label));
    const std::size_t top_class = top_class_of(i);
    out.confidence.push_back(probability(top_class));
    out.top_class_is_right.push_back(top_class == label);
  }
  return out;
}

template <class ProbabilityOf>
void add_rankings(PreparedClasses& out, std::size_t rows, const ProbabilityOf& probability_of) {
  const std::size_t rankings = out.classes == 2 ? 1 : out.classes;
  if (out.classes < 2 || rankings > kMaxRanked / std::max<std::size_t>(rows, 1)) return;
  for (std::size_t k = out.classes - rankings; k < out.classes; ++k) {
    std::vector<double> keys(rows);
    for (std::size_t i = 0; i < rows; ++i) keys[i] = -probability_of(i)(k);
    out.positives.push_back(k);
    out.rankings.emplace_back(keys);
  }
}

template <std::size_t L>
struct ClassSums {
  struct Class {
    Lanes<L> right{}, targets{}, predicted{};
  };
  struct Bin {
    Lanes<L> right{}, confidence{};
  };
  std::vector<Class> classes;
  std::array<Bin, kCalibrationBins> bins;
  Lanes<L> total{}, right{}, log_loss{}, brier{};
};

template <std::size_t L>
ClassSums<L> sums_of(const PreparedClasses& prepared, std::span<const float> weights) {
  ClassSums<L> sums;
  sums.classes.resize(prepared.classes);
  for (std::size_t i = 0; i < prepared.targets.size(); ++i) {
    const float* const weight = &weights[i * L];
    const std::size_t label = prepared.targets[i], guess = prepared.guess[i];
    add(sums.total, weight);
    add(sums.classes[label].targets, weight);
    add(sums.classes[guess].predicted, weight);
    if (label == guess) add(sums.classes[label].right, weight);
    if (label == guess) add(sums.right, weight);
    add(sums.log_loss, weight, prepared.log_loss[i]);
    if (prepared.brier.empty()) continue;
    add(sums.brier, weight, prepared.brier[i]);
    auto& bin = sums.bins[calibration_bin(prepared.confidence[i])];
    add(bin.confidence, weight, prepared.confidence[i]);
    if (prepared.top_class_is_right[i]) add(bin.right, weight);
  }
  return sums;
}

// Means over classes, and Matthews' correlation, of lane l.
struct OfClasses {
  double balanced_accuracy = kNaN, f1_macro = kNaN, f1 = kNaN, mcc = kNaN;
};

template <std::size_t L>
OfClasses of_classes(const PreparedClasses& prepared, const ClassSums<L>& sums, std::size_t l) {
  double recalls = 0, f1s = 0, with_targets = 0, with_guess = 0, seen = 0, last_f1 = kNaN;
  double products = 0, target_squares = 0, guess_squares = 0;
  for (std::size_t k = 0; k < prepared.classes; ++k) {
    const double right = sums.classes[k].right[l], targets = sums.classes[k].targets[l],
                 predicted = sums.classes[k].predicted[l];
    const bool weighs = targets + predicted > 0;
    if (targets > 0) recalls += right / targets;
    if (targets > 0) ++with_targets;
    if (predicted > 0) ++with_guess;
    // Classes whose rows have weight 0 count with 0, as in scikit-learn; classes missing in a resample do not count.
    if (L == 1 ? prepared.seen[k] : weighs) ++seen;
    last_f1 = weighs ? 2 * right / (targets + predicted) : kNaN;
    if (weighs) f1s += last_f1;
    products += targets * predicted;
    target_squares += targets * targets;
    guess_squares += predicted * predicted;
  }
  const double total = sums.total[l], square = total * total;
  if (!(total > 0)) return {};
  OfClasses out{recalls / with_targets, f1s / seen, prepared.classes == 2 ? last_f1 : f1s / seen, kNaN};
  // Predictions of one class give correlation 0; with targets of one class it is undefined.
  if (with_targets >= 2)
    out.mcc = with_guess < 2 ? 0
                             : (sums.right[l] * total - products) /
                                   std::sqrt((square - target_squares) * (square - guess_squares));
  return out;
}

// Areas under the curves of one ranking, before division.
template <std::size_t L>
struct Areas {
  Lanes<L> roc{}, precision{};
};

template <std::size_t L>
Areas<L> areas_of(const PreparedClasses& prepared, std::size_t ranking, std::span<const float> weights) {
  Areas<L> areas;
  Lanes<L> hits{}, others{}, new_hits{}, new_others{};  // "new": of the current group of equal scores
  bool has_hits = false;
  const std::size_t positive = prepared.positives[ranking];
  prepared.rankings[ranking].each([&](std::size_t row, bool ends) {
    const bool hit = prepared.targets[row] == positive;
    has_hits = has_hits || hit;
    add(hit ? new_hits : new_others, &weights[row * L]);
    if (!ends) return;
    for (std::size_t l = 0; l < L; ++l) {
      areas.roc[l] += new_others[l] * (hits[l] + 0.5 * new_hits[l]);
      hits[l] += new_hits[l];
      others[l] += new_others[l];
    }
    for (std::size_t l = 0; has_hits && l < L; ++l) {
      const double above = hits[l] + others[l];
      areas.precision[l] += new_hits[l] * (above > 0 ? hits[l] / above : 0.0);
    }
    new_hits = new_others = {};
    has_hits = false;
  });
  return areas;
}

// Means over the rankings in which the areas are defined.
template <std::size_t L>
Areas<L> mean_areas(const PreparedClasses& prepared, const ClassSums<L>& sums, std::span<const float> weights) {
  Areas<L> mean;
  Lanes<L> rocs{}, precisions{};
  for (std::size_t r = 0; r < prepared.rankings.size(); ++r) {
    const Areas<L> areas = areas_of<L>(prepared, r, weights);
    for (std::size_t l = 0; l < L; ++l) {
      const double hits = sums.classes[prepared.positives[r]].targets[l], others = sums.total[l] - hits;
      const bool has_hits = hits > 0, has_others = others > 0 && hits < sums.total[l];
      if (has_hits && has_others) mean.roc[l] += areas.roc[l] / (hits * others);
      if (has_hits) mean.precision[l] += areas.precision[l] / hits;
      rocs[l] += has_hits && has_others ? 1 : 0;
      precisions[l] += has_hits ? 1 : 0;
    }
  }
  for (std::size_t l = 0; l < L; ++l) {
    mean.roc[l] = rocs[l] > 0 ? mean.roc[l] / rocs[l] : kNaN;
    mean.precision[l] = precisions[l] > 0 ? mean.precision[l] / precisions[l] : kNaN;
  }
  return mean;
}

template <std::size_t L>
double calibration_error(const ClassSums<L>& sums, std::size_t l) {
  double apart = 0;
  for (const auto& bin : sums.bins) apart += std::fabs(bin.right[l] - bin.confidence[l]);
  return apart / sums.total[l];
}

}  // namespace

std::size_t calibration_bin(double confidence) {
  const double position = std::ceil(confidence * static_cast<double>(kCalibrationBins)) - 1;
  return static_cast<std::size_t>(std::clamp(position, 0.0, kCalibrationBins - 1.0));
}

PreparedClasses prepare_classes(ConstMatrixView predictions, std::span<const double> class_fractions,
                                const Selection& targets, Depth depth, std::optional<double> threshold) {
  const std::size_t rows = targets.rows.size();
  if (!class_fractions.empty()) {
    const auto guess = static_cast<std::size_t>(std::max_element(class_fractions.begin(), class_fractions.end()) -
                                                class_fractions.begin());
    const auto probability_of = [&](std::size_t) { return [&](std::size_t k) { return class_fractions[k]; }; };
    const auto guess_of = [&](std::size_t) { return guess; };
    PreparedClasses out = prepare_from(targets, depth, probability_of, guess_of, guess_of);
    add_rankings(out, rows, probability_of);
    return out;
  }
  const auto probability_of = [&](std::size_t i) {
    return [row = Probabilities(predictions.row(i))](std::size_t k) { return row.of(k); };
  };
  const auto top_class_of = [&](std::size_t i) { return predicted_class(predictions.row(i)); };
  const auto guess_of = [&](std::size_t i) { return predicted_class(predictions.row(i), threshold); };
  PreparedClasses out = prepare_from(targets, depth, probability_of, guess_of, top_class_of);
  if (depth == Depth::all) add_rankings(out, rows, probability_of);
  return out;
}

template <std::size_t L>
std::vector<Lanes<L>> class_values(const PreparedClasses& prepared, std::span<const float> weights) {
  enum { accuracy, balanced_accuracy, f1_macro, log_loss, f1, mcc, roc_auc, average_precision, brier, calibration };
  Lanes<L> nothing;
  nothing.fill(kNaN);
  std::vector<Lanes<L>> values(calibration + 1, nothing);
  const ClassSums<L> sums = sums_of<L>(prepared, weights);
  const Areas<L> areas = mean_areas<L>(prepared, sums, weights);
  for (std::size_t l = 0; l < L; ++l) {
    if (!(sums.total[l] > 0)) continue;
    const OfClasses means = of_classes<L>(prepared, sums, l);
    values[accuracy][l] = sums.right[l] / sums.total[l];
    values[balanced_accuracy][l] = means.balanced_accuracy;
    values[f1_macro][l] = means.f1_macro;
    values[log_loss][l] = sums.log_loss[l] / sums.total[l];
    values[f1][l] = means.f1;
    values[mcc][l] = means.mcc;
    values[roc_auc][l] = areas.roc[l];
    values[average_precision][l] = areas.precision[l];
    if (prepared.brier.empty()) continue;
    values[brier][l] = sums.brier[l] / sums.total[l];
    values[calibration][l] = calibration_error<L>(sums, l);
  }
  return values;
}

template std::vector<Lanes<1>> class_values<1>(const PreparedClasses&, std::span<const float>);
template std::vector<Lanes<kLanes>> class_values<kLanes>(const PreparedClasses&, std::span<const float>);

}  // namespace chainrule
