// SPDX-License-Identifier: Apache-2.0
// The verbs. Each returns the exit code or throws Error; what was asked for goes to standard output, all else to the
// terminal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chainrule/data/encoder.h"
#include "chainrule/data/formats/load_table.h"
#include "chainrule/model/model.h"
#include "cli/command_line/parse.h"
#include "cli/output/terminal.h"

namespace chainrule::cli {

int train_command(const Arguments& arguments, const Terminal& terminal);
int cv_command(const Arguments& arguments, const Terminal& terminal);
int tune_command(const Arguments& arguments, const Terminal& terminal);
int replay_command(const Arguments& arguments, const Terminal& terminal);
int diff_command(const Arguments& arguments, const Terminal& terminal);
int report_command(const Arguments& arguments, const Terminal& terminal);
int evaluate_command(const Arguments& arguments, const Terminal& terminal);
int predict_command(const Arguments& arguments, const Terminal& terminal);
/// explain --health
int explain_health(const Arguments& arguments, const Terminal& terminal);
int inspect_command(const Arguments& arguments, const Terminal& terminal);
int explain_command(const Arguments& arguments, const Terminal& terminal);
int check_command(const Arguments& arguments, const Terminal& terminal);
int bench_command(const Arguments& arguments, const Terminal& terminal);
/// help, completion and version.
int text_command(const Arguments& arguments, const Terminal& terminal);

/// Runs the verb.
int run_command(const Arguments& arguments, const Terminal& terminal);

// What several verbs share.

/// --header, --delimiter and --labels; --missing and --decimal-comma where they are flags. Throws Error (usage).
formats::LoadOptions load_options(const Arguments& arguments);
/// The same beside a model, which knows how its own table was read; --missing and --decimal-comma are stronger. The
/// model must outlive it.
formats::LoadOptions load_options_beside(const Model& model, const Arguments& arguments);
/// How the table of a training is read: as the command line says, then as its options do.
formats::LoadOptions load_options_of(const Arguments& arguments, const EncoderOptions& data);
/// Rows to train on, which have a target: reading.target. Those without are left out, and table.notes says so.
Table load_with_target(const std::string& path, const formats::LoadOptions& reading);
/// The same for an encoder, whose target is found as the other columns are, by name or by place.
Table load_for(const Encoder& encoder, const std::string& path, formats::LoadOptions reading);
/// Reads a whole number from 1 that fills the text; false when it is none.
bool read_number(std::string_view text, std::size_t& number);
/// A whole number in 1 ... most given to this flag, or `fallback`. Throws Error (usage).
std::size_t whole_flag(const Arguments& arguments, const std::string& flag, std::size_t most, std::size_t fallback);
/// --threads, 0 where it is not given: as many as the process may use. Throws Error (usage).
std::size_t threads_of(const Arguments& arguments);
/// What --config says, then what the command line says.
std::vector<std::vector<Assignment>> sources_of(const Arguments& arguments);
/// DATA and the files that options name: what a training reads. Throws Error (usage) when two are standard input.
std::vector<std::string> training_inputs(const Arguments& arguments);
/// Where this flag sends what is written beside the model: another file than those, than standard output and than the
/// inputs, and as check_output() wants it. Throws Error (usage).
void check_side_output(const Arguments& arguments, const std::string& flag, const std::vector<std::string>& others,
                       const std::vector<std::string>& inputs);
/// The page of a report with this document.
void write_report(const std::string& path, bool overwrite, const std::string& document);
/// The words of a command that takes DATA and options as these arguments do, but for those in `settings`.
std::vector<std::string> command_like(const std::string& verb, const Arguments& arguments,
                                      const std::vector<std::vector<Assignment>>& sources,
                                      const std::vector<std::pair<std::string, std::string>>& settings = {});
/// Prints the options in force for DATA; without DATA, for a table. Throws Error (usage) beside --json.
int print_config(const Arguments& arguments, const std::vector<std::vector<Assignment>>& sources);
/// Throws Error (usage) where so much is more than --max-memory, or without it more than the machine has; or where
/// --max-memory is no size.
void check_memory(const Arguments& arguments, std::size_t bytes);
/// --threshold, where it is given, in place of the model's own. Throws Error (usage).
void take_threshold(const Arguments& arguments, Model& model);
/// Throws Error (usage) for standard input: a model is read here and there, not from front to back.
void check_model_file(const std::string& path);
/// Throws Error (usage) when two of them are standard input.
void check_inputs(const std::vector<std::string>& inputs);
/// Whether both name one file, which need not exist.
bool is_same_path(const std::string& one, const std::string& other);
/// Refuses an output that exists (unless `overwrite`), cannot be written, or is one of the inputs or in one of their
/// folders. Throws Error (usage).
void check_output(const std::string& output, bool overwrite, const std::vector<std::string>& inputs);

}  // namespace chainrule::cli
