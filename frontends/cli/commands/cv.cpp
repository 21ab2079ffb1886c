// SPDX-License-Identifier: Apache-2.0
// cv DATA: cross-validation of the options of train.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

#include "chainrule/base/checks.h"
#include "chainrule/base/text.h"
#include "chainrule/report/cross_validation_report.h"
#include "chainrule/training/cross_validation.h"
#include "chainrule/training/fold_trainings.h"
#include "chainrule/training/options/options.h"
#include "cli/command_line/error_wording.h"
#include "cli/commands/commands.h"
#include "cli/output/cv.h"
#include "cli/output/predictions.h"
#include "cli/output/progress.h"
#include "cli/output/signals.h"

namespace chainrule::cli {
namespace {

CrossValidationOptions fold_options(const Arguments& arguments) {
  constexpr std::size_t kMax = 1'000'000;
  CrossValidationOptions how;
  how.folds = whole_flag(arguments, "folds", kMax, how.folds);
  how.repeats = whole_flag(arguments, "repeats", kMax, how.repeats);
  if (how.folds < 2) throw Error(ErrorCategory::usage, "--folds: expected a whole number of at least 2, found 1");
  return how;
}

// Progress of parallel trainings: a line for each that ends, and a bar on a terminal.
class FoldProgress {
 public:
  FoldProgress(const Terminal& terminal, const CrossValidationOptions& how, std::size_t epochs)
      : terminal_(terminal), how_(how), progress_(terminal, how.folds * how.repeats, epochs) {}

  CrossValidationObserver observer(std::function<bool()> should_stop) {
    CrossValidationObserver observer;
    observer.should_stop = std::move(should_stop);
    observer.on_epoch = [this](std::size_t training, const EpochRecord& record) {
      progress_.on_epoch(training, record);
    };
    observer.on_fold = [this](const FoldResult& fold) { on_fold(fold); };
    return observer;
  }
  double seconds() const { return progress_.seconds(); }
  void finish() { progress_.clear(); }

 private:
  void on_fold(const FoldResult& fold) {
    progress_.clear();
    std::string line = name_of(fold, how_) + ": ";
    for (const char* const name : {"accuracy", "log_loss", "rmse", "r2"})
      if (const Estimate* const found = find_estimate(fold.test, name))
        line += fmt::format("{} {:.4g}  ", name, found->value);
    line += fmt::format("on {} rows", fold.split.test.size());
    if (fold.history.best_epoch > 0)
      line += fmt::format("; best epoch {} of {}", fold.history.best_epoch, fold.history.epochs.size());
    say(terminal_, line);
    for (const Note& note : fold.notes) {
      const std::string warning = "warning: " + with_flags(note.text);
      if (note.severity == Severity::warning && reported_.insert(warning).second)
        say(terminal_, name_of(fold, how_) + ": " + warning);
    }
    progress_.end((fold.repeat - 1) * how_.folds + fold.fold - 1);
  }

  const Terminal& terminal_;
  CrossValidationOptions how_;
  TrainingsProgress progress_;
  std::set<std::string> reported_;
};

void write_predictions(const Arguments& arguments, const Table& table, const Encoder& encoder,
                       const CrossValidation& found, const CrossValidationOptions& how, Output& output) {
  using Kind = PredictionColumn::Kind;
  std::vector<PredictionColumn> columns;
  if (arguments.has("id")) {
    const std::size_t index = find_column(table, arguments.text("id"), "id");
    columns.push_back({Kind::field, table.columns[index].name, index});
  }
  columns.push_back({Kind::row, "row"});
  if (how.repeats > 1) columns.push_back({Kind::repeat, "repeat"});
  columns.push_back({Kind::fold, "fold"});
  columns.push_back({Kind::field, table.columns[encoder.target_column - 1].name, encoder.target_column - 1});
  columns.push_back({Kind::prediction, "prediction"});
  if (encoder.task == Task::classes) columns.push_back({Kind::probabilities, "probability"});
  output.write(csv_heading(columns, encoder));
  for (std::size_t repeat = 1; repeat <= how.repeats; ++repeat) {  // rows in the order of the file
    std::vector<std::pair<std::size_t, std::pair<const FoldResult*, std::size_t>>> rows;
    for (const FoldResult& fold : found.folds)
      for (std::size_t i = 0; fold.repeat == repeat && i < fold.split.test.size(); ++i)
        rows.push_back({fold.split.test[i], {&fold, i}});
    std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [row, index] : rows) {
      const auto& [fold, i] = index;
      const std::size_t label = fold->classes.empty() ? 0 : fold->classes[i];
      output.write(csv_line(columns, encoder, table, {row, label, fold->predictions.row(i), {}, repeat, fold->fold}));
    }
  }
}

FitPlan announce(const Arguments& arguments, const Terminal& terminal, FitOptions options, const Table& table,
                 const CrossValidationOptions& how) {
  for (const auto& [key, value] : option_values(options)) say_more(terminal, key + " = " + value);
  say_notes(terminal, table.notes);
  options.test_fold = 1;
  options.test_folds = how.folds;
  FitPlan plan = plan_fit(table, options);
  write_flags(plan.notes);
  for (const Note& note : plan.notes) {
    const bool is_of_fold = note.topic == NoteTopic::test_rows || note.topic == NoteTopic::validation_rows;
    if (note.severity == Severity::warning || !is_of_fold) say_note(terminal, note);
  }
  say(terminal, "network: " + describe(plan.architecture));
  const std::size_t at_once = trainings_at_once(how, threads_of(arguments)), all = how.folds * how.repeats;
  say(terminal, fmt::format("{} training runs, {} in parallel", all, at_once));
  check_memory(arguments, checked_product(plan.memory_bytes, at_once, "memory"));
  return plan;
}

using Sources = std::vector<std::vector<Assignment>>;

// The command that repeats this cross-validation.
std::string command_of(const Arguments& arguments, const Sources& sources, const CrossValidationOptions& how) {
  std::vector<std::string> words = command_like("cv", arguments, sources);
  words.insert(words.end(), {"--folds", std::to_string(how.folds)});
  if (how.repeats > 1) words.insert(words.end(), {"--repeats", std::to_string(how.repeats)});
  return command_text(words);
}

int validate_on(const Arguments& arguments, const Terminal& terminal, const Sources& sources, const FitOptions& options,
                const Table& table) {
  const CrossValidationOptions how = fold_options(arguments);
  const FitPlan plan = announce(arguments, terminal, options, table, how);
  const char* const message = "\nstopping after the completed folds; press Ctrl-C again to quit at once\n";
  const Interruption interruption(terminal.loudness == Loudness::quiet ? nullptr : message);
  FoldProgress progress(terminal, how, options.train.epochs);
  CrossValidation found = cross_validate(
      table, options, how, progress.observer([&] { return interruption.signal() != 0; }), threads_of(arguments));
  progress.finish();
  for (FoldResult& fold : found.folds) write_flags(fold.notes);
  const CrossFacts facts{data_text(data_of(arguments)),      how, progress.seconds(), &table, &plan, &options,
                         command_of(arguments, sources, how)};
  if (found.interrupted && found.folds.empty()) throw Interrupted{interruption.signal()};
  if (found.interrupted)
    say(terminal,
        fmt::format("interrupted: {} of {} training runs completed", found.folds.size(), how.folds * how.repeats));
  Output output;
  output.write(arguments.is_true("json") ? cross_document(found, facts) : cross_text(found));
  output.finish();
  if (arguments.has("predictions")) {
    Output file(arguments.text("predictions"), arguments.is_true("force"));
    write_predictions(arguments, table, plan.encoder, found, how, file);
    const Uninterrupted moment(arguments.text("predictions"));
    file.finish();
    say(terminal, "written: " + arguments.text("predictions"));
  }
  if (arguments.has("report")) {
    write_report(arguments.text("report"), arguments.is_true("force"), line_text(cross_report(found, facts)));
    say(terminal, "written: " + arguments.text("report"));
  }
  return found.interrupted ? exit_code_of(interruption.signal()) : 0;
}

}  // namespace

int cv_command(const Arguments& arguments, const Terminal& terminal) {
  const Sources sources = sources_of(arguments);
  const FitOptions options = options_from(sources);
  formats::LoadOptions reading = load_options_of(arguments, options.data);
  fold_options(arguments);
  threads_of(arguments);
  check_memory(arguments, 0);
  const std::vector<std::string> inputs = training_inputs(arguments);
  check_side_output(arguments, "predictions", {}, inputs);
  if (arguments.has("id") && !arguments.has("predictions"))
    throw Error(ErrorCategory::usage, "--id: expected --predictions together with it, found none",
                "the column goes into that file");
  check_side_output(
      arguments, "report",
      arguments.has("predictions") ? std::vector{arguments.text("predictions")} : std::vector<std::string>(), inputs);
  try {
    if (arguments.has("id")) reading.texts.push_back(arguments.text("id"));
    const Table table = load_with_target(data_of(arguments), reading, options_from(sources).data.weight);
    if (arguments.has("id")) find_column(table, arguments.text("id"), "id");
    return validate_on(arguments, terminal, sources, options_from(sources, table), table);
  } catch (const Error& error) {
    throw in_words_of_the_user(error, sources);
  }
}

}  // namespace chainrule::cli
