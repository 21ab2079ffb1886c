// SPDX-License-Identifier: Apache-2.0
#include "chainrule/base/matrix.h"

#include <sys/mman.h>

#include <limits>
#include <string>

#include "chainrule/base/checks.h"

namespace chainrule {
namespace {

constexpr std::size_t kLargePage = std::size_t{2} << 20;

std::align_val_t alignment(std::size_t bytes) { return std::align_val_t{bytes < kLargePage ? 64 : kLargePage}; }

}  // namespace

std::size_t checked_numbers(std::size_t rows, std::size_t columns, std::size_t bytes) {
  const std::size_t count = checked_product(rows, columns, "matrix");
  if (count > static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max()) / bytes)
    throw Error(ErrorCategory::input,
                "matrix: " + std::to_string(rows) + " x " + std::to_string(columns) + " does not fit in memory");
  return count;
}

void* allocate_numbers(std::size_t bytes) {
  void* memory = ::operator new(bytes, alignment(bytes));
  // A failure does not matter: small pages are only slower.
  if (bytes >= kLargePage) ::madvise(memory, bytes, MADV_HUGEPAGE);
  return memory;
}

void free_numbers(void* memory, std::size_t bytes) { ::operator delete(memory, alignment(bytes)); }

}  // namespace chainrule
