// SPDX-License-Identifier: Apache-2.0
// TOML files with the options of `train`: one key per option, at the top level.
#pragma once

#include <string>
#include <vector>

#include "chainrule/training/options/option_table.h"
#include "chainrule/training/options/options.h"
#include "cli/runs/run_folder.h"

namespace chainrule::cli {

/// The options in a file; "-" is standard input. Throws Error (usage) with file and line.
std::vector<Assignment> read_config(const std::string& path);

/// The effective options as the text of a file for read_config().
std::string config_text(const FitOptions& options);

/// The section [run] of such a file, which read_config() skips.
std::string run_text(const RunRecord& record);
/// Reads that section. Throws Error: (usage) for a file without it, else as read_config().
RunRecord read_run(const std::string& path);

}  // namespace chainrule::cli
