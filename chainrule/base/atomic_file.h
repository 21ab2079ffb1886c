// SPDX-License-Identifier: Apache-2.0
// Output files that appear whole or not at all: a temporary file in the same folder, written, flushed to disk, renamed,
// the folder flushed. A failure leaves the old file unchanged. Temporary files that dead processes have left in a
// folder are removed by the next output there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace chainrule {

/// Checks before any work is done that `path` can become an output: tries to create a temporary file next to it. Throws
/// Error (usage): an empty name, a folder, a folder that is missing or not writable, a file that is write protected or
/// exists without `overwrite`, a block device or socket. Terminals, pipes and other special files need no `overwrite`,
/// since writing replaces nothing in them.
void check_output_path(const std::string& path, bool overwrite);

/// Removes the temporary files of this process; no output can be finished after that. May be called by a signal
/// handler.
void remove_temporaries() noexcept;

/// Whether both names lead to the same regular file, also through links. False if one is missing.
bool same_file(const std::string& a, const std::string& b);

/// One output. Nothing appears under its name before commit() returns; without commit() the destructor discards the
/// output. A symbolic link is followed: the file that it points to is written. A replaced file keeps its permissions; a
/// new one gets the usual ones. Special files (/dev/stdout, /dev/full, a pipe) are written directly.
class AtomicFile {
 public:
  /// Throws Error: (usage) when the file exists and `overwrite` is false, else (output). `expected_bytes`: size of the
  /// whole content, if known, for the message about a full disk.
  AtomicFile(std::string path, bool overwrite, std::uint64_t expected_bytes = 0);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Appends. Throws Error (output) with the system's reason; for a full disk, with the bytes needed and free.
  void write(std::string_view bytes);
  /// Renames the file to its final name. Throws Error (output) as write() does, and if a file that must not be replaced
  /// has appeared there meanwhile.
  void commit();

 private:
  void flush();
  void write_out(std::string_view bytes);
  void flush_to_disk();
  void put_in_place();
  void give_up() noexcept;
  [[noreturn]] void fail(int error_number);

  std::string path_;       // for messages
  std::string target_;     // the file that appears: `path_` with symbolic links resolved
  std::string temporary_;  // "" for a special file, and after commit()
  int descriptor_ = -1, folder_ = -1;
  int lock_ = -1;  // a second descriptor of the temporary file, whose lock shows others that this process is alive
  bool overwrite_ = false;
  std::uint64_t expected_ = 0, accepted_ = 0;  // bytes
  std::string buffer_;
};

/// The whole content at once. Throws Error as AtomicFile does.
void write_file_atomically(const std::string& path, bool overwrite, std::string_view bytes);

}  // namespace chainrule
