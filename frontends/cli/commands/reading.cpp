// SPDX-License-Identifier: Apache-2.0
// Shared by several verbs: how data are read and which outputs are refused. Also the verbs that only print a text.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <new>
#include <system_error>

#include "chainrule/base/checks.h"
#include "chainrule/base/text.h"
#include "chainrule/base/version.h"
#include "chainrule/data/table_columns.h"
#include "chainrule/data/table_rows.h"
#include "chainrule/model/formats/safetensors.h"
#include "cli/command_line/completion.h"
#include "cli/command_line/error_wording.h"
#include "cli/command_line/help.h"
#include "cli/commands/commands.h"
#include "cli/output/signals.h"

namespace chainrule::cli {
namespace {

namespace fs = std::filesystem;

char delimiter_of(const std::string& name) {
  if (name == "comma" || name == ",") return ',';
  if (name == "semicolon" || name == ";") return ';';
  if (name == "tab" || name == "\t" || name == "\\t") return '\t';
  if (name == "pipe" || name == "|") return '|';
  if (name == "space" || name == " ") return ' ';
  throw Error(ErrorCategory::usage,
              "--delimiter: expected comma, semicolon, tab, pipe or space, found " + in_quotes(name));
}

// "3" are the first three lines; "2-2" and "4-6" are ranges.
std::vector<std::pair<std::uint64_t, std::uint64_t>> lines_of(const std::string& text) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> lines;
  for (const std::string& part : split_list(text)) {
    const std::size_t hyphen = part.find('-');
    std::size_t first = 1, last = 0;
    const bool is_range = hyphen != std::string::npos;
    if ((is_range && !read_number(part.substr(0, hyphen), first)) ||
        !read_number(is_range ? part.substr(hyphen + 1) : part, last) || last < first)
      throw Error(ErrorCategory::usage,
                  "--skip-rows: expected a number of lines, or lines such as 2-2 or 1,4-6, found " + in_quotes(text));
    lines.emplace_back(first, last);
  }
  return lines;
}

// The index of the flag's value among `names`, `fallback` without the flag.
template <std::size_t N>
std::size_t choice_of(const Arguments& arguments, const std::string& flag,
                      const std::array<std::string_view, N>& names) {
  const auto at = std::ranges::find(names, arguments.text(flag, std::string(names[0])));
  if (at != names.end()) return static_cast<std::size_t>(at - names.begin());
  throw Error(ErrorCategory::usage, fmt::format("--{}: expected {}, found {}", flag, fmt::join(names, " or "),
                                                in_quotes(arguments.text(flag))));
}

void take_layout(const Arguments& arguments, formats::LoadOptions& options) {
  options.encoding = arguments.text("encoding");
  if (!options.encoding.empty()) formats::check_encoding(options.encoding);
  const std::string comment = arguments.text("comment");
  if (comment.size() > 1)
    throw Error(ErrorCategory::usage, "--comment: expected one character, found " + in_quotes(comment));
  options.comment = comment.empty() ? '\0' : comment[0];
  options.skipped_lines = lines_of(arguments.text("skip-rows"));
  constexpr std::array<std::string_view, 2> kForRows{"stop", "skip"}, kForFields{"stop", "missing"};
  options.skip_bad_rows = choice_of(arguments, "bad-rows", kForRows) == 1;
  options.bad_fields_missing = choice_of(arguments, "bad-fields", kForFields) == 1;
}

// `input` itself; for a folder also the files in it.
std::vector<std::string> files_of(const std::string& input) {
  std::vector<std::string> files{input};
  std::error_code problem;
  for (fs::directory_iterator at(input, problem), end; !problem && at != end; at.increment(problem))
    files.push_back(at->path().string());
  if (problem == std::errc::not_enough_memory) throw std::bad_alloc();
  return files;
}

std::string text_for(const Arguments& arguments) {
  if (arguments.verb == "version") return std::string("chainrule ") + kVersion + "\n";
  if (arguments.verb == "completion") {
    const std::string script = completion_script(arguments.files[0]);
    if (!script.empty()) return script;
    throw Error(ErrorCategory::usage, "completion: expected bash, zsh or fish, found " + in_quotes(arguments.files[0]));
  }
  if (arguments.is_true("markdown")) return help_markdown();
  const bool man = arguments.is_true("man");
  if (arguments.files.empty()) return man ? help_man() : help_text();
  const Verb* verb = find_verb(arguments.files[0]);
  if (verb != nullptr) return man ? help_man(*verb) : help_text(*verb);
  std::vector<std::string> names;
  for (const Verb& known : verbs()) names.push_back(known.name);
  const std::string near = nearest_name(arguments.files[0], names);
  throw Error(ErrorCategory::usage, "help: expected a command, found " + in_quotes(arguments.files[0]),
              near.empty() ? "chainrule --help lists them" : "did you mean " + near + "?");
}

}  // namespace

formats::LoadOptions load_options(const Arguments& arguments) {
  formats::LoadOptions options;
  if (arguments.has("header"))
    options.header = arguments.is_true("header") ? formats::Header::yes : formats::Header::no;
  if (arguments.has("delimiter")) options.delimiter = delimiter_of(arguments.text("delimiter"));
  options.labels = arguments.text("labels");
  if (arguments.has("missing")) options.missing = split_list(arguments.text("missing"));
  options.decimal_comma = arguments.is_true("decimal-comma");
  options.default_missing = !arguments.has("default-missing") || arguments.is_true("default-missing");
  options.thousands = kThousands[choice_of(arguments, "thousands", kThousandsNames)];
  options.date_order = static_cast<DateOrder>(choice_of(arguments, "date-order", kDateOrders));
  take_layout(arguments, options);
  return options;
}

formats::LoadOptions load_options_beside(const Model& model, const Arguments& arguments) {
  formats::LoadOptions options = load_options(arguments);
  formats::LoadOptions known = formats::load_options_for(model);
  if (!arguments.has("missing")) options.missing = std::move(known.missing);
  if (!arguments.has("decimal-comma")) options.decimal_comma = known.decimal_comma;
  if (!arguments.has("default-missing")) options.default_missing = known.default_missing;
  if (!arguments.has("thousands")) options.thousands = known.thousands;
  options.numeric = std::move(known.numeric);
  options.trained = known.trained;
  return options;
}

formats::LoadOptions load_options_of(const Arguments& arguments, const EncoderOptions& data) {
  formats::LoadOptions options = load_options(arguments);
  options.target = data.target;
  options.missing = data.missing;
  options.default_missing = data.default_missing;
  options.decimal_comma = data.decimal_comma;
  options.thousands = data.thousands;
  options.date_order = data.date_order;
  options.numeric = data.numeric;
  options.categorical = data.categorical;
  return options;
}

std::vector<std::string> data_of(const Arguments& arguments, std::size_t first) {
  return {arguments.files.begin() + static_cast<std::ptrdiff_t>(std::min(first, arguments.files.size())),
          arguments.files.end()};
}

std::string data_text(const std::vector<std::string>& paths) { return fmt::format("{}", fmt::join(paths, ", ")); }

Table load_with_target(const std::vector<std::string>& paths, const formats::LoadOptions& reading,
                       const std::string& weight) {
  Table table = formats::load_table(paths, reading);
  const bool is_last = reading.target->empty() && !table.columns.empty();
  const auto target = is_last ? table.columns.size() - 1 : try_find_column(table, *reading.target);
  if (target) {  // else a later error reports that it is missing
    leave_out_rows_without(table, *target);
    const auto weights = weight.empty() ? std::nullopt : try_find_column(table, weight);
    if (weights) leave_out_rows_of_weight_zero(table, *weights, *target);
  }
  write_flags(table.notes);
  return table;
}

Table load_for(const Encoder& encoder, const std::vector<std::string>& paths, formats::LoadOptions reading) {
  const std::string number = std::to_string(encoder.target_column);
  reading.target_required = false;  // encode() reports all missing columns together
  reading.target = encoder.match_by_name ? encoder.target : number;
  reading.trained = &encoder;
  const std::string weight = encoder.weight_column == 0 ? "" : std::to_string(encoder.weight_column);
  Table table = load_with_target(paths, reading, encoder.match_by_name ? encoder.weight : weight);
  const bool is_stream = std::ranges::find(paths, "-") != paths.end();
  if (!encoder.match_by_name || table.names_from_header || is_stream) return table;
  reading.target = number;  // columns of a file without names are matched by number
  return load_with_target(paths, reading, weight);
}

bool read_number(std::string_view text, std::size_t& number) {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  return problem == std::errc() && end == text.data() + text.size() && number >= 1;
}

std::size_t whole_flag(const Arguments& arguments, const std::string& flag, std::size_t maximum, std::size_t fallback) {
  if (!arguments.has(flag)) return fallback;
  std::size_t number = 0;
  if (!read_number(arguments.text(flag), number) || number > maximum)
    throw Error(ErrorCategory::usage, fmt::format("--{}: expected a whole number from 1 to {}, found {}", flag, maximum,
                                                  in_quotes(arguments.text(flag))));
  return number;
}

std::size_t threads_of(const Arguments& arguments) { return whole_flag(arguments, "threads", 1024, 0); }

void take_threshold(const Arguments& arguments, Model& model) {
  if (!arguments.has("threshold")) return;
  double threshold = 0;
  const std::string& text = arguments.text("threshold");
  if (!number_from_text(text, threshold) || !(threshold > 0 && threshold < 1))
    throw Error(ErrorCategory::usage, "--threshold: expected a number above 0 and below 1, found " + in_quotes(text));
  if (model.encoder.labels.size() != 2)
    throw Error(ErrorCategory::usage,
                fmt::format("--threshold: expected a model of two classes, found {}",
                            model.encoder.task == Task::number ? "a regression model"
                                                               : fmt::format("{}", model.encoder.labels.size())));
  model.threshold = threshold;
}

void check_model_file(const std::string& path) {
  if (path == "-")
    throw Error(ErrorCategory::usage, "MODEL: expected a file, found - (standard input)",
                "a model cannot be read from standard input");
}

void check_inputs(const std::vector<std::string>& inputs) {
  if (std::count(inputs.begin(), inputs.end(), "-") > 1)
    throw Error(ErrorCategory::usage, "command line: expected - (standard input) at most once, found it twice");
}

void check_output(const std::string& output, bool overwrite, const std::vector<std::string>& inputs) {
  for (const std::string& input : inputs)
    for (const std::string& file : files_of(input))
      if (same_file(output, file))
        throw Error(ErrorCategory::usage, location(output) + ": expected a file other than the input " +
                                              in_quotes(file, 4096) + ", found the same");
  const Uninterrupted moment(output);  // the check creates a file and removes it
  check_output_path(output, overwrite);
}

bool is_same_path(const std::string& one, const std::string& other) {
  const auto whole = [](const std::string& path) {
    std::error_code unknown;
    return fs::weakly_canonical(fs::absolute(path, unknown), unknown);
  };
  return whole(one) == whole(other);
}

int text_command(const Arguments& arguments, const Terminal&) {
  Output output;
  output.write(text_for(arguments));
  output.finish();
  return 0;
}

namespace {

// A run folder stands for its model if the first file is a model.
Arguments with_model_of_run(Arguments arguments) {
  constexpr std::array kVerbs{"evaluate", "predict", "inspect", "explain", "check"};
  if (arguments.files.empty() || std::ranges::find(kVerbs, arguments.verb) == kVerbs.end()) return arguments;
  const std::string model = arguments.files[0] + "/model.safetensors";
  std::error_code none;
  if (std::filesystem::exists(model, none)) arguments.files[0] = model;
  return arguments;
}

}  // namespace

int run_command(const Arguments& given, const Terminal& terminal) {
  const Arguments arguments = with_model_of_run(given);
  if (arguments.verb == "train") return train_command(arguments, terminal);
  if (arguments.verb == "cv") return cv_command(arguments, terminal);
  if (arguments.verb == "tune") return tune_command(arguments, terminal);
  if (arguments.verb == "replay") return replay_command(arguments, terminal);
  if (arguments.verb == "diff") return diff_command(arguments, terminal);
  if (arguments.verb == "report") return report_command(arguments, terminal);
  if (arguments.verb == "evaluate") return evaluate_command(arguments, terminal);
  if (arguments.verb == "predict") return predict_command(arguments, terminal);
  if (arguments.verb == "inspect") return inspect_command(arguments, terminal);
  if (arguments.verb == "explain") return explain_command(arguments, terminal);
  if (arguments.verb == "check") return check_command(arguments, terminal);
  if (arguments.verb == "bench") return bench_command(arguments, terminal);
  return text_command(arguments, terminal);
}

}  // namespace chainrule::cli
