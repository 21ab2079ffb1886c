// SPDX-License-Identifier: Apache-2.0
// The texts made from verbs and options: help, the page docs/cli.md, the completion script.
#pragma once

#include <string>

#include "cli/command_line/verbs.h"

namespace chainrule::cli {

/// Help of the program.
std::string help_text();
/// Help of one verb.
std::string help_text(const Verb& verb);
/// docs/cli.md, whole.
std::string help_markdown();
/// A script for bash that completes verbs, options, their known values, and file names.
std::string bash_completion();

}  // namespace chainrule::cli
