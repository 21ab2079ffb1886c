// SPDX-License-Identifier: Apache-2.0
// A file that grows line by line during the work.
#pragma once

#include <string>

namespace chainrule::cli {

/// Not an AtomicFile: readers see the lines so far, and an interrupted job keeps its lines. A lock on the file keeps
/// other programs from writing to it at the same time.
class LineFile {
 public:
  enum class Start { fresh, overwrite, append };
  /// Throws as check_output_path() does, and Error (usage) if another program is writing to the file. The first line
  /// creates the file or empties an old one.
  /// `shown`: its name in messages, if that is another one.
  LineFile(const std::string& path, Start start, const std::string& shown = "");
  ~LineFile();
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;

  /// The text must include its end of line. Throws Error (output) if another program has created the file meanwhile.
  void write(const std::string& line);
  /// False if finish() would throw.
  bool is_whole() const;
  /// Throws Error (output) with this hint if a line could not be written. The work did not stop then. A reader that has
  /// gone, or never came before a signal, is not an error.
  void finish(const std::string& hint);

 private:
  void open_file();
  void empty();
  bool lock();

  std::string path_, shown_;
  Start start_;
  int descriptor_ = -1;
  bool begun_ = false;
  int problem_ = 0;  // errno of the first failed line; no more lines are written after it
};

}  // namespace chainrule::cli
