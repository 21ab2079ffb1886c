// SPDX-License-Identifier: Apache-2.0
// A file that grows line by line while the work goes on.
#pragma once

#include <string>

namespace chainrule::cli {

/// No AtomicFile: whoever looks sees the lines so far, and what was interrupted has its lines.
class LineFile {
 public:
  enum class Start { fresh, overwrite, append };
  /// Throws as check_output_path() does. The file is made, or an old one emptied, with the first line.
  LineFile(std::string path, Start start);
  ~LineFile();
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;

  /// As it is: with its end of line.
  void write(const std::string& line);
  /// Throws Error (output) with this hint when a line could not be written; the work did not stop for it.
  void finish(const std::string& hint);

 private:
  std::string path_;
  Start start_;
  int descriptor_ = -1;
  int problem_ = 0;  // errno of the first line that failed; then no more are written
};

}  // namespace chainrule::cli
