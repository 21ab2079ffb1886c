// SPDX-License-Identifier: Apache-2.0
// Texts generated from verbs and options: help, docs/cli.md and the manual pages.
#pragma once

#include <string>

#include "cli/command_line/verbs.h"

namespace chainrule::cli {

/// Help of the program.
std::string help_text();
/// Help of one verb.
std::string help_text(const Verb& verb);
/// The whole text of docs/cli.md.
std::string help_markdown();
/// The manual page chainrule(1), for man or groff.
std::string help_man();
/// The manual page of one verb: chainrule-train(1).
std::string help_man(const Verb& verb);

}  // namespace chainrule::cli
