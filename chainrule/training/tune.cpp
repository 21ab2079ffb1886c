// SPDX-License-Identifier: Apache-2.0
#include "chainrule/training/tune.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <mutex>
#include <string>
#include <vector>

#include "chainrule/base/checks.h"
#include "chainrule/base/parallel_jobs.h"
#include "chainrule/base/text.h"
#include "chainrule/engine/kernels/thread_pool.h"
#include "chainrule/metrics/student.h"
#include "chainrule/training/options/option_table.h"
#include "chainrule/training/search.h"

namespace chainrule {

namespace {

std::vector<std::string> parts_of(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(separator, at), text.size());
    parts.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

void check_value(const Option& option, const std::string& value, std::string_view text) {
  FitOptions options;
  if (!option.used_with.option.empty() && !option.used_with.values.empty())
    find_option(option.used_with.option)->set(options, option.used_with.values.front());
  const std::string expected = option.set(options, value);
  if (!expected.empty())
    throw Error(ErrorCategory::usage, message_of(NamedOption{"range"}, fmt::format(" {}: expected {}, found {}",
                                                                                   in_quotes(std::string(text), 200),
                                                                                   expected, in_quotes(value))));
}

// Whether a search may vary it: all trials must have the same rows and the same score, and the other options must keep
// their meaning.
bool may_vary(const Option& option) {
  if (option.group == "rows" || option.name == "seed" || option.name == "optimizer") return false;
  constexpr std::array kOfData{"scaling", "target-scaling", "clamp-predictions", "class-weight"};
  return option.group != "data" || std::ranges::find(kOfData, option.name) != kOfData.end();
}

}  // namespace

SearchRange range_from_text(std::string_view text) {
  const std::size_t sign = text.find('=');
  const std::string name(text.substr(0, sign));
  const Option* const option = sign == std::string_view::npos ? nullptr : find_option(name);
  if (sign == std::string_view::npos)
    throw option_error("range",
                       "expected OPTION=LOW..HIGH or OPTION=VALUE|VALUE, found " + in_quotes(std::string(text)));
  if (option == nullptr) {
    std::vector<std::string> names;
    for (const Option& known : option_table()) names.push_back(known.key());
    const std::string near = nearest_name(name, names);
    throw option_error("range", "expected an option of train, found " + in_quotes(name),
                       near.empty() ? "" : "did you mean " + near + "?");
  }
  if (!may_vary(*option))
    throw option_error("range", "expected an option of network or training, found " + in_quotes(option->key()),
                       "it changes the score or the meaning of other options: set it for the whole search");
  SearchRange range{option->key(), {}};
  const std::string_view what = text.substr(sign + 1);
  const std::size_t dots = what.find("..");
  if (dots == std::string_view::npos || what.find('|') != std::string_view::npos) {
    range.values = parts_of(what, '|');
    for (const std::string& value : range.values) check_value(*option, value, text);
    return range;
  }
  if (!number_from_text(what.substr(0, dots), range.low) || !number_from_text(what.substr(dots + 2), range.high) ||
      !(range.low > 0 && range.low < range.high))
    throw option_error("range",
                       fmt::format("expected LOW..HIGH, two numbers above 0, of {}, found {}", option->key(),
                                   in_quotes(std::string(what))),
                       "VALUE|VALUE|VALUE tries these");
  for (const double fraction : {0.0, 0.37, 1.0}) check_value(*option, value_between(range, fraction), text);
  return range;
}

std::vector<SearchRange> default_ranges(const FitOptions& start, Task task) {
  const double rate = start.train.learning_rate;
  std::vector<SearchRange> ranges{{"learning_rate", {}, rate / 4, rate * 4}};
  for (const char* const text : {"hidden=64|128|64,64|128,128|256,256|128,128,128|256,256,256|512,256,128|512,512,512",
                                 "dropout=0|0.05|0.1|0.15|0.2|0.3|0.4", "weight_decay=0|0.00001|0.0001|0.001|0.01",
                                 "activation=relu|silu|mish|selu|tanh", "batch_size=32|64|128|256|512",
                                 "epochs=32|64|128", "scaling=standard|robust|quantile"})
    ranges.push_back(range_from_text(text));
  if (task == Task::classes && start.loss_is_automatic())
    ranges.push_back(range_from_text("label_smoothing=0|0.01|0.03|0.1"));
  return ranges;
}

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN(), kInfinity = std::numeric_limits<double>::infinity();
constexpr std::size_t kParents = 3;

using Job = std::pair<std::size_t, std::size_t>;  // trial, fold

class Search {
 public:
  Search(const Table& table, const FitOptions& options, const TuneOptions& how, const TuneObserver& observer,
         std::size_t threads)
      : table_(table), options_(options), how_(how), observer_(observer), threads_(threads) {
    FitPlan plan = plan_fit(table, options_of({}, 0));  // refuses bad options before any training
    result_.score = how.score;
    if (how.score.empty()) result_.score = plan.encoder.task == Task::classes ? "log_loss" : "rmse";
    const std::vector<std::string>& known = metric_names(plan.encoder.task == Task::classes);
    if (std::ranges::find(known, result_.score) == known.end())
      throw option_error("score",
                         fmt::format("expected one of {}, found {}", fmt::join(known, ", "), in_quotes(result_.score)));
    sign_ = larger_is_better(result_.score) ? -1 : 1;
    max_trial_memory(table, options, how);  // refuses values that no trial may have
    for (const SearchRange& range : how.ranges) start_.push_back(find_option(range.option)->get(options));
  }

  TuneResult go() {
    add(start_);
    measure({0}, how_.folds);
    while (result_.trials.size() <= how_.trials && may_go_on()) round();
    decide();
    return std::move(result_);
  }

 private:
  FitOptions options_of(const Trial& trial, std::size_t fold) const {
    FitOptions options = with_settings(options_, trial);
    if (!is_requested(options_, "inner_folds")) options.train.inner_folds = 0;  // six times as long for every trial
    options.test_fold = fold + 1;
    options.test_folds = how_.folds;
    return options;
  }

  // Smaller is better; a trial that failed is worst.
  double cost(std::size_t trial) const {
    const double mean = result_.trials[trial].mean();
    return std::isnan(mean) ? kInfinity : sign_ * mean;
  }
  std::vector<std::size_t> by_cost(std::vector<std::size_t> trials) const {
    std::stable_sort(trials.begin(), trials.end(), [&](std::size_t a, std::size_t b) { return cost(a) < cost(b); });
    return trials;
  }
  std::vector<std::size_t> finished() const {
    std::vector<std::size_t> trials;
    for (std::size_t t = 0; t < result_.trials.size(); ++t)
      if (result_.trials[t].folds_done() == how_.folds) trials.push_back(t);
    return by_cost(std::move(trials));
  }

  bool may_go_on() {
    const std::lock_guard<std::mutex> alone(mutex_);
    if (!result_.interrupted && observer_.should_stop && observer_.should_stop()) result_.interrupted = true;
    if (!result_.out_of_time && observer_.out_of_time && observer_.out_of_time()) result_.out_of_time = true;
    return !result_.interrupted && !result_.out_of_time && !failed_;
  }

  void add(const std::vector<std::string>& values) {
    Trial trial;
    for (std::size_t r = 0; r < values.size(); ++r)
      if (values[r] != start_[r]) trial.settings.emplace_back(how_.ranges[r].option, values[r]);
    trial.scores.resize(how_.folds);
    trial.seconds.resize(how_.folds, 0.0);
    values_.push_back(values);
    result_.trials.push_back(std::move(trial));
  }

  // The values of the next trial; different from all earlier ones if twenty draws find such values.
  void draw() {
    constexpr std::size_t kAttempts = 20;
    const std::size_t number = result_.trials.size();
    const std::vector<std::size_t> best = finished();
    const std::size_t parent = best[number / 2 % std::min(kParents, best.size())];
    std::vector<std::string> values;
    for (std::size_t attempt = 0; attempt < kAttempts; ++attempt) {
      values =
          draw_values(how_.ranges, number % 2 == 1 ? nullptr : &values_[parent], options_.train.seed, number, attempt);
      if (std::ranges::find(values_, values) == values_.end()) break;
    }
    add(values);
  }

  void round() {
    std::vector<std::size_t> trials;
    while (trials.size() < kRound && result_.trials.size() <= how_.trials) {
      trials.push_back(result_.trials.size());
      draw();
    }
    for (const auto& [survivors, folds] : rungs(trials.size(), how_.folds)) {
      trials = by_cost(trials);
      trials.resize(survivors);
      measure(trials, folds);
    }
  }

  // Measures each trial on those of the first `folds` folds that it lacks.
  void measure(const std::vector<std::size_t>& trials, std::size_t folds) {
    std::vector<Job> jobs;
    for (std::size_t fold = 0; fold < folds; ++fold)
      for (const std::size_t trial : trials)
        if (!result_.trials[trial].scores[fold]) jobs.emplace_back(trial, fold);
    std::erase_if(jobs, [&](const Job& job) { return take_known(job); });
    if (jobs.empty()) return;
    const std::size_t all = threads_ == 0 ? kernels::usable_threads() : threads_;
    const std::size_t workers = std::min(all, jobs.size());
    const auto problems = run_in_parallel(
        jobs.size(), workers, [&] { return !may_go_on(); }, [&](std::size_t i) { train(jobs[i], all / workers); });
    for (const std::exception_ptr& problem : problems)
      if (problem) std::rethrow_exception(problem);
  }

  bool take_known(const Job& job) {
    const auto& [trial, fold] = job;
    if (!observer_.known) return false;
    const std::optional<TrialScore> known = observer_.known(trial, fold, result_.trials[trial]);
    if (known) record(job, known->score, known->seconds);
    return known.has_value();
  }

  void record(const Job& job, double score, double seconds) {
    const std::lock_guard<std::mutex> alone(mutex_);
    Trial& trial = result_.trials[job.first];
    trial.scores[job.second] = score;
    trial.seconds[job.second] = seconds;
    if (observer_.on_score) observer_.on_score(job.first, job.second, trial);
  }

  void train(const Job& job, std::size_t threads) {
    using Clock = std::chrono::steady_clock;
    const auto start = Clock::now();
    Observer observer;
    observer.should_stop = [this] {
      const std::lock_guard<std::mutex> alone(mutex_);
      if (!result_.interrupted && observer_.should_stop && observer_.should_stop()) result_.interrupted = true;
      return result_.interrupted || failed_;
    };
    double score = kNone;
    try {
      const FitResult found =
          fit(table_, options_of(result_.trials[job.first], job.second), observer, nullptr, threads);
      if (found.history.stop == StopReason::interrupted) return;
      const Estimate& estimate = *find_estimate(found.test, result_.score);
      score = estimate.value;
      if (std::isnan(score) && job.first == 0) {
        failed_ = true;
        throw option_error("score",
                           fmt::format("expected a metric that every fold has, found {}, not defined on fold {}: {}",
                                       in_quotes(result_.score), job.second + 1, estimate.undefined),
                           "use fewer folds or another score");
      }
    } catch (const Error& error) {
      if (error.category() != ErrorCategory::numerics) {
        failed_ = true;
        throw;
      }
    }
    record(job, score, std::chrono::duration<double>(Clock::now() - start).count());
  }

  void decide() {
    const std::vector<std::size_t> order = finished();
    if (order.empty()) return;
    result_.best = order[0];
    if (result_.best == 0 || result_.trials[0].folds_done() < how_.folds) return;
    const auto folds = static_cast<double>(how_.folds);
    std::vector<double> gains;
    for (std::size_t fold = 0; fold < how_.folds; ++fold)
      gains.push_back(sign_ * (*result_.trials[0].scores[fold] - *result_.trials[result_.best].scores[fold]));
    for (const double gain : gains) result_.gain += gain / folds;
    double squares = 0;
    for (const double gain : gains) squares += (gain - result_.gain) * (gain - result_.gain);
    result_.error = std::sqrt(squares / (folds - 1) / folds);
    // Of equals, the best of 30 trials is 5 times in 100 beyond this, and 68 times beyond one standard error.
    const double corrected = std::sqrt(squares / (folds - 1) * (1 / folds + 1 / (folds - 1)));
    result_.is_clear = !(result_.gain <= student_quantile(folds - 1) * corrected);
    // Trial 0 may have failed; then any other trial is better.
    if (!(result_.gain <= result_.error)) result_.winner = result_.best;
  }

  const Table& table_;
  const FitOptions& options_;
  const TuneOptions& how_;
  const TuneObserver& observer_;
  std::size_t threads_;
  double sign_ = 1;
  std::vector<std::string> start_;                // value of each range's option as given
  std::vector<std::vector<std::string>> values_;  // of each trial
  TuneResult result_;
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
};

}  // namespace

std::size_t Trial::folds_done() const {
  return static_cast<std::size_t>(std::ranges::count_if(scores, [](const auto& score) { return score.has_value(); }));
}

double Trial::mean() const {
  const auto count = static_cast<double>(folds_done());
  double mean = count == 0 ? kNone : 0;
  for (const std::optional<double>& score : scores)
    if (score) mean += *score / count;
  return mean;
}

FitOptions with_settings(const FitOptions& options, const Trial& trial) {
  FitOptions changed = options;
  for (const auto& [key, value] : trial.settings) set_option(changed, key, value, key);
  return changed;
}

TuneResult tune(const Table& table, const FitOptions& options, const TuneOptions& how, const TuneObserver& observer,
                std::size_t threads) {
  if (how.folds < 2) throw option_error("folds", fmt::format("expected 2 or more, found {}", how.folds));
  if (how.ranges.empty()) throw Error(ErrorCategory::usage, "ranges: expected options to vary, found none");
  return Search(table, options, how, observer, threads).go();
}

}  // namespace chainrule
