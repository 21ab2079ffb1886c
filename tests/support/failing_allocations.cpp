// SPDX-License-Identifier: Apache-2.0
// To be loaded before a program (LD_PRELOAD): lets its allocation FAILING_AT fail, counted from 1, and with
// FAILING_FOR_GOOD every later one. Writes the number of allocations to the file FAILING_COUNT when the program ends.
// glibc only.
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
}

namespace {

std::atomic<unsigned long> made{0};
unsigned long failing_at = 0;
bool for_good = false;

bool fails() {
  const unsigned long number = ++made;
  if (failing_at == 0 || number < failing_at || (number > failing_at && !for_good)) return false;
  errno = ENOMEM;
  return true;
}

[[gnu::constructor]] void begin() {
  const char* const at = std::getenv("FAILING_AT");
  failing_at = at == nullptr ? 0 : std::strtoul(at, nullptr, 10);
  for_good = std::getenv("FAILING_FOR_GOOD") != nullptr;
  made = 0;
}

[[gnu::destructor]] void end() {
  const char* const path = std::getenv("FAILING_COUNT");
  const int file = path == nullptr ? -1 : open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file < 0) return;
  char text[32];
  const int size = std::snprintf(text, sizeof text, "%lu", made.load());
  if (write(file, text, static_cast<std::size_t>(size)) != size) std::abort();
  close(file);
}

}  // namespace

extern "C" {

void* malloc(std::size_t size) { return fails() ? nullptr : __libc_malloc(size); }
void* calloc(std::size_t count, std::size_t size) { return fails() ? nullptr : __libc_calloc(count, size); }
void* realloc(void* memory, std::size_t size) { return fails() ? nullptr : __libc_realloc(memory, size); }
void* memalign(std::size_t alignment, std::size_t size) { return fails() ? nullptr : __libc_memalign(alignment, size); }
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  return fails() ? nullptr : __libc_memalign(alignment, size);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t size) {
  if (fails()) return ENOMEM;
  *memory = __libc_memalign(alignment, size);
  return *memory == nullptr ? ENOMEM : 0;
}
}
