// SPDX-License-Identifier: Apache-2.0
// Where news go (standard error) and where the data asked for go (standard output or a file).
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

/// How to speak on standard error.
struct Terminal {
  Loudness loudness = Loudness::normal;
  bool is_terminal = false;
  bool color = false;
  // And on standard output, for text that is made for people.
  bool output_is_terminal = false;
  bool output_color = false;
  std::size_t output_width = 100;
};

/// From -q, -v, --color, NO_COLOR and what standard error is. Throws Error (usage) for an unknown --color.
Terminal make_terminal(const Arguments& arguments);

/// One line, unless quiet. Control bytes in it are escaped.
void say(const Terminal& terminal, std::string_view line);
/// The same of a note, with options as flags.
void say_note(const Terminal& terminal, const Note& note);
void say_notes(const Terminal& terminal, const std::vector<Note>& notes);
/// One line, when verbose.
void say_more(const Terminal& terminal, std::string_view line);
/// Two lines at most, always: "chainrule: error: ..." and "hint: ...".
void say_error(const Terminal& terminal, const Error& error);
/// Bytes as they are, to standard error.
void write_error_stream(std::string_view bytes);

/// Thrown when whoever reads standard output has gone: no error, nothing more to do.
struct ReaderGone {};

/// Takes what was asked for, to standard output or, whole or not at all, to a file.
class Output {
 public:
  /// To standard output.
  Output() = default;
  /// To a file; "-" is standard output. Throws as AtomicFile does.
  Output(const std::string& path, bool overwrite);
  /// Throws ReaderGone, or Error (output).
  void write(std::string_view bytes);
  /// Checks that all has arrived; a file appears now.
  void finish();

 private:
  std::unique_ptr<AtomicFile> file_;
};

/// Makes sure that descriptors 0, 1 and 2 are taken, so that no file we open becomes standard output.
void guard_standard_streams();

}  // namespace chainrule::cli
