// SPDX-License-Identifier: Apache-2.0
#include "cli/output/terminal.h"
#include "chainrule/base/checks.h"
#include "chainrule/base/system_error.h"
#include "chainrule/base/text.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "cli/command_line/error_wording.h"
#include "cli/output/signals.h"

namespace chainrule::cli {
namespace {

[[noreturn]] void output_failed(int problem) {
  if (problem == EPIPE) throw ReaderGone{};
  throw Error(ErrorCategory::output, "standard output: writing failed: " + reason_of(problem));
}

}  // namespace

Terminal make_terminal(const Arguments& arguments) {
  Terminal terminal;
  if (arguments.is_true("verbose")) terminal.loudness = Loudness::verbose;
  if (arguments.is_true("quiet")) terminal.loudness = Loudness::quiet;
  terminal.is_terminal = isatty(STDERR_FILENO) == 1;
  const char* no_color = std::getenv("NO_COLOR");
  const char* kind = std::getenv("TERM");
  const bool allowed = (no_color == nullptr || *no_color == 0) && kind != nullptr && std::string_view(kind) != "dumb";
  const std::string when = arguments.text("color", "auto");
  if (when != "auto" && when != "always" && when != "never")
    throw Error(ErrorCategory::usage, "--color: expected auto, always or never, found " + in_quotes(when));
  terminal.color = when == "always" || (when == "auto" && terminal.is_terminal && allowed);
  terminal.output_is_terminal = isatty(STDOUT_FILENO) == 1;
  terminal.output_color = when == "always" || (when == "auto" && terminal.output_is_terminal && allowed);
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) terminal.output_width = size.ws_col;
  return terminal;
}

void write_error_stream(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(STDERR_FILENO, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;  // nobody reads: the work continues
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void say(const Terminal& terminal, std::string_view line) {
  if (terminal.loudness != Loudness::quiet) write_error_stream(harmless(line) + "\n");
}

void say_note(const Terminal& terminal, const Note& note) {
  say(terminal, (note.severity == Severity::warning ? "warning: " : "") + with_flags(note.text));
}

void say_notes(const Terminal& terminal, const std::vector<Note>& notes) {
  for (const Note& note : notes) say_note(terminal, note);
}

void say_more(const Terminal& terminal, std::string_view line) {
  if (terminal.loudness == Loudness::verbose) write_error_stream(harmless(line) + "\n");
}

void say_error(const Terminal& terminal, const Error& error) {
  const char* const red = terminal.color ? "\x1b[1;31m" : "";
  const char* const plain = terminal.color ? "\x1b[0m" : "";
  std::string text = fmt::format("chainrule: {}error:{} {}\n", red, plain, harmless(with_flags(error.message())));
  if (!error.hint().empty()) text += fmt::format("hint: {}\n", harmless(with_flags(error.hint_message())));
  write_error_stream(text);
}

Output::Output(const std::string& path, bool overwrite) {
  if (path == "-") return;
  const PipeReader reader(path);
  if (reader.signal() != 0) throw Interrupted{reader.signal()};
  file_ = std::make_unique<AtomicFile>(path, overwrite);
}

void Output::write(std::string_view bytes) {
  if (file_ != nullptr) return file_->write(bytes);
  if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) != bytes.size()) output_failed(errno);
}

void Output::finish() {
  if (file_ != nullptr) return file_->commit();
  if (std::fflush(stdout) != 0) output_failed(errno);
}

void guard_standard_streams() {
  // Opened in the opposite mode, so that using it still fails, as on a closed descriptor.
  for (const auto& [descriptor, mode] : {std::pair(0, O_WRONLY), std::pair(1, O_RDONLY), std::pair(2, O_RDONLY)}) {
    if (fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF) continue;
    if (open("/dev/null", mode) != descriptor) return;
  }
}

}  // namespace chainrule::cli
