// SPDX-License-Identifier: Apache-2.0
// train DATA: options, checks of what will be written, reading, the plan, the training, the model file, the report.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>

#include "chainrule/atomic_file.h"
#include "chainrule/fit.h"
#include "cli/commands/commands.h"
#include "cli/documents.h"
#include "cli/option_names.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/run_folder.h"
#include "cli/signals.h"
#include "cli/subject.h"
#include "cli/summary.h"
#include "cli/tensorboard.h"
#include "cli/training_log.h"

namespace chainrule::cli {
namespace {

// --validation brings the rows that these options would choose.
void check_validation(const Arguments& arguments) {
  if (!arguments.has("validation")) return;
  for (const Assignment& wish : arguments.options)
    if (wish.name == "validation-split" || wish.name == "validation-rows")
      throw Error(ErrorCategory::usage, "--validation: expected no --" + wish.name + " beside it, found one");
}

void say_all(const Terminal& terminal, const std::vector<std::string>& notes) {
  for (const std::string& note : notes) say(terminal, note);
}

// The plan, told before the work begins.
FitPlan announce(const Arguments& arguments, const Terminal& terminal, const FitOptions& options, const Table& table,
                 const Table* validation) {
  for (const auto& [key, value] : option_values(options)) say_more(terminal, key + " = " + value);
  for (const Table* one : {&table, validation})
    if (one != nullptr)
      for (const std::string& note : one->notes)
        say(terminal, (validation == nullptr ? "" : one->source + ": ") + note);
  FitPlan plan = plan_fit(table, options, validation);
  say_all(terminal, plan.notes);
  if (validation != nullptr && fingerprint(*validation, plan.encoder) == fingerprint(table, plan.encoder))
    say(terminal, "warning: the validation rows are those of the training: they tell nothing about other rows");
  say(terminal, "network: " + describe(plan.architecture));
  say(terminal, fmt::format("rows: {} for training, {} for validation{}", plan.split.rest.size(),
                            validation != nullptr ? validation->rows : plan.split.held_out.size(),
                            plan.split.test.empty() ? "" : fmt::format(", {} for the test", plan.split.test.size())));
  check_memory(arguments, plan.memory_bytes);
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
    ended += fmt::format("; weights of epoch {}, the best by {}", history.best_epoch, history.watched_metric);
  say(terminal, ended);
  say(terminal, "training: " + metrics_line(result.training));
  if (!result.validation.empty()) {
    say(terminal, "validation: " + metrics_line(result.validation));
    say(terminal, "the best constant answer there: " + metrics_line(result.trivial));
  }
  if (result.test.rows > 0)
    say(terminal, fmt::format("test, {} rows that no choice has seen: {}", result.test.rows,
                              test_figures(result.training, result.test, ", ")));
  say(terminal, "weights_sha256: " + weights_sha256(result.model.network));
  std::error_code unknown;
  const auto size = std::filesystem::file_size(facts.model, unknown);
  say(terminal,
      fmt::format("written: {}{}", facts.model, unknown ? "" : " (" + bytes_text(static_cast<double>(size)) + ")"));
}

// What was decided by the training that the plan did not know.
void say_new_notes(const Terminal& terminal, const FitResult& result, const FitPlan& plan) {
  for (const std::string& note : result.notes)
    if (std::find(plan.notes.begin(), plan.notes.end(), note) == plan.notes.end()) say(terminal, note);
}

std::size_t health_every(const Arguments& arguments) {
  constexpr std::size_t kMost = 1'000'000'000;
  return whole_flag(arguments, "health-every", kMost, 0);
}

// The folder of --run, which has model and log.
std::optional<RunFolder> run_of(const Arguments& arguments) {
  if (!arguments.has("run")) return std::nullopt;
  for (const char* const flag : {"output", "log"})
    if (arguments.has(flag))
      throw Error(ErrorCategory::usage, fmt::format("--run: expected no --{} beside it, found one", flag),
                  "the run's folder has its model and its log");
  if (arguments.files[0] == "-" || arguments.text("validation") == "-")
    throw Error(ErrorCategory::usage, "--run: expected data from files, found - (standard input)",
                "what comes from standard input cannot be replayed");
  std::error_code none;
  for (const std::string& path : {arguments.files[0], arguments.text("validation"), arguments.text("labels")})
    if (std::filesystem::exists(path, none) && !std::filesystem::is_regular_file(path, none) &&
        !std::filesystem::is_directory(path, none))
      throw Error(ErrorCategory::usage, "--run: expected data from files, found " + in_quotes(path),
                  "what comes from a pipe cannot be replayed");
  return RunFolder(arguments.text("run"), arguments.is_true("force"));
}

// Where --log shall go, which a training fills as it goes on.
void check_log(const Arguments& arguments, const std::string& model, const std::vector<std::string>& inputs) {
  if (health_every(arguments) > 0 && !arguments.has("log") && !arguments.has("run"))
    throw Error(ErrorCategory::usage, "--health-every: expected --log FILE or --run NAME beside it, found none",
                "the statistics are written there");
  if (!arguments.has("log")) return;
  const std::string path = arguments.text("log");
  if (path == "-")
    throw Error(ErrorCategory::usage, "--log: expected a file, found - (standard output)", "/dev/stdout is a file");
  if (is_same_path(path, model))
    throw Error(ErrorCategory::usage, "--log: expected another file than the model's, found the same");
  check_output(path, arguments.is_true("force"), inputs);
}

// The numbers of an epoch by the names that the log has for them.
std::vector<std::pair<std::string, double>> numbers_of(const EpochRecord& record) {
  std::vector<std::pair<std::string, double>> numbers{{"train/loss", record.training_loss},
                                                      {"train/decay_term", record.decay_term},
                                                      {"learning_rate", record.learning_rate},
                                                      {"gradient_norm/total", record.gradient_norm}};
  for (const Metric& metric : record.validation) numbers.emplace_back("validation/" + metric.name, metric.value);
  return numbers;
}

// Every event goes to the log first.
void log_into(TrainingLog& log, std::size_t every, Observer& observer) {
  observer.on_epoch = [&log, then = observer.on_epoch](const EpochRecord& record) {
    log.write(record);
    if (then) then(record);
  };
  observer.on_health = [&log](const HealthRecord& record) { log.write(record); };
  observer.health_every = every;
}

// Where the model goes.
std::string model_of(const Arguments& arguments, const std::optional<RunFolder>& run) {
  return run ? run->model() : arguments.text("output", "model.safetensors");
}

int train_on(const Arguments& arguments, const Terminal& terminal, const FitOptions& options, const Table& table,
             const Table* validation) {
  const std::optional<RunFolder> run = run_of(arguments);
  const FitPlan plan = announce(arguments, terminal, options, table, validation);
  TrainingFacts facts;
  facts.model = model_of(arguments, run);
  facts.training_rows = plan.split.rest.size();
  facts.validation_rows = validation != nullptr ? validation->rows : plan.split.held_out.size();

  const char* const answer = "\nfinishing the step and writing the model; once more leaves at once\n";
  const Interruption interruption(terminal.loudness == Loudness::quiet ? nullptr : answer);
  say(terminal, "memory: about " + bytes_text(static_cast<double>(plan.memory_bytes)));
  Progress progress(terminal, facts.training_rows, options.train);
  Observer observer = progress.observer([&] { return interruption.signal() != 0; });
  std::optional<TrainingLog> log;
  if (run) run->begin(options, record_of(arguments));
  if (run || arguments.has("log")) {
    log.emplace(run ? run->log() : arguments.text("log"), arguments.is_true("force"));
    log_into(*log, health_every(arguments), observer);
  }
  std::optional<TensorBoardFile> board;
  if (run) {
    board.emplace(run->path());
    observer.on_epoch = [&board, then = observer.on_epoch](const EpochRecord& record) {
      board->write(record.epoch, numbers_of(record));
      then(record);
    };
  }
  const FitResult result = fit(table, options, observer, validation, threads_of(arguments));
  progress.finish();
  facts.seconds = progress.seconds();
  {
    const Uninterrupted moment;
    formats::save_model(result.model, facts.model, arguments.is_true("force"));
  }
  if (run) {
    ReportFacts report{&table, validation, &plan, &options, arguments.files[0], facts.model, {}, facts.seconds};
    report.commands = {
        command_text({"chainrule", "train", arguments.files[0], "--config", run->config(), "-o", "again.safetensors"}),
        command_text({"chainrule", "replay", run->path()})};
    const Uninterrupted moment;
    AtomicFile file(run->report(), arguments.is_true("force"));
    file.write(formats::report_html(report_document(result, report)));
    file.commit();
  }
  say_new_notes(terminal, result, plan);
  say_result(terminal, result, facts);
  if (arguments.is_true("json")) {
    Output output;
    output.write(training_document(result, facts));
    output.finish();
  }
  if (log) log->finish();
  if (board) board->finish();
  return interruption.signal() == 0 ? 0 : exit_code_of(interruption.signal());
}

int read_and_train(const Arguments& arguments, const Terminal& terminal,
                   const std::vector<std::vector<Assignment>>& sources, formats::LoadOptions reading) {
  const Table table = load_with_target(arguments.files[0], reading);
  const FitOptions options = options_from(sources, table);
  if (!arguments.has("validation")) return train_on(arguments, terminal, options, table, nullptr);
  reading.labels.clear();  // --labels belongs to DATA
  std::vector<std::string> said_later;
  const Encoder encoder = plan_encoder(table, encoder_options(table, options), said_later);
  const Table validation = load_for(encoder, arguments.text("validation"), reading);
  return train_on(arguments, terminal, options, table, &validation);
}

}  // namespace

int train_command(const Arguments& arguments, const Terminal& terminal) {
  const std::vector<std::vector<Assignment>> sources = sources_of(arguments);
  const FitOptions options = options_from(sources);
  if (arguments.is_true("print-config")) return print_config(arguments, sources);
  formats::LoadOptions reading = load_options_of(arguments, options.data);
  threads_of(arguments);
  check_memory(arguments, 0);

  std::vector<std::string> inputs{arguments.files[0]};
  for (const char* const flag : {"validation", "labels", "config"})
    if (arguments.has(flag)) inputs.push_back(arguments.text(flag));
  check_inputs(inputs);
  check_validation(arguments);
  const std::string output = arguments.text("output", "model.safetensors");
  if (output == "-")
    throw Error(ErrorCategory::usage, "--output: expected a file for the model, found - (standard output)");
  if (!run_of(arguments)) check_output(output, arguments.is_true("force"), inputs);
  check_log(arguments, output, inputs);

  try {
    return read_and_train(arguments, terminal, sources, std::move(reading));
  } catch (const Error& error) {
    throw in_words_of_the_user(error, sources);
  }
}

}  // namespace chainrule::cli
