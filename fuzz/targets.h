// SPDX-License-Identifier: Apache-2.0
// What is fuzzed: everything that reads bytes from outside. A target reads its input as a file of its kind; an Error is
// the right end for a bad one. Anything else, and memory beyond the bound, ends the process.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace chainrule::fuzz {

struct Target {
  const char* name;
  void (*run)(std::string_view input);
  std::vector<std::string> (*seeds)();   ///< valid inputs, and those that once did harm
  std::vector<std::string_view> tokens;  ///< pieces that mean something in this format
};

const std::vector<Target>& targets();

/// The target of this name; nullptr if there is none.
const Target* find_target(std::string_view name);

/// Runs the target and aborts with a message if it used more than 64 MiB + 4 x the input, unless it accepted the input.
void run_within_bounds(const Target& target, std::string_view input);

}  // namespace chainrule::fuzz
