// SPDX-License-Identifier: Apache-2.0
// Cross-validation: tests every row once with a model that did not train on it; trains several models in parallel.
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
  std::size_t repeats = 1;  ///< >= 1; repeat r trains and draws folds with seed + r - 1
};

/// One training, and its predictions for the rows of its fold.
struct FoldResult {
  std::size_t repeat = 0, fold = 0;  ///< from 1; 0 = not done
  Split split;                       ///< of the table; split.test is the fold
  MatrixOf<double> predictions;      ///< outputs of Predictor::predict() for the rows of split.test: (rows x outputs)
  std::vector<std::size_t> classes;  ///< predicted classes; empty for a number
  Estimates test;
  Metrics training;  ///< on the training rows
  History history;
  std::string weights_sha256;
  std::vector<Note> notes;  ///< as in FitResult
};

/// A metric over the folds that define it; NaN if none does. Folds have training rows in common, so the variance of the
/// mean is that of the folds times (1 / folds + tested rows / other rows) (Nadeau and Bengio 2003). The interval is
/// Student's, clamped to the metric's range; a single fold has none. calibration_error has none: noise makes it too
/// high in every fold, by an amount that the folds do not show.
struct CrossEstimate {
  std::string name;
  std::size_t folds = 0;  ///< that define the metric
  double mean = 0;
  double deviation = 0;          ///< standard deviation over the folds, with n - 1
  double low = 0, high = 0;      ///< 95 % interval of the mean
  double baseline = 0;           ///< mean of the folds' baselines
  std::string no_interval = {};  ///< why there is none though several folds define the metric; "" otherwise
};

struct CrossValidation {
  Task task = Task::classes;
  std::vector<std::string> labels;
  std::vector<FoldResult> folds;  ///< repeat by repeat; without folds that an interruption left undone
  std::vector<CrossEstimate> metrics;
  bool interrupted = false;
};

/// Callbacks; they are never called concurrently.
struct CrossValidationObserver {
  std::function<bool()> should_stop;
  /// Number of the training, from 0, and its finished epoch.
  std::function<void(std::size_t, const EpochRecord&)> on_epoch;
  /// Called in the order in which trainings end.
  std::function<void(const FoldResult&)> on_fold;
};

/// Runs fit() with options.test_fold for each fold, so that each has its own encoder, validation split and threshold.
/// The options decide how folds are drawn: with classes in proportion, by groups, or by time. By time, a model of all
/// earlier rows tests fold k. Up to `threads` trainings run in parallel (0 = as many as this process may use), and
/// spare threads are divided among them; no bit depends on their number. Throws Error: (usage) for options that fit()
/// refuses; errors of a training, with the number of its fold.
CrossValidation cross_validate(const Table& table, const FitOptions& options, const CrossValidationOptions& how,
                               const CrossValidationObserver& observer = {}, std::size_t threads = 0);

}  // namespace chainrule
#pragma GCC visibility pop
