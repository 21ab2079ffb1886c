// SPDX-License-Identifier: Apache-2.0
#include "cli/runs/text_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <new>
#include <system_error>

#include "chainrule/base/checks.h"
#include "chainrule/base/memory.h"
#include "chainrule/base/system_error.h"

namespace chainrule::cli {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

}  // namespace

std::string read_text_file(const std::string& path, std::size_t max_bytes, const std::string& kind,
                           ErrorCategory category) {
  const std::string shown = path == "-" ? "<stdin>" : location(path);
  const auto fail = [&](int problem) { throw Error(category, shown + ": cannot be read: " + reason_of(problem)); };
  const Descriptor file(path == "-" ? dup(STDIN_FILENO) : open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number() < 0) fail(errno);
  struct stat status {};
  if (fstat(file.number(), &status) != 0) fail(errno);
  if (S_ISDIR(status.st_mode)) throw Error(category, fmt::format("{}: expected {}, found a folder", shown, kind));
  std::size_t block = std::size_t{1} << 16;
  std::string text;
  if (S_ISREG(status.st_mode)) {
    block = std::clamp(static_cast<std::size_t>(status.st_size) + 1, std::size_t{1} << 12, block);
    text.reserve(std::min(max_bytes, static_cast<std::size_t>(status.st_size)) + block);
  }
  for (;;) {
    const std::size_t had = text.size();
    text.resize(had + block);
    const ssize_t count = read(file.number(), text.data() + had, block);
    const int problem = errno;
    text.resize(had + (count > 0 ? static_cast<std::size_t>(count) : 0));
    if (count == 0) return text;
    if (count < 0 && problem != EINTR) fail(problem);
    if (text.size() > max_bytes)
      throw Error(category, fmt::format("{}: expected {} of at most {} bytes, found more", shown, kind, max_bytes));
  }
}

void refuse_too_large(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0 || static_cast<std::uint64_t>(status.st_size) <= memory_limit() / 16) return;
  throw Error(ErrorCategory::input,
              fmt::format("{}: expected a file that fits into the memory of this process, found one of {} bytes",
                          location(path), status.st_size));
}

}  // namespace chainrule::cli
