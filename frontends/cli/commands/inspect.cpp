// SPDX-License-Identifier: Apache-2.0
// inspect FILE: summarizes a data file or a model file.
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>

#include "chainrule/data/table_columns.h"
#include "chainrule/data/table_rows.h"
#include "chainrule/model/formats/safetensors.h"
#include "chainrule/report/documents.h"
#include "chainrule/training/fit.h"
#include "chainrule/training/options/option_table.h"
#include "cli/command_line/error_wording.h"
#include "cli/commands/commands.h"
#include "cli/output/inspect.h"

namespace chainrule::cli {
namespace {

// A .safetensors file begins with the length of its header (8 bytes, little-endian) and the header's brace.
bool is_model(const std::string& path) {
  if (path.ends_with(".safetensors")) return true;
  std::error_code unknown;
  if (!std::filesystem::is_regular_file(path, unknown)) return false;  // a pipe cannot be read twice
  std::ifstream file(path, std::ios::binary);
  std::array<char, 9> start{};
  file.read(start.data(), start.size());
  return file.gcount() == 9 && start[8] == '{' && start[5] == 0 && start[6] == 0 && start[7] == 0;
}

void print(const std::string& text) {
  Output output;
  output.write(text);
  output.finish();
}

int inspect_model(const std::string& path, bool json) {
  const Model model = formats::load_model(path);
  print(json ? model_document(model, path) : model_text(model, path));
  return 0;
}

// The table without rows that lack a target, as train uses it. `space` holds it if it differs.
const Table& for_training(const Table& table, const std::string& target, std::optional<Table>& space) {
  const auto column = target.empty() ? table.columns.size() - 1 : try_find_column(table, target);
  if (table.columns.empty() || !column || table.columns[*column].missing == 0) return table;
  leave_out_rows_without(space.emplace(table), *column);
  return *space;
}

// Training options that define the roles of columns.
constexpr std::array kColumnFlags{"target", "ignore", "categorical", "numeric", "date", "weight", "group", "time"};

int inspect_table(const Arguments& arguments, const Terminal& terminal, bool json) {
  formats::LoadOptions reading = load_options(arguments);
  FitOptions options;
  for (const char* const flag : kColumnFlags)
    if (arguments.has(flag)) set_option(options, flag, arguments.text(flag), std::string("--") + flag);
  reading.target = options.data.target;
  reading.numeric = options.data.numeric;
  reading.categorical = options.data.categorical;
  reading.target_required = arguments.has("target");
  Table table = formats::load_table(data_of(arguments), reading);
  write_flags(table.notes);
  apply_preset(options, preset_for(table, !options.time.empty()));
  TableFacts facts;
  std::optional<FitPlan> plan;
  std::optional<Table> kept;
  try {
    plan = plan_fit(for_training(table, options.data.target, kept), options);
    if (kept) plan->notes.insert(plan->notes.begin(), kept->notes.back());
    write_flags(plan->notes);
    facts.plan = &*plan;
  } catch (const Error& error) {
    facts.refusal = with_flags(error.message());
    facts.hint = with_flags(error.hint_message());
  }
  const std::string scaling = find_option("scaling")->get(options);
  facts.columns = facts_of_all(table);
  for (std::size_t c = 0; c < table.columns.size(); ++c)
    facts.uses.push_back(
        use_of(table, c, facts.columns[c], facts.plan == nullptr ? nullptr : &facts.plan->encoder, scaling));
  if (plan && !options.group.empty()) {
    ColumnUse& use = facts.uses[find_column(table, options.group, "group")];
    if (use.inputs == 0) use.words = "defines the groups";
  }
  print(json ? table_document(table, facts) : table_text(table, facts, terminal));
  return 0;
}

}  // namespace

int inspect_command(const Arguments& arguments, const Terminal& terminal) {
  const bool json = arguments.is_true("json");
  check_inputs(arguments.files);
  const bool has_model = std::ranges::any_of(arguments.files, is_model);
  if (has_model && arguments.files.size() > 1)
    throw Error(ErrorCategory::usage, "inspect: expected one model file, or data files, found both or several",
                "chainrule diff compares two models");
  if (!has_model) return inspect_table(arguments, terminal, json);
  const auto refuse = [&](const char* flag) {
    if (arguments.has(flag))
      throw Error(ErrorCategory::usage, std::string("--") + flag + ": expected a data file, found a model",
                  "it has no effect: leave it out");
  };
  for (const char* const flag : kColumnFlags) refuse(flag);
  for (const char* const flag : kLayoutFlags) refuse(flag);
  for (const char* const flag : {"missing", "default-missing", "decimal-comma", "thousands", "date-order"})
    refuse(flag);
  return inspect_model(arguments.files[0], json);
}

}  // namespace chainrule::cli
