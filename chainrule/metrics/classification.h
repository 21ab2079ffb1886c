// SPDX-License-Identifier: Apache-2.0
// Metrics of predicted classes: their data for each row, and their values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "chainrule/base/matrix.h"
#include "chainrule/engine/dataset.h"
#include "chainrule/metrics/ranking.h"

namespace chainrule {

struct PreparedClasses {
  std::size_t classes = 0;
  std::vector<std::uint32_t> targets, guess;  // one per row, as all members below
  std::vector<double> log_loss;
  std::vector<bool> seen;  // per class: whether any row has it as target or prediction, even with weight 0
  // Only with Depth::all and if no score is NaN:
  std::vector<double> brier;
  std::vector<double> confidence;        // probability of the most probable class
  std::vector<bool> top_class_is_right;  // whether the target is that class; `guess` may depend on a threshold
  std::vector<std::size_t> positives;    // the class of each ranking: the second of two, else all
  std::vector<Ranking> rankings;         // by falling probability; none for too many rows times classes
};

inline constexpr std::size_t kCalibrationBins = 15;
/// Bin b holds confidences above b / kCalibrationBins, up to (b + 1) / kCalibrationBins.
std::size_t calibration_bin(double confidence);

/// The probabilities of classes from their scores. A NaN score stays NaN.
class Probabilities {
 public:
  explicit Probabilities(std::span<const float> scores) : scores_(scores) {
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

/// `shares`: if not empty, constant class probabilities that replace the predictions.
PreparedClasses prepare_classes(ConstMatrixView predictions, std::span<const double> class_fractions,
                                const Selection& targets, Depth depth, std::optional<double> threshold = {});

template <std::size_t L>
std::vector<Lanes<L>> class_values(const PreparedClasses& prepared, std::span<const float> weights);

}  // namespace chainrule
