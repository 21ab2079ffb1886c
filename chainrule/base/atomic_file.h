// SPDX-License-Identifier: Apache-2.0
// Output files that appear whole or not at all: a temporary file in the same folder, written, flushed to disk, renamed,
// the folder flushed. A failure leaves what was there before.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#pragma GCC visibility push(default)
namespace chainrule {

/// Whether `path` can become an output, asked before any work is done: tries to create a temporary file beside it.
/// Throws Error (usage): an empty name, a folder, a folder that is missing or not writable, a file that is write
/// protected or exists without `overwrite`, a block device or socket. Terminals, pipes and other special files need no
/// `overwrite`: nothing in them is replaced.
void check_output_path(const std::string& path, bool overwrite);

/// Whether both are one and the same regular file, also through links. False where one is missing.
bool same_file(const std::string& a, const std::string& b);

/// One output. Nothing is seen under its name before commit() returns; destroyed without it, nothing has happened.
/// Through a symbolic link the file that it points to is written; a replaced file's permissions stay, a new one gets
/// the usual ones. Special files (/dev/stdout, /dev/full, a pipe) are written directly.
class AtomicFile {
 public:
  /// Throws Error: (usage) when the file exists and `overwrite` is false, else (output). `expected_bytes` of the whole
  /// content, where known, is what the message of a full disk says was needed.
  AtomicFile(std::string path, bool overwrite, std::uint64_t expected_bytes = 0);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Appends. Throws Error (output) with the system's reason; for a full disk, with the bytes needed and free.
  void write(std::string_view bytes);
  /// Puts the file into its place. Throws Error (output) as write() does, and when a file appeared there meanwhile that
  /// must not be replaced.
  void commit();

 private:
  void flush();
  void write_out(std::string_view bytes);
  void flush_to_disk();
  void put_in_place();
  void give_up() noexcept;
  [[noreturn]] void fail(int error_number);

  std::string path_;       // as messages name it
  std::string target_;     // the file that appears: `path_` less symbolic links
  std::string temporary_;  // "" for a special file, and once all is done
  int descriptor_ = -1, folder_ = -1;
  bool overwrite_ = false;
  std::uint64_t expected_ = 0, accepted_ = 0;  // bytes
  std::string buffer_;
};

/// The whole content at once. Throws Error as AtomicFile does.
void write_file_atomically(const std::string& path, bool overwrite, std::string_view bytes);

}  // namespace chainrule
#pragma GCC visibility pop
