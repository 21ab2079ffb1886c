// SPDX-License-Identifier: Apache-2.0
// A regular file of known size, read at any place. Internal to formats/.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>

namespace chainrule::formats {

class PlainFile {
 public:
  /// Throws Error (input) with the system's reason, and for what is not a regular file.
  explicit PlainFile(const std::string& path);

  /// As messages name it.
  const std::string& name() const { return name_; }
  std::uint64_t size() const { return size_; }  ///< bytes, when it was opened
  /// Fills `bytes` from byte `from` on. Throws Error (input) when the file ends before.
  void read(std::uint64_t from, std::span<char> bytes) const;

 private:
  struct Closer {
    void operator()(std::FILE* file) const;
  };
  std::string name_;
  std::unique_ptr<std::FILE, Closer> file_;
  std::uint64_t size_ = 0;
};

}  // namespace chainrule::formats
