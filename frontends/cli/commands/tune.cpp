// SPDX-License-Identifier: Apache-2.0
// tune DATA: searches the options of train and trains a model with the best.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <system_error>

#include "chainrule/base/checks.h"
#include "chainrule/base/text.h"
#include "chainrule/model/fingerprint.h"
#include "chainrule/model/formats/safetensors.h"
#include "chainrule/report/training_report.h"
#include "chainrule/training/cross_validation.h"
#include "chainrule/training/fold_trainings.h"
#include "chainrule/training/options/options.h"
#include "chainrule/training/search.h"
#include "cli/command_line/error_wording.h"
#include "cli/commands/commands.h"
#include "cli/output/signals.h"
#include "cli/output/tune.h"
#include "cli/runs/training_records.h"
#include "cli/runs/trials_file.h"

namespace chainrule::cli {
namespace {

using Clock = std::chrono::steady_clock;
using Sources = std::vector<std::vector<Assignment>>;

constexpr const char* kTrials = "trials.jsonl";

double seconds_from(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

TuneOptions tune_options(const Arguments& arguments) {
  constexpr std::size_t kMax = 1'000'000;
  TuneOptions how;
  how.trials = whole_flag(arguments, "trials", kMax, how.trials);
  how.folds = whole_flag(arguments, "folds", kMax, how.folds);
  how.score = arguments.text("score");
  if (how.folds < 2) throw Error(ErrorCategory::usage, "--folds: expected a whole number of at least 2, found 1");
  return how;
}

// 0 = no limit.
double minutes_of(const Arguments& arguments) {
  if (!arguments.has("minutes")) return 0;
  double minutes = 0;
  if (!number_from_text(arguments.text("minutes"), minutes) || !(minutes > 0))
    throw Error(ErrorCategory::usage,
                "--minutes: expected a number above 0, found " + in_quotes(arguments.text("minutes")));
  return minutes;
}

// The ranges of --range, and the default ranges of options that the user did not set.
std::vector<SearchRange> ranges_of(const Arguments& arguments, const Sources& sources, const FitOptions& options,
                                   Task task) {
  std::vector<SearchRange> given;
  if (arguments.has("range"))
    for (const std::string& text : arguments.flags.at("range")) given.push_back(range_from_text(text));
  std::vector<SearchRange> ranges;
  for (SearchRange& range : default_ranges(options, task)) {
    const auto is_set = [&](const Assignment& assignment) {
      return find_option(assignment.name)->key() == range.option;
    };
    const bool by_hand = std::ranges::any_of(
        sources, [&](const std::vector<Assignment>& source) { return std::ranges::any_of(source, is_set); });
    const bool by_range =
        std::ranges::any_of(given, [&](const SearchRange& other) { return other.option == range.option; });
    if (!by_hand && !by_range) ranges.push_back(std::move(range));
  }
  ranges.insert(ranges.end(), given.begin(), given.end());
  return ranges;
}

TrialsFile::Start start_of(const Arguments& arguments) {
  if (arguments.is_true("resume")) return TrialsFile::Start::resume;
  return arguments.is_true("force") ? TrialsFile::Start::overwrite : TrialsFile::Start::fresh;
}

void say_search(const Arguments& arguments, const Terminal& terminal, const FitPlan& plan, const TuneOptions& how,
                const TrialsFile& trials) {
  for (const Note& note : plan.notes)  // except for validation rows, which only the winner's training has
    if (note.topic != NoteTopic::validation_rows) say_note(terminal, note);
  for (const SearchRange& range : how.ranges) say_more(terminal, "range: " + range_text(range));
  say(terminal, fmt::format("{} trials over {} options, plus the options as given: {} training runs on {} folds",
                            how.trials, how.ranges.size(), planned_trainings(how), how.folds));
  if (arguments.is_true("resume") && trials.known() == 0) say(terminal, "nothing to resume: starting a new search");
  if (trials.known() > 0) say(terminal, fmt::format("resumed: {} training runs already done", trials.known()));
}

TuneResult search(const Arguments& arguments, const Terminal& terminal, const FitOptions& options, const Table& table,
                  const TuneOptions& how, TrialsFile& trials, const Interruption& interruption) {
  const Clock::time_point start = Clock::now();
  const double seconds = 60 * minutes_of(arguments);
  std::size_t done = 0;
  const std::size_t all = planned_trainings(how);
  TuneObserver observer;
  observer.should_stop = [&] { return interruption.signal() != 0 || !trials.is_whole(); };
  observer.out_of_time = [&] { return seconds > 0 && seconds_from(start) > seconds; };
  observer.known = [&](std::size_t trial, std::size_t fold, const Trial& settings) {
    return trials.score(trial, fold, settings);
  };
  observer.on_score = [&](std::size_t trial, std::size_t fold, const Trial& settings) {
    if (!trials.write(trial, fold, settings)) return;
    say(terminal, fmt::format("{}/{}  trial {}, fold {}: {:.5g}  {}", ++done, all, trial, fold + 1,
                              *settings.scores[fold], settings_text(settings)));
  };
  TuneResult found = tune(table, options, how, observer, threads_of(arguments));
  trials.finish();
  return found;
}

// The winner's training: options, plan, data and result.
struct Winner {
  FitOptions options;
  FitPlan plan;
  FitData data;
  FitResult result;
};

// Trains the winner on all rows of the search and scores it on rows that the search never used.
Winner fit_winner(const Terminal& terminal, const FitOptions& options, const Table& table, const TuneResult& found,
                  TuneFacts& facts, const Observer& observer, std::size_t threads) {
  Winner winner;
  winner.options = with_settings(options, found.trials[found.winner]);
  winner.plan = plan_fit(table, winner.options);
  winner.data = encode_fit(winner.plan, table);
  winner.result = fit(winner.plan, winner.data, winner.options, observer, threads);
  write_flags(winner.plan.notes);
  write_flags(winner.result.notes);
  for (const Note& note : winner.result.notes)
    if (note.severity == Severity::warning) say_note(terminal, note);
  facts.test_rows = winner.result.test.rows;
  if (facts.test_rows > 0) facts.winner = *find_estimate(winner.result.test, found.score);
  return winner;
}

// The options as given on the same rows. Their training may fail.
void fit_start(const FitOptions& options, const Table& table, const TuneResult& found, TuneFacts& facts,
               const Observer& observer, std::size_t threads) {
  if (found.winner == 0) facts.start = facts.winner;
  if (found.winner == 0 || facts.test_rows == 0) return;
  try {
    const FitResult start = fit(table, options, observer, nullptr, threads);
    if (start.history.stop != StopReason::interrupted) facts.start = *find_estimate(start.test, found.score);
  } catch (const Error& error) {
    if (error.category() != ErrorCategory::numerics) throw;
  }
}

// The command of the same search.
std::vector<std::string> search_words(const Arguments& arguments, const Sources& sources, const TuneOptions& how) {
  std::vector<std::string> words = command_like("tune", arguments, sources);
  words.insert(words.end(),
               {"--trials", std::to_string(how.trials), "--folds", std::to_string(how.folds), "--score", how.score});
  if (arguments.has("range"))
    for (const std::string& range : arguments.flags.at("range")) words.insert(words.end(), {"--range", range});
  return words;
}

// The options of the search on this table.
TuneOptions search_of(const Arguments& arguments, const Sources& sources, const FitOptions& options,
                      const FitPlan& plan, const Table& table) {
  TuneOptions how = tune_options(arguments);
  how.ranges = ranges_of(arguments, sources, options, plan.encoder.task);
  if (how.score.empty()) how.score = plan.encoder.task == Task::classes ? "log_loss" : "rmse";
  const std::size_t at_once = trainings_at_once({how.folds, how.trials}, threads_of(arguments));
  check_memory(arguments, checked_product(max_trial_memory(table, options, how), at_once, "memory"));
  return how;
}

void write_page(const Arguments& arguments, const Table& table, const TuneResult& found, const TuneOptions& how,
                const TuneFacts& facts, const Winner& winner, const TrainingRecords& records) {
  ReportFacts report;
  report.table = &table;
  report.plan = &winner.plan;
  report.rows = &winner.data;
  report.options = &winner.options;
  report.health = &records.health();
  report.data = facts.data;
  report.model = facts.model;
  report.commands = {command_text(facts.command)};
  report.seconds = facts.winner_seconds;
  report.threads = threads_of(arguments);
  write_report(arguments.text("report"), arguments.is_true("force"),
               line_text(tune_report(found, how, facts, training_report(winner.result, report))));
}

int tune_on(const Arguments& arguments, const Terminal& terminal, const Sources& sources, const FitOptions& options,
            const Table& table) {
  const Clock::time_point begin = Clock::now();
  say_notes(terminal, table.notes);
  const FitPlan plan = plan_fit(table, options);
  const TuneOptions how = search_of(arguments, sources, options, plan, table);
  TrialsFile trials(arguments.text("trials-file", kTrials), start_of(arguments),
                    {fingerprint(table, plan.encoder), how.score, option_values(options), how.ranges, how.folds});
  say_search(arguments, terminal, plan, how, trials);
  const char* const message = "\nstopping; completed training runs are kept; press Ctrl-C again to quit at once\n";
  const Interruption interruption(terminal.loudness == Loudness::quiet ? nullptr : message);
  const TuneResult found = search(arguments, terminal, options, table, how, trials, interruption);
  TuneFacts facts;
  facts.data = data_text(data_of(arguments));
  facts.model = arguments.text("output", "model.safetensors");
  facts.options = options;
  facts.command = command_like("train", arguments, sources, found.trials[found.winner].settings);
  facts.command.insert(facts.command.end(), {"-o", facts.model});
  facts.search = command_text(search_words(arguments, sources, how));
  TrainingRecords::Requests requests;
  requests.report = arguments.has("report");
  requests.steps_per_epoch =
      steps_per_epoch(with_settings(options, found.trials[found.winner]).train, plan.split.training.size());
  TrainingRecords records(requests);
  Observer observer;
  observer.should_stop = [&] { return interruption.signal() != 0; };
  std::optional<Winner> winner;
  const Clock::time_point searched = Clock::now();
  if (!found.interrupted)
    winner = fit_winner(terminal, options, table, found, facts, records.listen(observer), threads_of(arguments));
  facts.winner_seconds = seconds_from(searched);
  if (interruption.signal() != 0) {
    const std::string path = arguments.text("trials-file", kTrials);
    std::error_code none;
    say(terminal,
        std::filesystem::exists(path, none)
            ? fmt::format("interrupted: completed training runs are in {}; --resume continues the search", path)
            : std::string("interrupted: no training run was completed"));
    return exit_code_of(interruption.signal());
  }
  {
    const PipeReader reader(facts.model);
    if (reader.signal() != 0) throw Interrupted{reader.signal()};
    const Uninterrupted moment(facts.model);
    formats::save_model(winner->result.model, facts.model, arguments.is_true("force"));
  }
  say(terminal, "written: " + facts.model);
  fit_start(options, table, found, facts, observer, threads_of(arguments));
  facts.seconds = seconds_from(begin);
  if (arguments.has("report")) {
    write_page(arguments, table, found, how, facts, *winner, records);
    say(terminal, "written: " + arguments.text("report"));
  }
  Output output;
  output.write(arguments.is_true("json") ? tune_document(found, how, facts) : tune_text(found, how, facts));
  output.finish();
  return 0;
}

}  // namespace

int tune_command(const Arguments& arguments, const Terminal& terminal) {
  Sources sources = sources_of(arguments);
  sources.insert(sources.begin(),
                 std::vector<Assignment>{{"test-split", "0.2", "tune"}});  // everything else overrides this
  const FitOptions options = options_from(sources);
  formats::LoadOptions reading = load_options_of(arguments, options.data);
  tune_options(arguments);
  minutes_of(arguments);
  threads_of(arguments);
  check_memory(arguments, 0);
  const std::vector<std::string> inputs = training_inputs(arguments);
  const std::string output = arguments.text("output", "model.safetensors"),
                    trials = arguments.text("trials-file", kTrials);
  for (const std::string& path : {output, trials})
    if (path == "-")
      throw Error(ErrorCategory::usage, "tune: expected files for the model and the trials, found - (standard output)");
  check_output(output, arguments.is_true("force"), inputs);
  if (is_same_path(output, trials))
    throw Error(ErrorCategory::usage, "--trials-file: expected a file other than the model file, found the same");
  if (arguments.is_true("resume") && arguments.is_true("force"))
    throw Error(ErrorCategory::usage, "--resume: expected no --force together with it, found one",
                "--resume continues the search, --force starts a new one");
  std::error_code none;
  if (!arguments.is_true("resume") && !arguments.is_true("force") && std::filesystem::exists(trials, none))
    throw Error(ErrorCategory::usage, location(trials) + ": already exists",
                "--resume continues this search, --force replaces the file, --trials-file names another file");
  check_output(trials, true, inputs);
  check_side_output(arguments, "report", {output, trials}, inputs);
  try {
    const Table table = load_with_target(data_of(arguments), reading, options_from(sources).data.weight);
    return tune_on(arguments, terminal, sources, options_from(sources, table), table);
  } catch (const Error& error) {
    throw in_words_of_the_user(error, sources);
  }
}

}  // namespace chainrule::cli
