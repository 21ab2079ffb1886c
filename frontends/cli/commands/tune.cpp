// SPDX-License-Identifier: Apache-2.0
// tune DATA: a search over the options of train, and the model of the best.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <system_error>

#include "chainrule/cross_validation.h"
#include "cli/commands/commands.h"
#include "cli/option_names.h"
#include "cli/signals.h"
#include "cli/trials_file.h"
#include "cli/tune_report.h"

namespace chainrule::cli {
namespace {

using Clock = std::chrono::steady_clock;
using Sources = std::vector<std::vector<Assignment>>;

constexpr const char* kTrials = "trials.jsonl";

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

TuneOptions how_of(const Arguments& arguments) {
  constexpr std::size_t kMost = 1'000'000;
  TuneOptions how;
  how.trials = whole_flag(arguments, "trials", kMost, how.trials);
  how.folds = whole_flag(arguments, "folds", kMost, how.folds);
  how.score = arguments.text("score");
  if (how.folds < 2) throw Error(ErrorCategory::usage, "--folds: expected a whole number from 2 up, found 1");
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

// What --range says; and of the others, those that are not set by hand.
std::vector<SearchRange> ranges_of(const Arguments& arguments, const Sources& sources, const FitOptions& options,
                                   Task task) {
  std::vector<SearchRange> given;
  if (arguments.has("range"))
    for (const std::string& text : arguments.flags.at("range")) {
      try {
        given.push_back(range_from_text(text));
      } catch (const Error& error) {
        throw Error(error.category(), std::string("--") + error.what(), error.hint());
      }
    }
  std::vector<SearchRange> ranges;
  for (SearchRange& range : default_ranges(options, task)) {
    const auto is_set = [&](const Assignment& wish) { return find_option(wish.name)->key() == range.option; };
    const bool by_hand = std::ranges::any_of(
        sources, [&](const std::vector<Assignment>& source) { return std::ranges::any_of(source, is_set); });
    const bool by_range =
        std::ranges::any_of(given, [&](const SearchRange& other) { return other.option == range.option; });
    if (!by_hand && !by_range) ranges.push_back(std::move(range));
  }
  ranges.insert(ranges.end(), given.begin(), given.end());
  return ranges;
}

void add_words(std::vector<std::string>& words, const Option& option, const std::string& value) {
  if (option.kind == OptionKind::flag)
    words.push_back((value == "true" ? "--" : "--no-") + option.name);
  else
    words.insert(words.end(), {"--" + option.name, value});
}

// Of a train that trains the trial's model.
std::vector<std::string> command_of(const Arguments& arguments, const Sources& sources, const Trial& trial) {
  std::vector<std::string> words{"chainrule", "train", arguments.files[0]};
  for (const std::vector<Assignment>& source : sources)
    for (const Assignment& wish : source) {
      const Option& option = *find_option(wish.name);
      const bool searched =
          std::ranges::any_of(trial.settings, [&](const auto& setting) { return setting.first == option.key(); });
      if (!searched) add_words(words, option, wish.value);
    }
  for (const auto& [key, value] : trial.settings) add_words(words, *find_option(key), value);
  if (arguments.has("header")) words.push_back(arguments.is_true("header") ? "--header" : "--no-header");
  for (const char* const flag : {"delimiter", "labels"})
    if (arguments.has(flag)) words.insert(words.end(), {std::string("--") + flag, arguments.text(flag)});
  words.insert(words.end(), {"-o", arguments.text("output", "model.safetensors")});
  return words;
}

TrialsFile::Start start_of(const Arguments& arguments) {
  if (arguments.is_true("resume")) return TrialsFile::Start::resume;
  return arguments.is_true("force") ? TrialsFile::Start::overwrite : TrialsFile::Start::fresh;
}

void say_search(const Terminal& terminal, const FitPlan& plan, const TuneOptions& how, const TrialsFile& trials) {
  for (const std::string& note : plan.notes)
    if (!note.starts_with("held out: ")) say(terminal, note);
  for (const SearchRange& range : how.ranges) say_more(terminal, "tries " + range_text(range));
  say(terminal, fmt::format("{} trials of {} options and the options as given: {} trainings on {} folds", how.trials,
                            how.ranges.size(), planned_trainings(how), how.folds));
  if (trials.known() > 0) say(terminal, fmt::format("resumed: {} trainings are known", trials.known()));
}

TuneResult search(const Arguments& arguments, const Terminal& terminal, const FitOptions& options, const Table& table,
                  const TuneOptions& how, TrialsFile& trials, const Interruption& interruption) {
  const Clock::time_point start = Clock::now();
  const double seconds = 60 * minutes_of(arguments);
  std::size_t done = 0;
  const std::size_t all = planned_trainings(how);
  TuneObserver observer;
  observer.should_stop = [&] { return interruption.signal() != 0; };
  observer.out_of_time = [&] { return seconds > 0 && seconds_since(start) > seconds; };
  observer.known = [&](std::size_t trial, std::size_t fold, const Trial& settings) {
    return trials.score(trial, fold, settings);
  };
  observer.on_score = [&](std::size_t trial, std::size_t fold, const Trial& settings) {
    trials.write(trial, fold, settings);
    say(terminal, fmt::format("{}/{}  trial {}, fold {}: {:.5g}  {}", ++done, all, trial, fold + 1,
                              *settings.scores[fold], settings_text(settings)));
  };
  return tune(table, options, how, observer, threads_of(arguments));
}

// On rows that the search never saw.
Model fit_winner(const Terminal& terminal, const FitOptions& options, const Table& table, const TuneResult& found,
                 TuneFacts& facts, const Observer& observer, std::size_t threads) {
  FitResult winner = fit(table, with_settings(options, found.trials[found.winner]), observer, nullptr, threads);
  for (const std::string& note : winner.notes)
    if (note.starts_with("warning: ")) say(terminal, note);
  facts.test_rows = winner.test.rows;
  if (winner.test.rows > 0) facts.winner = *find_estimate(winner.test, found.score);
  return std::move(winner.model);
}

// The options as given on the same rows; they may have failed all the time.
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

int tune_on(const Arguments& arguments, const Terminal& terminal, const Sources& sources, const FitOptions& options,
            const Table& table) {
  const Clock::time_point begin = Clock::now();
  for (const std::string& note : table.notes) say(terminal, note);
  const FitPlan plan = plan_fit(table, options);
  TuneOptions how = how_of(arguments);
  how.ranges = ranges_of(arguments, sources, options, plan.encoder.task);
  if (how.score.empty()) how.score = plan.encoder.task == Task::classes ? "log_loss" : "rmse";
  const std::size_t at_once = trainings_at_once({how.folds, how.trials}, threads_of(arguments));
  check_memory(arguments, checked_product(most_memory(table, options, how), at_once, "memory"));
  TrialsFile trials(arguments.text("trials-file", kTrials), start_of(arguments),
                    {fingerprint(table, plan.encoder), how.score, option_values(options), how.ranges, how.folds});
  say_search(terminal, plan, how, trials);
  const char* const answer = "\nending; what is measured is kept; once more leaves at once\n";
  const Interruption interruption(terminal.loudness == Loudness::quiet ? nullptr : answer);
  const TuneResult found = search(arguments, terminal, options, table, how, trials, interruption);
  TuneFacts facts;
  facts.data = arguments.files[0];
  facts.model = arguments.text("output", "model.safetensors");
  facts.command = command_of(arguments, sources, found.trials[found.winner]);
  Observer observer;
  observer.should_stop = [&] { return interruption.signal() != 0; };
  std::optional<Model> model;
  if (!found.interrupted) model = fit_winner(terminal, options, table, found, facts, observer, threads_of(arguments));
  if (interruption.signal() != 0) {
    say(terminal, fmt::format("interrupted: what was measured is in {}; --resume goes on with it",
                              arguments.text("trials-file", kTrials)));
    return exit_code_of(interruption.signal());
  }
  {
    const Uninterrupted moment;
    formats::save_model(*model, facts.model, arguments.is_true("force"));
  }
  say(terminal, "written: " + facts.model);
  fit_start(options, table, found, facts, observer, threads_of(arguments));
  facts.seconds = seconds_since(begin);
  Output output;
  output.write(arguments.is_true("json") ? tune_document(found, how, facts) : tune_text(found, how, facts));
  output.finish();
  trials.finish();
  return 0;
}

}  // namespace

int tune_command(const Arguments& arguments, const Terminal& terminal) {
  Sources sources = sources_of(arguments);
  sources.insert(sources.begin(), std::vector<Assignment>{{"test-split", "0.2", "tune"}});  // the weakest
  const FitOptions options = options_from(sources);
  formats::LoadOptions reading = load_options_of(arguments, options.data);
  how_of(arguments);
  minutes_of(arguments);
  threads_of(arguments);
  check_memory(arguments, 0);
  std::vector<std::string> inputs{arguments.files[0]};
  for (const char* const flag : {"labels", "config"})
    if (arguments.has(flag)) inputs.push_back(arguments.text(flag));
  check_inputs(inputs);
  const std::string output = arguments.text("output", "model.safetensors"),
                    trials = arguments.text("trials-file", kTrials);
  for (const std::string& path : {output, trials})
    if (path == "-")
      throw Error(ErrorCategory::usage, "tune: expected files for the model and the trials, found - (standard output)");
  check_output(output, arguments.is_true("force"), inputs);
  if (is_same_path(output, trials))
    throw Error(ErrorCategory::usage, "--trials-file: expected another file than the model's, found the same");
  if (arguments.is_true("resume") && arguments.is_true("force"))
    throw Error(ErrorCategory::usage, "--resume: expected no --force beside it, found one",
                "--resume goes on with the trials, --force begins anew");
  std::error_code none;
  if (!arguments.is_true("resume") && !arguments.is_true("force") && std::filesystem::exists(trials, none))
    throw Error(ErrorCategory::usage, place(trials) + ": exists already",
                "--resume goes on with these trials, --force replaces them, --trials-file names another file");
  check_output(trials, true, inputs);
  try {
    const Table table = load_with_target(arguments.files[0], reading);
    return tune_on(arguments, terminal, sources, options_from(sources, table), table);
  } catch (const Error& error) {
    throw in_words_of_the_user(error, sources);
  }
}

}  // namespace chainrule::cli
