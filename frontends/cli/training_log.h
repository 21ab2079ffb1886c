// SPDX-License-Identifier: Apache-2.0
// The log of a training: JSON lines, one per event, each written whole as it comes (docs/formats.md names the keys).
#pragma once

#include <string>

#include "chainrule/history.h"

namespace chainrule::cli {

/// No AtomicFile: whoever looks sees the lines so far, and an interrupted training has its lines.
class TrainingLog {
 public:
  /// Throws as check_output_path() does. The file is made, or an old one emptied, with the first line.
  TrainingLog(std::string path, bool overwrite);
  ~TrainingLog();
  TrainingLog(const TrainingLog&) = delete;
  TrainingLog& operator=(const TrainingLog&) = delete;

  void write(const EpochRecord& record);
  void write(const HealthRecord& record);
  /// Throws Error (output) when a line could not be written; the training did not stop for it.
  void finish();

 private:
  void write_line(const std::string& line);

  std::string path_;
  bool overwrite_;
  int descriptor_ = -1;
  int problem_ = 0;  // errno of the first line that failed; then no more are written
};

}  // namespace chainrule::cli
