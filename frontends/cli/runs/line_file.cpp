// SPDX-License-Identifier: Apache-2.0
#include "cli/runs/line_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include "chainrule/base/atomic_file.h"
#include "chainrule/base/checks.h"

namespace chainrule::cli {

LineFile::LineFile(std::string path, Start start) : path_(std::move(path)), start_(start) {
  check_output_path(path_, start_ != Start::fresh);
}

LineFile::~LineFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

void LineFile::write(const std::string& line) {
  if (descriptor_ < 0 && problem_ == 0) {  // work that fails before its first line changes no file
    const int emptied = start_ == Start::overwrite ? O_TRUNC : 0;
    descriptor_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | emptied, 0666);
    if (descriptor_ < 0) problem_ = errno;
  }
  std::string_view rest = line;
  while (problem_ == 0 && !rest.empty()) {
    const ssize_t count = ::write(descriptor_, rest.data(), rest.size());
    if (count > 0) rest.remove_prefix(static_cast<std::size_t>(count));
    if (count < 0 && errno != EINTR) problem_ = errno;
  }
}

void LineFile::finish(const std::string& hint) {
  if (problem_ != 0 && problem_ != EPIPE)
    throw Error(ErrorCategory::output,
                location(path_) + ": writing failed: " + std::generic_category().message(problem_), hint);
}

}  // namespace chainrule::cli
