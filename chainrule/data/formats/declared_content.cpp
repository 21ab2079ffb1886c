// SPDX-License-Identifier: Apache-2.0
#include "chainrule/data/formats/declared_content.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <string>

#include "chainrule/base/checks.h"

namespace chainrule::formats {
namespace {

constexpr std::size_t kAlwaysKept = std::size_t{48} << 20;  // bytes of content
constexpr std::size_t kSkimmed = std::size_t{1} << 18;      // bytes of a block; a multiple of every element's size

[[noreturn]] void refuse_declared(const InputStream& in, std::size_t declared, std::string_view what,
                                  const std::string& found) {
  throw Error(ErrorCategory::input, location(in.name()) + ": " + std::string(what) + ": expected " +
                                        std::to_string(declared) + " bytes, found " + found);
}

// Bytes of a regular file; 0 if it can be read only once.
std::size_t size_of(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) ? static_cast<std::size_t>(status.st_size) : 0;
}

}  // namespace

void check_declared(const InputStream& in, std::size_t declared, std::string_view what,
                    const std::function<void(InputStream&)>& read_header,
                    const std::function<void(std::size_t first, std::span<const std::uint8_t> bytes)>& look) {
  struct rlimit space {};
  if (getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY && declared > space.rlim_cur)
    throw Error(ErrorCategory::input, location(in.name()) + ": " + std::string(what) + ": expected at most the " +
                                          std::to_string(space.rlim_cur) + " bytes that this process may use, found " +
                                          std::to_string(declared));
  const std::size_t size = size_of(in.name());
  if (!in.is_gzip() || size == 0 || declared <= kAlwaysKept || declared / 3 <= size) return;
  InputStream again(in.name());
  read_header(again);
  std::vector<std::uint8_t> block(kSkimmed);
  for (std::size_t done = 0; done < declared;) {
    const std::size_t requested = std::min(kSkimmed, declared - done), got = again.read(block.data(), requested);
    if (got < requested) refuse_declared(in, declared, what, std::to_string(done + got));
    if (look) look(done, std::span(block).first(got));
    done += got;
  }
  if (!again.peek(1).empty()) refuse_declared(in, declared, what, "more");
}

}  // namespace chainrule::formats
