// SPDX-License-Identifier: Apache-2.0
// The verbs. Each returns the exit code or throws Error. Results go to standard output, everything else to the
// terminal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chainrule/data/encoder.h"
#include "chainrule/data/formats/load_table.h"
#include "chainrule/model/model.h"
#include "chainrule/training/options/options.h"
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

// Shared by several verbs.

/// --header, --delimiter and --labels; --missing and --decimal-comma if they are flags of the verb. Throws Error
/// (usage).
formats::LoadOptions load_options(const Arguments& arguments);
/// The same for use with a model, which knows how its training table was read. --missing and --decimal-comma override
/// that. The model must outlive the result.
formats::LoadOptions load_options_beside(const Model& model, const Arguments& arguments);
/// How a training table is read, from the command line and the options.
formats::LoadOptions load_options_of(const Arguments& arguments, const EncoderOptions& data);
/// The rows that have a target (reading.target) and a weight above 0 in column `weight`, if one is named. The others
/// are dropped with a note in table.notes.
Table load_with_target(const std::vector<std::string>& paths, const formats::LoadOptions& reading,
                       const std::string& weight);
/// The same for an encoder. Its target is found like the other columns, by name or column number.
Table load_for(const Encoder& encoder, const std::vector<std::string>& paths, formats::LoadOptions reading);
/// The files of DATA, the last operand, which may be several; `first`: index of the first of them.
std::vector<std::string> data_of(const Arguments& arguments, std::size_t first = 0);
/// Their names for people and reports: "a.csv, b.csv".
std::string data_text(const std::vector<std::string>& paths);
/// Reads a whole number of at least 1; false if the text is anything else.
bool read_number(std::string_view text, std::size_t& number);
/// The value of this flag, a whole number in 1 ... most, or `fallback`. Throws Error (usage).
std::size_t whole_flag(const Arguments& arguments, const std::string& flag, std::size_t maximum, std::size_t fallback);
/// --threads; 0 without it, for all threads that the process may use. Throws Error (usage).
std::size_t threads_of(const Arguments& arguments);
/// The options of --config, then those of the command line.
std::vector<std::vector<Assignment>> sources_of(const Arguments& arguments);
/// The files that a training reads: DATA and those that options name. Throws Error (usage) if two are standard input.
std::vector<std::string> training_inputs(const Arguments& arguments);
/// Checks the output file of this flag: it must differ from `others`, standard output and the inputs, and pass
/// check_output(). Throws Error (usage).
void check_side_output(const Arguments& arguments, const std::string& flag, const std::vector<std::string>& others,
                       const std::vector<std::string>& inputs);
/// Writes a report page with this document.
void write_report(const std::string& path, bool overwrite, const std::string& document);
/// The words of a command with the DATA and options of these arguments; `settings` override options.
std::vector<std::string> command_like(const std::string& verb, const Arguments& arguments,
                                      const std::vector<std::vector<Assignment>>& sources,
                                      const std::vector<std::pair<std::string, std::string>>& settings = {});
/// Prints the effective options for DATA; without DATA, for a table. Throws Error (usage) with --json.
int print_config(const Arguments& arguments, const std::vector<std::vector<Assignment>>& sources);
/// The bytes that a plan needs, or what the process has needed so far if that is more: reading may have needed it.
std::size_t memory_with_reading(std::size_t planned);
/// Throws Error (usage) if `bytes` exceeds --max-memory, or without it the memory of the machine; or if --max-memory is
/// not a size.
void check_memory(const Arguments& arguments, std::size_t bytes);
/// Replaces the model's threshold by --threshold, if given. Throws Error (usage).
void take_threshold(const Arguments& arguments, Model& model);
/// Throws Error (usage) for standard input: reading a model needs random access.
void check_model_file(const std::string& path);
/// Throws Error (usage) if two of them are standard input.
void check_inputs(const std::vector<std::string>& inputs);
/// Whether both paths name the same file, which need not exist.
bool is_same_path(const std::string& one, const std::string& other);
/// Throws Error (usage) for an output that exists (unless `overwrite`), cannot be written, or is an input or inside an
/// input folder.
void check_output(const std::string& output, bool overwrite, const std::vector<std::string>& inputs);

}  // namespace chainrule::cli
