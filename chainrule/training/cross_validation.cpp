// SPDX-License-Identifier: Apache-2.0
#include "chainrule/training/cross_validation.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>

#include "chainrule/base/checks.h"
#include "chainrule/base/parallel_jobs.h"
#include "chainrule/engine/kernels/thread_pool.h"
#include "chainrule/model/fingerprint.h"
#include "chainrule/training/fold_trainings.h"

namespace chainrule {
namespace {

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

}  // namespace chainrule
