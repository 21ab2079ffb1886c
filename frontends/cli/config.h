// SPDX-License-Identifier: Apache-2.0
// TOML files with the options of `train`: one key per option, at the top level.
#pragma once

#include <string>
#include <vector>

#include "chainrule/options.h"

namespace chainrule::cli {

/// What a file asks for; "-" is standard input. Throws Error (usage) with file and line.
std::vector<Assignment> read_config(const std::string& path);

/// The options in force as a file that read_config() takes.
std::string config_text(const FitOptions& options);

}  // namespace chainrule::cli
