// SPDX-License-Identifier: Apache-2.0
// Scripts that complete commands, options, option values and file names in a shell.
#pragma once

#include <string>
#include <string_view>

namespace chainrule::cli {

/// The script for bash, zsh or fish; "" for any other name.
std::string completion_script(std::string_view shell);

}  // namespace chainrule::cli
