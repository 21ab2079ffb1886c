// SPDX-License-Identifier: Apache-2.0
// train DATA: reads options, checks the outputs, reads data, plans, trains, and writes the model file and the report.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>

#include "chainrule/base/checks.h"
#include "chainrule/base/text.h"
#include "chainrule/data/encoder_plan.h"
#include "chainrule/model/fingerprint.h"
#include "chainrule/model/formats/safetensors.h"
#include "chainrule/report/documents.h"
#include "chainrule/report/training_report.h"
#include "chainrule/training/fit.h"
#include "chainrule/training/options/options.h"
#include "chainrule/training/planning.h"
#include "chainrule/training/rates/rate_warning.h"
#include "cli/command_line/error_wording.h"
#include "cli/commands/commands.h"
#include "cli/commands/learning_rates.h"
#include "cli/commands/subject.h"
#include "cli/output/inspect.h"
#include "cli/output/progress.h"
#include "cli/output/signals.h"
#include "cli/runs/run_folder.h"
#include "cli/runs/training_records.h"

namespace chainrule::cli {
namespace {

// --validation replaces the rows that these options would choose.
void check_validation(const Arguments& arguments) {
  if (!arguments.has("validation")) return;
  for (const Assignment& assignment : arguments.options)
    if (assignment.name == "validation-split" || assignment.name == "validation-rows")
      throw Error(ErrorCategory::usage,
                  "--validation: expected no --" + assignment.name + " together with it, found one");
}

// Prints the plan before the work begins.
FitPlan announce(const Arguments& arguments, const Terminal& terminal, const FitOptions& options, const Table& table,
                 const Table* validation) {
  for (const auto& [key, value] : option_values(options)) say_more(terminal, key + " = " + value);
  for (const Table* one : {&table, validation})
    if (one != nullptr)
      for (const Note& note : one->notes)
        say(terminal, (validation == nullptr ? "" : one->source + ": ") + note_line(note));
  FitPlan plan = plan_fit(table, options, validation);
  write_flags(plan.notes);
  say_notes(terminal, plan.notes);
  if (validation != nullptr && fingerprint(*validation, plan.encoder) == fingerprint(table, plan.encoder))
    say(terminal,
        "warning: the validation rows are the training rows, so validation scores say nothing about new rows");
  say(terminal, "network: " + describe(plan.architecture));
  say(terminal,
      fmt::format("rows: {} for training{}, {} for validation{}", plan.split.training.size(),
                  plan.inner_folds > 0 ? fmt::format(" ({} inner folds choose the epoch)", plan.inner_folds) : "",
                  validation != nullptr ? validation->rows : plan.split.validation.size(),
                  plan.split.test.empty() ? "" : fmt::format(", {} for testing", plan.split.test.size())));
  check_memory(arguments, memory_with_reading(plan.memory_bytes));
  return plan;
}

void say_result(const Terminal& terminal, const FitResult& result, const TrainingFacts& facts) {
  const History& history = result.history;
  std::string ended =
      fmt::format("{} epoch{}, {} step{} in {:.1f} s", history.epochs.size(), history.epochs.size() == 1 ? "" : "s",
                  history.steps, history.steps == 1 ? "" : "s", facts.seconds);
  if (history.stop == StopReason::early_stopping) ended += "; stopped early";
  if (history.stop == StopReason::interrupted) ended += "; interrupted";
  if (history.best_epoch > 0)
    ended += "; the model has the weights of epoch " + best_epoch_text(history, !result.validation.empty());
  say(terminal, ended);
  say(terminal, "training: " + metrics_line(result.training));
  if (!result.validation.empty()) {
    say(terminal, "validation: " + metrics_line(result.validation));
    say(terminal, "validation baseline: " + metrics_line(result.baseline));
  }
  if (result.test.rows > 0)
    say(terminal,
        fmt::format("test, on {} row{} not used for training or validation (with 95 % confidence intervals): {}",
                    result.test.rows, result.test.rows == 1 ? "" : "s",
                    test_scores(result.training, result.test, ", ")));
  say(terminal, "weights_sha256: " + weights_sha256(result.model.network));
  std::error_code unknown;
  const auto size = std::filesystem::file_size(facts.model, unknown);
  say(terminal,
      fmt::format("written: {}{}", facts.model, unknown ? "" : " (" + bytes_text(static_cast<double>(size)) + ")"));
}

// Notes of the training that the plan did not have.
void say_new_notes(const Terminal& terminal, const FitResult& result, const FitPlan& plan) {
  for (const Note& note : result.notes)
    if (std::ranges::find(plan.notes, note) == plan.notes.end()) say_note(terminal, note);
}

std::size_t health_every(const Arguments& arguments) {
  constexpr std::size_t kMax = 1'000'000'000;
  return whole_flag(arguments, "health-every", kMax, 0);
}

// The folder of --run, which contains model and log.
std::optional<RunFolder> run_of(const Arguments& arguments) {
  if (!arguments.has("run")) return std::nullopt;
  for (const char* const flag : {"output", "log", "report"})
    if (arguments.has(flag))
      throw Error(ErrorCategory::usage, fmt::format("--run: expected no --{} together with it, found one", flag),
                  "the run folder contains model, log and report");
  std::vector<std::string> inputs = data_of(arguments);
  for (const char* const flag : {"validation", "labels"})
    for (std::string& path : arguments.texts(flag)) inputs.push_back(std::move(path));
  if (std::ranges::find(inputs, "-") != inputs.end())
    throw Error(ErrorCategory::usage, "--run: expected data from files, found - (standard input)",
                "standard input cannot be replayed");
  std::error_code none;
  for (const std::string& path : inputs)
    if (std::filesystem::exists(path, none) && !std::filesystem::is_regular_file(path, none) &&
        !std::filesystem::is_directory(path, none))
      throw Error(ErrorCategory::usage, "--run: expected data from files, found " + in_quotes(path),
                  "a pipe cannot be replayed");
  return RunFolder(arguments.text("run"), arguments.is_true("force"));
}

// Checks the files of --log and --report.
void check_side_outputs(const Arguments& arguments, const std::string& model, const std::vector<std::string>& inputs) {
  if (health_every(arguments) > 0 && !arguments.has("log") && !arguments.has("run"))
    throw Error(ErrorCategory::usage, "--health-every: expected --log FILE or --run NAME together with it, found none",
                "the statistics are written there");
  check_side_output(arguments, "log", {model}, inputs);
  check_side_output(arguments, "report", {model, arguments.text("log", model)}, inputs);
}

TrainingRecords::Requests records_of(const Arguments& arguments, const std::optional<RunFolder>& run,
                                     const FitPlan& plan, const FitOptions& options) {
  TrainingRecords::Requests requests;
  requests.log = run ? run->written_to(run->log()) : arguments.text("log");
  if (run) {
    requests.log_shown = run->log();
    requests.events = run->written_to(run->path());
    requests.events_shown = run->path();
  }
  requests.overwrite = arguments.is_true("force");
  requests.health_every = health_every(arguments);
  requests.report = run || arguments.has("report");
  requests.steps_per_epoch = steps_per_epoch(options.train, plan.split.training.size());
  return requests;
}

// The commands that reproduce this model.
std::vector<std::string> commands_of(const Arguments& arguments, const std::vector<std::vector<Assignment>>& sources,
                                     const std::optional<RunFolder>& run) {
  if (run) {
    std::vector<std::string> words{"chainrule", "train"};
    for (std::string& path : data_of(arguments)) words.push_back(std::move(path));
    words.insert(words.end(), {"--config", run->config(), "-o", "again.safetensors"});
    return {command_text(words), command_text({"chainrule", "replay", run->path()})};
  }
  std::vector<std::string> words = command_like("train", arguments, sources);
  for (const std::string& path : arguments.texts("validation")) words.insert(words.end(), {"--validation", path});
  for (const char* const flag : {"find-learning-rate", "find-layer-rates"})
    if (arguments.is_true(flag)) words.push_back(std::string("--") + flag);
  words.insert(words.end(), {"-o", "again.safetensors"});
  return {command_text(words)};
}

// The path of the model.
std::string model_of(const Arguments& arguments, const std::optional<RunFolder>& run) {
  return run ? run->model() : arguments.text("output", "model.safetensors");
}

// Before the training: nothing has been written yet.
FoundLearningRates find_first(const Arguments& arguments, const Terminal& terminal, const FitPlan& plan,
                              const FitData& data, FitOptions& options, LearningRateFinderOptions how) {
  const char* const message = "\nstopping; nothing has been written\n";
  const Interruption interruption(terminal.loudness == Loudness::quiet ? nullptr : message);
  how.should_stop = [&] { return interruption.signal() != 0; };
  FoundLearningRates found = find_rates(arguments, terminal, plan, data, options, how);
  if (how.should_stop()) throw Interrupted{interruption.signal()};
  return found;
}

// Tests whether the learning rate caused a bad result. The model is already saved, so a failure here is ignored.
void add_warning_of_rate(FitResult& result, const FitPlan& plan, const FitData& data, const FitOptions& options,
                         const LearningRateFinderOptions& how) {
  if (result.history.stop == StopReason::interrupted) return;
  try {
    if (std::optional<Note> warning = warning_of_rate(plan, data, options, result, how))
      result.notes.push_back(std::move(*warning));
  } catch (const std::exception&) {
    return;
  }
}

void write_page(const Arguments& arguments, const Terminal& terminal, const std::optional<RunFolder>& run,
                const FitResult& result, const ReportFacts& report) {
  const std::string path = run ? run->report() : arguments.text("report");
  write_report(run ? run->written_to(path) : path, arguments.is_true("force"),
               line_text(training_report(result, report)));
  if (!run) say(terminal, "written: " + path);
}

// The last files of a run, which then replaces an older one of its name. If that fails, the new run is kept elsewhere.
void finish_run(const Arguments& arguments, const Terminal& terminal, std::optional<RunFolder>& run,
                TrainingRecords& records, const FitResult& result, const ReportFacts& report) {
  try {
    write_page(arguments, terminal, run, result, report);
    records.finish();
    const Uninterrupted moment(run->path());
    run->finish();
  } catch (...) {
    const std::string there = run->set_aside();
    if (!there.empty())
      say(terminal, "the new run is in " + there + (run->replaces() ? "; the old one is unchanged" : ""));
    throw;
  }
}

int train_on(const Arguments& arguments, const Terminal& terminal, const std::vector<std::vector<Assignment>>& sources,
             FitOptions options, const Table& table, const Table* validation) {
  std::optional<RunFolder> run = run_of(arguments);
  const FitPlan plan = announce(arguments, terminal, options, table, validation);
  const FitData data = encode_fit(plan, table, validation);
  TrainingFacts facts;
  facts.model = model_of(arguments, run);
  facts.training_rows = plan.split.training.size();
  facts.validation_rows = validation != nullptr ? validation->rows : plan.split.validation.size();
  say(terminal, "memory: about " + bytes_text(static_cast<double>(memory_with_reading(plan.memory_bytes))));
  LearningRateFinderOptions testing{threads_of(arguments), {}};
  facts.rates = find_first(arguments, terminal, plan, data, options, testing);

  const char* const message = "\nfinishing the step and writing the model; press Ctrl-C again to quit at once\n";
  const Interruption interruption(terminal.loudness == Loudness::quiet ? nullptr : message);
  testing.should_stop = [&] { return interruption.signal() != 0; };
  Progress progress(terminal, facts.training_rows, options.train);
  if (run) run->begin(options, record_of(arguments));
  TrainingRecords records(records_of(arguments, run, plan, options));
  FitResult result;
  try {
    Observer observer = records.listen(progress.observer(testing.should_stop));
    if (run)
      observer.on_epoch = [&run, then = std::move(observer.on_epoch)](const EpochRecord& record) {
        if (then) then(record);
        run->keep();  // after the first lines, which are written to the folder as it is named until then
      };
    result = fit(plan, data, options, observer, testing.threads);
  } catch (const Error& error) {
    if (error.category() != ErrorCategory::numerics) throw;
    throw with_found_rate(error, plan, data, options, testing);
  }
  progress.finish();
  facts.seconds = progress.seconds();
  {
    const std::string path = run ? run->written_to(facts.model) : facts.model;
    const PipeReader reader(path);
    if (reader.signal() != 0) throw Interrupted{reader.signal()};
    const Uninterrupted moment(path);
    formats::save_model(result.model, path, arguments.is_true("force"));
    if (run) run->keep();
  }
  add_warning_of_rate(result, plan, data, options, testing);
  write_flags(result.notes);
  say_new_notes(terminal, result, plan);
  ReportFacts report;
  report.table = &table;
  report.validation = validation;
  report.plan = &plan;
  report.rows = &data;
  report.options = &options;
  report.health = &records.health();
  report.rates = &facts.rates;
  report.data = data_text(data_of(arguments));
  report.model = facts.model;
  report.commands = commands_of(arguments, sources, run);
  report.seconds = facts.seconds;
  report.threads = testing.threads;
  if (run) finish_run(arguments, terminal, run, records, result, report);
  say_result(terminal, result, facts);
  if (run) say(terminal, "written: " + run->report());
  if (!run && arguments.has("report")) write_page(arguments, terminal, run, result, report);
  if (arguments.is_true("json")) {
    Output output;
    output.write(training_document(result, facts));
    output.finish();
  }
  if (!run) records.finish();
  return interruption.signal() == 0 ? 0 : exit_code_of(interruption.signal());
}

int read_and_train(const Arguments& arguments, const Terminal& terminal,
                   const std::vector<std::vector<Assignment>>& sources, formats::LoadOptions reading) {
  const Table table = load_with_target(data_of(arguments), reading, options_from(sources).data.weight);
  const FitOptions options = options_from(sources, table);
  if (!arguments.has("validation")) return train_on(arguments, terminal, sources, options, table, nullptr);
  reading.labels.clear();  // --labels is for DATA only
  std::vector<Note> later_notes;
  const Encoder encoder = plan_encoder(table, encoder_options(table, options), later_notes);
  const Table validation = load_for(encoder, arguments.texts("validation"), reading);
  return train_on(arguments, terminal, sources, options, table, &validation);
}

}  // namespace

int train_command(const Arguments& given, const Terminal& terminal) {
  Arguments arguments = given;
  if (arguments.text("run") == "time") arguments.flags["run"] = {run_named_by_time()};
  const std::vector<std::vector<Assignment>> sources = sources_of(arguments);
  const FitOptions options = options_from(sources);
  for (const char* const flag : {"find-learning-rate", "find-layer-rates"})
    if (arguments.is_true(flag) && arguments.is_true("print-config"))
      throw Error(ErrorCategory::usage,
                  fmt::format("--{}: expected no --print-config together with it, found one", flag),
                  "the rates found are in the config.toml of a --run");
  if (arguments.is_true("print-config")) return print_config(arguments, sources);
  formats::LoadOptions reading = load_options_of(arguments, options.data);
  threads_of(arguments);
  check_memory(arguments, 0);

  const std::vector<std::string> inputs = training_inputs(arguments);
  check_validation(arguments);
  const std::string output = arguments.text("output", "model.safetensors");
  if (output == "-")
    throw Error(ErrorCategory::usage, "--output: expected a file for the model, found - (standard output)");
  if (!run_of(arguments)) check_output(output, arguments.is_true("force"), inputs);
  check_side_outputs(arguments, output, inputs);

  try {
    return read_and_train(arguments, terminal, sources, std::move(reading));
  } catch (const Error& error) {
    throw in_words_of_the_user(error, sources);
  }
}

}  // namespace chainrule::cli
