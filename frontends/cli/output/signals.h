// SPDX-License-Identifier: Apache-2.0
// Ctrl-C, SIGTERM and SIGHUP: the first requests a stop, the second ends the program at once.
#pragma once

#include <string>

namespace chainrule::cli {

/// While an object exists, the first SIGINT, SIGTERM or SIGHUP only sets a flag; the next one ends the program, without
/// temporary files. One object at a time.
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

/// While an object exists, signals are blocked: for the moment in which this output file is renamed. Not for a special
/// file.
class Uninterrupted {
 public:
  explicit Uninterrupted(const std::string& path);
  ~Uninterrupted();
  Uninterrupted(const Uninterrupted&) = delete;
  Uninterrupted& operator=(const Uninterrupted&) = delete;

 private:
  bool blocks_;
};

/// Thrown if a signal ends the work before its output is complete. No partial output remains.
struct Interrupted {
  int signal = 0;
};

/// 130 for SIGINT, 143 for SIGTERM, 129 for SIGHUP, as shells report them.
int exit_code_of(int signal);

/// If this output is a named pipe, waits until a program reads it, and keeps the pipe open: the reader must not see its
/// end before the output is opened.
class PipeReader {
 public:
  explicit PipeReader(const std::string& path);
  ~PipeReader();
  PipeReader(const PipeReader&) = delete;
  PipeReader& operator=(const PipeReader&) = delete;
  /// The signal that came first, or 0.
  int signal() const { return signal_; }

 private:
  int descriptor_ = -1, signal_ = 0;
};

/// From the start of the program: a signal removes temporary files before it ends the program. A closed pipe and a file
/// size limit should be write errors; their signals are ignored.
void prepare_signals();

}  // namespace chainrule::cli
