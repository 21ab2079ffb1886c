// SPDX-License-Identifier: Apache-2.0
// The library calls options by their keys; whoever typed a flag or a line of a file shall read that.
#pragma once

#include <vector>

#include "chainrule/base/error.h"
#include "chainrule/training/options/options.h"

namespace chainrule::cli {

/// The error with the option that it is about as it was set: "batch_size: ..." becomes "--batch-size: ...", or
/// "run.toml:3: batch_size: ..." where a file said so; keys in the hint become flags.
Error in_words_of_the_user(const Error& error, const std::vector<std::vector<Assignment>>& sources);

}  // namespace chainrule::cli
