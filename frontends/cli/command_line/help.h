// SPDX-License-Identifier: Apache-2.0
// The texts made from verbs and options: help, the page docs/cli.md, the manual pages.
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
/// The manual page chainrule(1), for man or groff.
std::string help_man();
/// The manual page of one verb: chainrule-train(1).
std::string help_man(const Verb& verb);

}  // namespace chainrule::cli
