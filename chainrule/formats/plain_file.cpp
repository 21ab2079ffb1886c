// SPDX-License-Identifier: Apache-2.0
#include "chainrule/formats/plain_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "chainrule/error.h"

namespace chainrule::formats {
namespace {

// Does not wait for a writer where the file is a pipe.
std::FILE* open_file(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  return descriptor < 0 ? nullptr : fdopen(descriptor, "rb");
}

}  // namespace

void PlainFile::Closer::operator()(std::FILE* file) const { std::fclose(file); }

PlainFile::PlainFile(const std::string& path) : name_(place(path)) {
  const auto fail = [&](const std::string& what) {
    throw Error(ErrorCategory::input, name_ + ": cannot be read: " + what);
  };
  if (path.empty() || path.find('\0') != std::string::npos) fail("expected a file name, found " + in_quotes(path));
  file_.reset(open_file(path));
  struct stat status {};
  if (!file_ || fstat(fileno(file_.get()), &status) != 0) fail(std::generic_category().message(errno));
  if (!S_ISREG(status.st_mode)) fail(S_ISDIR(status.st_mode) ? "it is a folder" : "it is not a regular file");
  size_ = static_cast<std::uint64_t>(status.st_size);
}

void PlainFile::read(std::uint64_t from, std::span<char> bytes) const {
  while (!bytes.empty()) {
    const ssize_t count = pread(fileno(file_.get()), bytes.data(), bytes.size(), static_cast<off_t>(from));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0)
      throw Error(ErrorCategory::input, name_ + ": cannot be read: " + std::generic_category().message(errno));
    if (count == 0)
      throw Error(ErrorCategory::input,
                  name_ + ": expected " + std::to_string(from + bytes.size()) + " bytes, found " + std::to_string(from),
                  "the file became shorter");
    from += static_cast<std::uint64_t>(count);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

}  // namespace chainrule::formats
