// SPDX-License-Identifier: Apache-2.0
// The program `chainrule`: parses, runs, and turns errors into exit codes.
#include <cxxabi.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <typeinfo>
#include <vector>

#include "chainrule/base/atomic_file.h"
#include "chainrule/base/checks.h"
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

// Allocates nothing.
int report_no_memory() noexcept {
  write_error_stream("chainrule: error: out of memory\n");
  return exit_code_of(ErrorCategory::output);
}

// Memory may run out where no exception can leave: in a destructor, in a thread that starts, or when there is not even
// memory for the exception.
[[noreturn]] void end_at_once() noexcept {
  const std::type_info* const type = abi::__cxa_current_exception_type();
  const bool is_memory = type != nullptr ? *type == typeid(std::bad_alloc) || *type == typeid(std::bad_array_new_length)
                                         : std::malloc(std::size_t{1} << 12) == nullptr;  // freed with the process
  chainrule::remove_temporaries();
  if (!is_memory) {
    write_error_stream("chainrule: error: internal error: terminated by ");
    write_error_stream(type != nullptr ? type->name() : "no exception");
    write_error_stream("\nhint: this is a bug in Chainrule; please report it\n");
    std::abort();
  }
  _exit(report_no_memory());
}

// Before the first global object is made, those of shared libraries included: their constructors allocate, too.
void prepare_for_the_worst() { std::set_terminate(end_at_once); }
[[gnu::section(".preinit_array"), gnu::used]] void (*const before_all)() = prepare_for_the_worst;

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
  prepare_signals();
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
    return report_no_memory();
  } catch (const std::length_error&) {
    return report_no_memory();
  } catch (const std::filesystem::filesystem_error& problem) {
    if (problem.code().value() == ENOMEM) return report_no_memory();
    return report(terminal, Error(ErrorCategory::input, chainrule::location(problem.path1().string()) +
                                                            ": cannot be read: " + problem.code().message()));
  } catch (const std::exception& problem) {
    return report(terminal, Error(ErrorCategory::internal, std::string("internal error: ") + problem.what(),
                                  "this is a bug in Chainrule; please report it"));
  }
}
