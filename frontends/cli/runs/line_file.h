// SPDX-License-Identifier: Apache-2.0
// A file that grows line by line during the work.
#pragma once

#include <string>

namespace chainrule::cli {

/// Not an AtomicFile: readers see the lines so far, and an interrupted job keeps its lines.
class LineFile {
 public:
  enum class Start { fresh, overwrite, append };
  /// Throws as check_output_path() does. The first line creates the file or truncates an old one.
  LineFile(std::string path, Start start);
  ~LineFile();
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;

  /// The text must include its end of line.
  void write(const std::string& line);
  /// Throws Error (output) with this hint if a line could not be written. The work did not stop then.
  void finish(const std::string& hint);

 private:
  std::string path_;
  Start start_;
  int descriptor_ = -1;
  int problem_ = 0;  // errno of the first failed line; no more lines are written after it
};

}  // namespace chainrule::cli
