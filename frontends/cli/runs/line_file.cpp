// SPDX-License-Identifier: Apache-2.0
#include "cli/runs/line_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "chainrule/base/atomic_file.h"
#include "chainrule/base/checks.h"
#include "chainrule/base/system_error.h"
#include "cli/output/signals.h"

namespace chainrule::cli {
namespace {

[[noreturn]] void refuse_busy(ErrorCategory category, const std::string& path) {
  throw Error(category, location(path) + ": expected a file that no other program is writing, found one in use",
              "choose another file, or wait for that program");
}

int open_to_append(const std::string& path, int flags) {
  int descriptor = -1;
  do descriptor = open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | flags, 0666);
  while (descriptor < 0 && errno == EINTR);
  return descriptor;
}

}  // namespace

LineFile::LineFile(const std::string& path, Start start, const std::string& shown)
    : path_(path), shown_(shown.empty() ? path : shown), start_(start) {
  check_output_path(path_, start_ != Start::fresh);
  struct stat status {};
  if (stat(path_.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return;
  descriptor_ = open_to_append(path_, 0);
  if (descriptor_ >= 0 && !lock()) {
    close(descriptor_);
    refuse_busy(ErrorCategory::usage, shown_);
  }
}

LineFile::~LineFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

// File systems without locks, and special files, count as locked.
bool LineFile::lock() {
  struct stat status {};
  if (fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) return true;
  return flock(descriptor_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

// Work that fails before its first line changes no file.
void LineFile::open_file() {
  begun_ = true;
  if (descriptor_ < 0) {
    const PipeReader reader(path_);
    if (reader.signal() != 0) {
      problem_ = EINTR;
      return;
    }
    const int only = start_ == Start::fresh ? O_EXCL : 0;
    descriptor_ = open_to_append(path_, O_CREAT | only);
    if (descriptor_ < 0 && errno == EEXIST)  // a special file, or one that appeared meanwhile
      descriptor_ = open_to_append(path_, 0);
    struct stat status {};
    if (descriptor_ < 0 || fstat(descriptor_, &status) != 0) {
      problem_ = errno;
      return;
    }
    const bool appeared = S_ISREG(status.st_mode) && status.st_size > 0;
    if (lock() && (!appeared || only == 0)) return empty();
    problem_ = EEXIST;
    refuse_busy(ErrorCategory::output, shown_);
  }
  empty();
}

void LineFile::empty() {
  if (start_ != Start::overwrite) return;
  int status = 0;
  do status = ftruncate(descriptor_, 0);
  while (status != 0 && errno == EINTR);
  if (status != 0 && errno != EINVAL) problem_ = errno;
}

void LineFile::write(const std::string& line) {
  if (!begun_) open_file();
  std::string_view rest = line;
  while (problem_ == 0 && !rest.empty()) {
    const ssize_t count = ::write(descriptor_, rest.data(), rest.size());
    if (count > 0) rest.remove_prefix(static_cast<std::size_t>(count));
    if (count < 0 && errno != EINTR) problem_ = errno;
  }
}

bool LineFile::is_whole() const { return problem_ == 0 || problem_ == EPIPE || problem_ == EINTR; }

void LineFile::finish(const std::string& hint) {
  if (!is_whole())
    throw Error(ErrorCategory::output, location(shown_) + ": writing failed: " + reason_of(problem_), hint);
}

}  // namespace chainrule::cli
