// SPDX-License-Identifier: Apache-2.0
// Ctrl-C and SIGTERM: the first requests a stop, the second ends the program at once.
#pragma once

namespace chainrule::cli {

/// While an object exists, the first SIGINT or SIGTERM only sets a flag; the next one kills the program as usual. One
/// object at a time.
class Interruption {
 public:
  /// The text is written to standard error at the first signal. It must live as long as the program; nullptr = no text.
  explicit Interruption(const char* message = nullptr);
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;
  /// The first signal, or 0.
  int signal() const;
};

/// While an object exists, signals are blocked: for the moment in which an output file is renamed.
class Uninterrupted {
 public:
  Uninterrupted();
  ~Uninterrupted();
  Uninterrupted(const Uninterrupted&) = delete;
  Uninterrupted& operator=(const Uninterrupted&) = delete;
};

/// Thrown if a signal ends the work before its output is complete. No partial output remains.
struct Interrupted {
  int signal = 0;
};

/// 130 for SIGINT, 143 for SIGTERM, as shells report them.
int exit_code_of(int signal);

/// A closed pipe and a file size limit should be write errors; their signals would end the program.
void ignore_signals_of_writing();

}  // namespace chainrule::cli
