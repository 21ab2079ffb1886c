// SPDX-License-Identifier: Apache-2.0
// What metrics need to know of each row, prepared once and then weighed many times: with the sample weights for the
// value itself (one lane), with those of a resample for its interval (kLanes resamples at a time, side by side).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "chainrule/dataset.h"
#include "chainrule/matrix.h"

namespace chainrule {

inline constexpr std::size_t kLanes = 16;  // one cache line of weights per row
template <std::size_t L>
using Lanes = std::array<double, L>;

/// Which values are wanted: ranks and medians need sorted rows, and most trainings watch none of them.
enum class Depth { main, all };

/// Rows in an order; the last of each group of equals is marked.
class Ranking {
 public:
  /// By rising key, equal ones by rising row. No key may be NaN.
  explicit Ranking(std::span<const double> keys);
  /// visit(row, whether the group of equal keys ends here)
  template <class Visit>
  void each(const Visit& visit) const {
    for (const std::uint32_t entry : entries_) visit(entry & ~kEnd, (entry & kEnd) != 0);
  }

 private:
  static constexpr std::uint32_t kEnd = 0x8000'0000;
  std::vector<std::uint32_t> entries_;
};

struct ClassAnswers {
  std::size_t classes = 0;
  std::vector<std::uint32_t> truth, guess;  // one per row, as all below
  std::vector<double> log_loss;
  std::vector<bool> seen;  // per class: as truth or guess of any row, even of one that weighs nothing
  // Depth::all, every score being a number:
  std::vector<double> brier;
  std::vector<double> confidence;      // probability of the likeliest class
  std::vector<bool> surest_is_right;   // whether the truth is that class; the guess may heed a threshold
  std::vector<std::size_t> positives;  // the class of each ranking: the second of two, else all
  std::vector<Ranking> rankings;       // by falling probability; none where there are too many rows times classes
};

/// Of one output.
struct NumberAnswers {
  double scale = 1;
  std::vector<double> truth;       // less its weighted mean
  std::vector<double> difference;  // prediction less truth
  // Depth::all, every prediction being a number:
  std::vector<Ranking> by_error, by_truth, by_prediction;  // one of each, or none
};

struct Answers {
  bool is_classes = true;
  std::size_t rows = 0;
  bool finite = true;  // every prediction is a number
  ClassAnswers classes;
  std::vector<NumberAnswers> numbers;  // one per output
};

/// The shares that scores give to classes. Written so that a score that is not a number stays one.
class Shares {
 public:
  explicit Shares(std::span<const float> scores) : scores_(scores) {
    for (const float score : scores) sum_ += clipped(score);
  }
  double of(std::size_t label) const {
    return sum_ == 0 ? 1 / static_cast<double>(scores_.size()) : clipped(scores_[label]) / sum_;
  }

 private:
  static double clipped(float score) { return score < 0 ? 0.0 : static_cast<double>(score); }
  std::span<const float> scores_;
  double sum_ = 0;
};

/// Sample weights of the rows: 1 where the data have none.
std::vector<float> weights_of(const Selection& truth);

/// predictions: (rows x outputs), link applied. Throws Error (internal) where they do not fit.
Answers prepare(ConstMatrixView predictions, const Selection& truth, Depth depth, std::optional<double> threshold = {});
/// The best answers that are the same for every row: class shares and the most frequent class, or a number.
Answers prepare_constant_class(const Selection& truth);
enum class Center { mean, median };
Answers prepare_constant_number(const Selection& truth, Center center);

/// The values, in the order of metric_names() less loss, for L sets of weights; weights: (rows x L). NaN where a value
/// is not defined or was not prepared. Made for L = 1 and kLanes.
template <std::size_t L>
std::vector<Lanes<L>> values_of(const Answers& answers, std::span<const float> weights);

// -- The parts, one file each ----------------------------------------------------------------------------------------

/// `shares`: where not empty, the same answer for every row instead of predictions.
ClassAnswers prepare_classes(ConstMatrixView predictions, std::span<const double> shares, const Selection& truth,
                             Depth depth, std::optional<double> threshold = {});
/// `constant`: where not null, the same answer for every row instead of predictions.
NumberAnswers prepare_numbers(ConstMatrixView predictions, const double* constant, const Selection& truth,
                              std::size_t output, Depth depth);
template <std::size_t L>
std::vector<Lanes<L>> class_values(const ClassAnswers& answers, std::span<const float> weights);
template <std::size_t L>
std::vector<Lanes<L>> number_values(const NumberAnswers& answers, std::span<const float> weights);
/// Of the values whose weight is above 0: the mean of the lower and the upper one where half of the weight is reached
/// exactly. NaN where nothing weighs.
double weighted_median(std::span<const double> values, std::span<const float> weights);

template <std::size_t L>
void add(Lanes<L>& sum, const float* weights, double factor = 1) {
  for (std::size_t l = 0; l < L; ++l) sum[l] += static_cast<double>(weights[l]) * factor;
}

}  // namespace chainrule
