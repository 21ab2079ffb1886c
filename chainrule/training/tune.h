// SPDX-License-Identifier: Apache-2.0
// Search for better options: trials measured by folds, most of them by few, the best by all.
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

/// An option that a search varies, and what it tries of it.
struct SearchRange {
  std::string option;               ///< key
  std::vector<std::string> values;  ///< one of these, neighbours being alike; none:
  double low = 0, high = 0;         ///< a number between these, its logarithm drawn evenly, of three digits
};

/// Of "learning_rate=0.001..0.1" or "hidden=64,64|256,256". Throws Error (usage) for an unknown option, a value that it
/// does not take, and bounds that are not 0 < low < high.
SearchRange range_from_text(std::string_view text);
std::string range_text(const SearchRange& range);
/// What is worth trying around these options: learning rate within a factor of 4, hidden layers, dropout, weight decay,
/// activation, batch size, epochs, scaling, and label smoothing of classes.
std::vector<SearchRange> default_ranges(const FitOptions& start, Task task);

struct TuneOptions {
  std::size_t trials = 30;  ///< beside the options as given
  std::size_t folds = 5;    ///< >= 2
  std::string score;        ///< a metric; "" = log_loss of classes, rmse of a number
  std::vector<SearchRange> ranges;
};

/// One set of options, and how it fared. Trial 0 is the options as given.
struct Trial {
  std::vector<std::pair<std::string, std::string>> settings;  ///< what differs from trial 0: (key, value)
  std::vector<std::optional<double>> scores;                  ///< of each fold; NaN where the training failed
  std::vector<double> seconds;                                ///< of each fold

  std::size_t folds_done() const;
  double mean() const;  ///< over the folds that are done; NaN where one failed or none is done
  /// By how much it is better than `start`, a mean over the folds that both were measured on; NaN where there is none,
  /// or one failed.
  double gain_over(const Trial& start, bool larger_is_better) const;
};

struct TuneResult {
  std::string score;
  std::vector<Trial> trials;
  std::size_t winner = 0;  ///< 0 unless another trial is better by more than the standard error
  std::size_t best = 0;    ///< by the mean over all folds; the winner or one that is better by less
  double gain = 0;         ///< of the best over trial 0: mean over folds of how much better it is
  double error = 0;        ///< standard error of that
  bool interrupted = false, out_of_time = false;
};

/// What a training of a search has come to.
struct TrialScore {
  double score = 0, seconds = 0;
};

/// All but known() are called by one thread at a time; known() at any time between two trainings.
struct TuneObserver {
  std::function<bool()> should_stop;
  std::function<bool()> out_of_time;  ///< then nothing new begins, and the search ends with what is done
  /// Of a training done before: (trial, fold from 0, settings).
  std::function<std::optional<TrialScore>(std::size_t, std::size_t, const Trial&)> known;
  /// A training has ended, whether now or before: (trial, fold from 0).
  std::function<void(std::size_t, std::size_t, const Trial&)> on_score;
};

/// Trial t on fold f is fit() of options.test_fold f of how.folds with the trial's settings, scored on the rows of the
/// fold; rows of options.test_split are left out of all. Trials come in rounds of ten: every second one is drawn from
/// the ranges, the others vary one of the three best so far. Of each round all are measured on a fifth of the folds,
/// the better four on three fifths, the better two on all (successive halving: Jamieson and Talwalkar 2016). So many
/// trainings at a time as there are threads; trials, scores and winner depend on options.train.seed, not on the threads
/// and not on whether some were known. A training that fails numerically counts as worst. Throws Error as fit() does,
/// and (usage) for a score that is not defined on a fold.
TuneResult tune(const Table& table, const FitOptions& options, const TuneOptions& how,
                const TuneObserver& observer = {}, std::size_t threads = 0);

/// What one training of the search may need, in bytes: an estimate. Throws Error (usage) for a value of a range that is
/// refused beside the options as given.
std::size_t most_memory(const Table& table, const FitOptions& options, const TuneOptions& how);

/// How many trainings a search makes.
std::size_t planned_trainings(const TuneOptions& how);

/// The options of a trial.
FitOptions with_settings(const FitOptions& options, const Trial& trial);

}  // namespace chainrule
#pragma GCC visibility pop
