// SPDX-License-Identifier: Apache-2.0
// Ctrl-C and SIGTERM: the first asks to come to an end, the second ends at once.
#pragma once

namespace chainrule::cli {

/// While one lives, the first SIGINT or SIGTERM only raises a flag; the next one kills as if nobody had asked. One at a
/// time.
class Interruption {
 public:
  /// `answer` is written to standard error when the first signal comes; it must live as long as the program, nullptr =
  /// nothing.
  explicit Interruption(const char* answer = nullptr);
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;
  /// The signal that came first, or 0.
  int signal() const;
};

/// While one lives, signals wait: for the moment in which a file is put into its place.
class Uninterrupted {
 public:
  Uninterrupted();
  ~Uninterrupted();
  Uninterrupted(const Uninterrupted&) = delete;
  Uninterrupted& operator=(const Uninterrupted&) = delete;
};

/// Thrown where a signal ends the work before its output is complete: nothing is left behind.
struct Interrupted {
  int signal = 0;
};

/// 130 for SIGINT, 143 for SIGTERM: what shells say of a program that a signal ended.
int exit_code_of(int signal);

/// A reader that goes away, and a file that may not grow further, shall be errors of writing, not the end.
void ignore_signals_of_writing();

}  // namespace chainrule::cli
