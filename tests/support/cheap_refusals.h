// SPDX-License-Identifier: Apache-2.0
// For tests of readers: refusals must cost little. A test program that uses it is linked with allocations.cpp.
#pragma once

#include <chrono>
#include <filesystem>

#include "tests/support/allocations.h"
#include "tests/support/data_files.h"

namespace chainrule::data_files {

inline constexpr std::size_t kMiB = std::size_t{1} << 20;

class CheapRefusals : public DataFiles {
 protected:
  static formats::LoadOptions without_target() {
    formats::LoadOptions options;
    options.target.reset();
    return options;
  }
  /// As refusal_of, and checks the promise: under 2 s, and under 64 MiB + 4 x the file.
  std::string cheap_refusal_of(const std::string& file, const formats::LoadOptions& options = {}) const {
    const std::size_t before = bytes_now;
    bytes_peak = before;
    const auto start = std::chrono::steady_clock::now();
    const std::string message = refusal_of(file, options);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    EXPECT_LT(bytes_peak - before, 64 * kMiB + 4 * std::filesystem::file_size(file)) << message;
    EXPECT_LT(seconds.count(), 2.0 * kPatience) << message;
    return message;
  }
  // Sanitizers and busy machines are slower; a reader that is quadratic misses this by far.
  static constexpr double kPatience = 10;
};

}  // namespace chainrule::data_files
