// SPDX-License-Identifier: Apache-2.0
// Cross-validation: every row tested once by a model that it had no say in, several models at a time.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "chainrule/training/fit.h"

#pragma GCC visibility push(default)
namespace chainrule {

struct CrossValidationOptions {
  std::size_t folds = 5;    ///< >= 2
  std::size_t repeats = 1;  ///< >= 1; repeat r trains and divides with seed + r - 1
};

/// One training, and its answers to the rows of its fold.
struct FoldResult {
  std::size_t repeat = 0, fold = 0;  ///< from 1; 0 = not done
  Split split;                       ///< of the table; split.test is the fold
  MatrixOf<double> answers;          ///< of Predictor::predict() to the rows of split.test: (rows x outputs)
  std::vector<std::size_t> classes;  ///< those predicted; empty for a number
  Estimates test;
  Metrics training;  ///< of the rows that trained
  History history;
  std::string weights_sha256;
  std::vector<Note> notes;  ///< as in FitResult
};

/// A metric over the folds where it is defined; NaN where there is none.
struct CrossEstimate {
  std::string name;
  std::size_t folds = 0;  ///< where it is defined
  double mean = 0;
  double deviation = 0;      ///< standard deviation over the folds, n - 1 below
  double low = 0, high = 0;  ///< 95 % interval of the mean, see cross_estimates()
  double trivial = 0;        ///< mean of the best constant answers to each fold
};

struct CrossValidation {
  Task task = Task::classes;
  std::vector<std::string> labels;
  std::vector<FoldResult> folds;  ///< repeat by repeat; those that an interruption left undone are missing
  std::vector<CrossEstimate> metrics;
  bool interrupted = false;
};

/// All are called by one thread at a time.
struct CrossValidationObserver {
  std::function<bool()> should_stop;
  /// Number of the training, from 0, and how it goes.
  std::function<void(std::size_t, const EpochRecord&)> on_epoch;
  /// In the order in which they end.
  std::function<void(const FoldResult&)> on_fold;
};

/// For each fold what fit() gives with options.test_fold: encoder, split for validation and threshold are its own.
/// Folds are drawn as the options say: classes in proportion, by groups, or by time, where fold k is tested by a model
/// of all rows before it. So many trainings at a time as there are `threads` (0 = as many as this process may use), the
/// threads that are left shared among them; no bit depends on how many. Throws Error: (usage) for options that fit()
/// refuses, and what a training throws, with the number of its fold.
CrossValidation cross_validate(const Table& table, const FitOptions& options, const CrossValidationOptions& how,
                               const CrossValidationObserver& observer = {}, std::size_t threads = 0);

/// How many trainings cross_validate() runs at once.
std::size_t trainings_at_once(const CrossValidationOptions& how, std::size_t threads);

/// Means over folds. Folds share training rows, so the variance of a mean is that of the folds times
/// (1 / folds + tested rows / other rows) (Nadeau and Bengio 2003); the interval is Student's, within the metric's
/// range. There is none for a single fold.
std::vector<CrossEstimate> cross_estimates(const std::vector<FoldResult>& folds);

}  // namespace chainrule
#pragma GCC visibility pop
