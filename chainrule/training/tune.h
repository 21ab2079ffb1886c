// SPDX-License-Identifier: Apache-2.0
// Searches for better options: scores trials by cross-validation, most of them on few folds, the best on all.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chainrule/training/fit.h"

#pragma GCC visibility push(default)
namespace chainrule {

/// An option that a search varies, and the values that it tries.
struct SearchRange {
  std::string option;               ///< key
  std::vector<std::string> values;  ///< one of these, ordered so that neighbors are similar; if empty:
  double low = 0, high = 0;         ///< a number between these, log-uniform, rounded to three digits
};

/// Parses "learning_rate=0.001..0.1" or "hidden=64,64|256,256". Throws Error (usage) for an unknown option, a value
/// that it does not accept, and bounds that are not 0 < low < high.
SearchRange range_from_text(std::string_view text);
/// Default ranges around these options: learning rate within a factor of 4, hidden layers, dropout, weight decay,
/// activation, batch size, epochs, scaling, and label smoothing for classes.
std::vector<SearchRange> default_ranges(const FitOptions& start, Task task);

struct TuneOptions {
  std::size_t trials = 30;  ///< in addition to the options as given
  std::size_t folds = 5;    ///< >= 2
  std::string score;        ///< a metric; "" = log_loss of classes, rmse of a number
  std::vector<SearchRange> ranges;
};

/// One set of options, and its scores. Trial 0 is the options as given.
struct Trial {
  std::vector<std::pair<std::string, std::string>> settings;  ///< options that differ from trial 0: (key, value)
  std::vector<std::optional<double>> scores;                  ///< of each fold; NaN if the training failed
  std::vector<double> seconds;                                ///< of each fold

  std::size_t folds_done() const;
  double mean() const;  ///< over the finished folds; NaN if one failed or none is finished
};

struct TuneResult {
  std::string score;
  std::vector<Trial> trials;
  std::size_t winner = 0;  ///< 0 unless another trial is better by more than the standard error
  std::size_t best = 0;    ///< by the mean over all folds, even if its gain is too small to win
  double gain = 0;         ///< mean gain over the folds of the best trial over trial 0
  double error = 0;        ///< standard error of the gain
  /// Whether the gain is more than chance gives the best of some thirty trials that are all as good as trial 0: above
  /// Student's quantile times the standard error that accounts for common training rows (Nadeau and Bengio 2003).
  bool is_clear = false;
  bool interrupted = false, out_of_time = false;
};

/// The result of one training of a search.
struct TrialScore {
  double score = 0, seconds = 0;
};

/// Callbacks. They are never called concurrently, except known(), which may be called between any two trainings.
struct TuneObserver {
  std::function<bool()> should_stop;
  std::function<bool()> out_of_time;  ///< true: no training starts any more; the search ends with the finished ones
  /// The score of an earlier training, if known: (trial, fold from 0, settings).
  std::function<std::optional<TrialScore>(std::size_t, std::size_t, const Trial&)> known;
  /// Called for each score, new or known: (trial, fold from 0).
  std::function<void(std::size_t, std::size_t, const Trial&)> on_score;
};

/// Trial t on fold f is fit() with options.test_fold f of how.folds and the trial's settings, scored on the rows of the
/// fold; no trial uses the rows of options.test_split. Trials come in rounds of ten: half are drawn from the ranges,
/// half vary one of the three best so far. All trials of a round are measured on a fifth of the folds, the best four
/// on three fifths, the best two on all (successive halving: Jamieson and Talwalkar 2016).
///
/// Trainings run in parallel, one per thread. Trials, scores and winner depend on options.train.seed, but not on the
/// threads or on known scores. A training that fails numerically counts as worst. Throws Error as fit() does, and
/// (usage) for a score that is undefined on a fold.
TuneResult tune(const Table& table, const FitOptions& options, const TuneOptions& how,
                const TuneObserver& observer = {}, std::size_t threads = 0);

/// The options of a trial.
FitOptions with_settings(const FitOptions& options, const Trial& trial);

}  // namespace chainrule
#pragma GCC visibility pop
