// SPDX-License-Identifier: Apache-2.0
// The program `chainrule`: parses, runs, and turns errors into exit codes.
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "cli/command_line/parse.h"
#include "cli/commands/commands.h"
#include "cli/output/signals.h"
#include "cli/output/terminal.h"

namespace {

using chainrule::Error;
using chainrule::ErrorCategory;
using namespace chainrule::cli;

int exit_code_of(ErrorCategory category) {
  switch (category) {
    case ErrorCategory::usage:
      return 2;
    case ErrorCategory::input:
      return 3;
    case ErrorCategory::numerics:
      return 4;
    case ErrorCategory::check:
      return 5;
    case ErrorCategory::output:
      return 6;
    case ErrorCategory::internal:
      break;
  }
  return 1;
}

int report(const Terminal& terminal, const Error& error) {
  say_error(terminal, error);
  return exit_code_of(error.category());
}

int run(const std::vector<std::string>& words, Terminal& terminal) {
  terminal = make_terminal({});
  const Arguments arguments = parse(words);
  terminal = make_terminal(arguments);
  return run_command(arguments, terminal);
}

}  // namespace

int main(int argc, char** argv) {
  guard_standard_streams();
  ignore_signals_of_writing();
  Terminal terminal;
  try {
    return run(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc), terminal);
  } catch (const Error& error) {
    return report(terminal, error);
  } catch (const ReaderGone&) {
    return 0;
  } catch (const Interrupted& interrupted) {
    return exit_code_of(interrupted.signal);
  } catch (const std::bad_alloc&) {
    return report(terminal, Error(ErrorCategory::output, "out of memory"));
  } catch (const std::length_error&) {
    return report(terminal, Error(ErrorCategory::output, "out of memory"));
  } catch (const std::exception& problem) {
    return report(terminal, Error(ErrorCategory::internal, std::string("internal error: ") + problem.what(),
                                  "this is a bug in Chainrule; please report it"));
  }
}
