// SPDX-License-Identifier: Apache-2.0
#include "chainrule/training/cross_validation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <exception>
#include <limits>
#include <mutex>

#include "chainrule/base/error.h"
#include "chainrule/base/parallel_jobs.h"
#include "chainrule/engine/kernels/thread_pool.h"

namespace chainrule {
namespace {

// Quantile 0.975 of Student's distribution: a table for few degrees of freedom, else Fisher and Cornish's expansion
// around the normal quantile (Abramowitz and Stegun 1964, 26.7.5), exact to eight digits there.
double student_quantile(std::size_t degrees) {
  constexpr std::array kFew{12.706205, 4.3026527, 3.1824463, 2.7764451, 2.5705818, 2.4469119, 2.3646243, 2.3060041,
                            2.2621572, 2.2281389, 2.2009852, 2.1788128, 2.1603687, 2.1447867, 2.1314495, 2.1199053,
                            2.1098156, 2.100922,  2.0930241, 2.0859634, 2.0796138, 2.0738731, 2.0686576, 2.0638986,
                            2.0595386, 2.0555294, 2.0518305, 2.0484071, 2.0452296, 2.0422725};
  if (degrees <= kFew.size()) return kFew[degrees - 1];
  constexpr double z = 1.959963984540054, z2 = z * z;
  const auto n = static_cast<double>(degrees);
  const double first = (z2 + 1) * z / 4, second = ((5 * z2 + 16) * z2 + 3) * z / 96;
  const double third = (((3 * z2 + 19) * z2 + 17) * z2 - 15) * z / 384;
  return z + (first + (second + third / n) / n) / n;
}

FoldResult train_fold(const Table& table, FitOptions options, const CrossValidationOptions& how, std::size_t training,
                      const Observer& observer, std::size_t threads) {
  FoldResult out;
  out.repeat = training / how.folds + 1;
  out.fold = training % how.folds + 1;
  options.train.seed += out.repeat - 1;
  options.test_fold = out.fold;
  options.test_folds = how.folds;
  const FitPlan plan = plan_fit(table, options);
  const FitData data = encode_fit(plan, table);
  FitResult result = fit(plan, data, options, observer, threads);
  if (result.history.stop == StopReason::interrupted) return {};
  const Model& model = result.model;
  out.split = std::move(result.split);
  out.test = std::move(result.test);
  out.training = std::move(result.training);
  out.history = std::move(result.history);
  out.weights_sha256 = weights_sha256(model.network);
  out.notes = std::move(result.notes);
  out.predictions = MatrixOf<double>(out.split.test.size(), model.encoder.outputs());
  constexpr std::size_t kRowsAtOnce = 256;
  Predictor predictor(model, kRowsAtOnce, threads);
  predictor.predict(data.rows.inputs, out.split.test, out.predictions.view());
  for (std::size_t i = 0; model.encoder.task == Task::classes && i < out.predictions.rows(); ++i)
    out.classes.push_back(decide(model, out.predictions.row(i)));
  return out;
}

// Rethrows the error of the first training that failed.
void rethrow_first(const std::vector<std::exception_ptr>& problems, const CrossValidationOptions& how) {
  for (std::size_t training = 0; training < problems.size(); ++training) {
    if (!problems[training]) continue;
    try {
      std::rethrow_exception(problems[training]);
    } catch (const Error& error) {
      if (error.category() == ErrorCategory::usage) throw;  // the same for all folds
      const std::string which =
          fmt::format("fold {} of {}{}: ", training % how.folds + 1, how.folds,
                      how.repeats > 1 ? fmt::format(", repeat {}", training / how.folds + 1) : "");
      throw Error(error.category(), message_of(which, error.message()), error.hint_message(), error.option());
    }
  }
}

void require(bool holds, std::string_view option, std::size_t minimum, std::size_t found) {
  if (!holds) throw option_error(option, fmt::format("expected {} or more, found {}", minimum, found));
}

}  // namespace

std::size_t trainings_at_once(const CrossValidationOptions& how, std::size_t threads) {
  return std::min(threads == 0 ? kernels::usable_threads() : threads, how.folds * how.repeats);
}

CrossValidation cross_validate(const Table& table, const FitOptions& options, const CrossValidationOptions& how,
                               const CrossValidationObserver& observer, std::size_t threads) {
  require(how.folds >= 2, "folds", 2, how.folds);
  require(how.repeats >= 1, "repeats", 1, how.repeats);
  checked_product(how.folds, how.repeats, "folds");
  CrossValidation out;
  {
    FitOptions first = options;
    first.test_fold = 1;
    first.test_folds = how.folds;
    FitPlan plan = plan_fit(table, first);  // refuses bad options before any training
    out.task = plan.encoder.task;
    out.labels = std::move(plan.encoder.labels);
  }
  const std::size_t workers = trainings_at_once(how, threads);
  const std::size_t threads_of_each = (threads == 0 ? kernels::usable_threads() : threads) / workers;
  out.folds.resize(how.folds * how.repeats);
  std::mutex mutex;
  std::atomic<bool> failed{false};
  const auto should_stop = [&] {
    const std::lock_guard<std::mutex> alone(mutex);
    if (!out.interrupted && observer.should_stop && observer.should_stop()) out.interrupted = true;
    return out.interrupted || failed;
  };
  const auto problems = run_in_parallel(out.folds.size(), workers, should_stop, [&](std::size_t training) {
    Observer its;
    its.should_stop = should_stop;
    if (observer.on_epoch)
      its.on_epoch = [&, training](const EpochRecord& record) {
        const std::lock_guard<std::mutex> alone(mutex);
        observer.on_epoch(training, record);
      };
    try {
      out.folds[training] = train_fold(table, options, how, training, its, threads_of_each);
    } catch (...) {
      failed = true;
      throw;
    }
    const std::lock_guard<std::mutex> alone(mutex);
    if (observer.on_fold && out.folds[training].fold > 0) observer.on_fold(out.folds[training]);
  });
  rethrow_first(problems, how);
  std::erase_if(out.folds, [](const FoldResult& fold) { return fold.fold == 0; });
  out.metrics = cross_estimates(out.folds);
  return out;
}

std::vector<CrossEstimate> cross_estimates(const std::vector<FoldResult>& folds) {
  std::vector<CrossEstimate> out;
  if (folds.empty()) return out;
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  double tested_per_other = 0;
  for (const FoldResult& fold : folds) {
    const auto others = static_cast<double>(fold.split.training.size() + fold.split.validation.size());
    tested_per_other += static_cast<double>(fold.split.test.size()) / others / static_cast<double>(folds.size());
  }
  for (const Estimate& of_first : folds[0].test.metrics) {
    CrossEstimate estimate{of_first.name};
    std::vector<double> values, baseline;
    for (const FoldResult& fold : folds) {
      const Estimate* const found = find_estimate(fold.test, of_first.name);
      if (found == nullptr || std::isnan(found->value)) continue;
      values.push_back(found->value);
      baseline.push_back(found->baseline);
    }
    const auto count = static_cast<double>(values.size());
    estimate.folds = values.size();
    for (const double value : values) estimate.mean += value / count;
    for (const double value : baseline) estimate.baseline += value / count;
    if (values.empty()) estimate.mean = estimate.baseline = kNone;
    double squares = 0;
    for (const double value : values) squares += (value - estimate.mean) * (value - estimate.mean);
    estimate.deviation = values.size() < 2 ? kNone : std::sqrt(squares / (count - 1));
    estimate.low = estimate.high = kNone;
    if (values.size() >= 2) {
      const double reach =
          student_quantile(values.size() - 1) * estimate.deviation * std::sqrt(1 / count + tested_per_other);
      const MetricRange range = range_of(estimate.name);
      estimate.low = std::max(range.minimum, estimate.mean - reach);
      estimate.high = std::min(range.maximum, estimate.mean + reach);
    }
    out.push_back(std::move(estimate));
  }
  return out;
}

}  // namespace chainrule
