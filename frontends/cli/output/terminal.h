// SPDX-License-Identifier: Apache-2.0
// Messages go to standard error, results to standard output or a file.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "chainrule/base/atomic_file.h"
#include "chainrule/base/error.h"
#include "chainrule/base/note.h"
#include "cli/command_line/parse.h"

namespace chainrule::cli {

enum class Loudness { quiet, normal, verbose };

/// How messages are printed on standard error.
struct Terminal {
  Loudness loudness = Loudness::normal;
  bool is_terminal = false;
  bool color = false;
  // The same for text on standard output.
  bool output_is_terminal = false;
  bool output_color = false;
  std::size_t output_width = 100;
};

/// From -q, -v, --color, NO_COLOR and the type of standard error. Throws Error (usage) for an unknown --color.
Terminal make_terminal(const Arguments& arguments);

/// One line, unless quiet. Control bytes in it are escaped.
void say(const Terminal& terminal, std::string_view line);
/// The same for a note, with options as flags.
void say_note(const Terminal& terminal, const Note& note);
void say_notes(const Terminal& terminal, const std::vector<Note>& notes);
/// One line, if verbose.
void say_more(const Terminal& terminal, std::string_view line);
/// At most two lines, also if quiet: "chainrule: error: ..." and "hint: ...".
void say_error(const Terminal& terminal, const Error& error);
/// Bytes as they are, to standard error.
void write_error_stream(std::string_view bytes);

/// Thrown if the reader of standard output has closed it. Not an error; there is nothing more to do.
struct ReaderGone {};

/// Writes results to standard output, or atomically to a file.
class Output {
 public:
  /// To standard output.
  Output() = default;
  /// To a file; "-" is standard output. Throws as AtomicFile does, and Interrupted if a signal comes before the reader
  /// of a named pipe.
  Output(const std::string& path, bool overwrite);
  /// Throws ReaderGone, or Error (output).
  void write(std::string_view bytes);
  /// Checks that everything was written. An output file appears now.
  void finish();

 private:
  std::unique_ptr<AtomicFile> file_;
};

/// Makes sure that descriptors 0, 1 and 2 are in use, so that no file we open becomes standard output.
void guard_standard_streams();

}  // namespace chainrule::cli
